"""Security rules as boxes of packets, with service tags and groups as symbols.

What a tag or an application security group stands for is not in the snapshot, but much is known:
the same name is the same set, `Internet` and `VirtualNetwork` share nothing, a regional tag lies
inside its tag. So a packet here has, besides its addresses, protocol and ports, one dimension of
two values for every name that the rules use on a side: whether the address belongs to it. Packets
that cannot exist (in `Internet` and in `VirtualNetwork`, say) are boxes of their own, put before
the rules, so that nobody asks about them. What holds then holds for whatever the names stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from auditor.addresses import AddressSet, Version
from auditor.network.filters import (
    ANY,
    AZURE_LOAD_BALANCER,
    INTERNET,
    VIRTUAL_NETWORK,
    Filter,
    Selector,
)
from auditor.packets.intervals import Intervals
from auditor.packets.rule import Rule, exact
from auditor.packets.space import Box, Dimension, Shape, flow_dimensions
from auditor.ports import PortSet
from auditor.special_addresses import PLATFORM_HOST, PRIVATE, PUBLIC

_BITS: dict[Version, int] = {4: 32, 6: 128}
_IN: Intervals = ((1, 1),)
_OUT: Intervals = ((0, 0),)
PROTOCOL_NUMBERS: dict[str, Intervals] = {
    "tcp": ((6, 6),),
    "udp": ((17, 17),),
    "icmp": ((1, 1), (58, 58)),
    "esp": ((50, 50),),
    "ah": ((51, 51),),
}
"""The protocol numbers behind the names of N-6; ICMP is ICMPv6 on IPv6."""

_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)


class Symbolic(msgspec.Struct, frozen=True):
    """Rules of one direction for one version of IP.

    The first `impossible` of `rules` are the packets that cannot exist, the others the filters in
    the order given.
    """

    shape: Shape
    rules: tuple[Rule[int], ...]
    impossible: int


def symbolic(
    filters: Sequence[Filter], version: Version, inside: AddressSet, *, inbound: bool
) -> Symbolic:
    """Give filters, in order, as rules over packets of one version of IP.

    `inside` are addresses that `VirtualNetwork` certainly holds wherever the rules apply.
    """
    world = _World(filters, version, inbound)
    impossible = tuple(exact(-1, False, box) for box in world.impossible(inside))
    rules = tuple(world.rule(number, rule) for number, rule in enumerate(filters))
    return Symbolic(world.shape, impossible + rules, len(impossible))


def applies(rule: Filter, version: Version) -> bool:
    """Tell whether a filter can match packets of a version: not when it names others' addresses."""
    return _reaches(rule.sources, version) and _reaches(rule.destinations, version)


def _reaches(side: Selector, version: Version) -> bool:
    return bool(not side.told or side.tags or side.groups or side.addresses.intervals(version))


