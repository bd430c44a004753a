"""A quick look at rules: a class of packets that some rule lets in whole, before any denial.

It says yes only where the sets of packets would say so too, in a fraction of the time.
"""

from __future__ import annotations

import msgspec

from auditor.addresses import EVERY_PORT, AddressSet, PortSet
from auditor.network.alike_passage import own_space
from auditor.network.effective_rules import EffectiveRules
from auditor.network.filters import (
    AZURE_LOAD_BALANCER,
    INTERNET,
    VIRTUAL_NETWORK,
    Filter,
    Selector,
)
from auditor.network.layers import Layer, LayerKind
from auditor.network.passage import UNFILTERED
from auditor.network.surroundings import HOSTS, Surroundings
from auditor.special_addresses import PUBLIC

_PROBES = frozenset((AZURE_LOAD_BALANCER,))
_PUBLIC_TAGS = frozenset((INTERNET, VIRTUAL_NETWORK))


def lets_through(
    rules: EffectiveRules,
    own: AddressSet,
    peers: AddressSet,
    ports: PortSet,
    tag: str = "",
    protocol: str = "tcp",
) -> bool:
    """Tell whether all of a protocol between a place and peers plainly gets through, to some ports.

    `peers` are those that service tag `tag` holds, when it is given; a set that is wider than that
    will do. False: look closer.
    """
    asked = _Class(rules, own, peers, ports, tag.lower(), protocol)
    return all(asked.passes(layer) for layer in rules.layers)


def decides(
    rules: EffectiveRules,
    number: int,
    own: AddressSet,
    peers: AddressSet,
    ports: PortSet,
    tag: str = "",
    protocol: str = "tcp",
) -> bool:
    """Tell whether one rule of a single layer plainly decides packets that it matches.

    By its number there: none before it may match any of them. False: look closer.
    """
    if not rules.inbound and peers.overlaps(UNFILTERED):
        return False
    asked = _Class(rules, own, peers, ports, tag, protocol)
    (layer,) = rules.layers
    if layer.kind is LayerKind.ADMIN:
        return False
    priority = layer.filters[number].priority
    return not any(
        asked.may_match(other)
        for place, other in enumerate(layer.filters)
        if place != number and other.priority <= priority
    )


class _Class(msgspec.Struct, frozen=True):
    """The packets that are asked about."""

    rules: EffectiveRules
    own: AddressSet
    peers: AddressSet
    ports: PortSet
    tag: str
    protocol: str

    def passes(self, layer: Layer) -> bool:
        if layer.kind is LayerKind.ADMIN or layer.unknown is not None:
            return False
        tags: set[str] = set()  # of all whose members are let in
        for each in layer.filters:
            if not each.told:
                return False
            if not self._concerned(each):
                continue
            if not each.allow:
                return False
            own, peers = self._sides(each)
            if not self._whole(each, own):
                continue
            if _contested(each, layer):
                return False
            tags |= peers.tags
            if self._hold_peers(peers, tags):
                return True
        return False

    def may_match(self, each: Filter) -> bool:
        """Whether a rule may match some of the packets, or does not tell."""
        return not each.told or self._concerned(each)

    def _sides(self, each: Filter) -> tuple[Selector, Selector]:
        """The sides of the place itself and of its peers."""
        sides = each.destinations, each.sources
        return sides if self.rules.inbound else sides[::-1]

    def _concerned(self, each: Filter) -> bool:
        """Whether a rule may match some of the packets."""
        ports = each.destination_ports
        if ports is None or not ports.overlaps(self.ports) or not each.speaks_of(self.protocol):
            return False
        own, peers = self._sides(each)
        return _may_hold(own, self.own) and _may_hold(peers, self.peers)

    def _whole(self, each: Filter, own: Selector) -> bool:
        """Whether it matches all of them that are of its peers."""
        ports = each.destination_ports or PortSet(), each.source_ports
        return self.ports <= ports[0] and ports[1] == EVERY_PORT and self._holds_own(own)

    def _holds_own(self, own: Selector) -> bool:
        if own.everything:
            return True
        return bool(self.own) and self._holds(own, self.own)

    def _holds(self, side: Selector, asked: AddressSet) -> bool:
        if asked <= side.addresses:
            return True
        here = self.rules.surroundings
        if VIRTUAL_NETWORK in side.tags and asked <= side.addresses | own_space(here):
            return True  # what else the tag holds takes longer to tell
        if asked.v4 == PUBLIC.v4:
            return False  # no network holds the whole internet, whatever else it does
        return bool(side.tags) and asked <= surely_held(side, here)

    def _hold_peers(self, side: Selector, tags: set[str]) -> bool:
        """Whether a side, or some tags together, hold all peers.

        Any public address that is not in `VirtualNetwork` is in `Internet` (N-24).
        """
        if self.tag in tags or self._holds(side, self.peers):
            return True
        return tags >= _PUBLIC_TAGS and self.peers <= PUBLIC


def surely_held(side: Selector, here: Surroundings) -> AddressSet:
    """Give addresses that a side of a rule surely holds; there may be more."""
    held = side.addresses
    if VIRTUAL_NETWORK in side.tags:
        held = held | here.virtual_network.must
    return held | HOSTS if AZURE_LOAD_BALANCER in side.tags else held


def _may_hold(side: Selector, asked: AddressSet) -> bool:
    if side.groups or side.addresses.overlaps(asked):
        return True
    return bool(side.tags) and (side.tags != _PROBES or HOSTS.overlaps(asked))


def _contested(each: Filter, layer: Layer) -> bool:
    """Whether a rule of the same priority says otherwise (N-5)."""
    return any(other.priority == each.priority and not other.allow for other in layer.filters)
