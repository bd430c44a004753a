"""When two lists of security rules are the same question in other numbers.

Which rules shadow which depends on how their addresses lie to one another, not on the addresses.
Estates are made from templates: the same rules again and again, each time for another network. Two
lists with one likeness have the same answers, so that one answer serves both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence

from auditor.addresses import AddressSet, Version
from auditor.intervals import Intervals
from auditor.network.filters import Filter, Selector
from auditor.special_addresses import PLATFORM_HOST, PRIVATE, PUBLIC

_VERSIONS: tuple[Version, ...] = (4, 6)


def _cuts(sets: Iterable[Intervals]) -> set[int]:
    return {cut for each in sets for low, high in each for cut in (low, high + 1)}


_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)
_FIXED: dict[Version, list[int]] = {
    version: sorted(_cuts(each.intervals(version) for each in (PRIVATE, PUBLIC, _HOST)))
    for version in _VERSIONS
}
"""Where addresses with a meaning begin and end: a likeness keeps how cuts lie to these."""


def likeness(filters: Sequence[Filter], inside: AddressSet) -> Hashable:
    """Give a value that two lists of filters share only if one renames the other.

    Renamed are addresses (keeping how they lie to one another and to those with a meaning), groups,
    and the rules; everything else counts. `inside` goes with the filters.
    """
    groups: dict[str, int] = {}
    for rule in filters:
        for side in (rule.sources, rule.destinations):
            for group in sorted(side.groups):
                groups.setdefault(group, len(groups))
    sources = _Ranks([rule.sources for rule in filters], inside, groups)
    destinations = _Ranks([rule.destinations for rule in filters], inside, groups)
    rules = tuple(
        (
            rule.allow,
            rule.protocols,
            rule.source_ports,
            rule.destination_ports,
            sources.of(rule.sources),
            destinations.of(rule.destinations),
        )
        for rule in filters
    )
    return rules, sources.frame, destinations.frame


class _Ranks:
    """The addresses of one side as places in the order of all their bounds."""

    def __init__(
        self, sides: Sequence[Selector], inside: AddressSet, groups: dict[str, int]
    ) -> None:
        self.groups = groups
        self.known: dict[int, Hashable] = {}
        self.ranks: list[dict[int, int]] = []
        positions = []
        for version in _VERSIONS:
            sets = {side.addresses.intervals(version) for side in sides}
            cuts = sorted(_cuts((*sets, inside.intervals(version))))
            self.ranks.append({cut: rank for rank, cut in enumerate(cuts)})
            fixed = _FIXED[version]
            positions.append(tuple((bisect_left(fixed, c), bisect_right(fixed, c)) for c in cuts))
        self.frame = (*positions, self._ranked(inside))

    def _ranked(self, addresses: AddressSet) -> Hashable:
        v4, v6 = self.ranks
        return (
            tuple((v4[low], v4[high + 1]) for low, high in addresses.v4),
            tuple((v6[low], v6[high + 1]) for low, high in addresses.v6),
        )

    def of(self, side: Selector) -> Hashable:
        # By identity: equal texts give one selector, and hashing one costs more than this does.
        found = self.known.get(id(side))
        if found is None:
            groups = frozenset(self.groups[group] for group in side.groups)
            found = self._ranked(side.addresses), side.tags, groups, side.told
            self.known[id(side)] = found
        return found
