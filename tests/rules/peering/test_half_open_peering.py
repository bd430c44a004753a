from __future__ import annotations

import re
from typing import Any

import pytest

from auditor.testing import Answer, ask, estate, resource

from ...networks import VNET, peer, vnet, vnet_id

ID = "PER-002"
Json = dict[str, Any]


def judge(*resources: Json, beside: tuple[str, ...] = ()) -> Answer:
    return ask(ID, estate(*resources), beside=beside)


def a(state: str | None = "Initiated", **more: Any) -> Json:
    return vnet("a", "10.0.0.0/16", peers=[peer("b", state=state, **more)])


def test_both_halves_keep_the_rule() -> None:
    answer = judge(a(), vnet("b", "10.1.0.0/16", peers=[peer("a")]))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 2)


def test_a_missing_half_is_named() -> None:
    (finding,) = judge(a(), vnet("b", "10.1.0.0/16")).broken
    assert finding.subject == f"{vnet_id('a')}/virtualNetworkPeerings/to-b"
    assert finding.related == (vnet_id("b"),)
    assert finding.message == "a peers with b, and b has no peering back"
    assert finding.remedy == (
        "make the peering from b: "
        "az network vnet peering create --resource-group rg --vnet-name b --name to-a "
        f"--remote-vnet {vnet_id('a')} --allow-vnet-access true"
    )
    assert finding.evidence[0].value == vnet_id("b")


def test_R_20_networks_that_overlap_are_to_be_renumbered_first() -> None:
    (finding,) = judge(a(), vnet("b", "10.8.0.0/16", "10.0.128.0/17")).broken
    assert finding.remedy == (
        "renumber a or b first: Azure joins no networks that share addresses "
        "(10.0.0.0/16 and 10.0.128.0/17); then make the peering anew on both sides"
    )


def test_R_20_of_a_subnet_peering_only_its_subnets_may_not_overlap() -> None:
    some: Json = {"peerCompleteVnets": False, "localSubnetNames": ["x"], "remoteSubnetNames": ["y"]}
    here = vnet("a", "10.0.0.0/16", subnets={"x": "10.0.0.0/24"}, peers=[peer("b", **some)])
    for subnet, overlaps in (("10.0.1.0/24", False), ("10.0.0.128/25", True)):
        far = vnet("b", "10.0.0.0/16", subnets={"y": subnet})
        (finding,) = judge(here, far).broken
        assert finding.remedy.startswith("renumber ") is overlaps


def test_R_19_a_subnet_peering_is_made_anew_with_its_subnets_on_both_sides() -> None:
    """Of whole networks it would join what was kept apart."""
    some: Json = {"peerCompleteVnets": False, "localSubnetNames": ["x"], "remoteSubnetNames": ["y"]}
    space = {"x": "10.0.0.0/24"}
    here = vnet("a", "10.0.0.0/16", subnets=space, peers=[peer("b", state="Disconnected", **some)])
    far = vnet("b", "10.1.0.0/16", subnets={"y": "10.1.0.0/24"})
    (finding,) = judge(here, far).broken
    _, again, back = finding.remedy.split(" && ")
    only = "--peer-complete-vnets false --local-subnet-names {} --remote-subnet-names {}"
    assert again.endswith(only.format("x", "y"))
    assert back.endswith(only.format("y", "x"))


def test_R_19_subnets_that_a_peering_does_not_tell_are_to_be_filled_in() -> None:
    some: Json = {"peerCompleteVnets": False, "enableOnlyIPv6Peering": True}
    here = vnet("a", "10.0.0.0/16", peers=[peer("b", state="Initiated", **some)])
    (finding,) = judge(here, vnet("b", "10.1.0.0/16")).broken
    assert "--local-subnet-names '<the subnets of b that take part>'" in finding.remedy
    assert finding.remedy.endswith("--enable-only-ipv6 true")


def test_a_far_side_that_came_without_its_network_is_one() -> None:
    """As from a template that adds it to a hub that is there already."""
    there = {"remoteVirtualNetwork": {"id": vnet_id("a")}}
    back = resource(f"{VNET}/virtualNetworkPeerings", "b/to-a", there)
    answer = judge(a(), back)
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 2)
    elsewhere = {"remoteVirtualNetwork": {"id": vnet_id("c")}}
    answer = judge(a(), resource(f"{VNET}/virtualNetworkPeerings", "b/to-c", elsewhere))
    assert len(answer.unknown) == 2


def test_a_far_side_of_a_template_that_tells_no_subscription_may_be_the_one() -> None:
    """The hub is exported, and a template adds its side in the subscription it deploys to."""
    there = {"remoteVirtualNetwork": {"id": vnet_id("a")}}
    back = resource(f"{VNET}/virtualNetworkPeerings", "b/to-a", there)
    own = re.sub("(?<=/subscriptions/)[^/]+", "{subscription}", back["id"])
    answer = judge(a(), vnet("b", "10.1.0.0/16"), {**back, "id": own})
    assert answer.broken == []
    told = [each.missing for each in answer.unknown]
    assert any(each.startswith(f"whether {own} is the peering back of to-b") for each in told)


def test_a_half_that_points_elsewhere_is_none() -> None:
    answer = judge(a(), vnet("b", "10.1.0.0/16", peers=[peer("c")]))
    assert "its peerings go to c" in answer.broken[0].message
    assert len(answer.unknown) == 1


def test_ids_compare_without_case() -> None:
    back = peer("a")
    back["properties"]["remoteVirtualNetwork"]["id"] = vnet_id("a").upper()
    assert judge(a(), vnet("b", "10.1.0.0/16", peers=[back])).broken == []


def test_a_half_that_arrived_alone_counts() -> None:
    alone = resource(
        f"{VNET}/virtualNetworkPeerings", "b/to-a", {"remoteVirtualNetwork": {"id": vnet_id("a")}}
    )
    assert judge(a(), vnet("b", "10.1.0.0/16"), alone).broken == []


def test_an_absent_network_is_unknown() -> None:
    answer = judge(a())
    assert (answer.broken, answer.kept) == ([], 0)
    assert vnet_id("b") in answer.unknown[0].missing


def test_a_network_that_leaves_its_peerings_out_is_unknown() -> None:
    bare = resource(VNET, "b", {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}})
    assert "the peerings of network b" in judge(a(), bare).unknown[0].missing


def test_a_peering_without_a_far_end_is_unknown() -> None:
    half = vnet("a", "10.0.0.0/16", peers=[{"name": "x", "properties": {}}])
    assert "remoteVirtualNetwork" in judge(half).unknown[0].missing


@pytest.mark.parametrize("other", ["PER-001", "PER-003"])
def test_it_speaks_for_what_follows_from_it(other: str) -> None:
    network = estate(a(useRemoteGateways=True), vnet("b", "10.1.0.0/16"))
    assert len(ask(other, network).broken) == 1
    assert ask(other, network, beside=(ID,)).broken == []
