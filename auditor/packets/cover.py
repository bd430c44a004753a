"""Rules that do nothing: those that never decide, and those whose removal changes nothing.

Both come down to one question, asked of the packets that a rule may match: is the first of some
other rules that holds the packet one of the bad ones? It is answered for groups of rules as in
`compile`, but inside the rule's own box and only until the first such packet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from operator import and_, or_
from typing import TypeVar

from auditor.packets.compile import bits
from auditor.packets.intervals import Intervals, difference
from auditor.packets.partition import Partition, sweep
from auditor.packets.rule import L, Rule
from auditor.packets.space import Box, Shape

V = TypeVar("V")

# A dimension with more cells than this, and than this many for each rule that matters, is cut anew
# at the bounds of those rules only.
_MANY_CELLS = 32
_CELLS_A_RULE = 6
# Up to this many rules, finding out which hides which costs more than it saves.
_FEW = 24
# After this many groups without a result the tables are worth their price.
_PATIENCE = 50


@dataclass(frozen=True, slots=True)
class Superfluous:
    """Rules by their place in the sequence, each with the places of the rules that explain it.

    `shadowed`: together, these earlier rules match everything that the rule may match.
    `redundant`: without the rule, these later ones (and the default) decide its packets, and decide
    the same. Explanations name no rule that the others make unnecessary; a redundant rule's is
    empty where the default alone decides.
    """

    shadowed: dict[int, tuple[int, ...]]
    redundant: dict[int, tuple[int, ...]]


def superfluous(shape: Shape, rules: Sequence[Rule[L]], default: bool = False) -> Superfluous:
    """The shadowed and the redundant among rules in ascending order of priority."""
    table = _Table(shape, rules, default)
    found = Superfluous({}, {})
    for i, rule in enumerate(rules):
        if not rule.is_empty:
            region = _Region(table, rule.may)
            by = table.shadow(i, region)
            if by is not None:
                found.shadowed[i] = by
            elif (by := table.fillers(i, region)) is not None:
                found.redundant[i] = by
    return found


def shadowed(shape: Shape, rules: Sequence[Rule[L]]) -> dict[int, tuple[int, ...]]:
    """The rules that certainly never decide a packet, each with earlier rules that cover it.

    A rule is named if its `may` lies within the union of the earlier rules' `must`. Sound: a packet
    that the rule really matches is in its `may`, so in some earlier `must`, so an earlier rule
    really matches it, and that one or one before it decides. Complete where rules are exact; more,
    if a packet of `may` is in no earlier `must`, then the bounds permit that the rule decides it.
    A rule that may match nothing in this space is not named: nothing shadows it.
    """
    table = _Table(shape, rules, False)
    live = ((i, _Region(table, rule.may)) for i, rule in enumerate(rules) if not rule.is_empty)
    return {i: by for i, region in live if (by := table.shadow(i, region)) is not None}


def redundant(
    shape: Shape, rules: Sequence[Rule[L]], default: bool = False
) -> dict[int, tuple[int, ...]]:
    """The rules, not shadowed, whose removal certainly leaves every packet's decision as it is.

    Each is taken alone: of two rules that make each other redundant, one is needed. For each, the
    later rules that take its packets over.

    A rule is not named if for some packet of its `may` no earlier `must` holds it and, going
    through the later rules, the `may` of one that decides otherwise comes before the `must` of one
    that decides the same (or a different default before either). Sound: suppose that removing a
    rule changes the decision on a packet, whatever the rules really match between their bounds.
    Then the rule really matches it, no earlier rule does, and the first later one that does (or
    the default) decides otherwise. So the packet is in the rule's `may` and in no earlier `must`;
    in the `may` of the one that decides otherwise; and in no `must` before that one, because a
    rule with that `must` would have been first. Such a rule is not named.
    """
    return superfluous(shape, rules, default).redundant


class _Table:
    """Bitmasks over the rules' bounds, in order of priority.

    An exact rule has one bit for both its bounds; another has a bit for `must` and the next one
    for `may`. A question uses at most one of the two.
    """

    def __init__(self, shape: Shape, rules: Sequence[Rule[L]], default: bool) -> None:
        self.default = default
        self.allow = [rule.allow for rule in rules]
        self.bounds: list[Box] = []
        self.rule_of_bit: list[int] = []
        self.must: list[int] = []
        self.may: list[int] = []
        for i, rule in enumerate(rules):
            self.must.append(self._add(i, rule.must))
            self.may.append(self.must[-1] if rule.is_exact else self._add(i, rule.may))
        self.sizes = [dimension.size for dimension in shape.dimensions]
        self.partitions = [
            _Side([box[d] for box in self.bounds], size) for d, size in enumerate(self.sizes)
        ]
        self.earlier = [0, *accumulate(self.must, or_)]
        self.later = {allow: self._later(allow) for allow in (False, True)}

    def _add(self, rule: int, box: Box) -> int:
        self.bounds.append(box)
        self.rule_of_bit.append(rule)
        return 1 << (len(self.bounds) - 1)

    def _later(self, allow: bool) -> list[tuple[int, int]]:
        """For each rule, of the later ones: `must` with this decision, `may` with the other."""
        same = other = 0
        found: list[tuple[int, int]] = []
        for decision, must, may in zip(
            reversed(self.allow), reversed(self.must), reversed(self.may), strict=True
        ):
            found.append((same, other))
            if decision is allow:
                same |= must
            else:
                other |= may
        return found[::-1]

    def shadow(self, rule: int, region: _Region) -> tuple[int, ...] | None:
        """Earlier rules that cover the rule, or None."""
        earlier = self.earlier[rule] & region.meeting
        alone = earlier & region.whole[0]
        if alone:
            return self._rules(alone & -alone)
        if not earlier or region.reaches(earlier, 0, True):
            return None
        some = region.unhidden(earlier, 0)
        return self._rules(_fewest(some, lambda some: not region.reaches(some, 0, True)))

    def fillers(self, rule: int, region: _Region) -> tuple[int, ...] | None:
        """Later rules that decide the rule's packets as it does, or None."""
        allow = self.allow[rule]
        earlier = self.earlier[rule] & region.meeting
        same, other = (mask & region.meeting for mask in self.later[allow][rule])

        def replaced(otherwise: bool, some: int) -> bool:
            return not region.reaches(earlier | some | other, other, otherwise)

        # Rules explain more than the default does, so the default is a last resort.
        if same and replaced(True, same):
            return self._rules(_fewest(same, partial(replaced, True)))
        if self.default is allow and replaced(False, same):
            return self._rules(_fewest(same, partial(replaced, False)))
        return None

    def _rules(self, mask: int) -> tuple[int, ...]:
        return tuple(self.rule_of_bit[bit] for bit in bits(mask))


