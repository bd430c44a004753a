from __future__ import annotations

from typing import Any

from auditor.finding import Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster, cluster_id, pool
from ...endpoints import endpoint, endpoint_id, zone, zone_group, zone_id, zone_link
from ...networks import peer, subnet_id, vnet, vnet_id

Json = dict[str, Any]


def net(name: str, *servers: str, **more: Any) -> Json:
    second = "abc".index(name)
    made = vnet(
        name,
        f"10.{second}.0.0/16",
        subnets={"ends": f"10.{second}.0.0/24", "nodes": f"10.{second}.1.0/24"},
        **more,
    )
    if servers:
        made["properties"]["dhcpOptions"] = {"dnsServers": list(servers)}
    return made


def asked(*resources: Json) -> Answer:
    return ask("DNS-005", estate(*resources))


PE = [endpoint(), zone_group("kv"), zone()]


def test_the_endpoints_own_network_is_linked() -> None:
    answer = asked(net("a"), *PE, zone_link("a"))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_the_zone_is_linked_elsewhere() -> None:
    [finding] = asked(net("a"), net("b"), *PE, zone_link("b")).broken
    assert finding.subject == zone_id()
    assert "is not linked to a; pe in a needs it" in finding.message
    assert finding.evidence[0].pointer == "/name"
    assert set(finding.related) == {vnet_id("a"), endpoint_id()}
    assert f"--name link-a --virtual-network {vnet_id('a')}" in finding.remedy


def test_links_that_were_not_exported_are_unknown() -> None:
    answer = asked(net("a"), *PE)
    assert (answer.kept, answer.broken) == (0, [])
    assert "network links of private zone" in answer.unknown[0].missing
    assert "az network private-dns link vnet list" in answer.unknown[0].remedy


def test_a_zone_that_says_it_has_no_links() -> None:
    empty = zone(numberOfVirtualNetworkLinks=0)
    assert len(asked(net("a"), *PE[:2], empty).broken) == 1


def test_a_zone_that_is_missing_is_unknown() -> None:
    answer = asked(net("a"), *PE[:2])
    assert (answer.kept, answer.broken) == (0, [])
    assert zone_id() in answer.unknown[0].missing


def test_an_endpoint_whose_network_is_missing_is_unknown() -> None:
    answer = asked(net("b"), *PE, zone_link("b"))
    assert (answer.kept, answer.broken) == (0, [])
    home = arm_id("Microsoft.Network/virtualNetworks", "a")
    assert answer.unknown[0].missing == (
        f"the network of pe: {home}/subnets/ends is not in the snapshot"
    )
    assert answer.unknown[0].remedy.endswith(f"az resource show --ids {home}")


def test_azures_own_resolver_is_no_server_of_ones_own() -> None:
    assert asked(net("a", "168.63.129.16"), *PE, zone_link("a")).kept == 1
    assert len(asked(net("a", "168.63.129.16"), net("b"), *PE, zone_link("b")).broken) == 1


def test_servers_in_a_peer_resolve_there() -> None:
    spoke = net("a", "10.1.0.4", peers=[peer("b")])
    assert asked(spoke, net("b"), *PE, zone_link("b")).kept == 1
    [finding] = asked(spoke, net("b"), *PE, zone_link("a")).broken
    assert "is not linked to b; pe in a, which resolves in b, needs it" in finding.message


def test_every_server_must_be_in_a_linked_network() -> None:
    both = net("a", "10.1.0.4", "168.63.129.16", peers=[peer("b")])
    assert len(asked(both, net("b"), *PE, zone_link("b")).broken) == 1
    assert asked(both, net("b"), *PE, zone_link("a"), zone_link("b")).kept == 1


def test_servers_beyond_the_snapshot_are_unknown() -> None:
    for server in ("192.168.0.10", "resolver.corp.example"):
        answer = asked(net("a", server), *PE, zone_link("a"))
        assert (answer.kept, answer.broken) == (0, [])
        assert f"DNS server {server} of a" in answer.unknown[0].missing
        assert answer.unknown[0].remedy == "no export tells it: ask the DNS server itself"


def test_the_zone_of_a_database_server() -> None:
    server = resource(
        "Microsoft.DBforMySQL/flexibleServers",
        "db",
        {
            "network": {
                "delegatedSubnetResourceId": subnet_id("a", "ends"),
                "privateDnsZoneResourceId": zone_id(),
            }
        },
    )
    assert asked(net("a"), server, zone(), zone_link("a")).kept == 1
    assert len(asked(net("a"), net("b"), server, zone(), zone_link("b")).broken) == 1


def private(zone_name: str | None, **more: Any) -> Json:
    access = {"enablePrivateCluster": True, "privateDNSZone": zone_name}
    return cluster("shop", pool(in_=("a", "nodes")), apiServerAccessProfile={**access, **more})


def test_the_zone_of_a_private_cluster() -> None:
    assert asked(net("a"), private(zone_id()), zone(), zone_link("a")).kept == 1
    assert len(asked(net("a"), net("b"), private(zone_id()), zone(), zone_link("b")).broken) == 1


def test_an_api_server_that_no_network_finds_is_told_once() -> None:
    """The record of its private endpoint is in the zone that is not linked."""
    server = endpoint("api", target=cluster_id(), network="a")
    [finding] = asked(net("a"), private(zone_id()), server, zone(), zone_link("b")).broken
    assert finding.covers == (("PE-005", endpoint_id("api")),)


def test_zones_that_aks_manages_are_not_judged() -> None:
    for name in ("system", "none", None):
        assert asked(net("a"), private(name), zone()).kept == 0
    public = private(zone_id(), enablePrivateCluster=False)
    assert asked(net("a"), public, zone()).kept == 0


def test_a_peer_with_nodes_is_told_with_less_weight() -> None:
    nodes = cluster("blog", pool(in_=("b", "nodes")))
    pair = [net("a", peers=[peer("b")]), net("b", peers=[peer("a")])]
    [finding] = asked(*pair, nodes, *PE, zone_link("a")).broken
    assert finding.severity is Severity.MEDIUM
    assert "is not linked to b, whose nodes reach pe by peering" in finding.message
    assert asked(*pair, *PE, zone_link("a")).kept == 1
    assert asked(*pair, nodes, *PE, zone_link("a"), zone_link("b")).kept == 1


def test_peers_that_are_not_told_are_unknown_where_there_are_nodes_to_be_peers() -> None:
    home = net("a")
    del home["properties"]["virtualNetworkPeerings"]
    assert asked(home, *PE, zone_link("a")).kept == 1
    nodes = cluster("shop", pool(in_=("b", "nodes")))
    answer = asked(home, net("b"), nodes, *PE, zone_link("a"))
    assert (answer.kept, answer.broken) == (0, [])
    assert [each.missing for each in answer.unknown] == ["the peerings of network a"]


def test_a_peer_that_is_not_connected_reaches_nothing() -> None:
    nodes = cluster("blog", pool(in_=("b", "nodes")))
    half = [net("a", peers=[peer("b", state="Initiated")]), net("b")]
    assert asked(*half, nodes, *PE, zone_link("a")).kept == 1


def test_one_need_that_cannot_be_told_hides_no_other() -> None:
    silent = {
        "id": arm_id("Microsoft.DBforMySQL/flexibleServers", "silent"),
        "type": "Microsoft.DBforMySQL/flexibleServers",
    }
    answer = asked(net("a"), net("b"), *PE, zone_link("b"), silent)
    assert len(answer.broken) == 1
    assert [unknown.subject for unknown in answer.unknown] == [silent["id"]]
