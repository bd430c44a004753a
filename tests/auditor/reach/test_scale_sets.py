"""Scale sets: instances have any address of their subnet, VMs of flexible ones their own (E-2b)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.answer import Verdict, answers
from auditor.reach.replay import check
from auditor.reach.selected import Ends, ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...exposed import BALANCER, NSG, SCALE_SET, SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import nic as nic_in
from ...networks import vnet as net
from ...reaching import Asked, asked, lb, lb_rule, ref, scale_set
from ...reaching import point as named
from ...routing import endpoint

MACHINES = "Microsoft.Compute/virtualMachines"
NICS = "Microsoft.Network/networkInterfaces"
CLIENT = "52.10.0.7"


def machine(number: int, **configuration: Any) -> list[Any]:
    """A VM of the scale set `flex`, with its NIC at 10.0.0.4 and so on."""
    settings = {
        "virtualMachineScaleSet": ref(SCALE_SET, "flex"),
        "networkProfile": {"networkInterfaces": [ref(NICS, f"nic{number}")]},
    }
    own = nic(f"nic{number}", address=f"10.0.0.{4 + number}", configuration=configuration)
    return [resource(MACHINES, f"flex{number}", settings), own]


def flexible(*, model: bool = True, capacity: int | None = 2, **configuration: Any) -> Any:
    profile = {
        "networkProfile": {
            "networkInterfaceConfigurations": [
                {
                    "name": "model",
                    "properties": {
                        "ipConfigurations": [
                            {
                                "name": "primary",
                                "properties": {
                                    "subnet": ref(
                                        "Microsoft.Network/virtualNetworks/subnets", "vnet", "app"
                                    ),
                                    **configuration,
                                },
                            }
                        ]
                    },
                }
            ]
        }
    }
    settings: Any = {"orchestrationMode": "Flexible"}
    if model:
        settings["virtualMachineProfile"] = profile
    return resource(SCALE_SET, "flex", settings, sku={"capacity": capacity})


def network(scale_set: Any, *more: Any, machines: int = 2) -> Network:
    """Machines of the set may not be asked on port 22, others of the subnet may."""
    every = [each for number in range(machines) for each in machine(number)]
    return estate(
        scale_set, *every, *more,
        nic("other", address="10.0.0.20"),
        nsg(deny("ssh", 100, ports="22", destinationAddressPrefix="10.0.0.4/31")),
        vnet(subnet(nsg="nsg", ipConfigurations=[])),
    )  # fmt: skip


def ends(network: Network) -> Ends:
    return ends_of(network, parse_selector("name:flex"))


def told(network: Network, ends: Ends) -> dict[str, str]:
    """What the machine `other` may ask of each end on port 22."""
    [other] = ends_of(network, parse_selector("name:other")).points
    found = {}
    for point in ends.points:
        for answer in answers(network, other, point, protocols=("tcp",)):
            check(network, answer)
            if 22 in answer.ports:
                found[point.id.rpartition("/providers/")[2].split("/")[2]] = answer.verdict.value
    return found


@pytest.mark.parametrize("model", [True, False])
def test_E_2b_a_flexible_scale_set_is_its_machines(model: bool) -> None:
    here = network(flexible(model=model))
    assert told(here, ends(here)) == {"nic0": "blocked", "nic1": "blocked"}
    assert ends(here).reasons == ()


def test_E_2b_what_is_lacking_of_its_machines_is_told() -> None:
    modelled = network(flexible(capacity=3))
    assert told(modelled, ends(modelled)) == {
        "nic0": "blocked", "nic1": "blocked", "flex": Verdict.UNKNOWN.value,
    }  # fmt: skip
    bare = ends(network(flexible(model=False, capacity=3)))
    assert len(bare.points) == 2
    assert [each.detail for each in bare.reasons] == ["1 of 3 machines of scale set flex"]
    nobody = ends(network(flexible(model=False), machines=0))
    assert nobody.points == ()
    assert [each.detail for each in nobody.reasons] == ["the machines of scale set flex"]
    lost = ends(network(flexible(capacity=2), resource(MACHINES, "flex9", {
        "virtualMachineScaleSet": ref(SCALE_SET, "flex"),
        "networkProfile": {"networkInterfaces": [ref(NICS, "lost")]}})))  # fmt: skip
    assert len(lost.points) == 3


def test_E_2b_machines_are_told_of_a_model_of_which_it_is_not_told_how_many_there_are() -> None:
    assert len(ends(network(flexible(capacity=None))).points) == 3
    assert len(ends(network(flexible(model=False, capacity=None))).points) == 2


def test_E_2b_behind_a_balancer_are_the_machines_and_no_other_address_of_the_subnet() -> None:
    pool: Any = {
        "loadBalancerBackendAddressPools": [
            ref("Microsoft.Network/loadBalancers/backendAddressPools", "lb", "pool")
        ]
    }
    machines = [each for number in range(2) for each in machine(number, **pool)]
    here = estate(
        flexible(**pool), *machines, pip("pip"), lb(lb_rule(), members=()),
        nsg(rule("in", 100, destinationAddressPrefix="10.0.0.4/31")),
        vnet(subnet(nsg="nsg", ipConfigurations=[])),
    )  # fmt: skip
    assert asked(here, CLIENT, "front").verdict == "reachable"


def test_E_2b_nobody_else_of_the_subnet_has_an_address_by_the_model() -> None:
    listed = [{"id": arm_id(f"{NICS}/ipConfigurations", f"nic{n}", "primary")} for n in range(2)]
    machines = [each for number in range(2) for each in machine(number)]
    rest: Any = {"ipConfigurations": listed, "delegations": [], "privateEndpoints": []}
    for capacity, kind in ((2, "nobody"), (3, "machine")):
        here = estate(flexible(capacity=capacity), *machines, vnet(subnet(**rest)))
        [point, *_] = ends_of(here, parse_selector("10.0.0.77")).points
        assert point.kind.value == kind


def test_the_instances_of_a_scale_set_are_any_address_of_their_subnet() -> None:
    def network(destination: str) -> Network:
        return estate(
            nsg(rule("in", 100, destinationAddressPrefix=destination)),
            pip("pip"),
            lb(lb_rule(), members=()),
            scale_set(),
            vnet(subnet(nsg="nsg")),
        )

    assert asked(network("10.0.0.0/24"), CLIENT, "vmss").verdict == "reachable"
    some = asked(network("10.0.0.0/25"), CLIENT, "vmss")
    assert (some.verdict, some.labels) == ("unknown", {"vmss-model-only"})
    assert asked(network("10.9.0.0/24"), CLIENT, "vmss").verdict == "blocked"


@pytest.mark.parametrize(
    ("sku", "verdict"),
    [({"capacity": 3}, "unknown"), ({"capacity": 1}, "blocked"), ({}, "unknown")],
)
def test_P_10_an_instance_reaches_another_of_its_scale_set_through_a_balancer(
    sku: dict[str, int], verdict: str
) -> None:
    network = estate(lb(lb_rule(), public=False, members=()), scale_set(sku=sku), vnet(subnet()))

    found = asked(network, "vmss", "front")

    assert found.verdict == verdict
    assert found.labels == ({"semantics:P-10"} if verdict == "unknown" else set())


def instances(*others: Any, rules: Any = ()) -> Any:
    """A scale set in subnet app of VNet a, NIC web in another subnet, and whatever else."""
    model = {"name": "c", "properties": {"subnet": {"id": arm_id(SUBNET, "a", "app")}}}
    nics = [{"name": "n", "properties": {"ipConfigurations": [model]}}]
    profile = {"networkProfile": {"networkInterfaceConfigurations": nics}}
    home = {"addressPrefix": "10.0.0.0/24", "privateEndpointNetworkPolicies": "Disabled"}
    guarded = {**home, "networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}
    return estate(
        nsg(*rules),
        net("a", "10.0.0.0/16", subnets={"app": guarded, "near": "10.0.1.0/24"}),
        nic_in("web", "10.0.1.4", ("a", "near")),
        resource(SCALE_SET, "set", {"virtualMachineProfile": profile}),
        *others,
    )


def test_no_instance_has_the_address_of_a_private_endpoint_in_its_subnet() -> None:
    network = instances(endpoint("pe", "10.0.0.9", ("a", "app")))
    assert asked(network, "web", "set").verdict == "reachable"
    assert asked(network, "set", "web").verdict == "reachable"


def test_no_instance_has_the_address_of_a_frontend_in_its_subnet() -> None:
    front = {"name": "front", "properties": {"subnet": {"id": arm_id(SUBNET, "a", "app")},
                                             "privateIPAddress": "10.0.0.8"}}  # fmt: skip
    inner = resource(BALANCER, "lb", {"frontendIPConfigurations": [front]})
    to_front = deny("no", 100, destinationAddressPrefix="10.0.0.8")
    assert asked(instances(inner, rules=[to_front]), "web", "set").verdict == "reachable"
    assert asked(instances(rules=[to_front]), "web", "set").labels == {"vmss-model-only"}


@pytest.mark.parametrize(
    ("sku", "verdict"), [("Standard", "blocked"), ("Basic", "reachable"), (None, "unknown")]
)
def test_E_3_the_model_of_a_scale_set_tells_the_sku_of_its_instances_addresses(
    sku: str | None, verdict: str
) -> None:
    """Closed or open without a group, as addresses of NICs are."""
    address: Any = {"name": "pub", "properties": {"idleTimeoutInMinutes": 4}}
    address |= {"sku": {"name": sku, "tier": "Regional"}} if sku else {}
    model = {
        "name": "c",
        "properties": {
            "subnet": {"id": arm_id(SUBNET, "vnet", "app")},
            "publicIPAddressConfiguration": address,
        },
    }
    nics = [{"name": "n", "properties": {"ipConfigurations": [model]}}]
    profile = {"networkProfile": {"networkInterfaceConfigurations": nics}}
    network = estate(resource(SCALE_SET, "set", {"virtualMachineProfile": profile}), vnet(subnet()))

    assert asked(network, CLIENT, "set").verdict == verdict


def test_E_2b_an_address_that_an_instance_may_have_is_not_certain_behind_a_balancer() -> None:
    here = estate(
        scale_set(sku={"capacity": 2}), nic("client", address="10.0.1.4", subnet="other"),
        lb(lb_rule(), public=False, members=()),
        vnet(subnet(ipConfigurations=[]), subnet("other", "10.0.1.0/24")),
    )  # fmt: skip
    assert asked(here, "client", "front").verdict == "reachable"
    [instance, *_] = ends_of(here, parse_selector("10.0.0.77")).points
    there = asked(here, "client", instance)
    assert (there.verdict, there.labels) == ("unknown", {"vmss-model-only"})


INSTANCES = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces"


def listed_instance(number: str, address: str, **more: Any) -> Any:
    """The NIC of an instance of `vmss`, with the type that its id spells, as Azure lists it."""
    own = nic("model", address=address, **more)
    return {**own, "id": arm_id(INSTANCES, "vmss", number, "model"), "type": INSTANCES}


def test_E_2b_instances_are_read_as_azure_lists_them() -> None:
    """Their ids say what they are; those of other NICs say `Microsoft.Network`."""
    here = estate(
        scale_set(sku={"capacity": 2}),
        listed_instance("0", "10.0.0.6"), listed_instance("1", "10.0.0.7"),
        nic("client", address="10.0.0.20"),
        nsg(deny("no", 100, ports="22", destinationAddressPrefix="10.0.0.7")),
        vnet(subnet(nsg="nsg", ipConfigurations=[])),
    )  # fmt: skip
    [one] = ends_of(here, parse_selector("10.0.0.6")).points
    [other] = ends_of(here, parse_selector("10.0.0.7")).points
    assert asked(here, "client", one, 22).verdict == "reachable"
    assert asked(here, "client", other, 22).verdict == "blocked"


def test_E_2b_public_addresses_of_instances_are_read_as_azure_lists_them() -> None:
    address = f"{INSTANCES}/ipConfigurations/publicIPAddresses"
    owner = {"id": arm_id(f"{INSTANCES}/ipConfigurations", "vmss", "0", "model", "primary")}
    own = arm_id(address, "vmss", "0", "model", "primary", "pub")
    here = estate(
        scale_set(sku={"capacity": 1}),
        listed_instance("0", "10.0.0.6", configuration={"publicIPAddress": {"id": own}}),
        {**pip("pub", owner["id"]), "id": own, "type": address},
        nsg(rule("in", 100, ports="443")),
        vnet(subnet(nsg="nsg", ipConfigurations=[])),
    )  # fmt: skip
    [one] = ends_of(here, parse_selector("10.0.0.6")).points
    found = asked(here, CLIENT, one)
    assert found.verdict == "reachable"


def test_E_2b_the_packet_to_an_instance_has_an_address_that_no_other_nic_has() -> None:
    """Of the model alone it is a free one, with all instances listed one of theirs."""
    others = [nic("client", address="10.0.0.4"), nic("other", address="10.0.0.5")]
    listed = [listed_instance("0", "10.0.0.8"), listed_instance("1", "10.0.0.9")]

    def sent_to(*instances: Any) -> str:
        here = estate(scale_set(sku={"capacity": 2}), *others, *instances, vnet(subnet()))
        answer = asked(here, "client", "vmss").one
        assert answer.verdict is Verdict.REACHABLE
        assert answer.witness is not None
        return str(answer.witness.destination)

    assert sent_to() == "10.0.0.6"
    assert sent_to(*listed) == "10.0.0.8"


def test_E_2b_of_the_one_instance_that_there_is_nothing_is_in_doubt() -> None:
    here = estate(
        scale_set(sku={"capacity": 1}), listed_instance("0", "10.0.0.8"),
        nic("client", address="10.0.0.20"), vnet(subnet()),
    )  # fmt: skip
    assert asked(here, "client", "vmss").verdict == "reachable"
    assert asked(here, "vmss", "client").verdict == "reachable"


@pytest.mark.parametrize(
    ("capacity", "says"),
    [
        (2, "which instance of scale set vmss it is"),
        (3, "which addresses the instances of scale set vmss have"),
    ],
)
def test_E_2b_where_instances_differ_it_is_said_which_is_not_told(capacity: int, says: str) -> None:
    """It said `addresses of /subscriptions/...`, where all instances were listed too."""
    here = estate(
        scale_set(sku={"capacity": capacity}),
        listed_instance("0", "10.0.0.6"), listed_instance("1", "10.0.0.7"),
        nic("client", address="10.0.0.20"),
        nsg(deny("no", 100, ports="22", destinationAddressPrefix="10.0.0.7")),
        vnet(subnet(nsg="nsg", ipConfigurations=[])),
    )  # fmt: skip
    answer = asked(here, "client", "vmss", 22).one
    assert answer.verdict is Verdict.UNKNOWN
    assert [reason.detail for reason in answer.reasons] == [says]


@pytest.mark.parametrize(("capacity", "verdict"), [(1, "blocked"), (2, "unknown")])
def test_E_2b_instances_that_are_all_listed_are_in_no_group_with_another_address(
    capacity: int, verdict: str
) -> None:
    """Nor has anybody else of the subnet an address by the model."""
    asg = [ref("Microsoft.Network/applicationSecurityGroups", "web")]
    model = scale_set(sku={"capacity": capacity})
    profile = model["properties"]["virtualMachineProfile"]["networkProfile"]
    own = profile["networkInterfaceConfigurations"][0]["properties"]["ipConfigurations"][0]
    own["properties"]["applicationSecurityGroups"] = asg
    here = estate(
        model, listed_instance("0", "10.0.0.8", configuration={"applicationSecurityGroups": asg}),
        resource("Microsoft.Network/applicationSecurityGroups", "web"),
        nic("client", address="10.0.0.20"),
        nsg(rule("in", 100, destinationApplicationSecurityGroups=asg), deny("no", 200)),
        vnet(subnet(nsg="nsg", ipConfigurations=[], delegations=[])),
    )  # fmt: skip
    [nobody] = ends_of(here, parse_selector("10.0.0.99")).points
    assert asked(here, "client", nobody).verdict == verdict


def of_machine(number: str, address: str, *, name: str = "model", **configuration: Any) -> Any:
    """The NIC of an instance of `set`, with the machine that Azure says it is of."""
    owner = arm_id("Microsoft.Compute/virtualMachineScaleSets/virtualMachines", "set", number)
    own = nic(name, address=address, configuration=configuration)
    own["properties"]["virtualMachine"] = {"id": owner}
    return {**own, "id": arm_id(INSTANCES, "set", number, name), "type": INSTANCES}


def made_after(*models: str, mode: str = "Uniform", group: str = "") -> Any:
    """Scale set `set`, whose instances have a NIC by each of these names, behind no balancer."""
    inner = {"name": "primary", "properties": {"subnet": ref(SUBNET, "vnet", "app")}}
    settings = {"ipConfigurations": [inner]}
    cards = [{"name": each, "properties": settings} for each in models]
    profile = {"networkProfile": {"networkInterfaceConfigurations": cards}}
    return resource(SCALE_SET, "set", {"orchestrationMode": mode, "virtualMachineProfile": profile})


def out_of_instance(*nodes: Any) -> Asked:
    here = estate(*nodes, vnet(subnet(ipConfigurations=[])))
    [one] = ends_of(here, parse_selector("10.0.0.6")).points
    return asked(here, one, "52.10.0.7")


def test_R_33_an_instance_of_a_uniform_scale_set_leaves_by_default_access() -> None:
    found = out_of_instance(made_after("model"), of_machine("0", "10.0.0.6"))
    assert found.verdict == "reachable"
    assert found.step("egress").says == "default outbound access takes it to the internet (R-33)"


def test_R_33_an_instance_with_a_public_address_at_its_other_nic_has_no_default_access() -> None:
    own = arm_id(f"{INSTANCES}/ipConfigurations/publicIPAddresses", "set", "0", "b", "primary", "p")
    nics = [
        of_machine("0", "10.0.0.6"),
        of_machine("0", "10.0.0.7", name="b", publicIPAddress={"id": own}),
        of_machine("1", "10.0.0.8"),
    ]
    found = out_of_instance(made_after("model", "b"), *nics)
    assert (found.verdict, found.stops) == ("blocked", ["egress"])


def test_P_12_an_ip_configuration_has_addresses_of_its_own_version_alone() -> None:
    """That for IPv6, with its public addresses, sent from the subnet's addresses of IPv4 too."""
    own = ref("Microsoft.Network/virtualNetworks/subnets", "vnet", "app")
    six = {
        "privateIPAddressVersion": "IPv6",
        "publicIPAddressConfiguration": {"name": "pub"},
        "subnet": own,
    }
    settings = {
        "ipConfigurations": [
            {"name": "four", "properties": {"subnet": own}},
            {"name": "six", "properties": six},
        ]
    }
    card = {"name": "model", "properties": settings}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [card]}}
    home = subnet(addressPrefixes=["10.0.0.0/24", "fd00:1::/64"], defaultOutboundAccess=False)
    dual = estate(
        resource(SCALE_SET, "dual", {"virtualMachineProfile": profile}),
        vnet(home | {"properties": home["properties"] | {"addressPrefix": None}}),
    )
    assert [named(dual, name).versions for name in ("four", "six")] == [(4,), (6,)]
    assert asked(dual, "four", CLIENT).stops == ["egress"]
    assert asked(dual, "six", CLIENT).verdict == "blocked"
    assert asked(dual, "six", "2600:1f00::1").verdict == "reachable"
