"""Paths between machines, and from the internet to one that has a public address."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...exposed import (
    PIP,
    deny,
    nic,
    nsg,
    pip,
    rule,
    subnet,
    vnet,
)
from ...guarded import out_deny
from ...networks import gateway, peer, site, tunnel
from ...networks import nic as nic_in
from ...networks import vnet as net
from ...reaching import asked
from ...routing import endpoint, route, steered, table

CLIENT = "52.10.0.7"
"""Somebody on the internet."""


def two(*rules: Any, outbound: Any = ()) -> Any:
    """NICs web and db in two subnets; the group of db's has these rules."""
    return estate(
        nsg(*rules, name="in"),
        nsg(*outbound, name="out"),
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        vnet(subnet(nsg="out"), subnet("data", "10.0.1.0/24", nsg="in")),
    )


def test_P_8_both_ends_filter() -> None:
    assert asked(two(), "web", "db").verdict == "reachable"
    shut = asked(two(deny("no", 100)), "web", "db")
    assert (shut.verdict, shut.stops) == ("blocked", ["nsg-inbound"])
    assert shut.one.blockers[0].rule == "securityRules/no"
    held = asked(two(outbound=[out_deny("no", 100)]), "web", "db")
    assert (held.verdict, held.stops) == ("blocked", ["nsg-outbound"])


def test_no_priority_comes_before_the_first() -> None:
    shut = asked(two(deny("in", 100)), "web", "db")
    assert shut.one.blockers[0].opening == (
        "add an inbound Allow rule for TCP from 10.0.0.4 to 10.0.1.4 to port 443 to in, "
        "before securityRules/in, which has to get a priority above 100 first"
    )


def test_every_blocker_is_named_with_what_would_open_it() -> None:
    shut = asked(two(deny("in", 101), outbound=[out_deny("out", 100)]), "web", "db")
    assert shut.stops == ["nsg-outbound", "nsg-inbound"]
    assert [step.rule for step in shut.one.blockers] == ["securityRules/out", "securityRules/in"]
    assert shut.one.blockers[1].opening == (
        "add an inbound Allow rule for TCP from 10.0.0.4 to 10.0.1.4 to port 443 to in, "
        "with a priority below 101 (securityRules/in)"
    )
    assert shut.one.blockers[1].pointer == "/properties/securityRules/0"


def test_ports_with_different_verdicts_are_different_answers() -> None:
    found = asked(two(deny("no", 100, ports="22")), "web", "db", None).answers
    assert [(a.verdict.value, str(a.ports)) for a in found] == [
        ("reachable", "0-21, 23-65535"),
        ("blocked", "22"),
    ]


def test_P_11_replies_are_not_filtered_again() -> None:
    network = two(outbound=[rule("only", 100, ports="1", direction="Outbound")])
    assert asked(network, "db", "web").verdict == "reachable"


def exposed(*rules: Any, sku: str = "Standard", group: str | None = "nsg", **more: Any) -> Any:
    """NIC web with the public address 20.50.1.2."""
    return estate(
        nsg(*rules),
        nic("web", public="pip", nsg=group),
        pip("pip", sku={"name": sku}),
        vnet(subnet(**more)),
    )


def test_P_2_P_3_the_rules_see_the_private_address() -> None:
    private = exposed(rule("https", 100, destinationAddressPrefix="10.0.0.4"))
    found = asked(private, CLIENT, "web")
    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:443")
    assert found.step("nsg-inbound").rule == "securityRules/https"
    public = exposed(rule("https", 100, destinationAddressPrefix="20.50.1.2"))
    assert asked(public, CLIENT, "web").stops == ["nsg-inbound"]


def test_P_5_the_client_keeps_its_address() -> None:
    network = exposed(rule("friend", 100, CLIENT))
    assert asked(network, CLIENT, "web").verdict == "reachable"
    assert asked(network, "52.10.0.8", "web").verdict == "blocked"


def test_E_3_standard_is_closed_and_basic_open_without_a_group() -> None:
    shut = asked(exposed(group=None), CLIENT, "web")
    assert (shut.verdict, shut.stops) == ("blocked", ["closed-by-default"])
    assert asked(exposed(group=None, sku="Basic"), CLIENT, "web").verdict == "reachable"