class _Side(Partition):
    """A partition that remembers its answers: few sets of one dimension differ."""

    __slots__ = ("known",)

    def __init__(self, sets: Sequence[Intervals], size: int) -> None:
        super().__init__(sets, size)
        self.known: dict[Intervals, tuple[int, int]] = {}

    def meeting_and_covering(self, intervals: Intervals) -> tuple[int, int]:
        found = self.known.get(intervals)
        if found is None:
            found = self.known[intervals] = self.meeting(intervals), self.covering(intervals)
        return found


class _Region:
    """One box, and how the bounds of all rules lie to it."""

    def __init__(self, table: _Table, box: Box) -> None:
        self.box = box
        self.bounds = table.bounds
        self.sizes = table.sizes
        # Which lies inside which, for the bounds compared so far.
        self.compared = 0
        self.inside: list[dict[int, int]] = []
        self.partitions = table.partitions
        self.cells: list[list[int] | None] = [None] * len(box)
        self.meeting = (1 << len(table.bounds)) - 1
        self.covering: list[int] = []
        for partition, side in zip(table.partitions, box, strict=True):
            meeting, covering = partition.meeting_and_covering(side)
            self.meeting &= meeting
            self.covering.append(covering)
        # For each dimension, the bounds that hold all of the box from there on.
        self.whole = list(accumulate(reversed(self.covering), and_, initial=self.meeting))[::-1]

    def reaches(self, use: int, bad: int, otherwise: bool) -> bool:
        """Whether for some packet of the box the first of `use` that holds it is in `bad`.

        `otherwise` tells if a packet that none of them holds counts as well. All of `use` meet the
        box.
        """
        if use.bit_count() > _FEW:
            # Mostly such a packet is near, and tables of what hides what would come too late.
            quick = self._search(use, bad, otherwise, _PATIENCE)
            if quick is not None:
                return quick
            if use & ~self.compared:
                self.compared, self.inside = use, self._inside(use)
        return bool(self._search(use, bad, otherwise, 0))

    def unhidden(self, use: int, bad: int) -> int:
        """The part of `use` that answers every question as all of it does."""
        if use & ~self.compared:
            return use
        return _without_hidden(use, self.inside[0], (bad & -bad) - 1)

    def _search(self, use: int, bad: int, otherwise: bool, patience: int) -> bool | None:
        """As `reaches`, but None once patience, if positive, is over."""
        clear: list[set[int]] = [set() for _ in self.box]
        inside = None if patience or use & ~self.compared else self.inside
        front = (bad & -bad) - 1

        def look(level: int, group: int) -> bool | None:
            final = group & self.whole[level]
            if final:
                final &= -final
                group &= (final << 1) - 1
            if not group:
                return otherwise
            if group & -group & bad:
                return True
            if not group & bad and (final or not otherwise):
                return False
            while not group & ~self.covering[level]:
                level += 1
            if inside is not None:
                group = _without_hidden(group, inside[level], front)
            if group in clear[level]:
                return False
            # The fewer rules hold a cell, the sooner one finds there what escapes them.
            for cell in sorted(self._cells(level, group), key=int.bit_count):
                found = look(level + 1, cell)
                if found is not False:
                    return found
            clear[level].add(group)
            return None if 0 < patience < sum(map(len, clear)) else False

        return look(0, use)

    def _inside(self, use: int) -> list[dict[int, int]]:
        """For each dimension and each bound used: which have no packet of the box from there on
        that this one lacks.
        """
        table: list[dict[int, int]] = []
        inside = dict.fromkeys(bits(use), use)
        for d in range(len(self.box) - 1, -1, -1):
            meeting = _remembered(self.partitions[d].meeting)
            outside = _remembered(partial(difference, self.box[d]))
            inside = {
                bit: mask & ~meeting(outside(self.bounds[bit][d])) for bit, mask in inside.items()
            }
            table.append(inside)
        return table[::-1]

    def _cells(self, level: int, group: int) -> set[int]:
        cells = self.cells[level]
        if cells is None:
            cells = self.cells[level] = self.partitions[level].cells(self.box[level])
        partly = group & ~self.covering[level]
        if len(cells) <= max(_MANY_CELLS, partly.bit_count() * _CELLS_A_RULE):
            return {cell & group for cell in cells}
        here = 1 << len(self.bounds)
        sides = [(1 << bit, self.bounds[bit][level]) for bit in bits(partly)]
        swept = sweep([(here, self.box[level]), *sides], self.sizes[level], group & ~partly)
        return {cell ^ here for cell in swept.values() if cell & here}


def _without_hidden(group: int, inside: dict[int, int], front: int) -> int:
    """The group without the bounds that lie inside another of it, which comes first.

    Within `front`, before the first bad one, it does not matter which comes first.
    """
    rest = group
    while rest:
        first = rest & -rest
        after = -(first << 1)
        others = ~first if first & front else after
        group &= ~(inside[first.bit_length() - 1] & others)
        rest = group & after
    return group


def _remembered(function: Callable[[Intervals], V]) -> Callable[[Intervals], V]:
    known: dict[Intervals, V] = {}

    def ask(intervals: Intervals) -> V:
        if intervals not in known:
            known[intervals] = function(intervals)
        return known[intervals]

    return ask


def _fewest(mask: int, enough: Callable[[int], bool]) -> int:
    """A part of the mask that is enough, though no longer without any one of its bits.

    The whole mask is enough, and what is enough stays so with more bits.
    """
    size = mask.bit_count()
    while size:
        size //= 2
        kept = list(bits(mask))
        for start in range(0, len(kept), max(size, 1)):
            rest = mask & ~sum(1 << bit for bit in kept[start : start + max(size, 1)])
            if enough(rest):
                mask = rest
    return mask
