"""Public addresses of the input as ends: whoever has them answers there (E-1)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import PortSet
from auditor.network.graph import Network
from auditor.reach.answer import Answer, answers
from auditor.reach.replay import check
from auditor.reach.selected import ends_of, pairs
from auditor.reach.unanswered import lost_entrances
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...egress import VM
from ...exposed import BALANCER, NIC, PIP, SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...guarded import out, out_deny
from ...networks import gateway
from ...reaching import app_gateway, asked, lb, lb_probe, lb_rule, ref, scale_set


def network(*rules: Any, more: Any = ()) -> Network:
    """NIC web at 20.50.1.2 lets in HTTPS; VM jump; one address is free, one is somebody's."""
    configuration = {
        "privateIPAddress": "10.0.0.9",
        "subnet": {"id": arm_id(SUBNET, "vnet", "app")},
    }
    return estate(
        nsg(*rules or (rule("https", 100, ports="443"),)),
        nic("web", public="pip", nsg="nsg"),
        resource(
            NIC,
            "jump",
            {
                "virtualMachine": {"id": arm_id(VM, "jump")},
                "ipConfigurations": [{"name": "primary", "properties": configuration}],
            },
        ),
        resource(VM, "jump"),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
        pip("free", address="20.50.1.9"),
        pip("lost", arm_id(f"{NIC}/ipConfigurations", "gone", "primary"), address="20.50.1.10"),
        vnet(subnet()),
        *more,
    )


def told(network: Network, source: str, target: str) -> dict[str, str]:
    """The verdicts on TCP by port."""
    [one], [other] = (ends_of(network, parse_selector(each)).points for each in (source, target))
    found: list[Answer] = list(answers(network, one, other, protocols=("tcp",)))
    for answer in found:
        check(network, answer)
    return {str(answer.ports): answer.verdict.value for answer in found if not answer.via}


def test_E_1_whoever_has_a_public_address_answers_there() -> None:
    for source in ("internet", "name:jump"):
        assert told(network(), source, "20.50.1.2") == {
            "443": "reachable",
            "0-442, 444-65535": "blocked",
        }


def test_nobody_answers_at_a_free_public_address() -> None:
    for source in ("internet", "name:jump"):
        assert set(told(network(), source, "20.50.1.9").values()) == {"blocked"}


def test_who_answers_at_an_address_of_something_missing_is_not_told() -> None:
    for source in ("internet", "name:jump"):
        assert set(told(network(), source, "20.50.1.10").values()) == {"unknown"}


def test_a_free_address_may_be_that_of_a_service_which_nobody_reads() -> None:
    """API Management names its address, which need not name the service (`publicIpAddressId`)."""
    service = resource("Microsoft.ApiManagement/service", "apim")
    beside = network(more=(service,))
    assert set(told(beside, "internet", "20.50.1.9").values()) == {"unknown"}
    assert asked(beside, "internet", "free").labels == {"type-not-read"}
    assert "free" in {point.node.label for point in lost_entrances(beside) if point.node}
    natting = [{"id": arm_id(PIP, "free")}]
    nat = resource("Microsoft.Network/natGateways", "nat", {"publicIpAddresses": natting})
    assert asked(network(more=(service, nat)), "internet", "free").verdict == "blocked"
    storage = resource("Microsoft.Storage/storageAccounts", "store")
    assert set(told(network(more=(storage,)), "internet", "20.50.1.9").values()) == {"blocked"}


def test_other_addresses_are_the_internets() -> None:
    assert told(network(), "name:jump", "52.10.0.7") == {
        "0-24, 26-65535": "reachable",
        "25": "unknown",  # mail (N-17)
    }


def test_a_gateway_answers_at_its_public_address() -> None:
    fronted = estate(
        nic("web"),
        pip("pip"),
        app_gateway(),
        vnet(subnet(), subnet("gw", "10.0.1.0/26")),
    )
    assert told(fronted, "internet", "20.50.1.2")["443"] == "reachable"


def test_an_active_active_gateway_answers_at_each_of_its_public_addresses() -> None:
    kind = "Microsoft.Network/virtualNetworkGateways/ipConfigurations"

    def part(name: str) -> dict[str, Any]:
        place = ref("Microsoft.Network/virtualNetworks/subnets", "vnet", "GatewaySubnet")
        public = ref("Microsoft.Network/publicIPAddresses", f"pip-{name}")
        return {"name": name, "properties": {"subnet": place, "publicIPAddress": public}}

    network = estate(
        vnet(subnet("GatewaySubnet", "10.0.9.0/27")),
        gateway("vpn", "vnet", ipConfigurations=[part("one"), part("two")], activeActive=True),
        pip("pip-one", arm_id(kind, "vpn", "one"), address="20.50.1.21"),
        pip("pip-two", arm_id(kind, "vpn", "two"), address="20.50.1.22"),
    )
    for address, part_ in (("20.50.1.21", "one"), ("20.50.1.22", "two")):
        [source], [target] = (
            ends_of(network, parse_selector(each)).points for each in ("internet", address)
        )
        assert target.node is not None
        assert target.node.label == part_
        [found] = answers(network, source, target, protocols=("udp",), ports=PortSet.of(500))
        check(network, found)
        assert (found.verdict.value, str(found.witness and found.witness.destination)) == (
            "reachable",
            address,
        )


