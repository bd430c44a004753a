from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster, cluster_id, pool
from ...networks import gateway, hub, peer, site, subnet_id, tunnel, vnet, vnet_id

Json = dict[str, Any]
TABLE = "Microsoft.Network/routeTables"
TO_FIREWALL = {"nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.1.0.4"}


def table(*routes: tuple[str, Json], **more: Any) -> Json:
    listed = [
        {"name": f"route-{number}", "properties": {"addressPrefix": prefix, **hop}}
        for number, (prefix, hop) in enumerate(routes)
    ]
    return resource(TABLE, "rt", {"routes": listed, **more})


def nodes(**more: Any) -> Json:
    return {"addressPrefix": "10.0.0.0/24", **more}


def routed(**more: Any) -> Json:
    return nodes(routeTable={"id": arm_id(TABLE, "rt")}, **more)


def home(subnet: Json | None = None, **more: Any) -> Json:
    return vnet("a", "10.0.0.0/16", subnets={"nodes": subnet or routed()}, **more)


def shop(*pools: Json) -> Json:
    return cluster("shop", *pools, network={"outboundType": "userDefinedRouting"})


def asked(*resources: Json) -> Answer:
    return ask("AKS-016", estate(*resources))


def test_a_default_route_to_an_appliance_keeps_it() -> None:
    answer = asked(shop(), home(), table(("0.0.0.0/0", TO_FIREWALL)))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_other_outbound_types_are_not_judged() -> None:
    answer = asked(cluster(), home(nodes()))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_no_route_table() -> None:
    [finding] = asked(shop(), home(nodes())).broken
    assert finding.subject == cluster_id()
    assert "no route table" in finding.message
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties"
    assert "az network route-table create --resource-group rg --name rt-nodes" in finding.remedy
    assert f"--ids {subnet_id('a', 'nodes')} --route-table rt-nodes" in finding.remedy


def test_a_table_without_a_default_route() -> None:
    [finding] = asked(shop(), home(), table(("10.2.0.0/16", TO_FIREWALL))).broken
    assert "rt has no route for 0.0.0.0/0" in finding.message
    assert finding.evidence[0].pointer == "/properties/routes"
    assert "--route-table-name rt --name default" in finding.remedy
    assert arm_id(TABLE, "rt") in finding.related


def test_a_table_without_routes_at_all() -> None:
    empty = resource(TABLE, "rt", {"disableBgpRoutePropagation": True, "routes": []})
    [finding] = asked(shop(), home(), empty).broken
    assert finding.evidence[0].pointer == "/properties/routes"


def test_a_table_cut_short_of_its_routes_is_unknown() -> None:
    """Azure writes an empty list where a table has none."""
    for more in ({}, {"routes": None}):
        short = resource(TABLE, "rt", {"disableBgpRoutePropagation": True, **more})
        answer = asked(shop(), home(), short)
        assert (answer.kept, answer.broken) == (0, [])
        assert "routes" in answer.unknown[0].missing


@pytest.mark.parametrize("hop", ["None", "none", "VnetLocal"])
def test_a_next_hop_that_drops(hop: str) -> None:
    [finding] = asked(shop(), home(), table(("0.0.0.0/0", {"nextHopType": hop}))).broken
    assert hop in finding.message
    assert finding.evidence[0].pointer == "/properties/routes/0/properties/nextHopType"


def test_both_halves_are_a_default_route() -> None:
    halves = table(("0.0.0.0/1", TO_FIREWALL), ("128.0.0.0/1", TO_FIREWALL))
    assert asked(shop(), home(), halves).kept == 1


def test_both_halves_win_over_the_whole() -> None:
    drop = {"nextHopType": "None"}
    saved = table(("0.0.0.0/0", drop), ("0.0.0.0/1", TO_FIREWALL), ("128.0.0.0/1", TO_FIREWALL))
    assert asked(shop(), home(), saved).kept == 1
    lost = table(("0.0.0.0/0", TO_FIREWALL), ("0.0.0.0/1", drop), ("128.0.0.0/1", drop))
    assert len(asked(shop(), home(), lost).broken) == 1


def test_one_half_is_none() -> None:
    assert len(asked(shop(), home(), table(("0.0.0.0/1", TO_FIREWALL))).broken) == 1


def test_a_route_for_ipv6_or_for_a_tag_is_none() -> None:
    others = table(("::/0", TO_FIREWALL), ("AzureCloud", TO_FIREWALL))
    assert len(asked(shop(), home(), others).broken) == 1


def test_a_nat_gateway_is_a_way_out() -> None:
    nat = {"natGateway": {"id": arm_id("Microsoft.Network/natGateways", "nat")}}
    assert asked(shop(), home(nodes(**nat))).kept == 1


