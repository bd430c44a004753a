"""When two lists of security rules are the same question in other numbers.

Which rules shadow which depends on how their addresses lie to one another, not on the addresses.
Estates are made from templates: the same rules again and again, each time for another network. Two
lists with one likeness have the same answers, so that one answer serves both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from auditor.addresses import EVERYTHING, NOTHING, AddressSet, Version
from auditor.intervals import Intervals
from auditor.network.filters import Filter, Selector
from auditor.packets.partition import sweep
from auditor.special_addresses import PLATFORM_HOST, PRIVATE, PUBLIC


def _cuts(sets: Iterable[Intervals]) -> list[int]:
    return sorted({cut for each in sets for low, high in each for cut in (low, high + 1)})


_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)


_SIZE: dict[Version, int] = {4: 1 << 32, 6: 1 << 128}
_MEANT = (EVERYTHING, PRIVATE, PUBLIC, _HOST)


def _fixed(version: Version) -> list[int]:
    return _cuts(each.intervals(version) for each in _MEANT)


_FIXED: dict[Version, list[int]] = {4: _fixed(4), 6: _fixed(6)}
"""Where addresses with a meaning begin and end: a likeness keeps how cuts lie to these."""


def likeness(filters: Sequence[Filter], inside: AddressSet) -> Hashable:
    """Give a value that two lists of filters share only if one renames the other.

    Renamed are addresses (keeping how they lie to one another and to those with a meaning), groups,
    and the rules; everything else counts. `inside` goes with the filters.
    """
    forms = [_form(rule) for rule in filters]
    return (
        tuple([form.rest for form in forms]),
        _ranked([form.sources for form in forms if form.sources != NOTHING], inside),
        _ranked([form.destinations for form in forms if form.destinations != NOTHING], inside),
        _numbered([form.groups for form in forms if form.groups]),
    )


def kinship(filters: Sequence[Filter], inside: AddressSet) -> Hashable:
    """Give a value that two lists of filters share only if rules do nothing in both or in neither.

    Coarser than likeness: which addresses share which rules counts, not in what order they lie. So
    it tells that nothing is superfluous, and not which rules explain what is.
    """
    forms = [_form(rule) for rule in filters]
    return (
        tuple([form.rest for form in forms]),
        _shared([form.sources for form in forms if form.sources != NOTHING], inside),
        _shared([form.destinations for form in forms if form.destinations != NOTHING], inside),
        _numbered([form.groups for form in forms if form.groups]),
    )


def _shared(sets: list[AddressSet], inside: AddressSet) -> Hashable:
    """The addresses of one side by the sets that hold them."""
    sets.append(inside)
    v4 = _kinds(4, *[each.v4 for each in sets])
    v6 = [each.v6 for each in sets]
    return v4, _kinds(6, *v6) if any(v6) else None


@lru_cache(maxsize=1024)
def _kinds(version: Version, *sets: Intervals) -> Hashable:
    """Which of some sets are the same, and in which of them one address may be together.

    With those that have a meaning.
    """
    number = {each: place for place, each in enumerate(dict.fromkeys(sets))}
    known = (*number, *[each.intervals(version) for each in _MEANT])
    cells = sweep(((1 << place, each) for place, each in enumerate(known)), _SIZE[version])
    return tuple([number[each] for each in sets]), frozenset(cells.values())


class _Form(NamedTuple):
    """A filter taken apart: what can be renamed, and `rest`, one object for what cannot."""

    sources: AddressSet
    destinations: AddressSet
    groups: tuple[frozenset[str], frozenset[str]] | None
    rest: object


@lru_cache(maxsize=16384)
def _form(rule: Filter) -> _Form:
    sources, destinations = rule.sources, rule.destinations
    ports = rule.source_ports, rule.destination_ports
    grouped = bool(sources.groups or destinations.groups)
    rest = _one(rule.allow, rule.protocols, ports, _shape(sources), _shape(destinations), grouped)
    groups = (sources.groups, destinations.groups) if grouped else None
    return _Form(_literal(sources), _literal(destinations), groups, rest)


def _shape(side: Selector) -> Hashable:
    """What a side says but for its addresses and groups."""
    return side.tags, side.told, bool(side.addresses), side.everything


def _literal(side: Selector) -> AddressSet:
    return NOTHING if side.everything else side.addresses


@lru_cache(maxsize=4096)
def _one(*said: Hashable) -> object:
    """Give one object for equal things: these are compared once, and then by identity."""
    return object()


def _ranked(sets: list[AddressSet], inside: AddressSet) -> Hashable:
    """The addresses of one side as places in the order of all their bounds."""
    sets.append(inside)
    v4 = _places(4, *[each.v4 for each in sets])
    v6 = [each.v6 for each in sets]
    return v4, _places(6, *v6) if any(v6) else None


@lru_cache(maxsize=1024)
def _places(version: Version, *sets: Intervals) -> Hashable:
    cuts = _cuts(sets)
    fixed = _FIXED[version]
    rank = {cut: place for place, cut in enumerate(cuts)}
    return (
        tuple([tuple([(rank[low], rank[high + 1]) for low, high in each]) for each in sets]),
        tuple([(bisect_left(fixed, cut), bisect_right(fixed, cut)) for cut in cuts]),
    )


def _numbered(sides: list[tuple[frozenset[str], frozenset[str]]]) -> Hashable:
    """The groups of the rules that name any, by the order in which they come."""
    numbers: dict[str, int] = {}
    for pair in sides:
        for side in pair:
            for group in sorted(side):
                numbers.setdefault(group, len(numbers))
    return tuple(
        [tuple([frozenset(numbers[group] for group in side) for side in pair]) for pair in sides]
    )
