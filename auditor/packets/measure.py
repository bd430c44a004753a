"""How many packets a set has, and which values of a field occur in it."""

from __future__ import annotations

from itertools import chain
from math import prod

from auditor.packets.boxes import branches
from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals, normalise, whole
from auditor.packets.intervals import count as size_of


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
    place = packets.space.place(name)
    size = packets.space.dimensions[place].size
    known: dict[PacketSet, Intervals] = {}

    def walk(node: PacketSet) -> Intervals:
        if node.is_empty:
            return ()
        if node.level > place:
            return whole(size)
        found = known.get(node)
        if found is None:
            if node.level == place:
                parts = [side for side, child in branches(node) if not child.is_empty]
            else:
                parts = [walk(child) for child in node.children]
            found = known[node] = normalise(chain.from_iterable(parts), size)
        return found

    return walk(packets)
