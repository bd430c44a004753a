"""Rules that do nothing: those that never decide, and those whose removal changes nothing.

Both come down to one question, asked of the packets that a rule may match: is the first of some
other rules that holds the packet one of the bad ones? See `search`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial, reduce
from itertools import accumulate
from operator import or_

import msgspec

from auditor.packets.partition import bits
from auditor.packets.rule import L, Rule
from auditor.packets.search import Arrangement, Region
from auditor.packets.space import Box, Shape


class Superfluous(msgspec.Struct, frozen=True):
    """Rules by their place in the sequence, each with the places of the rules that explain it.

    `shadowed`: together, these earlier rules match everything that the rule may match.
    `redundant`: without the rule, these later ones (and the default) decide its packets, and decide
    the same. Explanations name no rule that the others make unnecessary; a redundant rule's is
    empty where the default alone decides.
    """

    shadowed: dict[int, tuple[int, ...]]
    redundant: dict[int, tuple[int, ...]]


def superfluous(
    shape: Shape,
    rules: Sequence[Rule[L]],
    default: bool = False,
    *,
    skip: int = 0,
    end: int | None = None,
) -> Superfluous:
    """The shadowed and the redundant among rules in ascending order of priority.

    Judged are those from place `skip` to before `end`.
    """
    table = _Table(shape, rules, default)
    found = Superfluous({}, {})
    for i, rule in enumerate(rules[:end]):
        if i < skip or rule.is_empty or table.plainly_needed(i, rule.may):
            continue
        region = Region(table.arrangement, rule.may)
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
    live = (
        (i, Region(table.arrangement, rule.may))
        for i, rule in enumerate(rules)
        if not rule.is_empty
    )
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


class Heirs:
    """Who decides the packets of a rule once it is gone, and perhaps others with it.

    Asked about many rules of one sequence: how they lie to each other is found out once.
    """

    def __init__(self, shape: Shape, rules: Sequence[Rule[L]]) -> None:
        """Take rules in ascending order of priority."""
        self._rules = rules
        self._table = _Table(shape, rules, False)

    def may_be_among(self, rule: int, some: Collection[int], gone: Collection[int] = ()) -> bool:
        """Whether one of `some` may be the first that holds a packet of the rule's `may`.

        Of those that are left: not the rule itself, nor `gone`, of which `some` are none.
        """
        table = self._table
        region = Region(table.arrangement, self._rules[rule].may)
        away = {rule, *some, *gone}
        sought = _all(table.may[i] for i in some) & region.meeting
        others = _all(must for i, must in enumerate(table.must) if i not in away) & region.meeting
        return bool(sought) and region.reaches(sought | others, sought, False)


def _all(masks: Iterable[int]) -> int:
    return reduce(or_, masks, 0)


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
        self.arrangement = Arrangement(shape, self.bounds)
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

    def plainly_needed(self, rule: int, box: Box) -> bool:
        """Whether one packet of the rule's box tells that it decides something, as no other does.

        The cheap answer for most rules: no earlier one holds the packet, and without the rule it
        is decided otherwise.
        """
        earlier = self.earlier[rule]
        holding = self.arrangement.some_packet(box, earlier)
        if holding & earlier:
            return False
        allow = self.allow[rule]
        same, other = self.later[allow][rule]
        next_ones = holding & (same | other)
        return bool(next_ones & -next_ones & other) if next_ones else self.default is not allow

    def shadow(self, rule: int, region: Region) -> tuple[int, ...] | None:
        """Earlier rules that cover the rule, or None."""
        earlier = self.earlier[rule] & region.meeting
        alone = earlier & region.whole[0]
        if alone:
            return self._rules(alone & -alone)
        if not earlier or region.reaches(earlier, 0, True):
            return None
        some = region.unhidden(earlier, 0)
        return self._rules(_fewest(some, lambda some: not region.reaches(some, 0, True)))

    def fillers(self, rule: int, region: Region) -> tuple[int, ...] | None:
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
