"""Sets of whole numbers as sorted, disjoint, merged closed intervals.

The arithmetic below addresses and ports. *Canonical* means: intervals ascend, none is empty, and
between two of them at least one number is missing; so equal sets are equal tuples.
Every function takes canonical input and gives canonical output, `merged` apart, which makes it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
"""First and last number, both included."""

Intervals: TypeAlias = tuple[Interval, ...]


def merged(pairs: Iterable[Interval]) -> Intervals:
    """Give the canonical form of any intervals; touching ones join (1-2 and 3-4 are 1-4)."""
    ordered = sorted(pairs)
    if len(ordered) < 2:
        return tuple(ordered)
    result: list[Interval] = []
    end = -2
    for low, high in ordered:
        if low > end + 1:
            result.append((low, high))
            end = high
        elif high > end:
            result[-1] = (result[-1][0], high)
            end = high
    return tuple(result)


def union(left: Intervals, right: Intervals) -> Intervals:
    """Give the numbers of either."""
    if not right or left == right:
        return left
    if not left or left[-1][1] + 1 < right[0][0]:
        return left + right
    return right + left if right[-1][1] + 1 < left[0][0] else merged(left + right)


def intersection(left: Intervals, right: Intervals) -> Intervals:
    """Give the numbers of both."""
    if left is right or not left:
        return left
    result: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        (low, high), (other_low, other_high) = left[i], right[j]
        low = low if low > other_low else other_low
        if high < other_high:
            i += 1
        else:
            high = other_high
            j += 1
        if low <= high:
            result.append((low, high))
    return tuple(result)


def overlap(left: Intervals, right: Intervals) -> bool:
    """Tell whether some number is in both."""
    if not left or not right:
        return False
    if len(left) < len(right):
        left, right = right, left
    if len(left) == 1:  # the ordinary case
        return left[0][0] <= right[0][1] and right[0][0] <= left[0][1]
    beyond = 0
    for low, high in right:  # the fewer, each looked up among the many
        beyond = bisect_left(left, (high + 1, 0), beyond)
        if beyond and left[beyond - 1][1] >= low:
            return True
    return False


def complement(these: Intervals, top: int) -> Intervals:
    """Give the numbers of 0 to `top` that are not in `these`, which must lie inside."""
    result: list[Interval] = []
    start = 0
    for low, high in these:
        if start < low:
            result.append((start, low - 1))
        start = high + 1
    if start <= top:
        result.append((start, top))
    return tuple(result)


def difference(left: Intervals, right: Intervals) -> Intervals:
    """Give the numbers of `left` that are not in `right`."""
    if not right or not overlap(left, right):
        return left
    result: list[Interval] = []
    j, end = 0, len(right)
    for low, high in left:
        while j < end and right[j][1] < low:
            j += 1
        while j < end and right[j][0] <= high:
            if right[j][0] > low:
                result.append((low, right[j][0] - 1))
            low = right[j][1] + 1
            if low > high:
                break
            j += 1
        if low <= high:
            result.append((low, high))
    return tuple(result)


def covers(these: Intervals, low: int, high: int) -> bool:
    """Tell whether every number from `low` to `high` is in `these`."""
    if len(these) == 1:  # the ordinary case
        return these[0][0] <= low and these[0][1] >= high
    index = bisect_left(these, (low + 1, 0)) - 1
    return index >= 0 and these[index][1] >= high


def is_subset(left: Intervals, right: Intervals) -> bool:
    """Tell whether every number of `left` is in `right`."""
    if left is right:
        return True
    for low, high in left:  # noqa: SIM110 - a generator takes four times as long
        if not covers(right, low, high):
            return False
    return True


def size(these: Iterable[Interval]) -> int:
    """Count the numbers."""
    total = 0
    for low, high in these:
        total += high - low + 1
    return total
