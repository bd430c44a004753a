"""How many packets a set has, which values of a field occur in it, and where they matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from math import prod

from auditor.packets.boxes import branches
from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Interval, Intervals, intersection, normalise, whole
from auditor.packets.intervals import count as size_of
from auditor.packets.reshape import forgotten


def count(packets: PacketSet) -> int:
    """How many packets the set has, exactly."""
    sizes = [dimension.size for dimension in packets.space.dimensions]
    known: dict[PacketSet, int] = {}

    def below(node: PacketSet, level: int) -> int:
        """The packets of the node, over the dimensions from `level` on."""
        return prod(sizes[level : node.level]) * over(node)

    def over(node: PacketSet) -> int:
        if node.is_leaf:
            return int(node.value)
        found = known.get(node)
        if found is None:
            found = known[node] = sum(
                size_of(side) * below(child, node.level + 1) for side, child in branches(node)
            )
        return found

    return below(packets, 0)


def values(packets: PacketSet, name: str) -> Intervals:
    """The values that the dimension takes in packets of the set. KeyError: no such dimension."""
    return values_where(packets, packets.space.place(name), {})


def values_where(packets: PacketSet, place: int, where: Mapping[int, int]) -> Intervals:
    """The values of a dimension, by its place, in those packets of a set with some other values.

    `where` gives these, by the place of their dimension.
    """
    size = packets.space.dimensions[place].size
    last = max(where, default=-1)
    some: dict[PacketSet, bool] = {}
    known: dict[PacketSet, Intervals] = {}

    def any_in(node: PacketSet) -> bool:
        if node.level > last:  # what has packets has some of any value given
            return not node.is_empty
        found = some.get(node)
        if found is None:
            value = where.get(node.level)
            if value is not None:
                found = any_in(node.child(value))
            else:
                found = any(map(any_in, node.children))
            some[node] = found
        return found

    def walk(node: PacketSet) -> Intervals:
        if node.level > place:
            return whole(size) if any_in(node) else ()
        found = known.get(node)
        if found is None:
            if node.level == place:
                found = _occupied(node, any_in)
            elif (value := where.get(node.level)) is not None:
                found = walk(node.child(value))
            else:
                parts = dict.fromkeys(map(walk, dict.fromkeys(node.children)))
                found = normalise(tuple(chain.from_iterable(parts)), size)
            known[node] = found
        return found

    result = walk(packets)
    some.clear()  # both refer to themselves: what they know would wait for the collector
    known.clear()
    return result


def _occupied(node: PacketSet, counts: Callable[[PacketSet], bool]) -> Intervals:
    """The values of its dimension that a node has packets for: what follows them counts."""
    found: list[Interval] = []
    ends = (*node.cuts, node.space.dimensions[node.level].size)
    start = 0
    for end, child in zip(ends, node.children, strict=True):
        if counts(child):
            if found and found[-1][1] == start - 1:
                start = found.pop()[0]
            found.append((start, end - 1))
        start = end
    return tuple(found)


def sections(packets: PacketSet, name: str) -> Iterator[Interval]:
    """Cut a dimension into ranges within which its values are all alike for the set.

    In order, and together the whole dimension. KeyError: no such dimension.
    """
    place = packets.space.place(name)
    ends = {packets.space.dimensions[place].size}
    seen: set[PacketSet] = set()
    waiting = [packets]
    while waiting:
        node = waiting.pop()
        if node in seen or node.is_leaf or node.level > place:
            continue
        seen.add(node)
        if node.level == place:
            ends.update(node.cuts)
        else:
            waiting.extend(node.children)
    start = 0
    for end in sorted(ends):
        yield start, end - 1
        start = end


def breadths(
    packets: PacketSet, over: str, along: str, among: Intervals
) -> Iterator[tuple[Interval, int]]:
    """How many values of a dimension, of those `among`, occur with each value of a later one.

    In order of `along`, ranges of values with the same count together, and those with none left
    out. KeyError: no such dimension. ValueError: `along` does not come after `over`.
    """
    space = packets.space
    place = space.place(over)
    if space.place(along) <= place:
        raise ValueError(f"{along} does not come after {over}")
    for dimension in space.dimensions[:place]:
        packets = forgotten(packets, dimension.name)
    asked = packets.level == place
    sides = branches(packets) if asked else [(whole(space.dimensions[place].size), packets)]
    changes: Counter[int] = Counter()
    for side, child in sides:
        weight = size_of(intersection(side, among))
        for low, high in values(child, along) if weight else ():
            changes[low] += weight
            changes[high + 1] -= weight
    return _between(changes)


def _between(changes: Mapping[int, int]) -> Iterator[tuple[Interval, int]]:
    """Add up how a count changes at some values: the ranges between, but for those with none."""
    start = total = 0
    for value in sorted(value for value, change in changes.items() if change):
        if total:
            yield (start, value - 1), total
        start, total = value, total + changes[value]