def test_a_gateway_as_next_hop_must_exist() -> None:
    to_gateway = table(("0.0.0.0/0", {"nextHopType": "VirtualNetworkGateway"}))
    [finding] = asked(shop(), home(), to_gateway).broken
    assert "leads to a gateway, and there is none" in finding.message
    assert asked(shop(), home(), to_gateway, gateway("vpn", "a")).kept == 1


def test_a_gateway_of_a_peer_counts() -> None:
    to_gateway = table(("0.0.0.0/0", {"nextHopType": "VirtualNetworkGateway"}))
    spoke = home(peers=[peer("b", useRemoteGateways=True)])
    far = vnet("b", "10.1.0.0/16")
    assert asked(shop(), spoke, to_gateway, far, gateway("vpn", "b")).kept == 1
    answer = asked(shop(), spoke, to_gateway)
    assert (answer.kept, answer.broken) == (0, [])
    assert vnet_id("b") in answer.unknown[0].missing


EXPRESS = gateway("er", "a", kind="ExpressRoute")
BGP = [
    gateway("vpn", "a"),
    site("office", "192.168.0.0/16"),
    tunnel("to-office", "vpn", "office", enableBgp=True),
]


@pytest.mark.parametrize("teachers", [[EXPRESS], BGP, hub("hub", "10.9.0.0/23", "a")])
def test_a_default_route_may_be_announced(teachers: list[Json]) -> None:
    answer = asked(shop(), home(), table(), *teachers)
    assert (answer.kept, answer.broken) == (0, [])
    assert "announces a default route to nodes" in answer.unknown[0].missing


def test_a_table_may_refuse_what_is_announced() -> None:
    assert len(asked(shop(), home(), table(disableBgpRoutePropagation=True), EXPRESS).broken) == 1


def test_a_dropping_route_wins_over_what_is_announced() -> None:
    drops = table(("0.0.0.0/0", {"nextHopType": "None"}))
    assert len(asked(shop(), home(), drops, EXPRESS).broken) == 1


def test_a_vpn_without_bgp_announces_no_default() -> None:
    quiet = [BGP[0], BGP[1], tunnel("to-office", "vpn", "office", enableBgp=False)]
    assert len(asked(shop(), home(), table(), *quiet).broken) == 1


@pytest.mark.parametrize(
    ("resources", "missing"),
    [([home()], arm_id(TABLE, "rt")), ([table()], subnet_id("a", "nodes"))],
)
def test_what_is_missing_is_named(resources: list[Json], missing: str) -> None:
    answer = asked(shop(), *resources)
    assert (answer.kept, answer.broken) == (0, [])
    assert missing in answer.unknown[0].missing


def test_a_cluster_without_a_subnet_of_its_own_is_unknown() -> None:
    answer = asked(shop(pool(in_=None)))
    assert (answer.kept, answer.broken) == (0, [])
    assert "subnet of the nodes of cluster shop" in answer.unknown[0].missing


def test_each_subnet_is_judged_and_one_unknown_hides_no_other() -> None:
    pools = [
        pool("one"),
        pool("two", podSubnetID=subnet_id("a", "pods")),
        pool("three", ("gone", "nodes")),
    ]
    subnets = {"nodes": routed(), "pods": {"addressPrefix": "10.0.1.0/24"}}
    answer = asked(
        shop(*pools),
        vnet("a", "10.0.0.0/16", subnets=subnets),
        table(("0.0.0.0/0", TO_FIREWALL)),
    )
    assert [f.key for f in answer.broken] == [subnet_id("a", "pods").lower()]
    assert [u.key for u in answer.unknown] == [subnet_id("gone", "nodes").lower()]


def test_the_remedy_names_the_firewall_of_the_hub() -> None:
    firewall = resource(
        "Microsoft.Network/azureFirewalls",
        "fw",
        {
            "ipConfigurations": [
                {
                    "name": "ip",
                    "properties": {
                        "privateIPAddress": "10.1.0.4",
                        "subnet": {"id": subnet_id("b", "AzureFirewallSubnet")},
                    },
                }
            ]
        },
    )
    far = vnet("b", "10.1.0.0/16", subnets={"AzureFirewallSubnet": "10.1.0.0/26"})
    [finding] = asked(shop(), home(peers=[peer("b")]), table(), far, firewall).broken
    assert finding.remedy.endswith("--next-hop-ip-address 10.1.0.4")


def test_it_speaks_instead_of_the_general_rule_about_outbound_access() -> None:
    [finding] = asked(shop(), home(), table()).broken
    assert finding.covers == tuple((id, subnet_id("a", "nodes")) for id in ("NAT-001", "NAT-002"))
    assert finding.settles == (("NAT-002", subnet_id("a", "nodes")),)
