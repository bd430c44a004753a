from __future__ import annotations

import random
import re
from typing import Any

import pytest

from auditor.finding import Severity
from auditor.network.graph import Network
from auditor.testing import Answer, ask, estate, resource

from ...networks import VNET, gateway, hub, hub_peer, peer, tunnel, vnet, vnet_id

Json = dict[str, Any]


def judge(*resources: Json) -> Answer:
    return ask("ADR-002", estate(*resources))


def pairs(answer: Answer) -> list[set[str]]:
    return [
        {each.rpartition("/")[2] for each in (finding.subject, *finding.related)}
        for finding in answer.broken
    ]


def test_fifty_unconnected_networks_with_one_space_are_silence() -> None:
    answer = judge(*(vnet(f"v{n}", "10.0.0.0/16") for n in range(50)))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_peers_that_overlap_are_named_once() -> None:
    answer = judge(
        vnet("prod", "10.0.0.0/16", peers=[peer("dr")]),
        vnet("dr", "10.0.128.0/17", peers=[peer("prod")]),
    )
    (finding,) = answer.broken
    assert finding.subject == vnet_id("dr")
    assert finding.related == (vnet_id("prod"),)
    assert "10.0.128.0/17 of dr overlaps 10.0.0.0/16 of prod" in finding.message
    assert "--name dr" in finding.remedy
    assert "10.1.0.0/17" in finding.remedy
    assert finding.severity is None
    assert [e.value for e in finding.evidence] == ["10.0.128.0/17", "10.0.0.0/16"]


def ranges(answer: Answer) -> dict[str, set[str]]:
    """The ranges that are proposed for each network."""
    found: dict[str, set[str]] = {}
    for finding in answer.broken:
        add = re.search(r"--name (\S+) --add addressSpace.addressPrefixes (\S+)", finding.remedy)
        assert add is not None
        found.setdefault(add[1], set()).add(add[2])
    return found


def test_each_network_to_renumber_gets_a_range_of_its_own() -> None:
    answer = judge(
        vnet("hub", "10.9.0.0/16", peers=[peer("a"), peer("b"), peer("c")]),
        *(vnet(name, "10.0.0.0/16", peers=[peer("hub")]) for name in "abc"),
    )
    found = ranges(answer)
    assert len(answer.broken) == 3
    assert all(len(each) == 1 for each in found.values())
    assert len(set.union(*found.values())) == len(found) == 2


@pytest.mark.parametrize(
    ("space", "broken"), [("10.1.0.0/16", 0), ("10.0.255.255/32", 1), ("10.0.0.0/8", 1)]
)
def test_only_a_shared_address_is_an_overlap(space: str, broken: int) -> None:
    answer = judge(vnet("a", "10.0.0.0/16", peers=[peer("b")]), vnet("b", space))
    assert len(answer.broken) == broken
    assert answer.kept == 1 - broken


def test_several_overlaps_of_one_pair_give_the_smallest_evidence() -> None:
    (finding,) = judge(
        vnet("a", "10.0.0.0/8", "192.168.0.0/16", peers=[peer("b")]),
        vnet("b", "10.1.0.0/16", "192.168.7.0/24"),
    ).broken
    assert "192.168.7.0/24 of b overlaps 192.168.0.0/16 of a" in finding.message


def test_two_spokes_of_one_hub_overlap() -> None:
    answer = judge(
        vnet("hub", "10.0.0.0/16", peers=[peer("one"), peer("two")]),
        vnet("one", "10.1.0.0/16", peers=[peer("hub")]),
        vnet("two", "10.1.0.0/16", peers=[peer("hub")]),
    )
    assert pairs(answer) == [{"one", "two"}]
    assert answer.broken[0].severity is None
    assert "both are joined with hub" in answer.broken[0].message


def test_networks_far_apart_in_a_domain_are_less_severe() -> None:
    (finding,) = judge(
        vnet("a", "10.0.0.0/16", peers=[peer("b")]), vnet("b", "10.1.0.0/16", peers=[peer("c")]),
        vnet("c", "10.2.0.0/16", peers=[peer("d")]), vnet("d", "10.0.0.0/16"),
    ).broken  # fmt: skip
    assert finding.severity is Severity.HIGH


@pytest.mark.parametrize(("state", "broken"), [("Initiated", 1), ("Disconnected", 0), (None, 1)])
def test_a_planned_peering_counts_and_a_cut_one_does_not(state: str | None, broken: int) -> None:
    answer = judge(
        vnet("a", "10.0.0.0/16", peers=[peer("b", state=state)]), vnet("b", "10.0.0.0/16")
    )
    assert len(answer.broken) == broken


def test_networks_of_one_virtual_hub_and_the_hub_itself() -> None:
    answer = judge(
        vnet("one", "10.1.0.0/16"), vnet("two", "10.1.0.0/17"), vnet("three", "10.0.0.0/16"),
        *hub("vhub", "10.0.0.0/23", "one", "two", "three"),
    )  # fmt: skip
    assert sorted(map(sorted, pairs(answer))) == [["one", "two"], ["three", "vhub"]]


