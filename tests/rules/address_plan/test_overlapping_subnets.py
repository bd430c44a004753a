from __future__ import annotations

import random
from typing import Any

import pytest

from auditor.testing import Answer, ask, estate, resource

from ...networks import SUBNET, subnet_id, vnet

Json = dict[str, Any]


def judge(**subnets: Any) -> Answer:
    return ask("ADR-001", estate(vnet("shop", "10.0.0.0/16", subnets=subnets)))


def test_a_subnet_inside_another_is_named_with_both() -> None:
    (finding,) = judge(web="10.0.0.0/24", api="10.0.0.128/25").broken
    assert finding.subject == subnet_id("shop", "api")
    assert finding.related == (subnet_id("shop", "web"),)
    assert finding.message == "10.0.0.128/25 of subnet api lies inside 10.0.0.0/24 of subnet web"
    assert "--vnet-name shop --name api --address-prefixes 10.0.1.0/25" in finding.remedy
    assert [each.value for each in finding.evidence] == ["10.0.0.128/25", "10.0.0.0/24"]
    assert finding.evidence[0].pointer == "/properties/subnets/1/properties/addressPrefix"


def test_equal_prefixes_overlap() -> None:
    (finding,) = judge(web="10.0.0.0/24", api="10.0.0.0/24").broken
    assert "is also the prefix of subnet" in finding.message


def test_ranges_that_only_touch_share_no_address() -> None:
    answer = judge(low="10.0.0.0/25", high="10.0.0.128/25")
    assert (answer.broken, answer.kept) == ([], 1)


def test_three_nested_subnets_make_three_pairs() -> None:
    answer = judge(a="10.0.0.0/22", b="10.0.0.0/23", c="10.0.0.0/24")
    assert len(answer.broken) == 3


def test_a_pair_with_two_overlaps_is_named_once_by_the_smallest() -> None:
    (finding,) = judge(
        a={"addressPrefixes": ["10.0.0.0/24", "10.0.2.0/24"]},
        b={"addressPrefixes": ["10.0.0.0/25", "10.0.2.0/28"]},
    ).broken
    assert finding.message.startswith("10.0.2.0/28 of subnet b")


def test_singular_and_plural_both_count_and_repeats_do_not() -> None:
    answer = judge(
        a={"addressPrefix": "10.0.0.0/24", "addressPrefixes": ["10.0.0.0/24", "10.0.1.0/24"]},
        b="10.0.1.64/26",
    )
    assert answer.names == ["b"]


def test_prefixes_nested_in_their_own_subnet_are_no_overlap() -> None:
    answer = judge(a={"addressPrefixes": ["10.0.0.0/24", "10.0.0.0/25"]}, b="10.0.1.0/24")
    assert answer.broken == []


def test_ipv6_counts_too() -> None:
    answer = judge(a="fd00::/64", b={"addressPrefixes": ["10.0.0.0/24", "fd00::/64"]})
    assert len(answer.broken) == 1


def test_the_same_space_in_another_network_is_silence() -> None:
    subnets = {"web": "10.0.0.0/24", "api": "10.0.1.0/24"}
    answer = ask(
        "ADR-001",
        estate(*(vnet(f"v{n}", "10.0.0.0/16", subnets=subnets) for n in range(50))),
    )
    assert (answer.broken, answer.kept) == ([], 50)


def test_subnets_are_compared_without_their_network() -> None:
    alone = [resource(SUBNET, f"gone/{n}", {"addressPrefix": "10.0.0.0/24"}) for n in "ab"]
    assert len(ask("ADR-001", estate(*alone)).broken) == 1


def test_a_subnet_without_a_prefix_is_unknown_and_hides_nothing() -> None:
    answer = judge(a="10.0.0.0/24", b="10.0.0.0/25", c={})
    assert [unknown.subject for unknown in answer.unknown] == [subnet_id("shop", "c")]
    assert len(answer.broken) == 1


@pytest.mark.parametrize("seed", range(3))
def test_order_does_not_matter(seed: int) -> None:
    items: list[tuple[str, Any]] = [
        ("a", "10.0.0.0/22"), ("b", "10.0.1.0/24"), ("c", "10.0.1.0/24"), ("d", "10.9.0.0/24"),
    ]  # fmt: skip
    expected = {(f.subject, f.message) for f in judge(**dict(items)).broken}
    random.Random(seed).shuffle(items)
    assert {(f.subject, f.message) for f in judge(**dict(items)).broken} == expected


def test_the_remedy_keeps_the_other_prefixes_of_a_subnet() -> None:
    two = {"addressPrefixes": ["10.0.2.0/24", "10.0.0.0/24"]}
    (finding,) = judge(api="10.0.0.0/24", web=two).broken
    assert finding.remedy.endswith("--name web --address-prefixes 10.0.2.0/24 10.0.1.0/24")


def test_the_remedy_for_a_dual_stack_subnet_keeps_the_other_family() -> None:
    subnets = {
        "web": {"addressPrefixes": ["10.0.0.0/24", "fd00:0:0:1::/64"]},
        "api": {"addressPrefixes": ["10.0.1.0/24", "fd00:0:0:1::/64"]},
    }
    network = estate(vnet("shop", "10.0.0.0/16", "fd00::/48", subnets=subnets))
    (finding,) = ask("ADR-001", network).broken
    assert finding.remedy.endswith("--name web --address-prefixes 10.0.0.0/24 fd00::/64")


def test_a_subnet_that_does_not_tell_its_prefix_hides_no_overlap_of_the_others() -> None:
    subnets = {"web": "10.0.0.0/24", "api": "10.0.0.128/25", "far": "10.0.9.0/24"}
    hole = "/properties/subnets/2/properties/addressPrefix"
    network = estate(vnet("shop", "10.0.0.0/16", subnets=subnets), unresolved=((hole, "a hole"),))
    answer = ask("ADR-001", network)
    assert answer.names == ["api"]
    (unknown,) = answer.unknown
    assert unknown.subject == subnet_id("shop", "far")
    assert unknown.missing == "the address prefix of subnet far"
