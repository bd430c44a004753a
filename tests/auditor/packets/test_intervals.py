"""Sets of integers, against Python's own sets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.packets.intervals import (
    NOTHING,
    Interval,
    Intervals,
    complement,
    contains,
    count,
    covers,
    difference,
    disjoint,
    intersection,
    normalise,
    union,
    whole,
)

SIZE = 24


def _ordered(pair: tuple[int, int]) -> Interval:
    return min(pair), max(pair)


value = st.integers(0, SIZE - 1)
ranges = st.lists(st.tuples(value, value).map(_ordered), max_size=6)
intervals = ranges.map(lambda some: normalise(some, SIZE))


def members(some: Intervals | list[Interval]) -> set[int]:
    return {value for low, high in some for value in range(low, high + 1)}


@settings(max_examples=100)
@given(ranges)
def test_normalising_keeps_the_members_and_joins_what_touches(some: list[Interval]) -> None:
    result = normalise(some, SIZE)
    assert members(result) == members(some)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(result))


@settings(max_examples=100)
@given(intervals, intervals)
def test_operations_do_what_they_do_to_sets(a: Intervals, b: Intervals) -> None:
    assert members(union(a, b)) == members(a) | members(b)
    assert members(intersection(a, b)) == members(a) & members(b)
    assert members(difference(a, b)) == members(a) - members(b)
    assert members(complement(a, SIZE)) == set(range(SIZE)) - members(a)
    assert covers(a, b) == (members(b) <= members(a))
    assert disjoint(a, b) == members(a).isdisjoint(members(b))
    assert count(a) == len(members(a))
    assert {value for value in range(SIZE) if contains(a, value)} == members(a)


@settings(max_examples=100)
@given(intervals, intervals)
def test_equal_sets_are_equal_tuples(a: Intervals, b: Intervals) -> None:
    assert (a == b) == (members(a) == members(b))
    assert union(difference(a, b), intersection(a, b)) == a
    assert complement(complement(a, SIZE), SIZE) == a


def test_all_and_nothing() -> None:
    assert complement(NOTHING, SIZE) == whole(SIZE) == ((0, SIZE - 1),)
    assert complement(whole(SIZE), SIZE) == NOTHING
    assert normalise([(0, 2**128 - 1)], 2**128) == whole(2**128)


@pytest.mark.parametrize("wrong", [(3, 2), (-1, 2), (0, SIZE), (SIZE, SIZE)])
def test_a_range_reversed_or_outside_is_refused(wrong: Interval) -> None:
    with pytest.raises(ValueError, match="not a range"):
        normalise([wrong], SIZE)