def test_E_3_what_is_missing_is_named_the_sku_or_the_group() -> None:
    def details(*resources: Any) -> list[str]:
        return [reason.detail for reason in asked(estate(*resources), CLIENT, "web").one.reasons]

    bare = nic("web", public="pip"), vnet(subnet())
    assert details(*bare, pip("pip", sku=None)) == ["the SKU of pip"]
    gone = nic("web", public="pip", nsg="gone"), vnet(subnet())
    told = details(*gone, pip("pip", sku={"name": "Standard"}))
    assert any("networkSecurityGroups/gone is not in the snapshot" in each for each in told)
    assert not any("SKU" in each for each in told)


def test_without_an_entrance_nothing_comes_in() -> None:
    network = estate(nic("web"), vnet(subnet()))
    shut = asked(network, CLIENT, "web")
    assert (shut.verdict, shut.stops) == ("blocked", ["no-entrance", "closed-by-default"])


@pytest.mark.parametrize("kind", ["VirtualAppliance", "VirtualNetworkGateway"])
def test_R_13_a_forced_default_route_breaks_what_comes_straight_in(kind: str) -> None:
    hop = route("0.0.0.0/0", kind, "10.0.9.4" if kind == "VirtualAppliance" else None)
    network = estate(
        nsg(rule("https", 100)),
        nic("web", public="pip", nsg="nsg"),
        nic("nva", address="10.0.9.4", subnet="nva", vm="nva"),
        pip("pip"),
        table("rt", hop),
        vnet(
            subnet(routeTable={"id": arm_id("Microsoft.Network/routeTables", "rt")}),
            subnet("nva", "10.0.9.0/24"),
        ),
    )
    shut = asked(network, CLIENT, "web")
    code = "return-route" if kind == "None" else "asymmetric-return"
    assert (shut.verdict, shut.stops) == ("blocked", [code])
    assert shut.one.blockers[0].rule == "to-0.0.0.0-0"


def test_P_12_versions_are_two_questions() -> None:
    network = estate(
        nsg(rule("https", 100, "0.0.0.0/0")),
        nic("web", public="pip", nsg="nsg"),
        pip("pip", address="2603:1020::5", settings={"publicIPAddressVersion": "IPv6"}),
        vnet(subnet()),
    )
    assert {a.verdict.value for a in asked(network, "internet", "web").answers} == {"blocked"}


A, B, C = "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"


def spokes(
    *,
    forwarded: bool | None = True,
    back: bool = True,
    rules: Any = None,
    action: str = "Allow",
    more: Any = (),
) -> Any:
    """Spokes a and b, joined by a firewall in hub c at 10.2.0.4."""
    from ...firewalls import collection, network_rule

    every = collection("c", 100, "Allow", network_rule("any", "*", "*", "*", "Any"))
    flags: Any = {} if forwarded is None else {"allowForwardedTraffic": forwarded}
    return estate(
        net("a", A, subnets={"app": steered("10.0.0.0/24")},
            peers=[peer("c", C, allowForwardedTraffic=back)]),
        net("b", B, subnets={"app": steered("10.1.0.0/24", "back")},
            peers=[peer("c", C, **flags)]),
        net("c", C, subnets={"AzureFirewallSubnet": "10.2.0.0/26"},
            peers=[peer("a", A), peer("b", B)]),
        nic_in("web", "10.0.0.4", ("a", "app"), vm="w"),
        nic_in("db", "10.1.0.4", ("b", "app"), vm="d"),
        table("rt", route(B, "VirtualAppliance", "10.2.0.4"), disableBgpRoutePropagation=True),
        table("back", route(A, "VirtualAppliance", "10.2.0.4"), disableBgpRoutePropagation=True),
        *_firewall(every if rules is None else collection("c", 100, action, *rules)),
        *more,
    )  # fmt: skip


