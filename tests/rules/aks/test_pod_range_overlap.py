from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate

from ...clusters import cluster, cluster_id, pool
from ...networks import gateway, peer, site, subnet_id, tunnel, vnet

Json = dict[str, Any]
KUBENET = {"networkPlugin": "kubenet", "networkPluginMode": None}


def home(name: str = "a", **more: Any) -> Json:
    space = {"a": "10.0.0.0/16", "b": "10.1.0.0/16"}[name]
    first = space.removesuffix("/16")
    subnets = {"nodes": f"{first}/24", "more": f"{first[:-1]}128/25"}
    return vnet(name, space, subnets=subnets, **more)


def shop(pods: str | None = "10.244.0.0/16", **network: Any) -> Json:
    return cluster("shop", network={"podCidr": pods, **network})


def asked(*resources: Json, **parameters: Any) -> Answer:
    return ask("AKS-013", estate(*resources), **parameters)


def test_a_range_of_its_own_keeps_it() -> None:
    answer = asked(shop(), home())
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize(
    ("pods", "broken"), [("10.1.0.0/16", False), ("10.0.255.0/24", True), ("10.0.0.0/12", True)]
)
def test_both_sides_of_the_networks_edge(pods: str, broken: bool) -> None:
    assert bool(asked(shop(pods), home()).broken) is broken


def test_what_the_finding_says() -> None:
    far = vnet("b", "10.244.16.0/24")
    [finding] = asked(shop(), home(peers=[peer("b")]), far).broken
    assert finding.subject == cluster_id()
    assert finding.message == (
        "pod range 10.244.0.0/16 of cluster shop overlaps 10.244.16.0/24 of b, joined with a"
    )
    assert finding.evidence[0].pointer == "/properties/networkProfile/podCidr"
    assert "--pod-cidr 10.1.0.0/16" in finding.remedy


def test_the_pods_do_not_get_the_range_that_the_services_are_to_move_to() -> None:
    made = shop("10.244.0.0/16", serviceCidr="10.2.0.0/16")
    network = estate(made, vnet("a", "10.0.0.0/8", subnets={"nodes": "10.0.0.0/24"}))

    (services,) = ask("AKS-012", network).broken
    (pods,) = ask("AKS-013", network).broken

    assert "--service-cidr 172.16.0.0/16" in services.remedy
    assert "--pod-cidr 172.17.0.0/16" in pods.remedy


def test_the_plural_field_counts() -> None:
    [finding] = asked(shop(None, podCidrs=["10.244.0.0/16", "10.0.8.0/21"]), home()).broken
    assert finding.evidence[0].pointer == "/properties/networkProfile/podCidrs/1"


def test_pods_that_take_addresses_of_the_network_are_not_judged() -> None:
    flat = shop("10.0.0.0/16", networkPluginMode=None)
    answer = asked(flat, home())
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_plugin_of_ones_own_is_not_judged() -> None:
    other = shop("10.0.0.0/16", networkPlugin="none", networkPluginMode=None)
    assert asked(other, home()).kept == 0


def test_without_a_plugin_it_is_unknown() -> None:
    answer = asked(shop(networkPlugin=None), home())
    assert (answer.kept, answer.broken) == (0, [])
    assert "network plugin of cluster shop" in answer.unknown[0].missing


def test_without_a_range_it_is_unknown() -> None:
    answer = asked(shop(None), home())
    assert (answer.kept, answer.broken) == (0, [])
    assert "pod range of cluster shop" in answer.unknown[0].missing


def test_an_overlap_with_the_service_range_is_told_by_the_other_rule() -> None:
    assert asked(shop("10.96.0.0/12"), home()).kept == 1


def test_a_site_and_learned_prefixes() -> None:
    office = [gateway("vpn", "a"), site("office", "10.244.0.0/24")]
    quiet = tunnel("t", "vpn", "office", enableBgp=False)
    assert "the site office" in asked(shop(), home(), *office, quiet).broken[0].message
    loud = tunnel("t", "vpn", "office", enableBgp=True)
    answer = asked(shop("10.200.0.0/16"), home(), *office, loud)
    assert (answer.kept, answer.broken) == (0, [])
    assert "BGP over the connection t teaches a" in answer.unknown[0].missing
    assert asked(shop("10.200.0.0/16"), home(), *office, loud, on_premises=("10.9.0.0/16",)).kept


def test_a_connection_that_does_not_tell_its_gateway_leaves_the_sites_unknown() -> None:
    office = [gateway("vpn", "a"), site("office", "10.244.0.0/24")]
    hole = ("/properties/virtualNetworkGateway1/id", "a parameter")
    hidden = tunnel("t", "vpn", "office", enableBgp=False)
    network = estate(shop(), home(), *office, hidden, unresolved=(hole,))
    answers = [ask("AKS-013", network)]
    del hidden["properties"]["virtualNetworkGateway1"]
    answers.append(asked(shop(), home(), *office, hidden))
    for answer in answers:
        assert (answer.kept, answer.broken) == (0, [])
        assert answer.unknown[0].missing == "which gateways the connection t joins"


def blog(in_: tuple[str, str] = ("a", "more"), network: Json | None = None) -> Json:
    return cluster("blog", pool(in_=in_), network=network)


def test_overlay_clusters_may_share_a_range() -> None:
    assert asked(shop(), blog(), home()).kept == 2


def test_kubenet_clusters_of_one_network_may_not() -> None:
    answer = asked(shop(**KUBENET), blog(network=KUBENET), home())
    assert answer.kept == 1
    [finding] = answer.broken
    assert finding.subject == cluster_id("shop")
    assert finding.related == (cluster_id("blog"),)
    assert "of the kubenet cluster blog in the same network" in finding.message


def test_kubenet_clusters_with_ranges_of_their_own_may() -> None:
    assert (
        asked(shop(**KUBENET), blog(network={"podCidr": "10.245.0.0/16", **KUBENET}), home()).kept
        == 2
    )


def test_kubenet_and_overlay_may_share() -> None:
    assert asked(shop(**KUBENET), blog(), home()).kept == 2


def test_kubenet_clusters_of_two_networks_may_share() -> None:
    both = [home(peers=[peer("b")]), home("b", peers=[peer("a")])]
    assert asked(shop(**KUBENET), blog(("b", "nodes"), KUBENET), *both).kept == 2


def test_a_neighbour_without_a_plugin_is_unknown_for_both() -> None:
    answer = asked(shop(**KUBENET), blog(network={"networkPlugin": None}), home())
    assert (answer.kept, answer.broken) == (0, [])
    assert {u.subject for u in answer.unknown} == {cluster_id("shop"), cluster_id("blog")}


@pytest.mark.parametrize("untold", ["blog", "zeta"])
def test_a_neighbour_without_a_plugin_says_nothing_about_an_overlay_range(untold: str) -> None:
    other = cluster(untold, pool(in_=("a", "more")), network={"networkPlugin": None})
    answer = asked(shop(), other, home())
    assert (answer.kept, answer.broken) == (1, [])
    assert {u.subject for u in answer.unknown} == {cluster_id(untold)}


def test_what_is_not_exported_is_unknown() -> None:
    answer = asked(shop())
    assert (answer.kept, answer.broken) == (0, [])
    assert subnet_id("a", "nodes") in answer.unknown[0].missing
