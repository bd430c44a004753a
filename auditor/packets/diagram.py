"""Functions on packets as interned decision diagrams.

A diagram asks one dimension after the other, in the space's order, and ends in a leaf, the
function's value. A node splits its dimension into ranges; ranges side by side lead to different
diagrams, and a dimension that makes no difference is not asked. A space keeps one diagram of each
form, so two diagrams of a space are the same function if and only if they are the same object.

A set of packets is a diagram whose leaves are True and False.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

from auditor.packets.space import Box, Dimension, Packet, Shape, flow_dimensions

V = TypeVar("V", bound=Hashable)
W = TypeVar("W", bound=Hashable)
X = TypeVar("X", bound=Hashable)


class Diagram(Generic[V]):
    """A function from packets to values of V. Made by its space only, and compared by identity.

    `level` is the dimension asked, or the number of dimensions for a leaf. `children[i]` decides
    the values from `cuts[i - 1]` (0 for the first child) to before `cuts[i]` (the dimension's end
    for the last). `value` is a leaf's.
    """

    __slots__ = ("children", "cuts", "level", "space", "value")

    space: Space
    level: int
    cuts: tuple[int, ...]
    children: tuple[Diagram[V], ...]
    value: V

    def __init__(
        self, space: Space, level: int, cuts: tuple[int, ...], children: tuple[Diagram[V], ...]
    ) -> None:
        self.space = space
        self.level = level
        self.cuts = cuts
        self.children = children

    @property
    def is_leaf(self) -> bool:
        """Whether every packet gets the same value."""
        return not self.children

    def child(self, value: int) -> Diagram[V]:
        """What decides once this node's dimension has `value`."""
        return self.children[bisect_right(self.cuts, value)]

    def at(self, packet: Packet) -> V:
        """The value for one packet."""
        node = self
        while node.children:
            node = node.child(packet[node.level])
        return node.value

    def __or__(self: PacketSet, other: PacketSet) -> PacketSet:
        return self.space.union(self, other)

    def __and__(self: PacketSet, other: PacketSet) -> PacketSet:
        return self.space.intersection(self, other)

    def __sub__(self: PacketSet, other: PacketSet) -> PacketSet:
        return self.space.difference(self, other)

    def __xor__(self: PacketSet, other: PacketSet) -> PacketSet:
        return self.space.union(self - other, other - self)

    def __invert__(self: PacketSet) -> PacketSet:
        return self.space.complement(self)

    def __le__(self: PacketSet, other: PacketSet) -> bool:
        """Whether every packet of this set is in the other."""
        return self.space.difference(self, other) is self.space.empty

    def __ge__(self: PacketSet, other: PacketSet) -> bool:
        return other <= self

    def __bool__(self) -> bool:
        # Neither "not empty" nor "not None" would be obvious, so neither is offered.
        raise TypeError("ask is_empty, or compare with `is`")

    @property
    def is_empty(self: PacketSet) -> bool:
        """Whether no packet is in this set."""
        return self is self.space.empty

    def __repr__(self) -> str:
        names = [dimension.name for dimension in self.space.dimensions]
        if self.is_leaf:
            return f"<Diagram {self.value!r}>"
        return f"<Diagram on {names[self.level]}, {len(self.children)} ranges>"


PacketSet = Diagram[bool]


