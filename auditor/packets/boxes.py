"""Sets of packets as disjoint boxes, to be printed."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Interval, Intervals, normalise
from auditor.packets.space import Box


def boxes(packets: PacketSet) -> Iterator[Box]:
    """Disjoint boxes whose union is the set, always the same ones in the same order.

    Values of a dimension after which the same packets follow stand in one box, their ranges merged.
    Made one by one, because a set of few nodes can have very many boxes.
    """
    shape = packets.space
    wholes = shape.box()

    def walk(node: PacketSet, level: int) -> Iterator[Box]:
        if node.is_empty:
            return
        if node.is_leaf:
            yield wholes[level:]
            return
        between = wholes[level : node.level]
        for side, child in branches(node):
            for rest in walk(child, node.level + 1):
                yield (*between, side, *rest)

    return walk(packets, 0)


def branches(node: PacketSet) -> list[tuple[Intervals, PacketSet]]:
    """What follows in a node for which values of its dimension; in order of the lowest value."""
    ranges: dict[PacketSet, list[Interval]] = {}
    size = node.space.dimensions[node.level].size
    ends = (*node.cuts, size)
    for start, end, child in zip((0, *node.cuts), ends, node.children, strict=True):
        ranges.setdefault(child, []).append((start, end - 1))
    return [(normalise(found, size), child) for child, found in ranges.items()]