class _World:
    """The dimensions for a set of filters."""

    def __init__(self, filters: Sequence[Filter], version: Version, inbound: bool) -> None:
        self.version: Version = version
        self.sides = ("peer", "own") if inbound else ("own", "peer")
        selectors: dict[str, set[Selector]] = {"own": set(), "peer": set()}
        for rule in filters:
            for side, selector in zip(self.sides, (rule.sources, rule.destinations), strict=True):
                selectors[side].add(selector)
        self.names = {side: self._names(found) for side, found in selectors.items()}
        self.mixed = {
            side: sorted((s for s in found if self._is_mixed(s)), key=repr)
            for side, found in selectors.items()
        }
        self.shape = Shape((*flow_dimensions(_BITS[version]), *self._dimensions()))

    def _names(self, selectors: set[Selector]) -> list[str]:
        found = {name for selector in selectors for name in self._symbols(selector)}
        if INTERNET in found:
            found.add(VIRTUAL_NETWORK)
        return sorted(found)

    def _symbols(self, selector: Selector) -> set[str]:
        tags = set(selector.tags)
        if self.version == 4:
            tags.discard(AZURE_LOAD_BALANCER)  # exactly one address (N-19)
        return tags | selector.groups

    def _literal(self, selector: Selector) -> Intervals:
        addresses = selector.addresses
        if self.version == 4 and AZURE_LOAD_BALANCER in selector.tags:
            addresses = addresses | _HOST
        return addresses.intervals(self.version)

    def _is_mixed(self, selector: Selector) -> bool:
        """Whether it takes a symbol of its own: a union of names, or of names and addresses."""
        symbols = self._symbols(selector)
        return len(symbols) > 1 or bool(symbols and self._literal(selector))

    def _dimensions(self) -> Iterator[Dimension]:
        for side in ("own", "peer"):
            for name in self.names[side]:
                yield Dimension(f"{side} {name}", 2)
            for number in range(len(self.mixed[side])):
                yield Dimension(f"{side} #{number}", 2)

    def rule(self, number: int, rule: Filter) -> Rule[int]:
        """Give one filter; what is not told may match anything and must match nothing."""
        may: dict[str, Intervals] = {}
        told = True
        for side, selector in zip(self.sides, (rule.sources, rule.destinations), strict=True):
            told = told and selector.told
            may.update(self._side(side, selector))
        ports: tuple[tuple[str, PortSet | None], ...] = (
            ("destination_port", rule.destination_ports),
            ("source_port", rule.source_ports),
        )
        for name, found in ports:
            told = told and found is not None
            if found is not None:
                may[name] = found.intervals
        protocols = self._protocols(rule)
        told = told and protocols is not None
        if protocols:
            may["protocol"] = protocols
        box = self.shape.box(**may)
        if told:
            return exact(number, rule.allow, box)
        return Rule(number, rule.allow, box, ((), *box[1:]))

    def _protocols(self, rule: Filter) -> Intervals | None:
        """The numbers of a rule's protocols; empty for all, None for what is not known."""
        if rule.protocols is None:
            return None
        if ANY in rule.protocols:
            return ()
        found = [PROTOCOL_NUMBERS.get(name) for name in rule.protocols]
        known = [pair for pairs in found if pairs is not None for pair in pairs]
        return tuple(known) if None not in found else None

    def _side(self, side: str, selector: Selector) -> dict[str, Intervals]:
        if not selector.told or selector.everything:
            return {}
        symbols = self._symbols(selector)
        if not symbols:
            return {side: self._literal(selector)}
        if self._is_mixed(selector):
            return {f"{side} #{self.mixed[side].index(selector)}": _IN}
        return {f"{side} {name}": _IN for name in symbols}

    def impossible(self, inside: AddressSet) -> Iterator[Box]:
        """Give the packets that cannot exist."""
        for side in ("own", "peer"):
            yield from self._about_networks(side, inside)
            yield from self._about_regions(side)
            for number, selector in enumerate(self.mixed[side]):
                yield from self._about_mixed(side, f"{side} #{number}", selector)

    def _about_networks(self, side: str, inside: AddressSet) -> Iterator[Box]:
        names = self.names[side]
        if VIRTUAL_NETWORK not in names:
            return
        network = f"{side} {VIRTUAL_NETWORK}"
        # A NIC's own address is in its network, which is private unless it says otherwise (N-25).
        known = inside | _HOST | (PRIVATE if side == "own" else inside)
        yield self.shape.box(**{side: known.intervals(self.version), network: _OUT})
        for name in names:
            if name.startswith("/"):  # a group's members are in the network (N-33)
                yield self.shape.box(**{f"{side} {name}": _IN, network: _OUT})
        if INTERNET in names:
            internet = f"{side} {INTERNET}"
            yield self.shape.box(**{internet: _IN, network: _IN})
            if AZURE_LOAD_BALANCER in names:  # the host's address of IPv6 is link-local
                yield self.shape.box(**{internet: _IN, f"{side} {AZURE_LOAD_BALANCER}": _IN})
            public = PUBLIC.intervals(self.version)
            yield self.shape.box(**{side: public, internet: _OUT, network: _OUT})

    def _about_regions(self, side: str) -> Iterator[Box]:
        names = set(self.names[side])
        for name in self.names[side]:
            general = name.partition(".")[0]
            if general != name and general in names:
                yield self.shape.box(**{f"{side} {name}": _IN, f"{side} {general}": _OUT})

    def _about_mixed(self, side: str, dimension: str, selector: Selector) -> Iterator[Box]:
        literal = self._literal(selector)
        symbols = sorted(self._symbols(selector))
        if literal:
            yield self.shape.box(**{side: literal, dimension: _OUT})
        for name in symbols:
            yield self.shape.box(**{f"{side} {name}": _IN, dimension: _OUT})
        rest = _rest(literal, self.version)
        if rest:
            outside = {f"{side} {name}": _OUT for name in symbols}
            yield self.shape.box(**{side: rest, dimension: _IN, **outside})


def _rest(literal: Intervals, version: Version) -> Intervals:
    left = AddressSet(v4=literal) if version == 4 else AddressSet(v6=literal)
    return (~left).intervals(version)
