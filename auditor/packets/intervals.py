"""Sets of integers as ranges.

`Intervals` is a tuple of inclusive ranges in ascending order that neither overlap nor touch, so two
equal sets are equal tuples. Every function here takes and returns that form, except `normalise`,
which makes it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]

NOTHING: Intervals = ()


def normalise(ranges: Iterable[Interval], size: int) -> Intervals:
    """The set of the integers in `ranges`, each inclusive and within `0..size-1`.

    Ranges may overlap, repeat and come in any order. ValueError: a range is reversed or reaches
    outside.
    """
    if isinstance(ranges, tuple) and _is_normal(ranges, size):  # the ordinary case
        return ranges
    ordered = sorted(ranges)
    merged: list[Interval] = []
    for low, high in ordered:
        if not 0 <= low <= high < size:
            raise ValueError(f"{low}-{high} is not a range within 0-{size - 1}")
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


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


def union(a: Intervals, b: Intervals) -> Intervals:
    """What is in either."""
    if not a or not b:
        return a or b
    return normalise(a + b, max(a[-1][1], b[-1][1]) + 1)


def intersection(a: Intervals, b: Intervals) -> Intervals:
    """What is in both."""
    common: list[Interval] = []
    i = j = 0
    while i < len(a) and j < len(b):
        low, high = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if low <= high:
            common.append((low, high))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def complement(a: Intervals, size: int) -> Intervals:
    """What of `0..size-1` is not in `a`."""
    gaps: list[Interval] = []
    start = 0
    for low, high in a:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start < size:
        gaps.append((start, size - 1))
    return tuple(gaps)


def difference(a: Intervals, b: Intervals) -> Intervals:
    """What is in `a` and not in `b`."""
    if not a or not b:
        return a
    return intersection(a, complement(b, a[-1][1] + 1))


def covers(a: Intervals, b: Intervals) -> bool:
    """Whether everything in `b` is in `a`."""
    i = 0
    for low, high in b:
        while i < len(a) and a[i][1] < low:
            i += 1
        if i == len(a) or not (a[i][0] <= low and high <= a[i][1]):
            return False
    return True


def disjoint(a: Intervals, b: Intervals) -> bool:
    """Whether nothing is in both."""
    return not intersection(a, b)


def contains(a: Intervals, value: int) -> bool:
    """Whether `value` is in `a`."""
    # The range that starts last at or before the value is the only one that can hold it.
    place = bisect_right(a, value, key=lambda interval: interval[0])
    return place > 0 and value <= a[place - 1][1]


def count(a: Intervals) -> int:
    """How many integers are in `a`."""
    return sum(high - low + 1 for low, high in a)
