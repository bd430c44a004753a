"""Who may pass the security rules at a place over TCP, and who surely does: a quick look.

Rule by rule, in sets of addresses, without taking the rules together as sets of packets. Both
answers keep to the safe side of the exact ones: outside `may_pass` nobody passes, and for whom
`surely_pass` vouches passes in every case. Admin rules are left to the exact answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from typing import TypeAlias

from auditor.addresses import EVERY_PORT, EVERYTHING, NOTHING, AddressSet, PortSet
from auditor.network.alike_passage import at_most, plainly_pass
from auditor.network.effective_rules import EffectiveRules, is_endpoint
from auditor.network.filters import INTERNET, Selector
from auditor.network.graph import Network, question
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
            found = at_most(rules, layer, own, ports)
            total = total & (_may(_matches(rules, layer), own, ports) if found is None else found)
    return total if rules.inbound else total | UNFILTERED


def surely_pass(rules: EffectiveRules, own: AddressSet, peer: AddressSet, port: int) -> bool:
    """Tell whether every TCP packet to a port passes between some own addresses and some peers.

    False: not all do, or it takes the exact answer to tell.
    """
    if not rules.inbound and peer.overlaps(UNFILTERED):
        return False
    ports = PortSet.of(port)
    for layer in rules.layers:
        if layer.kind is LayerKind.ADMIN or layer.unknown is not None:
            return False
        if not plainly_pass(rules, layer, own, peer, port) and not _surely(
            _matches(rules, layer), own, peer, ports
        ):
            return False
    return True


class _Match:
    """What a rule may match of TCP: to some ports, between own addresses and peers.

    Outside the first of each pair of sets it matches nothing; all of the second when `certain`.
    What sides hold is read when somebody's packets go to the rule's ports.
    """

    def __init__(self, place: _Place, rule: EffectiveRule, untold: bool) -> None:
        each = rule.filter
        sides = (each.sources, each.destinations)
        self._place = place
        self._peer, self._own = sides if place.inbound else sides[::-1]
        self.denies = rule.action is Action.DENY
        self.certain = (
            not untold
            and rule.doubt is None
            and (place.at_endpoint or each.source_ports == EVERY_PORT)
        )
        self.ports = EVERY_PORT if each.destination_ports is None else each.destination_ports

    @cached_property
    def own(self) -> tuple[AddressSet, AddressSet]:
        return self._place.parts(self._own, "own")

    @cached_property
    def peers(self) -> tuple[AddressSet, AddressSet]:
        return self._place.parts(self._peer, "peer")

    @property
    def tags(self) -> frozenset[str]:
        """The service tags among its peers."""
        return self._peer.tags

    def is_of_tags(self, tags: frozenset[str]) -> bool:
        """Whether its peers are those of some service tags, and nobody else."""
        side = self._peer
        return (
            side.told
            and bool(side.tags)
            and side.tags <= tags
            and not (side.addresses or side.groups)
        )

    def concerns(self, own: AddressSet, ports: PortSet) -> bool:
        """Whether it may match a packet to some ports of some own addresses."""
        return self.ports.overlaps(ports) and self.own[0].overlaps(own)

    def holds(self, own: AddressSet, ports: PortSet) -> bool:
        """Whether it matches all packets between its peers and these."""
        return self.certain and ports <= self.ports and own <= self.own[1]


_Matches: TypeAlias = tuple[tuple[_Match, ...], ...]
"""What rules match, by priority: which of two of one priority is first, is open."""


def _matches(rules: EffectiveRules, layer: Layer) -> _Matches:
    """Give what the rules of a layer match, read once for all who ask about the place."""
    here = rules.surroundings
    known = _read(here.network)
    group = (layer.group, rules.inbound)
    nic = here.nic if _depends_on_machine(rules, layer) else None
    key = (*group, here.subnet, nic, here.tags)
    found = known.get(key)
    if found is None:
        found = known[key] = tuple(_Place(rules, layer).in_turn())
    return found


@question
def _read(_: Network) -> dict[object, _Matches]:
    return {}


def _depends_on_machine(rules: EffectiveRules, layer: Layer) -> bool:
    """Whether the rules match other packets at other NICs of a subnet."""
    nic = rules.surroundings.nic
    if nic is None or is_endpoint(nic):
        return nic is not None
    return any(each.sources.groups or each.destinations.groups for each in layer.filters)


class _Place:
    """Where the rules of a layer stand."""

    def __init__(self, rules: EffectiveRules, layer: Layer) -> None:
        self._here: Surroundings = rules.surroundings
        self._layer = layer
        self._regions = named_regions(layer)
        self.inbound = rules.inbound
        self.at_endpoint = is_endpoint(self._here.nic)

    def in_turn(self) -> Iterator[tuple[_Match, ...]]:
        """Give the rules that may concern TCP."""
        for _, twins in groupby(self._layer.rules, key=lambda rule: rule.priority):
            found = tuple([match for match in map(self._match, twins) if match is not None])
            if found:
                yield found

    def _match(self, rule: EffectiveRule) -> _Match | None:
        untold = may_differ(rule.filter)
        if not untold and not rule.filter.speaks_of("tcp"):
            return None
        return _Match(self, rule, untold)

    def parts(self, selector: Selector, side: Side) -> tuple[AddressSet, AddressSet]:
        """Give the addresses outside which a side holds nothing, and what it surely holds."""
        if not selector.told:
            return self._here.untold(selector, side), EVERYTHING
        if selector.everything:
            return EVERYTHING, EVERYTHING
        if selector.groups or INTERNET in selector.tags or self._regions:
            return self._named(selector, side)
        may = must = selector.addresses
        for tag in selector.tags:
            extent = self._here.tag(tag)
            may, must = may | extent.may, must | extent.must
        return may, must

    def _named(self, selector: Selector, side: Side) -> tuple[AddressSet, AddressSet]:
        """The same of names that depend on one another, or on the machine."""
        may = must = NOTHING
        for part in self._here.parts(selector, side, self._regions):
            may = may | part.addresses
            if not part.conditions:
                must = must | part.addresses
        return may, must


def _may(matches: _Matches, own: AddressSet, ports: PortSet) -> AddressSet:
    passed = denied = NOTHING
    tags: frozenset[str] = frozenset()  # whose members are denied, whoever they are
    for twins in matches:
        met = [match for match in twins if match.concerns(own, ports)]
        for match in met:
            if not match.denies and not match.is_of_tags(tags):
                passed = passed | (match.peers[0] - denied)
        for match in met:
            if match.denies and match.holds(own, ports):
                denied = denied | match.peers[1]
                tags |= match.tags
        if denied == EVERYTHING:
            return passed
    return passed | (EVERYTHING - denied)


def _surely(matches: _Matches, own: AddressSet, peer: AddressSet, ports: PortSet) -> bool:
    for twins in matches:
        met = [match for match in twins if match.concerns(own, ports)]
        if any(match.denies and match.peers[0].overlaps(peer) for match in met):
            return False
        for match in met:
            if not match.denies and match.holds(own, ports) and peer <= match.peers[1]:
                return True
    return True
