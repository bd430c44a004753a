from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import Answer, ask, estate, resource

from ...clusters import cluster, cluster_id, pool
from ...networks import gateway, hub, peer, site, subnet_id, tunnel, vnet, vnet_id

Json = dict[str, Any]


def home(*prefixes: str, **more: Any) -> Json:
    space = prefixes or ("10.0.0.0/16",)
    return vnet("a", *space, subnets={"nodes": "10.0.0.0/24"}, **more)


def shop(service: str | None = "10.96.0.0/16", **network: Any) -> Json:
    return cluster("shop", network={"serviceCidr": service, **network})


def asked(*resources: Json, **parameters: Any) -> Answer:
    return ask("AKS-012", estate(*resources), **parameters)


def test_a_range_of_its_own_keeps_it() -> None:
    answer = asked(shop(), home())
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize(
    ("service", "broken"),
    [
        ("10.1.0.0/16", False),  # begins where the network ends
        ("9.255.0.0/16", False),  # ends where it begins
        ("10.0.255.0/24", True),  # the last of it, used by no subnet
        ("10.0.0.0/12", True),  # all around it
    ],
)
def test_both_sides_of_the_networks_edges(service: str, broken: bool) -> None:
    assert bool(asked(shop(service), home()).broken) is broken


def test_what_the_finding_says() -> None:
    [finding] = asked(shop("10.0.128.0/20"), home()).broken
    assert finding.subject == cluster_id()
    assert finding.message == (
        "service range 10.0.128.0/20 of cluster shop overlaps "
        "10.0.0.0/16 of the cluster's own network a"
    )
    assert finding.related == (vnet_id("a"),)
    assert [(e.pointer, e.value) for e in finding.evidence] == [
        ("/properties/networkProfile/serviceCidr", "10.0.128.0/20"),
        ("/properties/addressSpace/addressPrefixes/0", "10.0.0.0/16"),
    ]
    assert "--service-cidr 10.1.0.0/20 --dns-service-ip 10.1.0.10" in finding.remedy
    assert "--resource-group rg --name shop-2" in finding.remedy


def test_the_plural_field_counts_and_a_repeated_range_once() -> None:
    answer = asked(shop("10.96.0.0/16", serviceCidrs=["10.96.0.0/16", "10.0.0.0/20"]), home())
    [finding] = answer.broken
    assert finding.evidence[0].pointer == "/properties/networkProfile/serviceCidrs/1"


def test_ranges_of_the_two_versions_never_meet() -> None:
    dual = shop(None, serviceCidrs=["10.96.0.0/16", "fd00::/108"])
    assert asked(dual, home("10.0.0.0/16", "fd00:1::/48")).kept == 1
    assert len(asked(dual, home("10.0.0.0/16", "fd00::/48")).broken) == 1


def test_a_peer() -> None:
    far = vnet("b", "10.96.4.0/24")
    [finding] = asked(shop(), home(peers=[peer("b")]), far).broken
    assert "10.96.4.0/24 of b, joined with a" in finding.message
    assert asked(shop(), home(), far).kept == 1


def test_a_disconnected_peer_is_not_joined() -> None:
    assert asked(
        shop(), home(peers=[peer("b", state="Disconnected")]), vnet("b", "10.96.0.0/24")
    ).kept


def test_a_peer_that_is_not_exported_is_known_by_the_peering() -> None:
    [finding] = asked(shop(), home(peers=[peer("b", "10.96.4.0/24")])).broken
    assert "10.96.4.0/24 of b" in finding.message
    answer = asked(shop(), home(peers=[peer("b")]))
    assert (answer.kept, answer.broken) == (0, [])
    assert vnet_id("b") in answer.unknown[0].missing


def test_an_absent_site_hides_no_other() -> None:
    sites = [site("office", "10.96.4.0/24"), tunnel("t", "gw", "office"), tunnel("s", "gw", "x")]
    answer = asked(shop(), home(), gateway("gw", "a"), *sites)
    assert "10.96.4.0/24 of the site office" in answer.broken[0].message
    assert "x" in answer.unknown[0].missing


def test_a_peer_of_a_peer_is_not_reached() -> None:
    middle = vnet("b", "10.1.0.0/16", peers=[peer("c")])
    assert asked(shop(), home(peers=[peer("b")]), middle, vnet("c", "10.96.0.0/16")).kept == 1


def test_of_a_subnet_peering_only_the_subnets_that_take_part() -> None:
    far = vnet("b", "10.96.0.0/16", subnets={"in": "10.96.1.0/24", "out": "10.96.2.0/24"})

    def over(service: str) -> Answer:
        part = peer("b", peerCompleteVnets=False, remoteSubnetNames=["in"])
        return asked(shop(service), home(peers=[part]), far)

    assert "10.96.1.0/24 of b" in over("10.96.1.0/25").broken[0].message
    assert over("10.96.2.0/25").kept == 1


def test_a_subnet_peering_that_names_no_subnets_is_unknown() -> None:
    part = peer("b", peerCompleteVnets=False)
    answer = asked(shop(), home(peers=[part]), vnet("b", "10.96.0.0/16"))
    assert (answer.kept, answer.broken) == (0, [])
    assert "which subnets of b are peered with a" in answer.unknown[0].missing


def test_a_network_of_the_same_hub() -> None:
    beside = [vnet("b", "10.96.0.0/24"), *hub("hub", "10.9.0.0/23", "a", "b")]
    assert len(asked(shop(), home(), *beside).broken) == 1


