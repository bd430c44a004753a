"""Which filters of one list do nothing, whatever the names in them stand for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from auditor.addresses import AddressSet, Version
from auditor.network.filters import Filter
from auditor.network.symbols import Symbolic, applies, symbolic
from auditor.packets.cover import Heirs, superfluous

_VERSIONS: tuple[Version, ...] = (4, 6)
Found: TypeAlias = dict[int, tuple[int, ...]]
"""Rules and those that explain why each does nothing, by their places."""


def do_nothing(
    filters: tuple[Filter, ...], custom: int, inside: AddressSet, inbound: bool
) -> tuple[Found, Found]:
    """The shadowed and the redundant of the first `custom` filters, by place.

    Any of them can go, all or some, and nothing is decided otherwise.
    """
    if not custom:
        return {}, {}
    worlds = [_World(filters, custom, version, inside, inbound) for version in _VERSIONS]
    views = [_View(world) for world in worlds]
    shadowed = _in_all(views, custom, _View.shadowing)
    gone = set(shadowed)
    redundant: Found = {}
    while True:
        if gone:
            views = [_View(world, gone) for world in worlds]
        chosen = _together(_in_all(views, custom, _View.spared, skip=gone))
        if not chosen:
            return shadowed, _safe_alone(filters, worlds, shadowed, redundant)
        redundant.update(chosen)
        gone |= set(chosen)


def _safe_alone(
    filters: Sequence[Filter], worlds: Sequence[_World], shadowed: Found, redundant: Found
) -> Found:
    """The redundant that may go while other idle ones stay.

    One that denies what an idle one after it allows is needed as long as that one is there, and
    who is told of both need not delete both.
    """
    idle = {*shadowed, *redundant}

    def needed(place: int) -> bool:
        otherwise = {i for i in idle if i > place and filters[i].allow is not filters[place].allow}
        return any(world.comes_to(place, otherwise, idle) for world in worlds if otherwise)

    return {place: causes for place, causes in redundant.items() if not needed(place)}


class _World:
    """The filters that apply to one version of IP: as rules, and their places among all.

    The first `custom` of all filters are those that are asked about.
    """

    def __init__(
        self,
        filters: Sequence[Filter],
        custom: int,
        version: Version,
        inside: AddressSet,
        inbound: bool,
    ) -> None:
        self.custom = custom
        self._filters = filters
        self._version: Version = version
        self._inside = inside
        self._inbound = inbound

    @cached_property
    def places(self) -> list[int]:
        """The places of the filters that apply."""
        return [i for i, rule in enumerate(self._filters) if applies(rule, self._version)]

    @cached_property
    def symbolic(self) -> Symbolic:
        """The filters as rules over packets."""
        filters = [self._filters[i] for i in self.places]
        return symbolic(filters, self._version, self._inside, inbound=self._inbound)

    @cached_property
    def _numbers(self) -> dict[int, int]:
        """Which of the rules stand at which places; the impossible, which are nobody's, first."""
        return {place: i for i, place in enumerate(self.places, self.symbolic.impossible)}

    @cached_property
    def _heirs(self) -> Heirs:
        return Heirs(self.symbolic.shape, self.symbolic.rules)

    def comes_to(self, place: int, among: set[int], gone: set[int]) -> bool:
        """Whether one of `among` may decide what the rule at a place matches, if that is gone.

        So are the others of `gone` that are not among them.
        """
        numbers = self._numbers
        if place not in numbers:
            return False
        sought = [numbers[each] for each in among if each in numbers]
        away = [numbers[each] for each in gone - among if each in numbers]
        return self._heirs.may_be_among(numbers[place], sought, away)


class _View:
    """What one version of IP says about rules, some of them gone.

    Found out when first asked: most rules are needed in IPv4, whatever IPv6 says.
    """

    def __init__(self, world: _World, gone: Iterable[int] = ()) -> None:
        self._world = world
        self._gone = set(gone)

    @cached_property
    def applying(self) -> set[int]:
        """The places of the filters that apply and are there."""
        return set(self._world.places) - self._gone

    @cached_property
    def _found(self) -> tuple[Found, Found]:
        symbolic = self._world.symbolic
        # Places among all filters; the impossible, which are nobody's, have -1.
        named = [-1] * symbolic.impossible + self._world.places
        kept = [i for i, place in enumerate(named) if place not in self._gone]
        places = [named[i] for i in kept]
        rules = [symbolic.rules[i] for i in kept]
        end = bisect_left(places, self._world.custom)
        found = superfluous(symbolic.shape, rules, skip=symbolic.impossible, end=end)
        return _translated(found.shadowed, places), _translated(found.redundant, places)

    def shadowing(self, rule: int) -> tuple[int, ...] | None:
        """The rules that match all of this one before it, None when it decides something."""
        return self._found[0].get(rule)

    def spared(self, rule: int) -> tuple[int, ...] | None:
        """The rules that make this one needless here, None when it is needed."""
        shadowed, redundant = self._found
        return redundant.get(rule, shadowed.get(rule))


def _translated(found: Mapping[int, tuple[int, ...]], places: Sequence[int]) -> Found:
    """From places in a list of rules to the filters' own, the impossible left out."""
    return {
        places[i]: tuple(places[j] for j in causes if places[j] >= 0)
        for i, causes in found.items()
        if places[i] >= 0
    }


def _in_all(
    views: Sequence[_View],
    custom: int,
    why: Callable[[_View, int], tuple[int, ...] | None],
    skip: Iterable[int] = (),
) -> Found:
    """The rules of which it is true in every version that they match anything in."""
    skipped = set(skip)
    found: Found = {}
    for i in range(custom):
        if i in skipped:
            continue
        merged: set[int] = set()
        for view in views:
            if i not in view.applying:
                continue
            causes = why(view, i)
            if causes is None:
                break
            merged.update(causes)
        else:
            if merged:
                found[i] = tuple(sorted(merged))
    return found


def _together(found: Found) -> Found:
    """Choose rules of which none explains another: these can go at once."""
    chosen: Found = {}
    used: set[int] = set()
    for i in sorted(found, reverse=True):
        if i not in used and not chosen.keys() & set(found[i]):
            chosen[i] = found[i]
            used |= set(found[i])
    return chosen
