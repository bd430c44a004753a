"""Which of many interval sets hold each value of one dimension.

Sets are numbered; a group of them is a bitmask with bit i for set i, so that one machine operation
handles many rules at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import xor

from auditor.packets.intervals import Intervals, complement, whole


def bits(mask: int) -> Iterator[int]:
    """The numbers of the set bits, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def sweep(sets: Iterable[tuple[int, Intervals]], size: int, always: int = 0) -> dict[int, int]:
    """For each value at which the matching sets change, which they are from there on.

    `sets` are (bit, intervals); `always` are bits that match everywhere. Keys ascend from 0.
    """
    toggles = {0: always}
    for bit, intervals in sets:
        for low, high in intervals:
            toggles[low] = toggles.get(low, 0) ^ bit
            toggles[high + 1] = toggles.get(high + 1, 0) ^ bit
    starts = sorted(toggles)
    if starts[-1] == size:
        starts.pop()
    return dict(zip(starts, accumulate([toggles[start] for start in starts], xor), strict=True))


class Partition:
    """One dimension cut at the boundaries of all sets.

    Within the cell from `starts[i]` to before `starts[i + 1]` the sets of `masks[i]` hold every
    value, and no other set holds any.
    """

    __slots__ = ("_runs", "_size", "every", "masks", "starts")

    def __init__(self, sets: Sequence[Intervals], size: int) -> None:
        everything = whole(size)
        always = sum([1 << i for i, intervals in enumerate(sets) if intervals == everything])
        some = [(1 << i, side) for i, side in enumerate(sets) if side != everything]
        cells = sweep(some, size, always)
        self.starts = list(cells)
        self.masks = list(cells.values())
        self._size = size
        self.every = (1 << len(sets)) - 1
        # runs[k][i]: what meets the 2**k cells from the i-th on. Made as far as asked for.
        self._runs = [self.masks]

    def cells(self, intervals: Intervals) -> list[int]:
        """The masks of the cells that meet the intervals, in order."""
        found: list[int] = []
        for low, high in intervals:
            first, last = self._span(low, high)
            found += self.masks[first : last + 1]
        return found

    def meeting(self, intervals: Intervals) -> int:
        """The sets that share a value with the intervals."""
        met = 0
        for low, high in intervals:
            first, last = self._span(low, high)
            # Two runs that may overlap fill any span.
            k = (last - first + 1).bit_length() - 1
            while len(self._runs) <= k:
                self._double()
            run = self._runs[k]
            met |= run[first] | run[last + 1 - (1 << k)]
        return met

    def _double(self) -> None:
        run = self._runs[-1]
        width = 1 << (len(self._runs) - 1)
        self._runs.append([a | b for a, b in zip(run, run[width:], strict=False)])

    def within(self, intervals: Intervals) -> int:
        """The sets that hold nothing outside the intervals.

        Exact where the intervals are one of the sets; otherwise some may be left out.
        """
        return self.every & ~self.meeting(complement(intervals, self._size))

    def _span(self, low: int, high: int) -> tuple[int, int]:
        return bisect_right(self.starts, low) - 1, bisect_right(self.starts, high) - 1
