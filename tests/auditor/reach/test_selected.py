"""Who is asked about: owners of addresses, what lives in subnets, and nobody about himself."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from auditor.addresses import EVERY_PORT
from auditor.errors import UsageError
from auditor.network.graph import Network
from auditor.network.selectors import parse_selector
from auditor.reach import selected
from auditor.reach.answer import Answer, answers
from auditor.reach.points import Kind
from auditor.reach.replay import check
from auditor.reach.selected import ends_of, pairs
from auditor.testing import arm_id, estate, resource

from ...clusters import cluster, pool
from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import internal_balancer, subnet_id
from ...networks import nic as nic_in
from ...networks import vnet as net
from ...reaching import app_gateway, lb, lb_rule, scale_set
from .test_intents import judged

HTTPS = rule("https", 100, "Internet", "443")


def exposed(*more: Any) -> Network:
    return estate(
        nsg(HTTPS),
        nic("web", public="pip", nsg="nsg"),
        nic("db", address="10.0.0.5"),
        pip("pip"),
        vnet(subnet(), subnet("gw", "10.0.1.0/24")),
        *more,
    )


def told(network: Network, source: str, target: str, protocol: str = "tcp") -> list[Answer]:
    """The answers between two selectors, each replayed."""
    found: list[Answer] = []
    ends = (ends_of(network, parse_selector(each)) for each in (source, target))
    for one, other in pairs(*ends):
        found += answers(network, one, other, protocols=(protocol,))
    for answer in found:
        check(network, answer, network.tags)
    return found


def names(network: Network, selector: str) -> list[str]:
    return [p.id.rpartition("/")[2] for p in ends_of(network, parse_selector(selector)).points]


def test_a_public_address_of_the_input_is_whoever_answers_there() -> None:
    found = told(exposed(), "internet", "20.50.1.2")
    assert (found[0].verdict.value, str(found[0].ports)) == ("reachable", "443")
    assert found[0].target.id.endswith("/networkInterfaces/web/ipConfigurations/primary")


def test_it_is_asked_about_by_that_address_alone() -> None:
    """A neighbour would get to every port of the machine, but not by the public address."""
    found = told(exposed(), "name:db", "20.50.1.2")
    assert {str(a.witness.destination) for a in found if a.witness is not None} == {"20.50.1.2"}
    assert "reachable" not in {a.verdict.value for a in found if "443" not in str(a.ports)}
    privately = told(exposed(), "name:db", "10.0.0.4")
    assert [(a.verdict.value, a.ports) for a in privately] == [("reachable", EVERY_PORT)]


def test_a_public_address_of_a_balancer_and_of_a_gateway() -> None:
    balanced = estate(
        nic("web"), pip("pip"), lb(lb_rule()), vnet(subnet(), subnet("gw", "10.0.1.0/24"))
    )
    assert names(balanced, "20.50.1.2") == ["front"]
    assert names(estate(pip("pip"), app_gateway(), vnet(subnet("gw", "10.0.1.0/24"))),
                 "20.50.1.2") == ["agw"]  # fmt: skip


def test_a_subnet_stands_for_the_gateway_in_it_too() -> None:
    network = estate(pip("pip"), app_gateway(), nic("db", subnet="gw", address="10.0.1.9"),
                     vnet(subnet("gw", "10.0.1.0/24")))  # fmt: skip
    assert names(network, "subnet:vnet/gw") == ["agw", "primary"]
    assert names(network, "name:vnet") == ["agw", "primary"]


def test_an_address_beside_a_gateway_may_be_one_of_its_instances() -> None:
    network = estate(pip("pip"), app_gateway(), vnet(subnet("gw", "10.0.1.0/24")))
    [point] = ends_of(network, parse_selector("10.0.1.200")).points
    assert point.kind is Kind.NOBODY
    assert "gateway" in point.reasons[0].detail


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.0.0.255", "Azure's own"),
        ("10.0.200.1", "in none of its subnets"),
    ],
)
def test_an_address_that_nobody_has_is_a_mistake(address: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"nobody in the input has {address}") as caught:
        ends_of(exposed(), parse_selector(address))
    assert why in (caught.value.advice or "")


@pytest.mark.parametrize(
    ("source", "target"),
    [("internet", "internet"), ("internet", "9.9.9.9"), ("192.168.7.7", "internet")],
)
def test_the_outside_is_not_asked_about_the_outside(source: str, target: str) -> None:
    with pytest.raises(UsageError, match="both ends lie outside"):
        told(exposed(), source, target)


@pytest.mark.parametrize("other", ["name:web", "10.0.0.4"])
def test_a_machine_is_not_asked_about_itself(other: str) -> None:
    with pytest.raises(UsageError, match="both ends are one: web"):
        told(exposed(), "name:web", other)


def instances(capacity: int) -> Network:
    """A scale set in a subnet that closes SSH."""
    return estate(
        nsg(deny("no-ssh", 100, destinationPortRange="22")),
        scale_set(sku={"capacity": capacity}),
        lb(members=()),
        vnet(subnet(nsg="nsg")),
    )


def test_P_7_an_instance_of_a_scale_set_may_ask_another() -> None:
    found = told(instances(2), "name:vmss", "name:vmss")
    assert {str(each.ports): each.verdict.value for each in found} == {
        "0-21, 23-65535": "reachable",
        "22": "blocked",
    }
    sent = found[0].witness
    assert sent is not None
    assert (str(sent.source), str(sent.destination)) == ("10.0.0.5", "10.0.0.4")
    with pytest.raises(UsageError, match="both ends are one: vmss"):
        told(instances(1), "name:vmss", "name:vmss")


def test_a_machine_reaches_itself_by_its_public_address_as_any_client() -> None:
    found = told(exposed(), "name:web", "20.50.1.2")
    assert found[0].verdict.value == "reachable"
    assert {str(a.ports) for a in found if a.verdict.value == "reachable"} == {"443"}


@pytest.mark.parametrize("to", ["internet", "9.9.9.9"])
def test_an_intent_about_the_outside_alone_is_not_kept(to: str) -> None:
    found = judged("unreachable", from_="internet", to=to)
    assert found.outcome.value == "unknown"
    assert "outside the networks" in str(found.reasons[0])


def test_what_starts_no_flows_is_asked_about_only_alone() -> None:
    network = estate(nic("web"), pip("pip"), lb(lb_rule(), public=False), vnet(subnet()),
                     nic("db", address="10.0.0.9"))  # fmt: skip
    found = told(network, "subnet:vnet/app", "name:db")
    assert {a.source.id.rpartition("/")[2] for a in found} == {"primary"}
    [alone] = told(network, "name:lb", "name:db")
    assert alone.blockers[0].says == "lb/front starts no flows of its own"


def strangers(*rules: Any) -> Network:
    """A NIC in a subnet where machines may be that the input does not list."""
    pool = {"name": "s", "vnetSubnetID": subnet_id("a", "app")}
    cluster = {"agentPoolProfiles": [pool], "nodeResourceGroup": "MC"}
    group = arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
    guarded = {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": group}}
    return estate(
        nsg(*rules),
        net("a", "10.0.0.0/16", subnets={"app": guarded}),
        resource("Microsoft.ContainerService/managedClusters", "shop", cluster),
        nic_in("web", "10.0.0.4", ("a", "app")),
    )


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("subnet:a/app", "name:web"),
        ("name:web", "subnet:a/app"),
        ("subnet:a/app", "subnet:a/app"),
        ("10.0.0.0/24", "10.0.0.4"),
        ("10.0.0.4", "10.0.0.0/24"),
    ],
)
def test_no_witness_goes_from_an_address_to_itself(source: str, target: str) -> None:
    found = told(strangers(), source, target)
    assert found
    assert all(a.witness is not None for a in found)
    assert all(a.witness.source != a.witness.destination for a in found if a.witness)


def test_what_only_the_machine_itself_may_send_does_not_make_it_reachable() -> None:
    """The rules let in 10.0.0.4 alone, which is the machine that is asked about."""
    itself = rule("itself", 100, "10.0.0.4", "*")
    found = told(strangers(itself, deny("rest", 200)), "subnet:a/app", "name:web")
    assert [a.verdict.value for a in found] == ["blocked"]


def _with_instances() -> Network:
    """Subnet a/app with an internal frontend at 10.0.0.100 and a scale set behind it."""
    model = {
        "name": "nic",
        "properties": {
            "primary": True,
            "ipConfigurations": [
                {"name": "one", "properties": {"subnet": {"id": subnet_id("a", "app")}}}
            ],
        },
    }
    profile = {"networkProfile": {"networkInterfaceConfigurations": [model]}}
    return estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "vm": "10.0.1.0/24"}),
        resource(
            "Microsoft.Compute/virtualMachineScaleSets", "set", {"virtualMachineProfile": profile}
        ),
        internal_balancer("lb", "10.0.0.100", ("a", "app")),
        nic_in("vm", "10.0.1.4", ("a", "vm")),
    )


def test_no_instance_of_a_scale_set_has_the_address_of_somebody_else() -> None:
    [answer] = told(_with_instances(), "name:vm", "10.0.0.100")
    assert answer.target.kind is Kind.FRONTEND
    assert answer.verdict.value == "blocked"
    assert told(_with_instances(), "10.0.0.100", "name:vm")[0].verdict.value == "blocked"


@pytest.mark.parametrize(("source", "target"), [("vm", "10.0.0.50"), ("10.0.0.50", "vm")])
def test_whether_an_instance_has_an_address_is_not_told(source: str, target: str) -> None:
    ends = [each if each[0].isdigit() else f"name:{each}" for each in (source, target)]
    [answer] = told(_with_instances(), *ends)
    assert answer.verdict.value == "unknown"
    assert {reason.label for reason in answer.reasons} == {"vmss-model-only"}
    packet = answer.witness
    assert packet is not None
    assert "10.0.0.50" in (str(packet.source), str(packet.destination))


@pytest.mark.parametrize("client", ["203.0.113.7", "198.51.100.0/24"])
def test_addresses_of_examples_stand_for_the_internet(client: str) -> None:
    network = estate(
        nsg(rule("https", 100, client, "443")),
        nic("web", public="pip", nsg="nsg"),
        pip("pip"),
        vnet(subnet()),
    )
    found = told(network, client, "name:web")
    assert (found[0].verdict.value, str(found[0].ports)) == ("reachable", "443")
    assert {a.target.kind for a in told(network, "name:web", client)} == {Kind.INTERNET}


def test_examples_in_a_network_are_its_own() -> None:
    network = estate(
        net("a", "203.0.113.0/24", subnets={"app": "203.0.113.0/25"}),
        nic_in("web", "203.0.113.4", ("a", "app")),
    )
    assert names(network, "203.0.113.4") == ["primary"]


@pytest.mark.parametrize("address", ["168.63.129.16", "169.254.169.254"])
def test_N_14_azures_host_is_no_site_and_only_rules_that_name_it_stop_what_it_is_asked(
    address: str,
) -> None:
    for source, target in (("name:web", address), (address, "name:web")):
        with pytest.raises(UsageError, match="Azure's own host") as refused:
            told(exposed(), source, target)
        assert "only rules that name it filter" in (refused.value.advice or "")


@pytest.mark.parametrize("address", ["127.0.0.1", "224.0.0.1", "255.255.255.255", "ff02::1"])
def test_N_18_what_no_network_carries_is_no_end(address: str) -> None:
    with pytest.raises(UsageError, match="no virtual network carries"):
        told(exposed(), "name:web", address)


def test_of_everything_only_what_networks_carry_is_asked_about() -> None:
    kinds = {point.kind for point in ends_of(exposed(), parse_selector("0.0.0.0/0")).points}
    assert {Kind.MACHINE, Kind.INTERNET} <= kinds


VAULT = resource("Microsoft.KeyVault/vaults", "kv", {})
NAT = resource("Microsoft.Network/natGateways", "nat", {})
PREFIX = resource("Microsoft.Network/publicIPPrefixes", "range", {"ipPrefix": "20.9.0.0/28"})
SERVICE = resource(
    "Microsoft.Network/privateLinkServices",
    "pls",
    {
        "loadBalancerFrontendIpConfigurations": [
            {
                "id": arm_id(
                    "Microsoft.Network/loadBalancers/frontendIPConfigurations", "lb", "front"
                )
            }
        ]
    },
)
TRAFFIC = resource(
    "Microsoft.Network/trafficManagerProfiles",
    "tm",
    {
        "endpoints": [
            {"name": "far", "properties": {"target": "www.example.org"}},
            {
                "name": "near",
                "properties": {
                    "targetResourceId": arm_id("Microsoft.Network/publicIPAddresses", "pip")
                },
            },
        ]
    },
)
HUB = resource("Microsoft.Network/virtualHubs", "hub", {})
DEVELOPER = resource("Microsoft.Network/bastionHosts", "bastion", {"ipConfigurations": []},
                     sku={"name": "Developer"})  # fmt: skip


def endpoint_of(target: Any, name: str) -> Any:
    link = {"name": "c", "properties": {"privateLinkServiceId": target["id"]}}
    settings = {"privateLinkServiceConnections": [link]}
    return resource("Microsoft.Network/privateEndpoints", name, settings)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kv", "who gets to vault kv by its public name is not followed: ask about name:pe-kv"),
        ("nat", "nat takes nothing in, and sends for its subnets: ask about subnet:vnet/app"),
        ("range", "range is a reservation: ask about 20.9.0.0/28"),
        ("pls", "private endpoints lead to pls: ask about a private endpoint of it, "
                "or about the frontend lb/front behind it"),
        ("tm", "tm answers questions for a name, and clients go to one of its endpoints: "
               "ask about name:pip"),
        ("hub", "hub joins networks and sites, and is no end itself: "
                "ask about the networks on the hub, or onprem"),
        ("bastion", "bastion (Developer) has neither subnet nor address, and Azure's own hosts "
                    "serve it: ask about the machines of its network"),
    ],
)  # fmt: skip
def test_what_is_no_end_of_a_path_says_whom_to_ask_about(name: str, words: str) -> None:
    nat: Any = {"natGateway": {"id": NAT["id"]}}
    network = estate(VAULT, NAT, PREFIX, SERVICE, TRAFFIC, HUB, DEVELOPER,
                     endpoint_of(VAULT, "pe-kv"), nic("app", address="10.0.0.5"),
                     lb(lb_rule(), public=False, members=["app"]), vnet(subnet(**nat)))  # fmt: skip
    ends = ends_of(network, parse_selector(f"name:{name}"))
    assert ends.points == ()
    [reason] = ends.reasons
    assert (reason.label, reason.detail) == ("no-endpoint", words)


def test_what_nothing_gets_to_leaves_nothing_in_doubt_beside_others() -> None:
    """A group that holds a NAT gateway besides machines is asked about by these."""
    group = ends_of(
        estate(NAT, PREFIX, TRAFFIC, nic("web"), vnet(subnet())), parse_selector("rg:rg")
    )
    assert group.points
    assert group.reasons == ()
    vaults = ends_of(estate(VAULT, nic("web"), vnet(subnet())), parse_selector("rg:rg"))
    assert [each.label for each in vaults.reasons] == ["no-endpoint"]


def test_whoever_an_answer_names_can_be_asked_about_by_that_id() -> None:
    """An ip configuration of a scale set's model, say."""
    network = estate(scale_set(), lb(public=False, members=()), vnet(subnet()))
    (model,) = ends_of(network, parse_selector("name:vmss")).points
    assert ends_of(network, parse_selector(model.id)).points == (model,)


def test_any_machine_of_a_subnet_has_no_address_of_a_listed_one() -> None:
    """Nodes that the input lacks stand beside a NIC whose own group lets nobody in."""
    network = estate(
        cluster("shop", pool()),
        net("a", "10.0.0.0/16", subnets={"nodes": "10.0.0.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "nodes")),
        nic_in("shut", "10.0.0.5", ("a", "nodes"), networkSecurityGroup={"id": nsg()["id"]}),
        nsg(deny("none", 100)),
    )
    for target in ("subnet:a/nodes", "name:shop"):
        found = told(network, "name:web", target)
        [answer] = [each for each in found if each.target.kind is Kind.SUBNET]
        assert answer.verdict.value == "reachable"
        assert str(answer.witness and answer.witness.destination) == "10.0.0.6"


def test_machines_are_compared_with_gateways_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of machines each would be compared with every other."""
    compared = Mock(side_effect=selected._sends_the_same)
    monkeypatch.setattr(selected, "_sends_the_same", compared)
    network = exposed()
    every = ends_of(network, parse_selector("type:Microsoft.Network/networkInterfaces"))
    assert len(pairs(every, every)) == 2
    assert not compared.called
