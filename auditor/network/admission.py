"""What a network security group lets in from the internet: which rule, which ports, from where.

Exact first match over public source addresses, for each range of ports on its own. Where the
snapshot does not tell what a rule matches, there are two answers, *certain* and *possible* (11.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, product

import msgspec

from auditor.addresses import EVERY_PORT, EVERY_V4, EVERY_V6, NOTHING, AddressSet, PortSet, Version
from auditor.network.filters import AZURE_LOAD_BALANCER, INTERNET, VIRTUAL_NETWORK, Filter, Selector
from auditor.packets.partition import bits, sweep
from auditor.special_addresses import PUBLIC

_VERSIONS: tuple[Version, ...] = (4, 6)
_EVERY: dict[Version, AddressSet] = {4: EVERY_V4, 6: EVERY_V6}
_PUBLIC: dict[Version, AddressSet] = {4: AddressSet(v4=PUBLIC.v4), 6: AddressSet(v6=PUBLIC.v6)}
_HALF: dict[Version, int] = {version: _PUBLIC[version].size // 2 for version in _VERSIONS}
_LARGE: dict[Version, int] = {4: 1 << 24, 6: 1 << 112}

_NOT_AZURES_CUSTOMERS = frozenset((INTERNET, VIRTUAL_NETWORK, AZURE_LOAD_BALANCER))
_NO_GROUP: frozenset[str] = frozenset()


def anywhere(addresses: AddressSet) -> bool:
    """Tell whether a set is "any source": at least half of the public IPv4 or IPv6 addresses.

    `*` and `Internet` are, and so are 0.0.0.0/0, ::/0 and 0.0.0.0/1; the enumerated prefixes of a
    partner are not.
    """
    public = addresses & PUBLIC
    return any(
        AddressSet(**{f"v{version}": public.intervals(version)}).size >= half(version)
        for version in _VERSIONS
    )


def half(version: Version) -> int:
    """Tell how many addresses are half of the public ones."""
    return _HALF[version]


def large(addresses: AddressSet) -> bool:
    """Tell whether a set holds a share of the internet: at least a /8 of IPv4 or a /16 of IPv6."""
    return any(
        AddressSet(**{f"v{version}": addresses.intervals(version)}).size >= _LARGE[version]
        for version in _VERSIONS
    )


class Place(msgspec.Struct, frozen=True):
    """Where packets arrive: the own addresses they may have, and the groups of the receiver.

    `groups` None means any receiver: for each application security group that rules name, a
    member, and a machine that belongs to none.
    """

    own: AddressSet | None = None
    groups: frozenset[str] | None = None


ANYWHERE = Place()


class Admitted(msgspec.Struct):
    """What one rule lets in from the internet at some port: sources, and service tags by name."""

    certain: AddressSet = NOTHING
    possible: AddressSet = NOTHING
    tags: set[str] = msgspec.field(default_factory=set)
    possible_tags: set[str] = msgspec.field(default_factory=set)


class Admission(msgspec.Struct, frozen=True):
    """What a group lets in at a range of ports, by the place of the deciding rule in its order."""

    ports: tuple[int, int]
    by_rule: Mapping[int, Admitted]

    @property
    def certain(self) -> AddressSet:
        """The public sources that certainly get in."""
        return _union(admitted.certain for admitted in self.by_rule.values())

    @property
    def possible(self) -> AddressSet:
        """The public sources that may get in."""
        return _union(admitted.possible for admitted in self.by_rule.values())


def _union(sets: Iterator[AddressSet]) -> AddressSet:
    total = NOTHING
    for each in sets:
        total = total | each
    return total


@lru_cache(maxsize=4096)
def admissions(
    filters: tuple[Filter, ...],
    protocol: str,
    place: Place = ANYWHERE,
    routed: AddressSet = NOTHING,
) -> tuple[Admission, ...]:
    """Give what inbound rules, in order, let in from the internet, by ranges of ports.

    `filters` are a group's own rules; none of the default ones lets the internet in. `routed` is
    what the tag `VirtualNetwork` may hold of the public space because routes lead there (N-20,
    N-22); `Internet` may lack as much. Ranges at which nothing gets in are left out.
    """
    relevant = [
        (i, f)
        for i, f in enumerate(filters)
        if f.speaks_of(protocol) and _concerns_public(f, routed)
    ]
    openers = sum(1 << n for n, (_, f) in enumerate(relevant) if f.allow and foreign(f.sources))
    if not openers:
        return ()
    known: dict[int, dict[int, Admitted]] = {}
    found: list[Admission] = []
    for ports, rules in _by_ports([f.destination_ports for _, f in relevant]):
        if not rules & openers:
            continue
        if rules not in known:
            matching = [relevant[n] for n in bits(rules)]
            known[rules] = _decide([(i, f, _is_sure(f)) for i, f in matching], place, routed)
        if known[rules]:
            found.append(Admission(ports, known[rules]))
    return tuple(found)


def _by_ports(sets: Sequence[PortSet | None]) -> Iterator[tuple[tuple[int, int], int]]:
    """Cut all ports where a rule begins or ends to matter; None: it may matter at any port.

    With each range come the rules that match there, bit n for the n-th.
    """
    always = sum(1 << n for n, ports in enumerate(sets) if ports is None)
    told = [(1 << n, tuple(ports)) for n, ports in enumerate(sets) if ports is not None]
    starts = sweep(told, EVERY_PORT.size, always)
    for (low, rules), end in zip(starts.items(), [*starts, EVERY_PORT.size][1:], strict=True):
        yield (low, end - 1), rules


def _is_sure(rule: Filter) -> bool:
    return rule.protocols is not None and rule.destination_ports is not None


def _concerns_public(rule: Filter, routed: AddressSet) -> bool:
    """Whether a rule may match anybody outside: those about private sources do not."""
    return foreign(rule.sources) or (bool(routed) and VIRTUAL_NETWORK in rule.sources.tags)


def foreign(sources: Selector) -> bool:
    """Tell whether an Allow rule with these sources may concern anybody outside."""
    return (
        (not sources.told and not sources.grouped)
        or INTERNET in sources.tags
        or bool(sources.tags - _NOT_AZURES_CUSTOMERS)
        or bool(sources.public)
    )


def _ranges(sets: Sequence[PortSet | None]) -> list[tuple[int, int]]:
    """Cut all ports where some set begins or ends."""
    starts = {0, EVERY_PORT.size}
    for ports in sets:
        for low, high in ports or ():
            starts.update((low, high + 1))
    return [(low, high - 1) for low, high in pairwise(sorted(starts))]


class _Cell(msgspec.Struct, frozen=True):
    """Packets that no rule tells apart but by their source address."""

    version: Version
    own: int
    group: frozenset[str]
    source_port: int


def _decide(
    matching: Sequence[tuple[int, Filter, bool]], place: Place, routed: AddressSet
) -> dict[int, Admitted]:
    """First match among rules, each after its place in the order, and whether it matches surely."""
    result: dict[int, Admitted] = {}
    for cell in _cells([rule for _, rule, _ in matching], place):
        walk = _Walk(cell.version, routed, result)
        for i, rule, sure in matching:
            match = _match(rule, cell)
            if match is not None:
                walk.meet(i, rule, sure and match)
                if not walk.left:
                    break
    return {i: admitted for i, admitted in result.items() if admitted.possible or _tagged(admitted)}


def _tagged(admitted: Admitted) -> bool:
    return bool(admitted.tags or admitted.possible_tags)


def _cells(rules: Sequence[Filter], place: Place) -> Iterator[_Cell]:
    groups: list[frozenset[str]] = [place.groups or _NO_GROUP]
    if place.groups is None:
        named = {group for rule in rules for group in rule.destinations.groups}
        groups += [frozenset((group,)) for group in sorted(named)]
    ports = [low for low, _ in _ranges([rule.source_ports for rule in rules])]
    for version in _VERSIONS:
        own = _EVERY[version] if place.own is None else place.own & _EVERY[version]
        starts = _starts([rule.destinations.addresses for rule in rules], own, version)
        for start, group, port in product(starts, groups, ports):
            yield _Cell(version, start, group, port)


def _starts(sets: Sequence[AddressSet], within: AddressSet, version: Version) -> list[int]:
    """The first address of each range of `within` that no set divides."""
    cuts = sorted({cut for each in sets for low, high in each.intervals(version)
                   for cut in (low, high + 1)})  # fmt: skip
    starts = []
    for low, high in within.intervals(version):
        starts.append(low)
        starts.extend(cut for cut in cuts if low < cut <= high)
    return starts


def _match(rule: Filter, cell: _Cell) -> bool | None:
    """Whether a rule matches in a cell, sources apart: True certainly, False perhaps, None not."""
    sure = True
    if rule.source_ports is None:
        sure = False
    elif cell.source_port not in rule.source_ports:
        return None
    side = rule.destinations
    if not side.told:
        return False
    pairs = side.addresses.intervals(cell.version)
    if any(low <= cell.own <= high for low, high in pairs):
        return sure
    # A NIC's own address is always in its virtual network; its public one is no inbound
    # destination (P-3), nor is it in any other tag.
    if VIRTUAL_NETWORK in side.tags or side.groups & cell.group:
        return sure
    return None


class _Walk:
    """First match in one cell: what has not been decided when the next rule comes.

    `certain` has met no rule that may have decided it, `possible` none that must have.
    """

    def __init__(self, version: Version, routed: AddressSet, result: dict[int, Admitted]) -> None:
        self.certain = self.possible = self.every = _PUBLIC[version]
        self.half = _HALF[version]
        self.routed = routed & self.every
        self.denied: set[str] = set()
        self.result = result

    @property
    def left(self) -> bool:
        return bool(self.possible)

    def meet(self, place: int, rule: Filter, sure: bool) -> None:
        must, may = self._bounds(rule, sure)
        if rule.allow:
            self._admit(place, rule, must, may, sure)
            self.certain = self.certain - must
        else:
            self.certain = self.certain - may
            if sure:
                self.denied |= rule.sources.tags
        self.possible = self.possible - must

    def _bounds(self, rule: Filter, sure: bool) -> tuple[AddressSet, AddressSet]:
        """The public sources that the rule must match, and those it may.

        A service tag of Azure's is a small part of the internet: a Deny of one closes nothing, and
        an Allow of one is told by its name.
        """
        side = rule.sources
        if not side.told:
            return NOTHING, NOTHING if side.grouped else self.every
        may = must = self.every if side.public is PUBLIC else side.public & self.every
        if INTERNET in side.tags:
            # Where the tag shrinks, VirtualNetwork grows, and AllowVnetInBound lets it in (N-22).
            must = self.every if rule.allow else must | (self.every - self.routed)
            may = self.every
        if VIRTUAL_NETWORK in side.tags and not rule.allow:
            may = may | self.routed
        return (must if sure else NOTHING), may

    def _admit(
        self, place: int, rule: Filter, must: AddressSet, may: AddressSet, sure: bool
    ) -> None:
        admitted = self.result.setdefault(place, Admitted())
        admitted.certain = admitted.certain | (self.certain & must)
        admitted.possible = admitted.possible | (self.possible & may)
        for tag in rule.sources.tags - _NOT_AZURES_CUSTOMERS:
            if tag in self.denied or tag.partition(".")[0] in self.denied:
                continue
            if sure and self.certain.size >= self.half:
                admitted.tags.add(tag)
            elif self.possible.size >= self.half:
                admitted.possible_tags.add(tag)
