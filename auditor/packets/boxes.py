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


def alone(packets: PacketSet) -> tuple[int, PacketSet] | None:
    """If a set has packets for one value only of its first dimension: that, and what follows."""
    cuts = packets.cuts
    if packets.level != 0 or len(cuts) > 2:
        return None
    empty = packets.space.empty
    some = [place for place, child in enumerate(packets.children) if child is not empty]
    if len(some) != 1:
        return None
    low = cuts[some[0] - 1] if some[0] else 0
    end = cuts[some[0]] if some[0] < len(cuts) else packets.space.dimensions[0].size
    return (low, packets.children[some[0]]) if end == low + 1 else None
