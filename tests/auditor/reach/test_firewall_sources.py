"""Whose source a firewall keeps: never, always, or towards some ranges (E-24)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...exposed import NSG, deny, nsg, pip, rule
from ...firewalls import (
    FIREWALL,
    application_rule,
    collection,
    firewall_in_hub,
    group,
    network_rule,
    policy,
)
from ...networks import nic, peer, vnet
from ...reaching import asked
from ...routing import route, steered, table

CLIENT = "52.10.0.7"
FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
EVERYTHING = collection("ok", 100, "Allow", network_rule("any", "10.0.0.0/24", "*", "443"))
NEVER, ALWAYS = ["0.0.0.0/0"], ["255.255.255.255/32"]


def between(
    *collections: Any,
    ranges: list[str] | None = None,
    only: str = "*",
    back: bool = True,
    taken: bool = True,
    sender: str = "rt",
    own: Any = None,
) -> Network:
    """NIC web and NIC db in spokes of a firewall's hub; db lets in `only`.

    Its network takes what is only forwarded, or not. `sender` is the route table of web, `own` a
    route of the firewall's subnet.
    """
    snat: Any = {"snat": {"privateRanges": ranges}} if ranges is not None else {}
    guarded = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}
    data = steered("10.2.0.0/24", "rt") if back else {"addressPrefix": "10.2.0.0/24"}
    return estate(
        vnet(
            "hub",
            "10.1.0.0/16",
            subnets={
                "AzureFirewallSubnet": steered("10.1.0.0/26", "own") if own else "10.1.0.0/26"
            },
            peers=[peer("app", "10.0.0.0/16", **FLAGS), peer("data", "10.2.0.0/16", **FLAGS)],
        ),
        vnet("app", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24", sender)},
             peers=[peer("hub", "10.1.0.0/16", **FLAGS)]),
        vnet("data", "10.2.0.0/16", subnets={"data": {**data, **guarded}},
             peers=[peer("hub", "10.1.0.0/16", **{**FLAGS, "allowForwardedTraffic": taken})]),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.1.0.4")),
        table("own", *([own] if own else [])),
        firewall_in_hub(),
        policy("g", **snat),
        group("g", 100, *(collections or (EVERYTHING,))),
        pip("pip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "c")),
        nsg(rule("in", 100, only), deny("rest", 200)),
        nic("web", "10.0.0.4", ("app", "app")),
        nic("db", "10.2.0.4", ("data", "data")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ranges", "keeps"),
    [(None, True), ([], True), (["IANAPrivateRanges"], True), (NEVER, True), (ALWAYS, False)],
)
def test_E_24_what_machines_see_as_the_source(ranges: list[str] | None, keeps: bool) -> None:
    own = asked(between(ranges=ranges, only="10.0.0.0/24"), "web", "db")
    assert own.verdict == ("reachable" if keeps else "blocked")
    firewalls = asked(between(ranges=ranges, only="10.1.0.0/26"), "web", "db")
    assert firewalls.verdict == ("blocked" if keeps else "reachable")
    straight_back = asked(between(ranges=ranges, back=False), "web", "db")
    assert straight_back.verdict == ("blocked" if keeps else "reachable")


def test_E_24_without_translation_nothing_gets_out_to_the_internet() -> None:
    assert asked(between(), "web", CLIENT).verdict == "reachable"
    assert asked(between(ranges=ALWAYS), "web", CLIENT).verdict == "reachable"
    assert asked(between(ranges=NEVER), "web", CLIENT).verdict == "blocked"
    some = between(ranges=["IANAPrivateRanges", "52.10.0.0/16"])
    assert asked(some, "web", CLIENT).verdict == "blocked"
    assert asked(some, "web", "52.20.0.7").verdict == "reachable"


def test_E_24_application_rules_always_translate() -> None:
    by_name = collection("ok", 100, "Allow", application_rule("web", "*", source="10.0.0.0/24"))
    assert asked(between(by_name, ranges=NEVER), "web", CLIENT).verdict != "blocked"


def test_U_2_a_packet_whose_routes_are_not_told_may_have_come_by_the_firewall() -> None:
    """Then the reply that goes by it is no other way than the packet's."""
    assert asked(between(EVERYTHING), "web", "db").verdict == "reachable"
    found = asked(between(EVERYTHING, sender="gone"), "web", "db")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


@pytest.mark.parametrize("hop", ["None", "VirtualNetworkGateway"])
def test_R_10_what_a_firewall_sends_on_is_stopped_by_the_route_of_its_own_subnet(hop: str) -> None:
    """Not by the route that brings it there: the packet goes as far as the firewall."""
    found = asked(between(own=route("0.0.0.0/0", hop, name="tunnel")), "web", "internet")
    assert (found.verdict, found.stops) == ("blocked", ["route"])
    [blocker] = found.one.blockers
    assert blocker.opening.startswith("change route tunnel of own")


def stops(network: Network, port: int = 443) -> list[tuple[str, str]]:
    return [(step.code, step.opening) for step in asked(network, "web", "db", port).one.blockers]


def test_E_24_what_no_rule_allows_is_stopped_after_it_too_as_a_network_rule_would_send_it() -> None:
    """With its own address: the group at db, which lets in the firewall's, denies it."""
    named = application_rule("web", "shop.example", source="10.0.0.0/24")
    other = collection("ok", 100, "Allow", network_rule("other", "10.0.0.0/24", "*", "22"))
    denied = [between(other, collection("names", 200, "Allow", named), only="10.1.0.0/26")]
    denied.append(between(other, only="10.1.0.0/26"))
    for network in denied:
        assert stops(network, 8080) == [
            (
                "firewall",
                "allow TCP from 10.0.0.4 to 10.2.0.4 to port 8080 in a network rule of fw",
            ),
            (
                "nsg-inbound",
                "add an inbound Allow rule for TCP from 10.0.0.4 to 10.2.0.4 to port 8080 to nsg,"
                " with a priority below 200 (securityRules/rest)",
            ),
        ]
    kept_back = between(other, collection("names", 200, "Allow", named), taken=False)
    assert [code for code, _ in stops(kept_back, 8080)] == ["firewall", "forwarded-traffic"]


def test_E_24_what_an_application_rule_sends_on_is_not_stopped_by_the_firewall() -> None:
    """It comes with an address of the firewall, and that is what the group at db denies."""
    by_name = collection("ok", 100, "Allow", application_rule("any", "*", source="10.0.0.0/24"))
    found = asked(between(by_name, only="10.0.0.0/24"), "web", "db").one
    assert [(step.code, step.rule) for step in found.blockers] == [
        ("nsg-inbound", "securityRules/rest")
    ]
    assert asked(between(by_name, only="10.1.0.0/26"), "web", "db").verdict == "reachable"
