"""Sets of packets seen from elsewhere: a field fixed, forgotten, or exchanged with the next one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import reduce

from auditor.packets.diagram import Diagram, PacketSet, V
from auditor.packets.intervals import Interval


def restricted(packets: PacketSet, **ranges: Iterable[Interval]) -> PacketSet:
    """The packets of the set with these values only (see `Shape.box` for ranges and errors)."""
    return packets & packets.space.packets(packets.space.box(**ranges))


def fixed(f: Diagram[V], name: str, value: int) -> Diagram[V]:
    """The function that `f` is on packets with this value, on all packets.

    KeyError: no such dimension. ValueError: it does not have the value.
    """
    place = f.space.place(name)
    if not 0 <= value < f.space.dimensions[place].size:
        raise ValueError(f"{name} has no value {value}")
    key = f, place, value
    found: Diagram[V] | None = f.space.fixed.get(key)
    if found is None:
        found = f.space.fixed[key] = _replace(f, place, lambda node: node.child(value))
    return found


def forgotten(packets: PacketSet, name: str) -> PacketSet:
    """The packets that are in the set for some value of the dimension.

    KeyError: no such dimension.
    """
    space = packets.space
    return _replace(packets, space.place(name), lambda node: reduce(space.union, node.children))


def merged(
    f: Diagram[V],
    name: str,
    either: Callable[[V, V], V],
    within: Iterable[Interval] | None = None,
) -> Diagram[V]:
    """The function that no longer asks a dimension: `either` joins what its values give.

    `within` are the values to heed, in ascending order; all when left out. KeyError: no such
    dimension. ValueError: there is no value.
    """
    pairs = None if within is None else tuple(within)
    if pairs == ():
        raise ValueError(f"no values of {name}")

    def join(node: Diagram[V]) -> Diagram[V]:
        some = node.children if pairs is None else _meeting(node, pairs)
        distinct = dict.fromkeys(some)
        return reduce(lambda a, b: f.space.combine(a, b, either), distinct)

    return _replace(f, f.space.place(name), join)


def _meeting(node: Diagram[V], pairs: Iterable[Interval]) -> Iterable[Diagram[V]]:
    for low, high in pairs:
        yield from node.children[bisect_right(node.cuts, low) : bisect_right(node.cuts, high) + 1]


def exchanged(f: Diagram[V], name: str) -> Diagram[V]:
    """`f` with the values of a dimension and the next one exchanged.

    What one side of a flow calls its own address is the peer's to the other side.
    KeyError: no such dimension. ValueError: it is the last, or the next one has another size.
    """
    space = f.space
    place = space.place(name)
    sizes = [dimension.size for dimension in space.dimensions[place : place + 2]]
    if len(sizes) < 2 or sizes[0] != sizes[1]:
        raise ValueError(f"{name} is not followed by a dimension of its size")
    # A function of the later dimension alone is one that `_exchange` has to see as well.
    return _replace(f, place, lambda node: _exchange(node, place), depth=2)


def _exchange(node: Diagram[V], place: int) -> Diagram[V]:
    """One node that asks the dimension at `place`, the next one, or both."""
    first = [0, *node.cuts] if node.level == place else [0]
    branches = node.children if node.level == place else (node,)
    second = sorted({0}.union(*(branch.cuts for branch in branches if branch.level == place + 1)))

    def column(value: int) -> Diagram[V]:
        chosen = (
            branch.children[bisect_right(branch.cuts, value)]
            if branch.level == place + 1
            else branch
            for branch in branches
        )
        return node.space.split(place + 1, zip(first, chosen, strict=True))

    return node.space.split(place, ((start, column(start)) for start in second))


def _replace(
    f: Diagram[V], place: int, change: Callable[[Diagram[V]], Diagram[V]], depth: int = 1
) -> Diagram[V]:
    """`f` with each node changed that asks one of `depth` dimensions from `place` on first."""
    if f.level >= place + depth:
        return f
    known: dict[Diagram[V], Diagram[V]] = {}

    def walk(node: Diagram[V]) -> Diagram[V]:
        if node.level >= place + depth:
            return node
        found = known.get(node)
        if found is None:
            if node.level >= place:
                found = change(node)
            else:
                pieces = zip((0, *node.cuts), map(walk, node.children), strict=True)
                found = node.space.split(node.level, pieces)
            known[node] = found
        return found

    result = walk(f)
    known.clear()  # `walk` refers to itself: what it knows would wait for the collector
    return result
