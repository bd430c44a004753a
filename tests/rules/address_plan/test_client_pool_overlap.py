from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster
from ...networks import gateway, hub, peer, site, tunnel, vnet

ID = "ADR-006"
Json = dict[str, Any]


def clients(*pool: str) -> Json:
    return gateway(
        "gw",
        "a",
        vpnClientConfiguration={"vpnClientAddressPool": {"addressPrefixes": list(pool)}},
    )


def judge(*resources: Json) -> Answer:
    return ask(ID, estate(*resources))


@pytest.mark.parametrize(
    ("pool", "against"),
    [
        ("10.0.9.0/24", ["a"]),
        ("10.1.0.0/24", ["b"]),
        ("192.168.0.0/16", ["office"]),
        ("10.0.0.0/8", ["a", "b"]),
        ("10.2.0.0/24", []),
        ("172.16.0.0/24", []),
    ],
)
def test_the_pool_is_compared_with_all_that_clients_reach(pool: str, against: list[str]) -> None:
    answer = judge(
        vnet("a", "10.0.0.0/16", peers=[peer("b")]), vnet("b", "10.1.0.0/16"),
        vnet("stranger", "10.2.0.0/16"), clients(pool),
        site("office", "192.168.7.0/24"), tunnel("t", "gw", "office"),
    )  # fmt: skip
    assert sorted(f.related[0].rpartition("/")[2] for f in answer.broken) == against
    assert answer.kept == (not against)


def test_a_finding_proposes_a_free_pool() -> None:
    (finding,) = judge(vnet("a", "10.0.0.0/16"), clients("10.0.9.0/24")).broken
    assert finding.message == "the client pool 10.0.9.0/24 of gw overlaps 10.0.0.0/16 of a"
    assert finding.remedy.endswith("--name gw --address-prefixes 10.1.0.0/24")
    assert finding.evidence[0].pointer == (
        "/properties/vpnClientConfiguration/vpnClientAddressPool/addressPrefixes/0"
    )


def test_the_pool_proposed_is_nobodys_however_far() -> None:
    pods = cluster(network={"podCidr": "10.1.0.0/16", "serviceCidr": "10.2.0.0/16"})
    far = (site("office", "10.3.0.0/16"), gateway("gw2", "far", vpnClientConfiguration={
        "vpnClientAddressPool": {"addressPrefixes": ["10.4.0.0/16"]}
    }))  # fmt: skip
    broken = judge(vnet("a", "10.0.0.0/16"), clients("10.0.9.0/24"), pods, *far).broken
    [finding] = [each for each in broken if each.subject.endswith("/gw")]
    assert finding.remedy.endswith("--name gw --address-prefixes 10.5.0.0/24")


def test_a_gateway_without_clients_is_no_subject() -> None:
    answer = judge(vnet("a", "10.0.0.0/16"), gateway("gw", "a"))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_an_absent_network_is_unknown_and_hides_nothing() -> None:
    answer = judge(
        vnet("a", "10.0.0.0/16", peers=[peer("gone"), peer("b")]), vnet("b", "10.1.0.0/16"),
        clients("10.1.0.0/24"),
    )  # fmt: skip
    assert (len(answer.broken), len(answer.unknown)) == (1, 1)
    assert "gone" in answer.unknown[0].missing
    assert "a is not" in judge(clients("10.1.0.0/24")).unknown[0].missing


def test_an_absent_site_hides_no_other() -> None:
    sites = [site("office", "192.168.7.0/24"), tunnel("t", "gw", "office"), tunnel("s", "gw", "x")]
    answer = judge(vnet("a", "10.0.0.0/16"), clients("192.168.0.0/16"), *sites)
    assert (len(answer.broken), len(answer.unknown)) == (1, 1)


def test_an_absent_network_is_named_and_not_the_peering_that_records_its_range() -> None:
    recorded = peer("gone", remoteAddressSpace={"addressPrefixes": ["10.7.0.0/16"]})
    (finding,) = judge(vnet("a", "10.0.0.0/16", peers=[recorded]), clients("10.7.1.0/24")).broken
    assert finding.message.endswith("overlaps 10.7.0.0/16 of gone")


def test_the_pool_of_a_hub_is_compared_with_the_hub_and_its_networks() -> None:
    pool = resource(
        "Microsoft.Network/p2svpnGateways",
        "p2s",
        {
            "virtualHub": {"id": arm_id("Microsoft.Network/virtualHubs", "vhub")},
            "p2SConnectionConfigurations": [
                {
                    "name": "c",
                    "properties": {"vpnClientAddressPool": {"addressPrefixes": ["10.0.0.0/15"]}},
                }
            ],
        },
    )
    answer = judge(vnet("one", "10.1.0.0/16"), *hub("vhub", "10.0.0.0/23", "one"), pool)
    assert sorted(f.related[0].rpartition("/")[2] for f in answer.broken) == ["one", "vhub"]


def test_the_remedy_keeps_the_other_pools_and_clears_them() -> None:
    (finding,) = judge(
        vnet("a", "10.0.0.0/16"), clients("10.1.0.0/24", "10.0.9.0/24", "172.16.9.0/24")
    ).broken
    assert finding.remedy.endswith(
        "--name gw --address-prefixes 172.16.9.0/24 10.1.0.0/24 10.1.1.0/24"
    )


def test_the_pool_of_a_group_of_clients_is_mended_in_the_portal() -> None:
    group = {"properties": {"vpnClientAddressPool": {"addressPrefixes": ["10.0.9.0/24"]}}}
    grouped = gateway(
        "gw", "a", vpnClientConfiguration={"vngClientConnectionConfigurations": [group]}
    )
    (finding,) = judge(vnet("a", "10.0.0.0/16"), grouped).broken
    assert finding.remedy == "in the portal, give gw the pool 10.1.0.0/24 in place of 10.0.9.0/24"


def test_a_connection_that_does_not_tell_its_gateway_leaves_the_sites_unknown() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16"), clients("172.16.0.0/24"),
        site("office", "172.16.0.0/16"), tunnel("t", "gw", "office"),
        unresolved=(("/properties/virtualNetworkGateway1", "a parameter"),),
    )  # fmt: skip
    answer = ask(ID, network)
    assert (answer.broken, answer.kept) == ([], 0)
    assert answer.unknown[0].missing == "which gateways the connection t joins"


def test_the_network_of_the_gateway_is_named_where_it_is_absent() -> None:
    """Of the sites it was *the network of the gateway*, and the advice to export that again."""
    office = site("office", "10.9.0.0/16"), tunnel("t", "gw", "office")

    (unknown,) = judge(clients("10.1.0.0/24"), *office).unknown

    home = arm_id("Microsoft.Network/virtualNetworks", "a")
    assert unknown.missing == f"{home} is not in the snapshot"
    assert unknown.remedy == f"export it with the rest: az resource show --ids {home}"
