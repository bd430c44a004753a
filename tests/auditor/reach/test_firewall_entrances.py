"""What a firewall's NAT rules let in: who takes what it forwards, and how it answers (E-23)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import parse_ports
from auditor.network.graph import Network
from auditor.reach.answer import answers
from auditor.reach.points import INTERNET
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...exposed import NSG, deny, nsg, pip
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, policy
from ...networks import gateway, nic, peer, subnet_id, vnet
from ...reaching import asked
from ...routing import route, steered, table

CLIENT = "52.10.0.7"


def spoke(
    *routes: Any,
    forwarded: bool | None = True,
    more: Any = (),
    to: str = "10.1.0.4:443",
    policy_groups: tuple[str, ...] = ("g",),
    **settings: Any,
) -> Network:
    """NIC web in a spoke, behind the NAT rule of a firewall in the hub, whose subnet has routes."""
    home = {
        "name": "home",
        "properties": {
            "privateIPAddress": "10.0.9.4",
            "publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")},
            "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")},
        },
    }
    flags: Any = {"allowVirtualNetworkAccess": True}
    if forwarded is not None:
        flags["allowForwardedTraffic"] = forwarded
    return estate(
        firewall(ipConfigurations=[home], **settings),
        policy(*policy_groups),
        group("g", 100, collection("nat", 100, "Dnat", nat_rule("web", to))),
        pip("pip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "home")),
        table("out", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4")),
        table("own", *routes),
        vnet(
            "hub",
            "10.0.0.0/16",
            subnets={
                "AzureFirewallSubnet": steered("10.0.9.0/26", "own"),
                "GatewaySubnet": "10.0.8.0/27",
            },
            peers=[peer("spoke", "10.1.0.0/16", **flags)],
        ),
        vnet(
            "spoke",
            "10.1.0.0/16",
            subnets={"app": steered("10.1.0.0/24", "out")},
            peers=[peer("hub", "10.0.0.0/16", **flags)],
        ),
        nic("web", "10.1.0.4", ("spoke", "app")),
        *more,
    )


@pytest.mark.parametrize(
    ("forwarded", "labels"),
    [(True, set()), (False, {"semantics:E-23"}), (None, {"collection-gap"})],
)
def test_R_16_a_spoke_that_takes_nothing_forwarded_may_not_see_the_client(
    forwarded: bool | None, labels: set[str]
) -> None:
    """Whose source arrives is in doubt, and the firewall's own needs no word (E-23)."""
    found = asked(spoke(forwarded=forwarded), CLIENT, "web", 8080)
    assert found.verdict == ("unknown" if labels else "reachable")
    assert found.labels == labels


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        (route("0.0.0.0/0", "Internet"), "reachable"),
        (route("0.0.0.0/0", "VirtualAppliance", "10.0.1.4"), "unknown"),
        (route("0.0.0.0/0", "None"), "unknown"),
        (route("198.18.0.0/16", "None"), "reachable"),
    ],
)
def test_R_13_a_firewall_whose_default_route_leads_elsewhere_may_not_answer(
    own: Any, verdict: str
) -> None:
    found = asked(spoke(own), CLIENT, "web", 8080)
    assert found.verdict == verdict
    assert found.labels == ({"semantics:R-13"} if verdict == "unknown" else set())


@pytest.mark.parametrize(("managed", "verdict"), [(False, "reachable"), (True, "unknown")])
def test_R_25_what_a_gateway_teaches_moves_the_default_route_of_a_managed_firewall_alone(
    managed: bool, verdict: str
) -> None:
    aside: Any = {"managementIpConfiguration": {"name": "aside", "properties": {}}}
    learned = gateway("gw", "hub", kind="ExpressRoute")
    found = asked(spoke(more=[learned], **(aside if managed else {})), CLIENT, "web", 8080)
    assert found.verdict == verdict


def test_E_2b_a_nat_rule_may_lead_to_an_instance_that_nobody_lists() -> None:
    """The model of a scale set stands for instances, each of which may have the address."""
    configuration = {
        "name": "primary",
        "properties": {"subnet": {"id": subnet_id("spoke", "app")}},
    }
    model = {"name": "model", "properties": {"ipConfigurations": [configuration]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [model]}}
    kind = "Microsoft.Compute/virtualMachineScaleSets"
    instances = resource(kind, "vmss", {"virtualMachineProfile": profile})

    found = asked(spoke(more=[instances], to="10.1.0.9:443"), CLIENT, "vmss", 8080)

    assert found.verdict == "unknown"
    assert "vmss-model-only" in found.labels


def test_a_nat_rule_to_an_address_that_nobody_listed_has_may_lead_to_somebody() -> None:
    """A subnet that does not list who is in it leaves open who has the address."""
    network = spoke(to="10.1.0.9:443")
    whole = asked(network, "internet", "fw", 8080)
    assert (whole.verdict, "nobody-listed" in whole.labels) == ("unknown", True)
    [one] = ends_of(network, parse_selector("10.1.0.9")).points
    [found] = answers(network, INTERNET, one, protocols=("tcp",), ports=parse_ports("8080"))
    assert (found.verdict.value, "nobody-listed" in {r.label for r in found.reasons}) == (
        "unknown",
        True,
    )
    [other] = ends_of(network, parse_selector("10.1.0.10")).points
    [found] = answers(network, INTERNET, other, protocols=("tcp",), ports=parse_ports("8080"))
    assert found.verdict.value == "blocked"


def test_E_20_what_stops_it_once_a_nat_rule_leads_it_there_is_told_as_well() -> None:
    shut = nic(
        "shut", "10.1.0.5", ("spoke", "app"), networkSecurityGroup={"id": arm_id(NSG, "nsg")}
    )
    network = spoke(more=[shut, nsg(deny("no", 100))], to="10.1.0.5:443")
    assert asked(network, CLIENT, "shut", 22).stops == ["firewall-nat", "nsg-inbound"]
    assert asked(spoke(), CLIENT, "web", 22).stops == ["firewall-nat"]


def test_U_2_nat_rules_that_the_input_lacks_may_let_anything_in() -> None:
    """A policy lists a group of rules that the input does not hold."""
    found = asked(spoke(policy_groups=("g",)), "internet", "web", 9999)
    assert (found.verdict, found.stops) == ("blocked", ["firewall-nat"])
    found = asked(spoke(policy_groups=("g", "gone")), "internet", "web", 9999)
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    assert asked(spoke(policy_groups=("gone",)), "internet", "web", 8080).verdict == "unknown"


def test_E_20_the_nat_rule_that_decides_is_told_with_where_it_is_written() -> None:
    step = asked(spoke(), CLIENT, "web", 8080).step("firewall-nat")
    assert (step.rule, step.pointer) == ("web", "/properties/ruleCollections/0/rules/0")
    assert step.priority == 100


def test_E_21_a_nat_rule_that_would_open_comes_before_the_one_that_takes_the_packet() -> None:
    """The first that takes it decides where it goes."""
    far = nat_rule("far", "10.1.0.4:443", destinationPorts=["9000"])
    second = group("h", 200, collection("nat", 100, "Dnat", far))
    other = nic("other", "10.1.0.5", ("spoke", "app"))
    network = spoke(more=[other, second], policy_groups=("g", "h"), to="10.1.0.5:443")
    for port, before in ((8080, ", before web"), (9999, "")):
        [step] = asked(network, CLIENT, "web", port).one.blockers
        assert step.opening == f"add a NAT rule for it to fw{before}"
