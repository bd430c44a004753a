"""Appliances of which nothing is told, before machines that the internet asks for (section 12)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...exposed import BALANCER, NIC, NSG, PIP, deny, nsg, pip, rule
from ...networks import nic, subnet_id, vnet
from ...reaching import app_gateway, asked, lb_rule, ref
from ...routing import route, steered, table

CLIENT = "52.10.0.7"
VM = "Microsoft.Compute/virtualMachines"


def card(name: str, address: str, in_: str, *, public: bool = False) -> Any:
    """A NIC of the appliance, which forwards."""
    configuration: Any = {"privateIPAddress": address, "subnet": {"id": subnet_id("a", in_)}}
    if public:
        configuration["publicIPAddress"] = {"id": arm_id(PIP, "pip")}
    return resource(
        NIC,
        name,
        {
            "enableIPForwarding": True,
            "virtualMachine": {"id": arm_id(VM, "nva")},
            "ipConfigurations": [{"name": "primary", "properties": configuration}],
        },
    )


def behind(*more: Any, hop: str = "10.0.1.4", app: Any = None, edge: Any = ()) -> Network:
    """NIC web, whose routes lead to `hop`."""
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": {**steered("10.0.0.0/24"), **(app or {})},
                "edge": {
                    "addressPrefix": "10.0.1.0/24",
                    "networkSecurityGroup": {"id": arm_id(NSG, "edge")},
                },
                "trust": "10.0.2.0/24",
            },
        ),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", hop)),
        nsg(*edge or (rule("in", 100, ports="443"),), name="edge"),
        nic("web", "10.0.0.4", ("a", "app")),
        *more,
    )


PUBLIC = pip("pip", arm_id(f"{NIC}/ipConfigurations", "outer", "primary"))


def one_card(**more: Any) -> Network:
    return behind(card("outer", "10.0.1.4", "edge", public=True), PUBLIC, **more)


def two_cards(**more: Any) -> Network:
    return behind(
        card("outer", "10.0.1.4", "edge", public=True),
        card("inner", "10.0.2.4", "trust"),
        resource(VM, "nva"),
        PUBLIC,
        hop="10.0.2.4",
        **more,
    )


@pytest.mark.parametrize("network", [one_card(), two_cards()])
def test_what_an_appliance_brings_in_is_not_told(network: Network) -> None:
    found = asked(network, CLIENT, "web")
    assert found.verdict == "unknown"
    assert any(label.startswith("nva:") for label in found.labels)
    assert not found.one.blockers
    assert asked(network, CLIENT, "web", 22).verdict == "blocked"  # the appliance gets no such


def test_an_appliance_brings_in_nothing_that_it_does_not_get() -> None:
    assert asked(one_card(edge=(deny("no", 100),)), CLIENT, "web").verdict == "blocked"


def test_what_an_appliance_brings_in_is_filtered_at_the_machine() -> None:
    shut = one_card(app={"networkSecurityGroup": {"id": arm_id(NSG, "app")}})
    assert asked(shut, CLIENT, "web").verdict != "reachable"
    closed = behind(
        card("outer", "10.0.1.4", "edge", public=True),
        PUBLIC,
        nsg(deny("no", 100), name="app"),
        app={"networkSecurityGroup": {"id": arm_id(NSG, "app")}},
    )
    assert asked(closed, CLIENT, "web").verdict == "blocked"


def test_an_appliance_that_no_route_leads_to_brings_in_nothing() -> None:
    aside = behind(card("outer", "10.0.1.4", "edge", public=True), PUBLIC, hop="10.0.2.9")
    assert asked(aside, CLIENT, "web").verdict == "blocked"


def test_an_appliance_behind_load_balancers_is_met_too() -> None:
    def balancer(name: str, front: Any, *rules: Any) -> Any:
        pool = {"backendIPConfigurations": [ref(f"{NIC}/ipConfigurations", "outer", "primary")]}
        return resource(
            BALANCER,
            name,
            {
                "frontendIPConfigurations": [{"name": "front", "properties": front}],
                "backendAddressPools": [{"name": "pool", "properties": pool}],
                "loadBalancingRules": list(rules),
            },
            sku={"name": "Standard"},
        )

    inner = {"privateIPAddress": "10.0.1.10", "subnet": {"id": subnet_id("a", "edge")}}
    network = behind(
        card("outer", "10.0.1.4", "edge"),
        balancer("plb", {"publicIPAddress": ref(PIP, "pip")}, lb_rule(back=443, balancer="plb")),
        balancer("ilb", inner, lb_rule("ha", 0, 0, balancer="ilb", protocol="All")),
        pip("pip", arm_id(f"{BALANCER}/frontendIPConfigurations", "plb", "front")),
        hop="10.0.1.10",
    )
    assert asked(network, CLIENT, "web").verdict == "unknown"


def test_P_7_what_an_appliance_forwards_has_to_get_in_at_its_own_card() -> None:
    """Its group sees the packet as it is, on its way to the machine behind the appliance."""

    def between(*rules: Any, doubled: bool = False) -> Network:
        return estate(
            vnet(
                "a",
                "10.0.0.0/16",
                subnets={
                    "app": steered("10.0.0.0/24"),
                    "edge": "10.0.1.0/24",
                    "data": "10.0.3.0/24",
                },
            ),
            table("rt", route("10.0.3.0/24", "VirtualAppliance", "10.0.1.4")),
            nsg(*rules),
            nic("web", "10.0.0.4", ("a", "app")),
            nic("db", "10.0.3.4", ("a", "data")),
            *(
                nic(
                    name,
                    "10.0.1.4",
                    ("a", "edge"),
                    enableIPForwarding=True,
                    networkSecurityGroup={"id": arm_id(NSG, "nsg")},
                )
                for name in ("nva", "twin")[: 1 + doubled]
            ),
        )

    no = deny("no", 100, destinationAddressPrefix="10.0.3.4", destinationPortRange="22")
    shut = asked(between(no), "web", "db", 22)
    assert (shut.verdict, shut.stops) == ("blocked", ["nsg-inbound"])
    assert shut.one.blockers[0].rule == "securityRules/no"
    assert asked(between(no), "web", "db", 443).verdict == "unknown"
    aside = deny("no", 100, destinationAddressPrefix="10.0.1.4", destinationPortRange="22")
    assert asked(between(aside), "web", "db", 22).verdict == "unknown"
    assert asked(between(no, doubled=True), "web", "db", 22).verdict == "unknown"


def _guarded(*rules: Any, **more: Any) -> Network:
    """The appliance of two cards, before a machine whose group lets in by these rules alone."""
    return behind(
        card("outer", "10.0.1.4", "edge", public=True),
        card("inner", "10.0.2.4", "trust"),
        resource(VM, "nva"),
        PUBLIC,
        nsg(*rules, deny("rest", 200), name="app"),
        *more.pop("others", ()),
        hop="10.0.2.4",
        app={"networkSecurityGroup": {"id": arm_id(NSG, "app")}},
    )


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("10.0.2.4", "unknown"),
        ("10.0.1.4", "unknown"),
        (CLIENT, "unknown"),
        ("10.0.3.0/26", "blocked"),
        ("10.0.2.5", "blocked"),
    ],
)
def test_an_appliance_brings_in_packets_as_the_client_or_as_itself(
    source: str, verdict: str
) -> None:
    """Who lets in a jump host alone lets in nothing that comes from the internet."""
    found = asked(_guarded(rule("some", 100, source)), CLIENT, "web")
    assert found.verdict == verdict
    assert found.labels == ({"nva:inner"} if verdict == "unknown" else set())


def test_P_4_an_appliance_may_send_to_the_balancer_before_the_machine() -> None:
    """With floating IP the group of the machine sees the address of the balancer."""
    inner = {"privateIPAddress": "10.0.0.100", "subnet": {"id": subnet_id("a", "app")}}
    pool = {"backendIPConfigurations": [ref(f"{NIC}/ipConfigurations", "web", "primary")]}
    balancer = resource(
        BALANCER,
        "ilb",
        {
            "frontendIPConfigurations": [{"name": "front", "properties": inner}],
            "backendAddressPools": [{"name": "pool", "properties": pool}],
            "loadBalancingRules": [lb_rule("web", 443, 443, balancer="ilb", enableFloatingIP=True)],
        },
        sku={"name": "Standard"},
    )
    one = rule("front", 100, ports="443", destinationAddressPrefix="10.0.0.100")
    assert asked(_guarded(one), CLIENT, "web").verdict == "blocked"
    assert asked(_guarded(one, others=(balancer,)), CLIENT, "web").verdict == "unknown"


@pytest.mark.parametrize(
    ("source", "verdict"),
    [("10.0.2.4", "unknown"), ("*", "unknown"), (CLIENT, "blocked"), ("10.0.2.5", "blocked")],
)
def test_R_13_whose_routes_lead_elsewhere_gets_it_in_the_name_of_the_appliance_alone(
    source: str, verdict: str
) -> None:
    """Replies to the client would go round the appliance; those to the appliance get there."""
    beside = behind(
        card("outer", "10.0.1.4", "edge", public=True),
        card("inner", "10.0.2.4", "trust"),
        resource(VM, "nva"),
        PUBLIC,
        nsg(rule("some", 100, source), deny("rest", 200), name="side"),
        nic("aside", "10.0.2.9", ("a", "trust"), networkSecurityGroup={"id": arm_id(NSG, "side")}),
        hop="10.0.2.4",
    )
    found = asked(beside, CLIENT, "aside", 443)
    assert found.verdict == verdict
    assert found.labels == ({"nva:inner"} if verdict == "unknown" else set())
    assert asked(beside, CLIENT, "inner", 443).verdict == "blocked"  # to itself it sends nothing


def _before_gateway(*sources: str) -> Network:
    """The appliance before a gateway with a private frontend, which sends on to NIC web.

    `sources` are whom the security group of the gateway lets in.
    """
    public = {"publicIPAddress": {"id": arm_id(PIP, "outer")}}
    rules = [rule(f"r{i}", 100 + i, each) for i, each in enumerate(sources)]
    return estate(
        vnet(
            "vnet",
            "10.0.0.0/16",
            subnets={
                "gw": {
                    "addressPrefix": "10.0.1.0/26",
                    "networkSecurityGroup": {"id": arm_id(NSG, "gw")},
                },
                "app": {
                    "addressPrefix": "10.0.0.0/24",
                    "networkSecurityGroup": {"id": arm_id(NSG, "web")},
                },
                "edge": {
                    "addressPrefix": "10.0.2.0/24",
                    "networkSecurityGroup": {"id": arm_id(NSG, "edge")},
                },
                "others": steered("10.0.3.0/24"),
            },
        ),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.2.4")),
        nsg(rule("in", 100, ports="443"), name="edge"),
        nsg(*rules, deny("rest", 200), name="gw"),
        nsg(rule("gateway", 100, "10.0.1.0/26"), deny("rest", 200), name="web"),
        nic("outer", "10.0.2.4", ("vnet", "edge"), configuration=public, enableIPForwarding=True),
        nic("web", "10.0.0.4", ("vnet", "app")),
        pip("outer", arm_id(f"{NIC}/ipConfigurations", "outer", "primary")),
        pip("pip", address="20.50.1.9"),
        app_gateway(listeners=[("private", 80)]),
    )


def test_an_appliance_may_stand_before_a_private_gateway() -> None:
    there = _before_gateway("10.0.2.4")
    found = asked(there, CLIENT, "agw", 443)
    assert (found.verdict, found.labels) == ("unknown", {"nva:outer"})
    by = [each for each in asked(there, CLIENT, "web", 443).answers if each.via]
    assert [each.verdict.value for each in by] == ["unknown"]
    shut = _before_gateway("10.0.3.0/24", CLIENT)
    assert asked(shut, CLIENT, "agw", 443).verdict == "blocked"
    assert {a.verdict.value for a in asked(shut, CLIENT, "web", 443).answers} == {"blocked"}
