"""A quick look at rules: a class of packets that some rule lets in whole, before any denial.

It says yes only where the sets of packets would say so too, in a fraction of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.addresses import EVERY_PORT, AddressSet, PortSet
from auditor.network.effective_rules import EffectiveRules
from auditor.network.filters import INTERNET, VIRTUAL_NETWORK, Filter, Selector
from auditor.network.layers import EffectiveRule, Layer, LayerKind
from auditor.special_addresses import PUBLIC

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


@dataclass(frozen=True, slots=True)
class _Class:
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
        for rule in layer.rules:
            each = rule.filter
            if rule.doubt is not None or not each.told:
                return False
            if not self._concerned(each):
                continue
            if not each.allow:
                return False
            own, peers = self._sides(each)
            if not self._whole(each, own):
                continue
            if _contested(rule, layer):
                return False
            tags |= peers.tags
            if self._hold_peers(peers.addresses, tags):
                return True
        return False

    def _sides(self, each: Filter) -> tuple[Selector, Selector]:
        """The sides of the place itself and of its peers."""
        sides = each.destinations, each.sources
        return sides if self.rules.inbound else sides[::-1]

    def _concerned(self, each: Filter) -> bool:
        """Whether a rule may match some of the packets."""
        ports = each.destination_ports or PortSet()
        if not each.speaks_of(self.protocol) or not ports.overlaps(self.ports):
            return False
        return all(
            side.tags or side.groups or side.addresses.overlaps(asked)
            for side, asked in zip(self._sides(each), (self.own, self.peers), strict=True)
        )

    def _whole(self, each: Filter, own: Selector) -> bool:
        """Whether it matches all of them that are of its peers."""
        ports = each.destination_ports or PortSet(), each.source_ports
        return self.ports <= ports[0] and ports[1] == EVERY_PORT and self._holds_own(own)

    def _holds_own(self, own: Selector) -> bool:
        if own.everything:
            return True
        if not self.own:
            return False
        held = own.addresses
        if VIRTUAL_NETWORK in own.tags:
            held = held | self.rules.surroundings.virtual_network.must
        return self.own <= held

    def _hold_peers(self, addresses: AddressSet, tags: set[str]) -> bool:
        """Whether addresses, or some tags together, hold all peers.

        Any public address that is not in `VirtualNetwork` is in `Internet` (N-24).
        """
        if self.tag in tags or self.peers <= addresses:
            return True
        return tags >= _PUBLIC_TAGS and self.peers <= PUBLIC


def _contested(rule: EffectiveRule, layer: Layer) -> bool:
    """Whether a rule of the same priority says otherwise (N-5)."""
    return any(other.priority == rule.priority and not other.filter.allow for other in layer.rules)
