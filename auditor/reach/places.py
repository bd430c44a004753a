"""Many sets of addresses at once: which of them lie where.

Sets are numbered; some of them together are a bitmask with bit i for set i.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from itertools import accumulate
from operator import or_
from typing import TypeVar

from auditor.packets.intervals import Intervals

K = TypeVar("K", bound=Hashable)


class Places:
    """Sets of addresses of one version; those without any are nowhere."""

    def __init__(self, sets: Sequence[Intervals]) -> None:
        """Take the sets in the order of their numbers."""
        single = sorted((side[0], 1 << i) for i, side in enumerate(sets) if len(side) == 1)
        self._lows = [low for (low, _), _ in single]
        self._highs = [high for (_, high), _ in single]
        self._bits = [bit for _, bit in single]
        self._before = [0, *accumulate(self._bits, or_)]
        self._tops = list(accumulate(self._highs, max))
        self._several = [(1 << i, side) for i, side in enumerate(sets) if len(side) > 1]

    def spread(self, cuts: Sequence[int], keys: Sequence[K]) -> tuple[dict[K, int], int]:
        """Give the sets that lie under one key, by key, and those that do not.

        `keys[i]` holds from `cuts[i - 1]` (0 for the first) to before `cuts[i]`; neighbours differ.
        """
        found: dict[K, int] = {}
        done = 0
        for place, key in enumerate(keys):
            end = bisect_left(self._lows, cuts[place]) if place < len(cuts) else len(self._lows)
            if end > done:
                found[key] = found.get(key, 0) | (self._before[end] ^ self._before[done])
                done = end
        odd = 0
        for cut in cuts:
            for bit in self._across(cut):
                odd |= bit
        for bit, side in self._several:
            here = {keys[at] for low, high in side for at in _between(cuts, low, high)}
            if len(here) == 1:
                key = here.pop()
                found[key] = found.get(key, 0) | bit
            else:
                odd |= bit
        if odd:
            found = {key: mask & ~odd for key, mask in found.items()}
        return found, odd

    def _across(self, cut: int) -> Iterator[int]:
        """Give those that have addresses on both sides of a cut."""
        at = bisect_left(self._lows, cut) - 1
        while at >= 0 and self._tops[at] >= cut:
            if self._highs[at] >= cut:
                yield self._bits[at]
            at -= 1


def _between(cuts: Sequence[int], low: int, high: int) -> range:
    return range(bisect_right(cuts, low), bisect_right(cuts, high) + 1)


def only(cuts: Sequence[int], keys: Sequence[K], side: Intervals) -> K | None:
    """Give the key under which all of a set lies; None when there are several."""
    found: K | None = None
    for low, high in side:
        first = bisect_right(cuts, low)
        if first < len(cuts) and cuts[first] <= high:
            return None
        here = keys[first]
        if found is not None and here is not found:
            return None
        found = here
    return found