class Space(Shape):
    """The packets with the given dimensions, and the one keeper of all diagrams on them.

    Holds every diagram it ever made, so use one space for what belongs together and drop it
    afterwards; `forget` drops only what was remembered about operations. Diagrams of different
    spaces do not mix (ValueError). Not to be shared between threads.
    """

    __slots__ = ("_depth", "_known", "_leaves", "_nodes", "all", "empty", "fixed")

    def __init__(self, dimensions: Iterable[Dimension]) -> None:
        super().__init__(dimensions)
        self._depth = len(self.dimensions)
        self._nodes: dict[tuple[int, tuple[int, ...], tuple[Any, ...]], Any] = {}
        self._leaves: dict[tuple[type, Hashable], Any] = {}
        self._known: dict[str, dict[Any, PacketSet]] = {}
        self.empty: PacketSet = self.leaf(False)
        self.all: PacketSet = self.leaf(True)
        self.forget()

    def forget(self) -> None:
        """Drop remembered results of operations. No diagram changes."""
        self._known = {"union": {}, "intersection": {}, "difference": {}, "complement": {}}
        self.fixed: dict[tuple[Any, int, int], Any] = {}
        """What `reshape.fixed` made of diagrams, by a dimension's place and its value."""

    def __len__(self) -> int:
        """How many diagrams the space keeps."""
        return len(self._nodes) + len(self._leaves)

    # Making diagrams

    def leaf(self, value: V) -> Diagram[V]:
        """The function that gives every packet this value."""
        # The type is part of the key because True equals 1.
        key = (type(value), value)
        found: Diagram[V] | None = self._leaves.get(key)
        if found is None:
            found = Diagram(self, self._depth, (), ())
            found.value = value
            self._leaves[key] = found
        return found

    def node(self, level: int, starts: list[int], children: list[Diagram[V]]) -> Diagram[V]:
        """The function that `children[i]` decides from `starts[i]` on; `starts[0]` is 0.

        Children stand below `level`, and neighbours differ: see `Diagram`.
        """
        if len(children) == 1:
            return children[0]
        key = (level, tuple(starts[1:]), tuple(children))
        found: Diagram[V] | None = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = Diagram(self, level, key[1], key[2])
        return found

    def split(self, level: int, pieces: Iterable[tuple[int, Diagram[V]]]) -> Diagram[V]:
        """Like `node`, from (start, child) in ascending order; equal neighbours are joined."""
        starts: list[int] = []
        children: list[Diagram[V]] = []
        for start, child in pieces:
            if not children or child is not children[-1]:
                starts.append(start)
                children.append(child)
        return self.node(level, starts, children)

    def packets(self, box: Box) -> PacketSet:
        """The set of the packets in one box."""
        result = self.all
        for level in range(self._depth - 1, -1, -1):
            side = box[level]
            if side == self._wholes[level]:
                continue
            pieces = [(0, self.empty)]
            for low, high in side:
                if low == 0:
                    pieces.pop()
                pieces.append((low, result))
                if high + 1 < self.dimensions[level].size:
                    pieces.append((high + 1, self.empty))
            result = self.split(level, pieces)
        return result

    # Sets

    def union(self, a: PacketSet, b: PacketSet) -> PacketSet:
        """What is in either."""
        self._check(a, b)
        result: PacketSet = self._apply(a, b, self._known["union"], self._union_ends)
        return result

    def intersection(self, a: PacketSet, b: PacketSet) -> PacketSet:
        """What is in both."""
        self._check(a, b)
        result: PacketSet = self._apply(a, b, self._known["intersection"], self._intersection_ends)
        return result

    def difference(self, a: PacketSet, b: PacketSet) -> PacketSet:
        """What is in `a` and not in `b`."""
        self._check(a, b)
        result: PacketSet = self._apply(a, b, self._known["difference"], self._difference_ends)
        return result

    def complement(self, a: PacketSet) -> PacketSet:
        """What is not in `a`."""
        self._check(a)
        return self._complement(a, self._known["complement"])

    # Functions

    def map(self, f: Diagram[V], change: Callable[[V], W]) -> Diagram[W]:
        """`f` with each of its values changed."""
        self._check(f)
        done: dict[Diagram[V], Diagram[W]] = {}

        def walk(node: Diagram[V]) -> Diagram[W]:
            known = done.get(node)
            if known is None:
                if node.is_leaf:
                    known = self.leaf(change(node.value))
                else:
                    children = map(walk, node.children)
                    known = self.split(node.level, zip((0, *node.cuts), children, strict=True))
                done[node] = known
            return known

        result = walk(f)
        done.clear()  # `walk` refers to itself: what it knows would wait for the collector
        return result

    def combine(self, f: Diagram[V], g: Diagram[W], value: Callable[[V, W], X]) -> Diagram[X]:
        """The function whose value for a packet is `value(f's, g's)`."""
        self._check(f, g)

        def ends(a: Diagram[V], b: Diagram[W]) -> Diagram[X] | None:
            return self.leaf(value(a.value, b.value)) if a.is_leaf and b.is_leaf else None

        known: dict[tuple[Diagram[V], Diagram[W]], Diagram[X]] = {}
        result: Diagram[X] = self._apply(f, g, known, ends)
        return result

    # How

    def _check(self, *diagrams: Diagram[Any]) -> None:
        for diagram in diagrams:
            if diagram.space is not self:
                raise ValueError("diagrams of different spaces do not mix")

    def _apply(self, f: Any, g: Any, known: dict[Any, Any], ends: Callable[[Any, Any], Any]) -> Any:
        """Combine two diagrams; `ends` knows the pairs whose result needs no look below."""
        result = ends(f, g)
        if result is not None:
            return result
        key = (f, g)
        result = known.get(key)
        if result is not None:
            return result
        level = min(f.level, g.level)
        fs, f_cuts = (f.children, f.cuts) if f.level == level else ((f,), ())
        gs, g_cuts = (g.children, g.cuts) if g.level == level else ((g,), ())
        end = self.dimensions[level].size
        starts: list[int] = []
        children: list[Any] = []
        i = j = start = 0
        while True:
            child = self._apply(fs[i], gs[j], known, ends)
            if not children or child is not children[-1]:
                starts.append(start)
                children.append(child)
            f_next = f_cuts[i] if i < len(f_cuts) else end
            g_next = g_cuts[j] if j < len(g_cuts) else end
            start = min(f_next, g_next)
            if start == end:
                break
            i += f_next == start
            j += g_next == start
        result = known[key] = self.node(level, starts, children)
        return result

    def _complement(self, a: PacketSet, known: dict[Any, PacketSet]) -> PacketSet:
        if a.is_leaf:
            return self.empty if a.value else self.all
        result = known.get(a)
        if result is None:
            children = [self._complement(child, known) for child in a.children]
            result = known[a] = self.node(a.level, [0, *a.cuts], children)
            known[result] = a
        return result

    def _union_ends(self, a: PacketSet, b: PacketSet) -> PacketSet | None:
        if a is b or b is self.empty or a is self.all:
            return a
        return b if a is self.empty or b is self.all else None

    def _intersection_ends(self, a: PacketSet, b: PacketSet) -> PacketSet | None:
        if a is b or b is self.all or a is self.empty:
            return a
        return b if a is self.all or b is self.empty else None

    def _difference_ends(self, a: PacketSet, b: PacketSet) -> PacketSet | None:
        if a is b or a is self.empty or b is self.all:
            return self.empty
        return a if b is self.empty else None


def leaves(f: Diagram[V]) -> set[V]:
    """Every value that the function has."""
    seen = {f}
    stack = [f]
    found: set[V] = set()
    while stack:
        node = stack.pop()
        if node.is_leaf:
            found.add(node.value)
        new = [child for child in node.children if child not in seen]
        seen.update(new)
        stack += new
    return found


def flow_space(address_bits: int) -> Space:
    """A new space of flows: `address_bits` is 32 for IPv4, 128 for IPv6."""
    return Space(flow_dimensions(address_bits))