SIX: Any = {"privateIPAddressVersion": "IPv6"}


@pytest.mark.parametrize("carrier", ["nic", "instances", "balancer"])
def test_P_12_a_public_address_that_is_not_told_has_the_version_of_what_carries_it(
    carrier: str,
) -> None:
    """Whoever asks by IPv6 would be told that nobody gets in."""
    model = scale_set()
    [card] = model["properties"]["virtualMachineProfile"]["networkProfile"][
        "networkInterfaceConfigurations"
    ]
    card["properties"]["ipConfigurations"][0]["properties"] |= {
        "publicIPAddressConfiguration": {"name": "pub"},
        **SIX,
    }
    beside = {"instances": [model], "balancer": [lb(lb_rule("https", 443, 443))]}
    network = estate(
        nsg(rule("https", 100, ports="443")),
        nic(
            "web",
            nsg="nsg",
            address="fd00:1::4",
            configuration=SIX,
            public="gone" if carrier == "nic" else None,
        ),
        *beside.get(carrier, []),
        vnet(subnet(prefix="fd00:1::/64", nsg="nsg"), prefix="fd00:1::/48"),
    )
    target = "name:vmss" if carrier == "instances" else "name:web"
    verdicts = told(network, "internet", target)
    assert verdicts["443"] == ("reachable" if carrier == "instances" else "unknown")


def test_P_12_a_public_frontend_has_the_version_of_its_address() -> None:
    six = {"publicIPAddressVersion": "IPv6"}
    balanced = estate(
        nsg(rule("https", 100, ports="8443")),
        nic(
            "web",
            nsg="nsg",
            address="fd00:1::4",
            configuration={"privateIPAddressVersion": "IPv6"},
        ),
        pip("pip", address="2603:1020::8", settings=six),
        lb(lb_rule()),
        vnet(subnet(prefix="fd00:1::/64"), prefix="fd00:1::/48"),
    )
    for target in ("2603:1020::8", "name:lb", "name:pip"):
        assert told(balanced, "internet", target)["443"] == "reachable"


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ([rule("https", 100, "*", "8443")], "reachable"),
        ([rule("https", 100, "2000::/3", "8443")], "blocked"),
        (
            [rule("https", 100, "2000::/3", "8443"), rule("probe", 110, "AzureLoadBalancer")],
            "reachable",
        ),
    ],
)
def test_E_16_over_IPv6_probes_come_from_the_hosts_own_address(
    rules: list[Any], verdict: str
) -> None:
    network = estate(
        nsg(*rules, deny("rest", 200)),
        nic(
            "web",
            nsg="nsg",
            address="fd00:1::4",
            configuration={"privateIPAddressVersion": "IPv6"},
        ),
        pip("pip", address="2603:1020::8", settings={"publicIPAddressVersion": "IPv6"}),
        lb(
            lb_rule(probe=ref(f"{BALANCER}/probes", "lb", "probe")),
            probes=[lb_probe(8443)],
        ),
        vnet(subnet(prefix="fd00:1::/64"), prefix="fd00:1::/48"),
    )
    found = told(network, "internet", "2603:1020::8")
    assert (found.get("443") or found["*"]) == verdict


def test_E_7_no_rule_takes_anything_at_a_frontend_that_only_lets_out() -> None:
    out = estate(nic("web"), pip("pip"), lb(), vnet(subnet()))
    [one], [other] = (ends_of(out, parse_selector(s)).points for s in ("internet", "20.50.1.2"))
    [answer] = answers(out, one, other, protocols=("tcp",))
    assert [step.code for step in answer.blockers] == ["load-balancer"]


def test_K_58_who_leaves_by_a_load_balancer_asks_from_its_address() -> None:
    guarded = estate(
        nsg(rule("egress", 100, "20.50.1.2", "443")),
        nic("web", public="own", nsg="nsg"),
        pip("pip"),
        pip("own", arm_id(f"{NIC}/ipConfigurations", "web", "primary"), address="20.50.1.3"),
        lb(members=()),
        vnet(subnet()),
    )
    [(one, other)] = pairs(
        *(ends_of(guarded, parse_selector(each)) for each in ("20.50.1.2", "name:web"))
    )
    found = answers(guarded, one, other, protocols=("tcp",))
    assert {str(a.ports): a.verdict.value for a in found}["443"] == "reachable"


