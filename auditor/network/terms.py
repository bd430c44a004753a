"""Effective rules as boxes of packets, some on conditions that are not told.

A rule gives one box for each combination of what its sides match; all bear the rule's label and
stand together, so the first box that holds a packet belongs to the first rule that matches it.
What is not told (does `VirtualNetwork` hold this address? is this configuration deployed?) is a
condition, true or false for all boxes that name it. What holds in every case is then certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import groupby

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, EVERYTHING, Address, AddressSet, parse_address
from auditor.network.effective_rules import EffectiveRules, is_endpoint
from auditor.network.extents import Doubt
from auditor.network.filters import ANY, Filter
from auditor.network.layers import Layer, LayerKind
from auditor.network.platform_traffic import PLATFORM, Service
from auditor.network.reasons import Reason
from auditor.network.surroundings import Condition, Part, Side, Surroundings
from auditor.network.symbols import PROTOCOL_NUMBERS
from auditor.packets.intervals import Intervals, difference, intersection

NO_RULE = -1
"""The label of packets that no rule of a layer decides."""
MAYBE_ALLOWED = -2
MAYBE_DENIED = -3
"""The labels of packets at a layer of which nothing is known."""
MAYBE_FINAL = -5
"""The same at a layer of admin rules, which may let packets past all later layers (N-50)."""
PLATFORM_TRAFFIC = -4
"""The label of packets that no security group filters (N-14)."""

EVERY_PROTOCOL: Intervals = ((0, 255),)
_FEW = 2
"""Of so many peers the terms are read apart, sooner than those of all."""
_WITH_PORTS: Intervals = ((6, 6), (17, 17))


class Term(msgspec.Struct, frozen=True):
    """A box, the label of its rule, and the conditions on which it is there."""

    label: int
    own: AddressSet = EVERYTHING
    peer: AddressSet = EVERYTHING
    protocols: Intervals = EVERY_PROTOCOL
    destination_ports: Intervals = EVERY_PORT.intervals
    source_ports: Intervals = EVERY_PORT.intervals
    conditions: tuple[Condition, ...] = ()


class Terms:
    """The terms of every layer, and of each condition why it is not told."""

    def __init__(self, rules: EffectiveRules, peers: AddressSet | None = None) -> None:
        """Read the effective rules of one direction; only those about some peers, if any are given.

        Rules that surely match nothing of theirs are then left out.
        """
        self.rules = rules
        self.peers = peers
        self._may_hold: dict[frozenset[str], bool] = {}
        self._looks = 0
        self.here: Surroundings = rules.surroundings
        self.at_endpoint = is_endpoint(self.here.nic)
        self.doubts: dict[str, tuple[Doubt, ...]] = self.here.doubts

    def about(self, peer: Address) -> Terms:
        """Give all that may match one peer: of few peers, without the terms of the others."""
        self._looks += 1
        if self._looks > _FEW or "layers" in self.__dict__:
            return self
        return Terms(self.rules, AddressSet.from_range(peer, peer))

    @cached_property
    def layers(self) -> tuple[tuple[Term, ...], ...]:
        """The terms of each layer; asking fills `doubts`."""
        return tuple(
            tuple(self._layer(number, layer)) for number, layer in enumerate(self.rules.layers)
        )

    def _layer(self, number: int, layer: Layer) -> Iterator[Term]:
        if layer.unknown is not None:
            condition = f"layer {number}"
            self._doubt(condition, layer.unknown)
            if layer.kind is LayerKind.ADMIN:
                always = f"layer {number} always"
                self._doubt(always, layer.unknown)
                yield Term(MAYBE_FINAL, conditions=((always, True),))
            yield Term(MAYBE_ALLOWED, conditions=((condition, True),))
            yield Term(MAYBE_DENIED)
            return
        regions = named_regions(layer)
        found = [
            self._rule(number, i, layer, regions) if self._concerns(each) else []
            for i, each in enumerate(layer.filters)
        ]
        if layer.kind is not LayerKind.ADMIN and not self.rules.inbound:
            yield from self._platform(layer, found)
        for _, twins in groupby(range(len(found)), key=lambda i: layer.filters[i].priority):
            yield from self._in_turn(number, layer, found, list(twins))

    def _concerns(self, each: Filter) -> bool:
        """Whether a rule may match something of the peers that are asked about."""
        if self.peers is None:
            return True
        selector = each.sources if self.rules.inbound else each.destinations
        if not selector.told or selector.groups or selector.addresses.overlaps(self.peers):
            return True
        found = self._may_hold.get(selector.tags)
        if found is None:
            found = self._may_hold[selector.tags] = self.here.may_hold(selector.tags, self.peers)
        return found

    def _in_turn(
        self, number: int, layer: Layer, found: list[list[Term]], places: list[int]
    ) -> Iterator[Term]:
        """Give rules of one priority: which of two comes first nobody knows (N-5)."""
        if len(places) == 1 or len({layer.rules[place].action for place in places}) == 1:
            for place in places:
                yield from found[place]
            return
        condition = f"layer {number} priority {layer.rules[places[0]].priority}"
        names = " or ".join(layer.rules[place].name for place in places)
        where = layer.rules[places[0]].id
        self._doubt(
            condition, Reason("semantics:N-5", f"which comes first of one priority: {names}", where)
        )
        for way, order in ((True, places), (False, places[::-1])):
            for place in order:
                for term in found[place]:
                    yield replace(term, conditions=(*term.conditions, (condition, way)))

    def _doubt(self, condition: str, reason: Reason) -> None:
        self.doubts[condition] = (Doubt(EVERYTHING, reason),)

    def _rule(self, number: int, place: int, layer: Layer, regions: frozenset[str]) -> list[Term]:
        each = layer.filters[place]
        always: tuple[Condition, ...] = ()
        doubt = layer.rules[place].doubt if layer.kind is LayerKind.ADMIN else None
        if doubt is not None:
            self._doubt(f"in force {doubt.resource}", doubt)
            always = ((f"in force {doubt.resource}", True),)
        if may_differ(each):
            rule = layer.rules[place]
            condition = f"layer {number} rule {place}"
            self._doubt(condition, Reason("collection-gap", f"what {rule.name} matches", rule.id))
            always = (*always, (condition, True))
        sides: tuple[Side, Side] = ("peer", "own") if self.rules.inbound else ("own", "peer")
        matched: dict[Side, tuple[Part, ...]] = {
            side: self.here.parts(selector, side, regions)
            if selector.told
            else (Part(self.here.untold(selector, side)),)
            for side, selector in zip(sides, (each.sources, each.destinations), strict=True)
        }
        return [
            Term(
                place,
                own.addresses,
                peer.addresses,
                protocols,
                *ports,
                (*always, *own.conditions, *peer.conditions, *more),
            )
            for protocols, ports, more in self._protocols(number, place, layer)
            for own in matched["own"]
            for peer in matched["peer"]
            if own.addresses and peer.addresses
        ]

    def _protocols(
        self, number: int, place: int, layer: Layer
    ) -> Iterator[tuple[Intervals, tuple[Intervals, Intervals], tuple[Condition, ...]]]:
        """Give protocols with ports: those without have none that a rule could name (N-9c)."""
        each = layer.filters[place]
        protocols = _numbers(each)
        every = EVERY_PORT.intervals
        destination = every if each.destination_ports is None else each.destination_ports.intervals
        source = every if each.source_ports is None else each.source_ports.intervals
        if self.at_endpoint:
            source = every  # N-47
        if destination == source == every:
            yield protocols, (every, every), ()
            return
        with_ports = intersection(protocols, _WITH_PORTS)
        if with_ports:
            yield with_ports, (destination, source), ()
        without = difference(protocols, _WITH_PORTS)
        if without:
            rule = layer.rules[place]
            condition = f"layer {number} rule {place} without ports"
            detail = f"whether {rule.name}, which names ports, matches packets without ports"
            self._doubt(condition, Reason("semantics:N-9c", detail, rule.id))
            yield without, (every, every), ((condition, True),)

    def _platform(self, layer: Layer, found: list[list[Term]]) -> Iterator[Term]:
        """Put first what no rule filters but those that name it (N-14)."""
        for service in PLATFORM:
            for place, each in enumerate(layer.filters):
                if service.tag and service.tag in each.destinations.tags:
                    for term in found[place]:
                        yield from _narrowed(term, service)
            yield _of(service)


def _of(service: Service) -> Term:
    address = parse_address(service.address)
    return Term(
        PLATFORM_TRAFFIC,
        peer=AddressSet.from_range(address, address),
        protocols=service.protocols,
        destination_ports=service.ports,
    )


def _narrowed(term: Term, service: Service) -> Iterator[Term]:
    """Give what a rule that names a platform service matches of it, whatever the tag holds."""
    cell = _of(service)
    protocols = intersection(term.protocols, cell.protocols)
    ports = intersection(term.destination_ports, cell.destination_ports)
    conditions = tuple(c for c in term.conditions if c[0] != f"peer {service.tag}")
    if protocols and ports:
        yield replace(
            term,
            peer=cell.peer,
            protocols=protocols,
            destination_ports=ports,
            conditions=conditions,
        )


def named_regions(layer: Layer) -> frozenset[str]:
    """Give the regional service tags that the rules of a layer name."""
    return frozenset(
        tag
        for each in layer.filters
        for side in (each.sources, each.destinations)
        for tag in side.tags
        if "." in tag
    )


def may_differ(each: Filter) -> bool:
    """Tell whether a rule may match less than its filter says, for the input does not tell all."""
    return (
        each.protocols is None
        or not all(name == ANY or name in PROTOCOL_NUMBERS for name in each.protocols)
        or each.source_ports is None
        or each.destination_ports is None
        or not (each.sources.told and each.destinations.told)
    )


def _numbers(each: Filter) -> Intervals:
    names = each.protocols
    if names is None or ANY in names or not names <= PROTOCOL_NUMBERS.keys():
        return EVERY_PROTOCOL
    return tuple(sorted(pair for name in names for pair in PROTOCOL_NUMBERS[name]))
