"""Between sites and machines by an Azure Firewall, there and back (P-11, R-16, R-24)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...exposed import pip
from ...firewalls import (
    FIREWALL,
    collection,
    firewall_in_hub,
    group,
    network_rule,
    policy,
)
from ...networks import gateway, nic, peer, site, tunnel, vnet
from ...reaching import asked
from ...routing import endpoint, route, steered, table

SITE = "onprem 192.168.1.0/24"
FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
ALWAYS: Any = {"snat": {"privateRanges": ["255.255.255.255/32"]}}
ENDS = {"addressPrefix": "10.2.1.0/24", "privateEndpointNetworkPolicies": "Enabled"}
INWARD = network_rule("in", "192.168.0.0/16", "10.2.0.0/24", "443")
OUTWARD = network_rule("out", "10.2.0.0/24", "192.168.0.0/16", "443")


def hub(
    *rules: Any,
    gateway_by: bool = True,
    spoke_by: bool = True,
    firewall_routes: Any = (),
    uses: bool = True,
    settings: Any = None,
) -> Network:
    """NIC db in a spoke; the hub has a VPN gateway and a firewall, by which both sides may go."""
    address = "10.1.0.4"
    own: Any = steered("10.1.0.0/26", "rtf") if firewall_routes else "10.1.0.0/26"
    return estate(
        vnet(
            "hub",
            "10.1.0.0/16",
            subnets={
                "AzureFirewallSubnet": own,
                "GatewaySubnet": steered("10.1.9.0/27", "rtg") if gateway_by else "10.1.9.0/27",
            },
            peers=[peer("spoke", "10.2.0.0/16", allowGatewayTransit=True, **FLAGS)],
        ),
        vnet(
            "spoke",
            "10.2.0.0/16",
            subnets={"data": steered("10.2.0.0/24", "rts"), "ends": ENDS},
            peers=[peer("hub", "10.1.0.0/16", useRemoteGateways=uses, **FLAGS)],
        ),
        table(
            "rts",
            *([route("0.0.0.0/0", "VirtualAppliance", address)] if spoke_by else []),
            disableBgpRoutePropagation=spoke_by,
        ),
        table("rtg", route("10.2.0.0/16", "VirtualAppliance", address)),
        table("rtf", *firewall_routes),
        firewall_in_hub(address),
        policy("g", **(settings or {})),
        group("g", 100, collection("ok", 100, "Allow", *rules)),
        pip("pip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "c")),
        gateway("vpn", "hub", enableBgp=False),
        site("office", "192.168.0.0/16"),
        tunnel("line", "vpn", "office"),
        nic("db", "10.2.0.4", ("spoke", "data")),
        endpoint("pe", "10.2.1.4", ("spoke", "ends")),
    )


def test_P_11_a_site_gets_in_by_the_firewall_and_back_by_it() -> None:
    assert asked(hub(INWARD), SITE, "db").verdict == "reachable"
    assert asked(hub(INWARD), SITE, "db", 22).stops == ["firewall"]


def test_P_11_what_comes_straight_and_goes_back_by_the_firewall_is_lost() -> None:
    shut = asked(hub(INWARD, gateway_by=False), SITE, "db")
    assert (shut.verdict, shut.stops) == ("blocked", ["asymmetric-return"])


def test_P_11_the_firewalls_own_routes_bring_replies_back() -> None:
    lost = hub(INWARD, firewall_routes=[route("192.168.0.0/16", "None")])
    shut = asked(lost, SITE, "db")
    assert (shut.verdict, shut.stops) == ("blocked", ["return-route"])
    fine = hub(INWARD, firewall_routes=[route("0.0.0.0/0", "Internet")])
    assert asked(fine, SITE, "db").verdict == "reachable"


def test_P_11_a_site_is_reached_by_the_firewall_and_answers_by_it() -> None:
    assert asked(hub(OUTWARD), "db", SITE).verdict == "reachable"


def test_P_11_replies_of_sites_that_go_round_the_firewall_are_in_doubt() -> None:
    found = asked(hub(OUTWARD, gateway_by=False), "db", SITE)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-11"})


def test_P_11_replies_of_sites_by_a_firewall_that_saw_nothing_are_lost() -> None:
    shut = asked(hub(OUTWARD, spoke_by=False), "db", SITE)
    assert (shut.verdict, shut.stops) == ("blocked", ["asymmetric-return"])


def test_without_a_firewall_on_either_way_sites_are_reached() -> None:
    straight = hub(gateway_by=False, spoke_by=False)
    assert asked(straight, "db", SITE).verdict == "reachable"
    assert asked(straight, SITE, "db").verdict == "reachable"


def test_R_15_a_site_gets_in_by_the_firewall_where_no_gateway_is_lent() -> None:
    """The gateway hands over to the firewall, and the spoke knows the firewall only."""
    spoke = hub(INWARD, OUTWARD, uses=False)
    found = asked(spoke, SITE, "db")
    assert (found.verdict, found.step("firewall").rule) == ("reachable", "in")
    assert asked(spoke, "db", SITE).verdict == "reachable"
    assert asked(spoke, SITE, "db", 22).stops == ["firewall"]


def test_R_15_a_spoke_needs_no_route_to_a_firewall_that_puts_its_own_address() -> None:
    """All that it sees is an address of the hub, whose gateway is not lent to it."""
    unsteered = hub(INWARD, OUTWARD, spoke_by=False, uses=False, settings=ALWAYS)
    found = asked(unsteered, SITE, "db")
    assert (found.verdict, found.step("firewall").rule) == ("reachable", "in")
    assert asked(unsteered, "db", SITE).verdict == "blocked"


TO_ENDPOINTS = network_rule("in", "192.168.0.0/16", "10.2.1.0/24", "443")


@pytest.mark.parametrize("uses", [True, False])
def test_P_11_an_endpoint_answers_a_firewall_that_bears_its_own_address(uses: bool) -> None:
    """Whether or not the gateway is lent: it answers the firewall, and that the gateway."""
    found = asked(hub(TO_ENDPOINTS, uses=uses, settings=ALWAYS), SITE, "pe")
    assert (found.verdict, found.step("firewall").rule) == ("reachable", "in")
    assert asked(hub(INWARD, uses=uses, settings=ALWAYS), SITE, "pe", 22).stops == ["firewall"]


@pytest.mark.parametrize("uses", [True, False])
def test_P_11_whether_an_endpoint_answers_by_a_firewall_that_keeps_the_source_is_not_told(
    uses: bool,
) -> None:
    found = asked(hub(TO_ENDPOINTS, uses=uses), SITE, "pe")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-11"})


def test_R_17_an_endpoint_answers_no_site_without_a_gateway_that_is_lent() -> None:
    shut = asked(hub(TO_ENDPOINTS, uses=False, gateway_by=False), SITE, "pe")
    assert (shut.verdict, shut.labels) == ("blocked", set())


def test_R_17_a_site_gets_no_answer_where_no_gateway_is_lent_and_nothing_between() -> None:
    kept = asked(hub(INWARD, spoke_by=False, uses=False), SITE, "db")
    assert (kept.verdict, kept.stops) == ("blocked", ["return-route"])
    neither = hub(INWARD, spoke_by=False, gateway_by=False, uses=False)
    assert asked(neither, SITE, "db").stops == ["no-path"]
    round_it = asked(hub(INWARD, gateway_by=False, uses=False), SITE, "db")
    assert (round_it.verdict, round_it.stops) == ("blocked", ["asymmetric-return"])