def _firewall(rules: Any) -> list[Any]:
    from ...firewalls import firewall, group, policy
    from ...networks import subnet_id

    home = {
        "privateIPAddress": "10.2.0.4",
        "subnet": {"id": subnet_id("c", "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id(PIP, "pip-fw")},
    }
    return [
        firewall(ipConfigurations=[{"name": "home", "properties": home}]),
        policy("g"),
        group("g", 100, rules),
        pip("pip-fw", address="20.60.0.9"),
    ]


def test_R_15_spokes_meet_by_a_firewall_only() -> None:
    found = asked(spokes(), "web", "db")
    assert found.verdict == "reachable"
    assert found.step("firewall").rule == "any"
    assert [step.code for step in found.one.hops] == [
        "nsg-outbound", "route", "firewall", "route", "nsg-inbound", "return-route",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "verdict"), [(True, "reachable"), (False, "blocked"), (None, "unknown")]
)
def test_R_16_the_receiving_peering_must_take_forwarded_traffic(flag: Any, verdict: str) -> None:
    found = asked(spokes(forwarded=flag), "web", "db")
    assert found.verdict == verdict
    if verdict == "blocked":
        assert found.stops == ["forwarded-traffic"]
        assert "set allowForwardedTraffic" in found.one.blockers[0].opening
    # The reply to the other spoke is forwarded as well.
    assert asked(spokes(forwarded=flag), "db", "web").verdict == verdict


def test_R_16_what_stops_a_packet_is_told_of_the_way_that_its_routes_take() -> None:
    """Not of the straight way, which its routes lead past, even where that has fewer obstacles."""
    from ...firewalls import network_rule

    neither = spokes(forwarded=False, back=False)
    assert asked(neither, "web", "db").stops == ["forwarded-traffic", "forwarded-traffic"]
    assert [step.opening for step in asked(neither, "web", "db").one.blockers] == [
        "set allowForwardedTraffic on the peering to-c of b",
        "set allowForwardedTraffic on the peering to-c of a",
    ]
    denied = spokes(
        forwarded=False, back=False, rules=[network_rule("no", "*", B, "443")], action="Deny"
    )
    stops = asked(denied, "web", "db", 443).stops
    assert stops == ["firewall", "forwarded-traffic", "forwarded-traffic"]


def test_E_22_what_no_firewall_rule_allows_is_denied() -> None:
    from ...firewalls import network_rule

    some = spokes(rules=[network_rule("web", "10.0.0.0/24", B, "443")])
    assert asked(some, "web", "db", 443).verdict == "reachable"
    shut = asked(some, "web", "db", 22)
    assert (shut.verdict, shut.stops) == ("blocked", ["firewall"])
    assert shut.one.blockers[0].opening == (
        "allow TCP from 10.0.0.4 to 10.1.0.4 to port 22 in a network rule of fw"
    )
    denied = spokes(rules=[network_rule("no", "*", B, "443")], action="Deny")
    assert asked(denied, "web", "db", 443).one.blockers[0].opening == (
        "allow TCP from 10.0.0.4 to 10.1.0.4 to port 443 in a network rule of fw, before no"
    )


def test_a_stranger_in_the_middle_makes_it_unknown() -> None:
    network = estate(
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        resource(
            "Microsoft.Network/networkInterfaces",
            "nva",
            {
                "enableIPForwarding": True,
                "ipConfigurations": [
                    {
                        "name": "primary",
                        "properties": {
                            "privateIPAddress": "10.0.9.4",
                            "subnet": {"id": arm_id(
                                "Microsoft.Network/virtualNetworks/subnets", "vnet", "nva")},
                        },
                    }
                ],
            },
        ),
        table("rt", route("10.0.1.0/24", "VirtualAppliance", "10.0.9.4")),
        vnet(
            subnet(routeTable={"id": arm_id("Microsoft.Network/routeTables", "rt")}),
            subnet("data", "10.0.1.0/24"),
            subnet("nva", "10.0.9.0/24"),
        ),
    )  # fmt: skip
    found = asked(network, "web", "db")
    assert (found.verdict, found.labels) == ("unknown", {"nva:nva"})


def test_a_route_to_nowhere_blocks() -> None:
    network = estate(
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        table("rt", route("10.0.1.0/24", "None")),
        vnet(
            subnet(routeTable={"id": arm_id("Microsoft.Network/routeTables", "rt")}),
            subnet("data", "10.0.1.0/24"),
        ),
    )
    shut = asked(network, "web", "db")
    assert (shut.verdict, shut.stops) == ("blocked", ["route"])
    assert shut.one.blockers[0].rule == "to-10.0.1.0-24"
    back = asked(network, "db", "web")
    assert (back.verdict, back.stops) == ("blocked", ["return-route"])
    assert back.one.blockers[0].says.endswith(" sends the reply to None, a black hole (R-10)")


def test_R_24_sites_come_in_and_are_reached_by_the_gateway() -> None:
    network = estate(
        net("a", A, subnets={"app": "10.0.0.0/24", "GatewaySubnet": "10.0.9.0/27"}),
        nic_in("web", "10.0.0.4", ("a", "app"), vm="w"),
        gateway("vgw", "a", enableBgp=False),
        site("dc", "192.168.0.0/16"),
        tunnel("t", "vgw", "dc", enableBgp=False),
    )
    assert asked(network, "onprem 192.168.0.0/16", "web").verdict == "reachable"
    assert asked(network, "web", "onprem 192.168.0.0/16").verdict == "reachable"
    assert asked(network, "web", "onprem 192.169.0.0/16").verdict == "blocked"


def private_link(policy: str, *rules: Any, status: str = "Approved") -> Any:
    return estate(
        nsg(*rules, name="guard"),
        net(
            "a",
            A,
            subnets={
                "app": "10.0.0.0/24",
                "pe": {
                    "addressPrefix": "10.0.5.0/24",
                    "privateEndpointNetworkPolicies": policy,
                    "networkSecurityGroup": {
                        "id": arm_id("Microsoft.Network/networkSecurityGroups", "guard")
                    },
                },
            },
        ),
        nic_in("web", "10.0.0.4", ("a", "app"), vm="w"),
        endpoint("pe-vault", "10.0.5.4", ("a", "pe"), status),
    )


def test_L_5_a_group_counts_for_endpoints_where_the_subnet_says_so() -> None:
    assert (
        asked(private_link("Disabled", deny("no", 100)), "web", "pe-vault").verdict == "reachable"
    )
    shut = asked(private_link("Enabled", deny("no", 100)), "web", "pe-vault")
    assert (shut.verdict, shut.stops) == ("blocked", ["nsg-inbound"])


def test_L_1_only_an_approved_endpoint_carries_packets() -> None:
    shut = asked(private_link("Disabled", status="Pending"), "web", "pe-vault")
    assert shut.verdict == "blocked"
    assert "private-endpoint" in shut.stops


@pytest.mark.parametrize(
    ("protocol", "verdict"),
    [("tcp", "reachable"), ("udp", "reachable"), ("icmp", "blocked"), ("esp", "blocked")],
)
def test_L_1_an_endpoint_carries_tcp_and_udp_only(protocol: str, verdict: str) -> None:
    for policies in ("Disabled", "Enabled"):
        found = asked(private_link(policies), "web", "pe-vault", protocol=protocol)
        assert found.verdict == verdict
        assert found.stops == ([] if verdict == "reachable" else ["private-endpoint"])


def test_L_3_an_endpoint_starts_nothing() -> None:
    shut = asked(private_link("Disabled"), "pe-vault", "web")
    assert (shut.verdict, shut.stops) == ("blocked", ["starts-nothing"])


def test_a_group_cut_short_of_its_rules_blocks_nothing() -> None:
    """Without the list it may hold any rule; Azure writes an empty one where it holds none."""
    cases: list[tuple[Any, str]] = [({}, "unknown"), ({"securityRules": []}, "blocked")]
    for settings, verdict in cases:
        found = estate(
            resource("Microsoft.Network/networkSecurityGroups", "in", settings),
            nic("web", public="pip"),
            pip("pip"),
            vnet(subnet(nsg="in")),
        )
        assert asked(found, "internet", "web").verdict == verdict


@pytest.mark.parametrize(("rules", "verdict"), [((), "reachable"), ((deny("no", 100),), "blocked")])
def test_any_machine_of_a_subnet_that_lists_nobody_is_one_that_may_come(
    rules: Any, verdict: str
) -> None:
    """The replay takes it to be there as well, and asks the subnet's group."""
    nobody: Any = {
        key: []
        for key in (
            "ipConfigurations", "delegations", "privateEndpoints", "serviceAssociationLinks",
            "applicationGatewayIPConfigurations", "ipConfigurationProfiles",
            "resourceNavigationLinks",
        )
    }  # fmt: skip
    here = estate(
        nsg(*rules, name="in"),
        nic("web"),
        vnet(subnet(), subnet("empty", "10.0.1.0/24", nsg="in", **nobody)),
    )
    [target] = ends_of(here, parse_selector("subnet:vnet/empty")).points
    assert asked(here, "web", target).verdict == verdict