def test_a_site_behind_the_vpn() -> None:
    office = [gateway("vpn", "a"), tunnel("t", "vpn", "office", enableBgp=False)]
    [finding] = asked(shop(), home(), *office, site("office", "10.96.8.0/24")).broken
    assert finding.severity is None
    assert "10.96.8.0/24 of the site office" in finding.message
    [finding] = asked(shop(), home(), *office, site("office", "10.96.0.0/12")).broken
    assert finding.severity is Severity.HIGH
    assert asked(shop(), home(), *office, site("office", "192.168.0.0/16")).kept == 1


def test_a_site_nobody_is_connected_to_is_elsewhere() -> None:
    assert asked(shop(), home(), site("office", "10.96.8.0/24")).kept == 1


def test_vpn_clients() -> None:
    pools = {"vpnClientAddressPool": {"addressPrefixes": ["10.96.200.0/24"]}}
    dial = gateway("vpn", "a", vpnClientConfiguration=pools)
    assert "VPN clients of vpn" in asked(shop(), home(), dial).broken[0].message


def test_the_clusters_own_pods() -> None:
    [finding] = asked(shop(podCidr="10.96.0.0/14"), home()).broken
    assert "overlaps its pod range 10.96.0.0/14" in finding.message
    assert asked(shop(podCidr="10.100.0.0/14"), home()).kept == 1


def test_a_pod_range_that_is_not_used_does_not_count() -> None:
    flat = shop(podCidr="10.96.0.0/14", networkPluginMode=None)
    assert asked(flat, home()).kept == 1


def test_two_clusters_may_use_one_service_range() -> None:
    assert asked(shop(), cluster("blog"), home()).kept == 2


def test_what_is_declared_to_be_used_on_premises() -> None:
    answer = asked(shop(), home(), on_premises=("10.96.7.0/24",))
    assert "10.96.7.0/24, declared to be used on premises" in answer.broken[0].message
    assert asked(shop(), home(), on_premises=("192.168.0.0/16",)).kept == 1


def test_learned_prefixes_are_unknown_until_declared() -> None:
    express = gateway("er", "a", kind="ExpressRoute")
    answer = asked(shop(), home(), express)
    assert (answer.kept, answer.broken) == (0, [])
    assert "ExpressRoute gateway er teaches a" in answer.unknown[0].missing
    assert asked(shop(), home(), express, on_premises=("192.168.0.0/16",)).kept == 1


def test_a_network_that_is_not_exported_is_unknown_and_hides_no_overlap_with_pods() -> None:
    answer = asked(shop(podCidr="10.96.0.0/14"))
    assert len(answer.broken) == 1
    assert subnet_id("a", "nodes") in answer.unknown[0].missing


def test_the_network_that_aks_manages() -> None:
    def managed(prefix: str) -> Answer:
        group = "MC_rg_shop_westeurope"
        settings = vnet("aks-vnet-1", prefix)["properties"]
        kind = "Microsoft.Network/virtualNetworks"
        own = resource(kind, "aks-vnet-1", settings, group=group)
        return asked(cluster("shop", pool(in_=None)), own)

    assert managed("10.224.0.0/12").kept == 1
    assert len(managed("10.96.0.0/12").broken) == 1


def test_a_cluster_that_tells_no_range_is_unknown() -> None:
    answer = asked(shop(None), home())
    assert (answer.kept, answer.broken) == (0, [])
    assert "service range of cluster shop" in answer.unknown[0].missing


def test_the_order_of_resources_does_not_matter() -> None:
    one = [shop(), home(peers=[peer("b"), peer("c")]), vnet("b", "10.96.0.0/24")]
    two = [*reversed([*one, vnet("c", "10.96.1.0/24")])]
    said = {asked(*order).broken[0].message for order in ([*one, vnet("c", "10.96.1.0/24")], two)}
    assert len(said) == 1


def test_the_cluster_is_made_anew_as_it_is() -> None:
    """What the command leaves out is AKS's default: another network, a public API server."""
    made = shop("10.0.0.0/20", outboundType="userDefinedRouting", podCidr="10.244.0.0/16")
    made["properties"]["apiServerAccessProfile"] = {"enablePrivateCluster": True}
    remedy = asked(made, home()).broken[0].remedy
    for kept in (
        "--network-plugin azure --network-plugin-mode overlay",
        "--network-policy cilium --network-dataplane cilium --outbound-type userDefinedRouting",
        "--pod-cidr 10.244.0.0/16",
        f"--vnet-subnet-id {subnet_id('a', 'nodes')} --enable-private-cluster",
    ):
        assert kept in remedy
    assert "10.0.0.0/20" not in remedy


def test_the_remedy_avoids_what_aks_refuses_and_what_is_used() -> None:
    full = home("10.0.0.0/8", "172.16.0.0/13", "172.24.0.0/14", "172.28.0.0/15")
    [finding] = asked(shop("10.96.0.0/16"), full).broken
    assert "--service-cidr 192.168.0.0/16" in finding.remedy


def test_an_unresolved_peering_is_unknown() -> None:
    network = estate(
        shop(),
        home(peers=[peer("b")]),
        vnet("b", "10.1.0.0/16"),
        unresolved=(
            ("/properties/virtualNetworkPeerings/0/properties/remoteVirtualNetwork", "a parameter"),
        ),
    )
    answer = ask("AKS-012", network)
    assert (answer.kept, answer.broken) == (0, [])
