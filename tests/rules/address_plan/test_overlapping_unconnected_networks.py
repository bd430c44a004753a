from __future__ import annotations

from auditor.registry import rules
from auditor.testing import ask, estate, resource

from ...networks import VNET, peer, vnet, vnet_id

ID = "ADR-003"


def test_it_runs_only_when_selected() -> None:
    assert rules()[ID].on is False


def test_networks_that_overlap_are_each_named_once() -> None:
    answer = ask(
        ID, estate(vnet("a", "10.0.0.0/16"), vnet("b", "10.0.5.0/24"), vnet("c", "10.1.0.0/16"))
    )
    assert answer.names == ["a", "b"]
    assert answer.kept == 1
    assert answer.broken[0].related == (vnet_id("b"),)
    assert answer.broken[1].related == (vnet_id("a"),)


def test_ranges_that_only_touch_share_no_address() -> None:
    assert ask(ID, estate(vnet("a", "10.0.0.0/24"), vnet("b", "10.0.1.0/24"))).broken == []


def test_a_single_last_address_is_found() -> None:
    network = estate(vnet("a", "10.0.0.0/24"), vnet("b", "10.0.0.255/32"), vnet("c", "10.0.0.0/32"))
    assert ask(ID, network).names == ["a", "b", "c"]


def test_joined_networks_are_left_to_the_other_rule() -> None:
    network = estate(vnet("a", "10.0.0.0/16", peers=[peer("b")]), vnet("b", "10.0.0.0/16"))
    assert ask(ID, network).broken == []


def test_many_networks_with_one_space_are_told_in_few_words() -> None:
    answer = ask(ID, estate(*(vnet(f"v{n:02}", "10.0.0.0/16") for n in range(40))))
    assert len(answer.broken) == 40
    assert {len(finding.related) for finding in answer.broken} == {5}
    assert all("and others" in finding.message for finding in answer.broken)


def test_a_network_without_a_space_is_unknown() -> None:
    answer = ask(ID, estate(resource(VNET, "a", {}), vnet("b", "10.0.0.0/16")))
    assert [unknown.subject for unknown in answer.unknown] == [vnet_id("a")]
    assert answer.kept == 1
