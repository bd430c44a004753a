"""A quick look at rules: a class of packets that some rule lets in whole, before any denial.

It says yes only where the sets of packets would say so too, in a fraction of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.addresses import AddressSet, PortSet
from auditor.network.effective_rules import EffectiveRules
from auditor.network.filters import Filter, Selector
from auditor.network.layers import EffectiveRule, Layer, LayerKind


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
    return all(asked.passes(layer) for layer in rules.layers)


@dataclass(frozen=True, slots=True)
class _Class:
    """The packets that are asked about."""

    inbound: bool
    own: AddressSet
    peers: AddressSet
    ports: PortSet
    tag: str
    protocol: str

    def passes(self, layer: Layer) -> bool:
        if layer.kind is LayerKind.ADMIN or layer.unknown is not None:
            return False
        for rule in layer.rules:
            each = rule.filter
            if rule.doubt is not None or not each.told:
                return False
            if not self._concerned(each):
                continue
            if not each.allow:
                return False
            if self._whole(each):
                return not _contested(rule, layer)
        return False

    def _sides(self, each: Filter) -> tuple[Selector, Selector]:
        """The sides of the place itself and of its peers."""
        return (
            (each.destinations, each.sources) if self.inbound else (each.sources, each.destinations)
        )

    def _concerned(self, each: Filter) -> bool:
        """Whether a rule may match some of the packets."""
        if not each.speaks_of(self.protocol) or not (each.destination_ports or PortSet()).overlaps(
            self.ports
        ):
            return False
        return all(
            side.tags or side.groups or side.addresses.overlaps(asked)
            for side, asked in zip(self._sides(each), (self.own, self.peers), strict=True)
        )

    def _whole(self, each: Filter) -> bool:
        """Whether it matches all of them."""
        own, peers = self._sides(each)
        ports = each.destination_ports, each.source_ports
        return (
            all(known is not None for known in ports)
            and self.ports <= (ports[0] or PortSet())
            and (ports[1] or PortSet()).size == 1 << 16
            and (own.everything or (bool(self.own) and self.own <= own.addresses))
            and (peers.everything or self.tag in peers.tags or self.peers <= peers.addresses)
        )


def _contested(rule: EffectiveRule, layer: Layer) -> bool:
    """Whether a rule of the same priority says otherwise (N-5)."""
    return any(other.priority == rule.priority and not other.filter.allow for other in layer.rules)
