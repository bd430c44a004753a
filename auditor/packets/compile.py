"""From ordered rules to the diagram that names the deciding rule.

Each dimension is cut at all rule boundaries, and each cell of it knows by a bitmask which rules
match there. A diagram for a group of rules from some dimension on is then made of the diagrams for
the group's intersection with each cell, and groups recur far more often than packets do. A group is
cut down to what can still decide before it is looked up: a rule that matches everything in the
remaining dimensions hides all later ones, and an earlier rule hides a later one whose remaining box
lies within its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from auditor.packets.diagram import Diagram, PacketSet, Space
from auditor.packets.partition import Partition, bits, sweep
from auditor.packets.rule import Decision, L, Rule
from auditor.packets.space import Box

V = TypeVar("V", bound=Hashable)

# Below this many rules, finding out which rule hides which costs more than it saves.
_FEW = 24
# A dimension with more cells than this, and than this many for each rule that it restricts, is cut
# anew for a group, at the bounds of its rules only.
_MANY_CELLS = 32
_CELLS_A_RULE = 6


def compile_rules(
    space: Space, rules: Sequence[Rule[L]], default: bool = False
) -> Diagram[Decision[L]]:
    """The policy of rules in ascending order of priority, as which of them decides each packet.

    `default` is the decision where no rule matches. ValueError: a rule is not exact; see `bounds`.
    """
    if not all(rule.is_exact for rule in rules):
        raise ValueError("a rule with two bounds has no one policy: use bounds()")
    decisions: list[Decision[L]] = [Decision(rule.label, rule.allow) for rule in rules]
    return first_match(space, [rule.may for rule in rules], decisions, Decision(None, default))


def allowed(space: Space, rules: Sequence[Rule[L]], default: bool = False) -> PacketSet:
    """The packets that exact rules allow. Quicker than compiling with labels."""
    if not all(rule.is_exact for rule in rules):
        raise ValueError("a rule with two bounds has no one policy: use bounds()")
    return bounds(space, rules, default)[0]


def bounds(
    space: Space, rules: Sequence[Rule[L]], default: bool = False
) -> tuple[PacketSet, PacketSet]:
    """The packets that may be allowed, and those that must be.

    Whatever each rule really matches between its two bounds, what the policy allows lies between
    the two results. A packet may be allowed if an Allow rule may match it and no Deny rule before
    that one must; so the first of "Allow may" and "Deny must" decides. With the bounds exchanged,
    it is the packets that must be allowed.
    """
    decisions = [rule.allow for rule in rules]
    most = [rule.may if rule.allow else rule.must for rule in rules]
    least = [rule.must if rule.allow else rule.may for rule in rules]
    may = first_match(space, most, decisions, default)
    return may, may if most == least else first_match(space, least, decisions, default)


def decided_by(policy: Diagram[Decision[L]], label: L | None) -> PacketSet:
    """The packets of a compiled policy that the rule decides (None: that no rule matches)."""
    return policy.space.map(policy, lambda decision: decision.label == label)


def allows(policy: Diagram[Decision[L]]) -> PacketSet:
    """The packets that a compiled policy allows."""
    return policy.space.map(policy, lambda decision: decision.allow)


def union_of(space: Space, boxes: Iterable[Box]) -> PacketSet:
    """The packets that are in any of the boxes."""
    every = list(boxes)
    return first_match(space, every, [True] * len(every), False)


def first_match(
    space: Space, boxes: Sequence[Box], values: Sequence[V], otherwise: V
) -> Diagram[V]:
    """The function whose value is that of the first box that holds the packet."""
    return _Compiler(space, boxes, values, otherwise).diagram()


_UNCUT = Partition((), 1)
"""Stands in for a dimension that no box restricts; it is never asked."""


class _Compiler(Generic[V]):
    """The tables of one compilation. Bit i of a mask is box i."""

    def __init__(
        self, space: Space, boxes: Sequence[Box], values: Sequence[V], otherwise: V
    ) -> None:
        self.space = space
        self.boxes = boxes
        self.leaves = [space.leaf(value) for value in values]
        self.otherwise = space.leaf(otherwise)
        self.depth = len(space.dimensions)
        self.every = (1 << len(boxes)) - 1
        self.partial = self._partial()
        self.partitions = [
            Partition([box[d] for box in boxes], dimension.size) if self.partial[d] else _UNCUT
            for d, dimension in enumerate(space.dimensions)
        ]
        self.whole = self._whole()
        self.hidden = self._hidden() if len(boxes) > _FEW else None
        # Diagrams by group, before and after the group is cut down.
        self.raw: list[dict[int, Diagram[V]]] = [{} for _ in range(self.depth + 1)]
        self.done: list[dict[int, Diagram[V]]] = [{} for _ in range(self.depth + 1)]
        self.defaulting = sum(
            1 << i for i, leaf in enumerate(self.leaves) if leaf is self.otherwise
        )

    def diagram(self) -> Diagram[V]:
        return self._build(0, self.every)

    def _partial(self) -> list[int]:
        """For each dimension, the boxes that it restricts."""
        found = []
        for d, whole in enumerate(self.space.box()):
            mask = 0
            for i, box in enumerate(self.boxes):
                if box[d] != whole:
                    mask |= 1 << i
            found.append(mask)
        return found

    def _whole(self) -> list[int]:
        """For each dimension, the boxes that neither it nor a later one restricts."""
        whole = [self.every]
        for partial in reversed(self.partial):
            whole.append(whole[-1] & ~partial)
        return whole[::-1]

    def _hidden(self) -> list[list[int]]:
        """For each dimension and box, which later ones it leaves to decide something."""
        inside = [self.every] * len(self.boxes)
        table = [_left_by(inside)]
        for d in range(self.depth - 1, -1, -1):
            if not self.partial[d]:
                table.append(table[-1])
                continue
            distinct = {box[d] for box in self.boxes}
            within = {side: self.partitions[d].within(side) for side in distinct}
            inside = [mask & within[box[d]] for mask, box in zip(inside, self.boxes, strict=True)]
            table.append(_left_by(inside))
        return table[::-1]

    def _build(self, level: int, group: int) -> Diagram[V]:
        """The diagram from `level` on of a group that is cut down already."""
        if not group & ~self.defaulting:
            return self.otherwise
        first = group & -group
        if self.whole[level] & first:
            return self.leaves[first.bit_length() - 1]
        while not group & self.partial[level]:
            level += 1
        known = self.done[level].get(group)
        if known is None:
            known = self.done[level][group] = self._split(level, group)
        return known

    def _split(self, level: int, group: int) -> Diagram[V]:
        starts: list[int] = []
        children: list[Diagram[V]] = []
        known = self.raw[level + 1]
        final = self.whole[level + 1]
        before = -1
        for start, mask in self._cells(level, group):
            if mask == before:
                continue
            before = mask
            first = mask & -mask
            if first & final:
                child = self.leaves[first.bit_length() - 1]
            elif mask in known:
                child = known[mask]
            else:
                child = known[mask] = self._build(level + 1, self._cut_down(level + 1, mask))
            if not children or child is not children[-1]:
                starts.append(start)
                children.append(child)
        return self.space.node(level, starts, children)

    def _cells(self, level: int, group: int) -> Iterable[tuple[int, int]]:
        partition = self.partitions[level]
        partial = group & self.partial[level]
        if len(partition.starts) <= max(_MANY_CELLS, partial.bit_count() * _CELLS_A_RULE):
            masks = [mask & group for mask in partition.masks]
            return zip(partition.starts, masks, strict=True)
        sides = ((1 << i, self.boxes[i][level]) for i in bits(partial))
        return sweep(sides, self.space.dimensions[level].size, group & ~partial).items()

    def _cut_down(self, level: int, group: int) -> int:
        """The boxes of the group that can still decide from `level` on."""
        final = group & self.whole[level]
        if final:
            group &= ((final & -final) << 1) - 1
        if self.hidden is not None:
            hidden = self.hidden[level]
            rest, group = group, 0
            while rest:
                first = rest & -rest
                group |= first
                rest &= hidden[first.bit_length() - 1]
        # A box at the end that decides as no box would need not be asked.
        while group and self.defaulting >> (group.bit_length() - 1) & 1:
            group ^= 1 << (group.bit_length() - 1)
        return group


def _left_by(inside: list[int]) -> list[int]:
    """For each box, all later boxes but those inside it."""
    return [~mask & (-2 << i) for i, mask in enumerate(inside)]
