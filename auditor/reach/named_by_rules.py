"""Which rules of an Azure Firewall name the machines of a subnet: as bitmasks, rule by rule.

Two subnets of which the same rules say the same are alike to the firewall, whatever addresses they
have. Rules are those of its program, NAT rules first: bit i is rule i.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from auditor.addresses import Address, Version
from auditor.intervals import Intervals, is_subset, overlap
from auditor.network.extents import Extent
from auditor.network.firewalling import FirewallProgram
from auditor.network.reasons import Reason

Doubts: TypeAlias = tuple[tuple[int, tuple[Reason, ...]], ...]
"""Rules that only may name somebody, and why it is not told of them."""


class Named(NamedTuple):
    """The rules that may name a subnet on one side, that surely do, and that tell it apart.

    Those of `apart` name some of its addresses and not others.
    """

    may: int
    must: int
    apart: int
    doubts: Doubts


class NamedByRules:
    """What the rules of one firewall name, each subnet looked up once."""

    def __init__(self, program: FirewallProgram, version: Version) -> None:
        """Take the rules of a firewall, for one version of IP."""
        terms = (*program.nat, *program.filters)
        self._version: Version = version
        self._sides = (
            _by_extent([term.sources for term in terms]),
            _by_extent([term.destinations for term in terms]),
        )
        self._known: dict[tuple[bool, Intervals], Named] = {}

    def between(self, source: Intervals, target: Intervals) -> object | None:
        """Give what the rules tell of packets between two subnets; None: it is not one thing.

        Pairs of which it is equal are treated alike.
        """
        here, there = self._named(False, source), self._named(True, target)
        both = here.may & there.may
        if both & (here.apart | there.apart):
            return None
        doubts = (_among(each.doubts, both) for each in (here, there))
        return both, here.must & both, there.must & both, *doubts

    def _named(self, target: bool, addresses: Intervals) -> Named:
        key = (target, addresses)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._asked(self._sides[target], addresses)
        return found

    def _asked(self, side: Sequence[tuple[Extent, int]], addresses: Intervals) -> Named:
        may = must = apart = 0
        doubts: list[tuple[int, tuple[Reason, ...]]] = []
        for extent, rules in side:
            if not overlap(extent.may.intervals(self._version), addresses):
                continue
            may |= rules
            if is_subset(addresses, extent.must.intervals(self._version)):
                must |= rules
            elif _tells_apart(extent, addresses, self._version):
                apart |= rules
            else:
                some = Address(self._version, addresses[0][0])
                doubts.append((rules, extent.reasons(some)))
        return Named(may, must, apart, tuple(doubts))


def _by_extent(extents: Sequence[Extent]) -> tuple[tuple[Extent, int], ...]:
    """Give the different extents, each with the rules that have it."""
    found: dict[Extent, int] = {}
    for place, extent in enumerate(extents):
        found[extent] = found.get(extent, 0) | 1 << place
    return tuple(found.items())


def _tells_apart(extent: Extent, addresses: Intervals, version: Version) -> bool:
    """Whether an extent that holds some addresses perhaps does not say the same of all."""
    if overlap(extent.must.intervals(version), addresses):
        return True
    regions = [doubt.region.intervals(version) for doubt in extent.doubts]
    near = [region for region in regions if overlap(region, addresses)]
    return not all(is_subset(addresses, region) for region in near)


def _among(doubts: Doubts, rules: int) -> Doubts:
    return tuple([(each & rules, reasons) for each, reasons in doubts if each & rules])
