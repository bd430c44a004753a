"""Sets of the integers `0..size-1` of a dimension, in the canonical form of `auditor.intervals`."""

from __future__ import annotations

from collections.abc import Iterable

from auditor import intervals
from auditor.intervals import (
    Interval,
    Intervals,
    difference,
    intersection,
    is_subset,
    merged,
    overlap,
    union,
)
from auditor.intervals import size as count

__all__ = [
    "NOTHING", "Interval", "Intervals", "complement", "contains", "count", "covers", "difference",
    "disjoint", "intersection", "normalise", "union", "whole",
]  # fmt: skip

NOTHING: Intervals = ()


def normalise(ranges: Iterable[Interval], size: int) -> Intervals:
    """The set of the integers in `ranges`, each inclusive and within `0..size-1`.

    Ranges may overlap, repeat and come in any order. ValueError: a range is reversed or reaches
    outside.
    """
    if isinstance(ranges, tuple) and _is_normal(ranges, size):  # the ordinary case
        return ranges
    ranges = tuple(ranges)
    for low, high in sorted(ranges):
        if not 0 <= low <= high < size:
            raise ValueError(f"{low}-{high} is not a range within 0-{size - 1}")
    return merged(ranges)


def _is_normal(ranges: tuple[Interval, ...], size: int) -> bool:
    end = -2
    for low, high in ranges:
        if low <= end + 1 or high < low:
            return False
        end = high
    return end < size


def whole(size: int) -> Intervals:
    """All of `0..size-1`."""
    return ((0, size - 1),)


def complement(a: Intervals, size: int) -> Intervals:
    """What of `0..size-1` is not in `a`."""
    return intervals.complement(a, size - 1)


def covers(a: Intervals, b: Intervals) -> bool:
    """Whether everything in `b` is in `a`."""
    return is_subset(b, a)


def disjoint(a: Intervals, b: Intervals) -> bool:
    """Whether nothing is in both."""
    return not overlap(a, b)


def contains(a: Intervals, value: int) -> bool:
    """Whether `value` is in `a`."""
    return intervals.covers(a, value, value)