def test_the_network_inside_a_hub_is_the_hub() -> None:
    to_hub = peer("HV_vhub_1", "10.0.0.0/23")
    to_hub["name"] = "RemoteVnetToHubPeering_1"
    answer = judge(vnet("one", "10.1.0.0/16", peers=[to_hub]), *hub("vhub", "10.0.0.0/23", "one"))
    assert answer.broken == []


def test_what_overlaps_a_hub_overlaps_the_network_inside_it_and_is_told_once() -> None:
    spokes = [
        vnet("one", "10.1.0.0/16", peers=[hub_peer("vhub", "10.0.0.0/23")]),
        vnet("two", "10.0.1.0/24", peers=[hub_peer("vhub", "10.0.0.0/23")]),
    ]
    assert pairs(judge(*spokes, *hub("vhub", "10.0.0.0/23", "one", "two"))) == [{"two", "vhub"}]
    assert len(judge(*spokes).broken) == 1


def test_vnet_to_vnet_connections_join() -> None:
    link = tunnel("t", "left", "unused", connectionType="Vnet2Vnet")
    link["properties"]["virtualNetworkGateway2"] = {"id": gateway("right", "b")["id"]}
    answer = judge(
        vnet("a", "10.0.0.0/16"), vnet("b", "10.0.0.0/16"),
        gateway("left", "a"), gateway("right", "b"), link,
    )  # fmt: skip
    assert pairs(answer) == [{"a", "b"}]


def test_an_absent_peer_is_compared_by_what_the_peering_records() -> None:
    answer = judge(vnet("a", "10.0.0.0/16", peers=[peer("gone", "10.0.1.0/24")]))
    (finding,) = answer.broken
    assert finding.subject == vnet_id("gone")
    assert finding.evidence[0].resource == vnet_id("a")
    assert finding.evidence[0].pointer.endswith("/remoteAddressSpace/addressPrefixes/0")


def test_an_absent_peer_that_nothing_describes_is_unknown() -> None:
    answer = judge(vnet("a", "10.0.0.0/16", peers=[peer("gone")]))
    assert (answer.broken, answer.kept) == ([], 0)
    assert [unknown.subject for unknown in answer.unknown] == [vnet_id("gone")]


def test_one_unknown_hides_no_overlap() -> None:
    answer = judge(
        vnet("a", "10.0.0.0/16", peers=[peer("b"), peer("gone")]), vnet("b", "10.0.0.0/16")
    )
    assert (len(answer.broken), len(answer.unknown)) == (1, 1)


def test_a_peering_that_does_not_tell_its_far_end_is_unknown() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", peers=[peer("b")]),
        unresolved=(("/properties/virtualNetworkPeerings/0/properties/remoteVirtualNetwork", "?"),),
    )
    answer = ask("ADR-002", network)
    assert [unknown.subject for unknown in answer.unknown] == [vnet_id("a")]


def test_a_network_without_an_address_space_is_unknown() -> None:
    bare = resource(VNET, "b", {"subnets": []})
    answer = judge(vnet("a", "10.0.0.0/16", peers=[peer("b")]), bare)
    assert [unknown.subject for unknown in answer.unknown] == [vnet_id("b")]


def test_a_network_without_settings_lacks_its_peerings() -> None:
    hollow = {"id": vnet_id("a"), "name": "a", "type": "Microsoft.Network/virtualNetworks"}
    (unknown,) = judge(hollow).unknown
    assert (unknown.subject, unknown.missing) == (vnet_id("a"), "the peerings of network a")


def subnet_peering(local: str, remote: str) -> Network:
    part = peer("b", peerCompleteVnets=False, localSubnetNames=[local], remoteSubnetNames=[remote])
    back = peer("a", peerCompleteVnets=False, localSubnetNames=[remote], remoteSubnetNames=[local])
    subnets = {"low": "10.0.0.0/24", "high": "10.0.1.0/24"}
    return estate(
        vnet("a", "10.0.0.0/16", subnets=subnets, peers=[part]),
        vnet("b", "10.0.0.0/16", subnets=subnets, peers=[back]),
    )


def test_r_20_a_subnet_peering_asks_only_for_its_subnets() -> None:
    assert ask("ADR-002", subnet_peering("low", "high")).broken == []
    (finding,) = ask("ADR-002", subnet_peering("low", "low")).broken
    assert "10.0.0.0/24" in finding.message
    unknown = ask("ADR-002", subnet_peering("low", "nowhere")).unknown
    assert "the subnets that peering" in unknown[0].missing


def test_versions_do_not_mix_and_ipv6_counts() -> None:
    answer = judge(
        vnet("a", "10.0.0.0/16", "fd00:1::/48", peers=[peer("b")]), vnet("b", "fd00:1:0:5::/64")
    )
    assert "fd00:1:0:5::/64" in answer.broken[0].message


def test_the_answer_does_not_depend_on_the_order_of_resources() -> None:
    resources = [
        vnet("hub", "10.0.0.0/16", peers=[peer("one"), peer("two"), peer("gone", "10.0.0.0/24")]),
        vnet("one", "10.1.0.0/16", "172.16.0.0/12"),
        vnet("two", "10.1.4.0/24", "172.17.0.0/16"),
        *hub("vhub", "10.1.0.0/23", "one"),
    ]
    expected = judge(*resources)
    for seed in range(4):
        random.Random(seed).shuffle(resources)
        assert judge(*resources) == expected
