"""Who may pass the security rules at a place over TCP, and who surely does: a quick look.

Rule by rule, in sets of addresses, without taking the rules together as sets of packets. Both
answers keep to the safe side of the exact ones: outside `may_pass` nobody passes, and for whom
`surely_pass` vouches passes in every case. Admin rules are left to the exact answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec

from auditor.addresses import EVERY_PORT, EVERYTHING, NOTHING, AddressSet, PortSet
from auditor.network.effective_rules import EffectiveRules, is_endpoint
from auditor.network.filters import INTERNET, Selector
from auditor.network.layers import Action, EffectiveRule, Layer, LayerKind
from auditor.network.platform_traffic import PLATFORM
from auditor.network.surroundings import Side, Surroundings
from auditor.network.terms import may_differ, named_regions

UNFILTERED = AddressSet.from_text(service.address for service in PLATFORM)
"""Where a machine's packets go unfiltered (N-14)."""


def may_pass(rules: EffectiveRules, own: AddressSet, ports: PortSet) -> AddressSet:
    """Give the peers, outside which no TCP packet passes between them and some own addresses.

    `ports` are the destination ports that it may have.
    """
    total = EVERYTHING
    for layer in rules.layers:
        if layer.kind is LayerKind.ADMIN:
            return EVERYTHING
        if layer.unknown is None:
            total = total & _may(_Asked(rules, layer, own, ports))
    return total if rules.inbound else total | UNFILTERED


def surely_pass(rules: EffectiveRules, own: AddressSet, peer: AddressSet, port: int) -> bool:
    """Tell whether every TCP packet to a port passes between some own addresses and some peers.

    False: not all do, or it takes the exact answer to tell.
    """
    if not rules.inbound and peer.overlaps(UNFILTERED):
        return False
    for layer in rules.layers:
        if layer.kind is LayerKind.ADMIN or layer.unknown is not None:
            return False
        if not _surely(_Asked(rules, layer, own, PortSet.of(port)), peer):
            return False
    return True


class _Match(msgspec.Struct, frozen=True):
    """Peers that a rule matches: outside `may` nobody, of `must` all, with all own addresses."""

    action: Action
    may: AddressSet
    must: AddressSet


class _Asked:
    """The rules of a layer that may concern TCP packets to some ports of some own addresses."""

    def __init__(
        self, rules: EffectiveRules, layer: Layer, own: AddressSet, ports: PortSet
    ) -> None:
        self.here: Surroundings = rules.surroundings
        self.inbound = rules.inbound
        self.layer = layer
        self.own = own
        self.ports = ports
        self.regions = named_regions(layer)
        self.at_endpoint = is_endpoint(self.here.nic)

    def in_turn(self) -> Iterator[list[_Match]]:
        """Give what rules match, by priority: which of two of one priority is first, is open."""
        for _, twins in groupby(self.layer.rules, key=lambda rule: rule.priority):
            found = [match for match in map(self._match, twins) if match is not None]
            if found:
                yield found

    def _match(self, rule: EffectiveRule) -> _Match | None:
        each = rule.filter
        untold = may_differ(each)
        if not untold and not each.speaks_of("tcp"):
            return None
        to = EVERY_PORT if each.destination_ports is None else each.destination_ports
        if not to.overlaps(self.ports):
            return None
        sides = (each.sources, each.destinations)
        peer, own = sides if self.inbound else sides[::-1]
        own_may, own_must = self._parts(own, "own")
        if not own_may.overlaps(self.own):
            return None
        may, must = self._parts(peer, "peer")
        certain = (
            not untold
            and rule.doubt is None
            and self.ports <= to
            and (self.at_endpoint or each.source_ports == EVERY_PORT)
            and self.own <= own_must
        )
        return _Match(rule.action, may, must if certain else NOTHING)

    def _parts(self, selector: Selector, side: Side) -> tuple[AddressSet, AddressSet]:
        if not selector.told or selector.everything:
            return EVERYTHING, EVERYTHING
        if selector.groups or INTERNET in selector.tags or self.regions:
            return self._named(selector, side)
        may = must = selector.addresses
        for tag in selector.tags:
            extent = self.here.tag(tag)
            may, must = may | extent.may, must | extent.must
        return may, must

    def _named(self, selector: Selector, side: Side) -> tuple[AddressSet, AddressSet]:
        """The same of names that depend on one another, or on the machine."""
        may = must = NOTHING
        for part in self.here.parts(selector, side, self.regions):
            may = may | part.addresses
            if not part.conditions:
                must = must | part.addresses
        return may, must


def _may(asked: _Asked) -> AddressSet:
    passed = denied = NOTHING
    for twins in asked.in_turn():
        for match in twins:
            if match.action is not Action.DENY:
                passed = passed | (match.may - denied)
        for match in twins:
            if match.action is Action.DENY:
                denied = denied | match.must
        if denied == EVERYTHING:
            return passed
    return passed | (EVERYTHING - denied)


def _surely(asked: _Asked, peer: AddressSet) -> bool:
    for twins in asked.in_turn():
        if any(match.action is Action.DENY and match.may.overlaps(peer) for match in twins):
            return False
        if any(match.action is not Action.DENY and peer <= match.must for match in twins):
            return True
    return True
