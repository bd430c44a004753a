"""A quick look at rules: a class of packets that some rule lets in whole, before any denial.

It says yes only where the sets of packets would say so too, in a fraction of the time.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from auditor.addresses import EVERY_PORT, EVERYTHING, NOTHING, AddressSet, PortSet
from auditor.network.alike_passage import own_space
from auditor.network.effective_rules import EffectiveRules
from auditor.network.filters import AZURE_LOAD_BALANCER, INTERNET, VIRTUAL_NETWORK, Filter, Selector
from auditor.network.graph import Network, question
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
    asked = _Class(rules.inbound, own, peers, ports, tag.lower(), protocol)
    for layer in rules.layers:  # noqa: SIM110 - a generator takes longer
        if not _passes(rules.surroundings, layer, asked):
            return False
    return True


def _passes(here: Surroundings, layer: Layer, asked: _Class) -> bool:
    """Whether the rules of a layer let a class through.

    Asked once for all layers that say the same in networks of one address space. What else
    `VirtualNetwork` holds takes long to tell, and few answers depend on it.
    """
    if layer.kind is LayerKind.ADMIN or layer.unknown is not None:
        return False
    key = layer.filters, asked, own_space(here)
    known = _known(here.network)
    found = known.get(key)
    if found is None:
        found = known[key] = _Answer.of(*key)
    if found is not _Answer.DEPENDS:
        return found is _Answer.YES
    return asked.passes(layer.filters, here.virtual_network.must)


class _Answer(Enum):
    """Whether rules let a class through, by what is plain of the tag `VirtualNetwork`."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends on what else it holds"

    @staticmethod
    def of(filters: tuple[Filter, ...], asked: _Class, space: AddressSet) -> _Answer:
        if asked.passes(filters, space):
            return _Answer.YES
        return _Answer.DEPENDS if asked.passes(filters, EVERYTHING) else _Answer.NO


@question
def _known(_: Network) -> dict[tuple[tuple[Filter, ...], _Class, AddressSet], _Answer]:
    return {}


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
    asked = _Class(rules.inbound, own, peers, ports, tag, protocol)
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

    inbound: bool
    own: AddressSet
    peers: AddressSet
    ports: PortSet
    tag: str
    protocol: str

    def passes(self, filters: tuple[Filter, ...], held: AddressSet) -> bool:
        """Whether rules let it through where `VirtualNetwork` holds some addresses."""
        tags: set[str] = set()  # of all whose members are let in
        for each in filters:
            if not each.told:
                return False
            if not self._concerned(each):
                continue
            if not each.allow:
                return False
            own, peers = self._sides(each)
            if not self._whole(each, own, held):
                continue
            if _contested(each, filters):
                return False
            tags |= peers.tags
            if self._hold_peers(peers, tags, held):
                return True
        return False

    def may_match(self, each: Filter) -> bool:
        """Whether a rule may match some of the packets, or does not tell."""
        return not each.told or self._concerned(each)

    def _sides(self, each: Filter) -> tuple[Selector, Selector]:
        """The sides of the place itself and of its peers."""
        sides = each.destinations, each.sources
        return sides if self.inbound else sides[::-1]

    def _concerned(self, each: Filter) -> bool:
        """Whether a rule may match some of the packets."""
        ports = each.destination_ports
        if ports is None or not ports.overlaps(self.ports) or not each.speaks_of(self.protocol):
            return False
        own, peers = self._sides(each)
        return _may_hold(own, self.own) and _may_hold(peers, self.peers)

    def _whole(self, each: Filter, own: Selector, held: AddressSet) -> bool:
        """Whether it matches all of them that are of its peers."""
        ports = each.destination_ports or PortSet(), each.source_ports
        return self.ports <= ports[0] and ports[1] == EVERY_PORT and self._holds_own(own, held)

    def _holds_own(self, own: Selector, held: AddressSet) -> bool:
        if own.everything:
            return True
        return bool(self.own) and _holds(own, self.own, held)

    def _hold_peers(self, side: Selector, tags: set[str], held: AddressSet) -> bool:
        """Whether a side, or some tags together, hold all peers.

        Any public address that is not in `VirtualNetwork` is in `Internet` (N-24).
        """
        if self.tag in tags or _holds(side, self.peers, held):
            return True
        return tags >= _PUBLIC_TAGS and self.peers <= PUBLIC


def _holds(side: Selector, asked: AddressSet, held: AddressSet) -> bool:
    """Whether a side holds addresses, where `VirtualNetwork` holds some."""
    if asked <= side.addresses:
        return True
    if not side.tags or asked.v4 == PUBLIC.v4:
        return False  # no network holds the whole internet, whatever else it does
    return asked <= _union(side, held)


def surely_held(side: Selector, here: Surroundings) -> AddressSet:
    """Give addresses that a side of a rule surely holds; there may be more."""
    inside = here.virtual_network.must if VIRTUAL_NETWORK in side.tags else NOTHING
    return _union(side, inside)


def _union(side: Selector, inside: AddressSet) -> AddressSet:
    """What a side surely holds where `VirtualNetwork` holds some addresses."""
    held = side.addresses
    if VIRTUAL_NETWORK in side.tags:
        held = held | inside
    return held | HOSTS if AZURE_LOAD_BALANCER in side.tags else held


def _may_hold(side: Selector, asked: AddressSet) -> bool:
    if side.groups or side.addresses.overlaps(asked):
        return True
    return bool(side.tags) and (side.tags != _PROBES or HOSTS.overlaps(asked))


def _contested(each: Filter, filters: tuple[Filter, ...]) -> bool:
    """Whether a rule of the same priority says otherwise (N-5)."""
    return any(other.priority == each.priority and not other.allow for other in filters)
