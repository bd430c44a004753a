"""Interval sets against plain sets of numbers, exhaustively small and by laws."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import intervals as iv

TOP = 23
NUMBERS = st.integers(0, TOP)
PAIRS = st.lists(st.builds(lambda a, b: (min(a, b), max(a, b)), NUMBERS, NUMBERS))
SETS = PAIRS.map(iv.merged)
few = settings(max_examples=80, deadline=None)


def numbers(these: iv.Intervals) -> set[int]:
    return {n for low, high in these for n in range(low, high + 1)}


def canonical(these: iv.Intervals) -> bool:
    return all(low <= high for low, high in these) and all(
        before[1] + 1 < after[0] for before, after in pairwise(these)
    )


@few
@given(PAIRS)
def test_merged_is_canonical_and_keeps_every_number(pairs: list[tuple[int, int]]) -> None:
    these = iv.merged(pairs)

    assert canonical(these)
    assert numbers(these) == numbers(tuple(pairs))


@few
@given(SETS, SETS)
def test_operations_agree_with_sets_of_numbers(left: iv.Intervals, right: iv.Intervals) -> None:
    a, b = numbers(left), numbers(right)
    results = {
        iv.union(left, right): a | b,
        iv.intersection(left, right): a & b,
        iv.difference(left, right): a - b,
        iv.complement(left, TOP): set(range(TOP + 1)) - a,
    }

    for intervals, expected in results.items():
        assert canonical(intervals)
        assert numbers(intervals) == expected
    assert iv.overlap(left, right) == bool(a & b)
    assert iv.is_subset(left, right) == (a <= b)
    assert iv.size(left) == len(a)


@few
@given(SETS, st.integers(0, TOP), st.integers(0, TOP))
def test_covers_asks_for_every_number(these: iv.Intervals, low: int, high: int) -> None:
    low, high = sorted((low, high))

    assert iv.covers(these, low, high) == (set(range(low, high + 1)) <= numbers(these))


def test_touching_intervals_join_and_a_gap_of_one_stays() -> None:
    assert iv.merged([(3, 4), (1, 2)]) == ((1, 4),)
    assert iv.merged([(1, 2), (4, 5)]) == ((1, 2), (4, 5))
    assert iv.merged([(0, 0)]) == ((0, 0),)
