"""Which of many interval sets hold each value of one dimension.

Sets are numbered; a group of them is a bitmask with bit i for set i, so that one machine operation
handles many rules at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import and_, or_, xor

from auditor.packets.intervals import Intervals, complement


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

    __slots__ = ("_every", "_from", "_size", "_to", "masks", "starts")

    def __init__(self, sets: Sequence[Intervals], size: int) -> None:
        cells = sweep(((1 << i, intervals) for i, intervals in enumerate(sets)), size)
        self.starts = list(cells)
        self.masks = list(cells.values())
        self._size = size
        self._every = (1 << len(sets)) - 1
        # What meets the cells up to, and from, each cell: most sets reach one end or have few gaps.
        self._to = list(accumulate(self.masks, or_))
        self._from = list(accumulate(reversed(self.masks), or_))[::-1]

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
            if first == 0:
                met |= self._to[last]
            elif last == len(self.masks) - 1:
                met |= self._from[first]
            else:
                for mask in self.masks[first : last + 1]:
                    met |= mask
        return met

    def covering(self, intervals: Intervals) -> int:
        """The sets that hold all of the intervals (all sets, if there are none)."""
        return list(accumulate(self.cells(intervals), and_, initial=self._every))[-1]

    def within(self, intervals: Intervals) -> int:
        """The sets that hold nothing outside the intervals.

        Exact where the intervals are one of the sets; otherwise some may be left out.
        """
        return self._every & ~self.meeting(complement(intervals, self._size))

    def _span(self, low: int, high: int) -> tuple[int, int]:
        return bisect_right(self.starts, low) - 1, bisect_right(self.starts, high) - 1