def test_N_25_public_ranges_of_a_network_are_not_the_internets() -> None:
    """A packet within the network would say nothing of who gets to the internet."""
    denying = nsg(rule("in", 100), out_deny("no", 100, "Internet"), out("all", 110))
    network = estate(
        denying,
        nic("web", address="52.20.1.4", nsg="nsg"),
        vnet(subnet(prefix="52.20.1.0/24"), prefix="52.20.0.0/16"),
    )
    found = asked(network, "web", "internet").one
    assert found.verdict.value == "blocked"
    assert found.witness is not None
    assert not str(found.witness.destination).startswith("52.20.")
    assert [step.rule for step in found.blockers] == ["securityRules/no"]


def test_the_internet_has_none_of_the_addresses_of_the_input() -> None:
    """Rules that let out to the input's own public addresses alone lead to nobody else."""
    network = estate(
        nsg(out("own", 100, "20.50.1.9"), out_deny("rest", 200)),
        nic("web", public="pip", nsg="nsg"),
        nic("api", public="other", address="10.0.0.5"),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
        pip("other", arm_id(f"{NIC}/ipConfigurations", "api", "primary"), address="20.50.1.9"),
        vnet(subnet()),
    )
    assert set(told(network, "name:web", "internet").values()) == {"blocked"}
    assert "reachable" in told(network, "name:api", "internet").values()
    assert "blocked" not in told(network, "name:api", "internet").values()


def test_a_gateway_asked_by_its_private_address_answers_there_alone() -> None:
    fronted = estate(
        nic("web", public="own"),
        pip("pip"),
        pip("own", arm_id(f"{NIC}/ipConfigurations", "web", "primary"), address="20.50.1.3"),
        app_gateway(listeners=[("public", 443), ("private", 8443)]),
        vnet(subnet(), subnet("gw", "10.0.1.0/26")),
    )
    assert set(told(fronted, "internet", "10.0.1.20").values()) == {"blocked"}
    assert told(fronted, "internet", "name:agw")["443"] == "reachable"
    inside = told(fronted, "name:web", "10.0.1.20")
    assert inside == {"8443": "reachable", "0-8442, 8444-65535": "blocked"}


def test_addresses_of_documentation_stand_for_public_ones() -> None:
    """An office in an example is on the internet as any other, and what it may do is found."""
    guarded = estate(
        nsg(rule("office", 100, "203.0.113.0/24", "22"), rule("all", 110, "Internet", "443")),
        nic("web", public="pip", nsg="nsg"),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
        vnet(subnet()),
    )
    assert told(guarded, "internet", "name:web")["22, 443"] == "reachable"
    assert told(guarded, "203.0.113.7", "name:web")["22, 443"] == "reachable"
    assert told(guarded, "198.51.100.7", "name:web")["443"] == "reachable"


@pytest.mark.parametrize(
    ("method", "address", "verdict"),
    [("Dynamic", None, "unknown"), ("Dynamic", "20.50.1.2", "reachable")],
)
def test_E_1_a_dynamic_address_that_is_not_allocated_may_be_none(
    method: str, address: str | None, verdict: str
) -> None:
    """As that of a machine which is stopped."""
    settings = {"publicIPAllocationMethod": method}
    network = estate(
        nsg(rule("https", 100, "Internet", "443")),
        nic("web", public="pip", nsg="nsg"),
        pip("pip", address=address, settings=settings),
        vnet(subnet()),
    )
    found = asked(network, "internet", "web")
    assert (found.verdict, found.labels) == (
        verdict,
        {"unallocated"} if address is None else set(),
    )


@pytest.mark.parametrize(
    ("protocol", "verdict"), [("esp", "reachable"), ("icmp", "reachable"), ("ah", "blocked")]
)
def test_R_36_what_a_machines_own_address_carries(protocol: str, verdict: str) -> None:
    """In as out: not AH, which no translation survives."""
    network = estate(
        nsg(rule("all", 100, protocol="*")),
        nic("web", public="pip", nsg="nsg"),
        pip("pip"),
        vnet(subnet()),
    )
    found = asked(network, "internet", "web", None, protocol)
    assert found.verdict == verdict
    assert found.stops == (["public-address"] if verdict == "blocked" else [])
    assert asked(network, "web", "52.10.0.7", None, protocol).verdict == verdict


@pytest.mark.parametrize(
    ("protocol", "verdict"), [("icmp", "reachable"), ("esp", "reachable"), ("ah", "blocked")]
)
def test_R_36_over_IPv6_pings_are_those_of_ICMPv6(protocol: str, verdict: str) -> None:
    six = {"publicIPAddressVersion": "IPv6"}
    network = estate(
        nsg(rule("all", 100, protocol="*")),
        nic(
            "web",
            public="pip",
            nsg="nsg",
            address="fd00:1::4",
            configuration={"privateIPAddressVersion": "IPv6"},
        ),
        pip("pip", address="2603:1020::8", settings=six),
        vnet(subnet(prefix="fd00:1::/64"), prefix="fd00:1::/48"),
    )
    assert asked(network, "internet", "web", None, protocol).verdict == verdict
    assert asked(network, "web", "2603:1020:99::7", None, protocol).verdict == verdict


@pytest.mark.parametrize(("ways", "verdict"), [("public", "reachable"), ("nat", "unknown")])
def test_R_36_a_machines_own_address_changes_no_port(ways: str, verdict: str) -> None:
    """A NAT gateway chooses another source port; what is mapped one to one keeps its own."""
    by_nat: Any = {"natGateway": ref("Microsoft.Network/natGateways", "nat")}
    network = estate(
        nsg(rule("from", 100, "*", "443", sourcePortRange="50000"), deny("rest", 110)),
        nic("web", public="pip", nsg="nsg"),
        pip("pip"),
        nic("client", address="10.0.1.4", subnet="out", public="own" if ways == "public" else None),
        pip("own", address="20.50.1.3"),
        resource(
            "Microsoft.Network/natGateways",
            "nat",
            {"publicIpAddresses": [ref("Microsoft.Network/publicIPAddresses", "own")]},
        ),
        vnet(subnet(), subnet("out", "10.0.1.0/24", **(by_nat if ways == "nat" else {}))),
    )
    assert told(network, "name:client", "20.50.1.2")["443"] == verdict


def test_a_route_server_answers_the_platform_only_and_a_model_stands_for_its_instances() -> None:
    instance = arm_id("Microsoft.Compute/virtualMachineScaleSets/virtualMachines", "vmss", "0")
    network = estate(
        scale_set(),
        lb(public=False, members=()),
        vnet(subnet()),
        pip("rs", arm_id("Microsoft.Network/virtualHubs/ipConfigurations", "rs", "c")),
        pip("own", f"{instance}/networkInterfaces/model/ipConfigurations/primary",
            address="20.50.1.3"),
        pip("lost", arm_id(f"{NIC}/ipConfigurations", "gone", "c"), address="20.50.1.4"),
    )  # fmt: skip
    assert [point.id.rpartition("/")[2] for point in lost_entrances(network)] == ["lost"]
    (server,) = ends_of(network, parse_selector("20.50.1.2")).points
    assert not server.reasons


def test_an_address_that_is_not_told_is_doubted_where_a_group_lets_an_example_of_it_in() -> None:
    """It may be one that a rule before denies: the step is no certain one."""
    outside = resource(
        NIC,
        "jump",
        {
            "virtualMachine": {"id": arm_id(VM, "jump")},
            "ipConfigurations": [
                {
                    "name": "primary",
                    "properties": {
                        "privateIPAddress": "10.9.0.4",
                        "subnet": {"id": arm_id(SUBNET, "far", "app")},
                    },
                }
            ],
        },
    )
    far = {
        "id": arm_id(SUBNET, "far", "app"),
        "name": "app",
        "properties": {"addressPrefix": "10.9.0.0/24", "defaultOutboundAccess": True},
    }
    network = estate(
        nsg(deny("some", 100, "20.77.0.0/16"), rule("rest", 110)),
        nic("web", public="pip", nsg="nsg"),
        outside,
        resource(VM, "jump"),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
        vnet(subnet()),
        vnet(far, name="far", prefix="10.9.0.0/16"),
    )
    found = asked(network, "jump", "web")
    assert (found.verdict, found.labels) == ("unknown", {"unallocated"})
    step = found.step("nsg-inbound")
    assert step.passes is None
    assert step.says.endswith("if that is how it looks here")


@pytest.mark.parametrize(
    ("let_in", "verdict"),
    [
        ("20.50.1.9", "blocked"),
        ("20.50.9.4", "blocked"),
        ("20.50.1.8", "unknown"),
        ("20.50.1.0/24", "unknown"),
    ],
)
def test_R_33_default_outbound_access_uses_no_address_that_somebody_has(
    let_in: str, verdict: str
) -> None:
    """A group that lets in only what is kept for others of the input lets in nobody else."""
    prefix = resource("Microsoft.Network/publicIPPrefixes", "range", {"ipPrefix": "20.50.9.0/28"})
    there = network(rule("some", 100, let_in), deny("rest", 200), more=[prefix])
    assert asked(there, "jump", "web", 443).verdict == verdict
