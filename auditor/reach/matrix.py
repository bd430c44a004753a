"""Who may talk to whom among subnets, row by row: never all of it at once.

A row is a class of subnets (`subnet_classes`) that send; its columns are told as bitmasks, those
with one answer together. What no route leads to is told for all at once; only the others are looked
at one by one. Ways over the internet and by gateways are not asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auditor.addresses import EVERY_PORT, Address, PortSet, Version
from auditor.network.graph import Network
from auditor.network.routing.model import Hop
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.packets.diagram import Diagram
from auditor.packets.partition import bits
from auditor.reach.answer import PROTOCOLS
from auditor.reach.by_gateways import beyond_gateways
from auditor.reach.cell import Cell
from auditor.reach.cells import Cells
from auditor.reach.firewalled_pairs import Passage
from auditor.reach.handing_over import firewall_at
from auditor.reach.into_networks import led_around
from auditor.reach.outcomes import Outcome
from auditor.reach.places import Places
from auditor.reach.subnet_classes import VERSIONS, SubnetClass
from auditor.reach.subnet_views import View, view_of
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.virtual_networks import Subnet


@dataclass(frozen=True, slots=True)
class Block:
    """One answer for the machines of a class: bit i of `targets` is the class with number i + 1.

    `version` is that of IP.
    """

    source: SubnetClass
    targets: int
    version: Version
    cell: Cell


def matrix(
    network: Network,
    classes: Sequence[SubnetClass],
    *,
    rows: int | None = None,
    columns: int | None = None,
    protocols: Sequence[str] = PROTOCOLS,
    ports: PortSet = EVERY_PORT,
    tags: ServiceTags = NO_TAGS,
) -> Iterator[Block]:
    """Give the blocks of all pairs of different subnets, row by row.

    `rows` and `columns` are the classes to ask about, as masks; all, when left out.
    """
    found = _Matrix(network, classes, Cells(network, protocols, ports, tags))
    every = (1 << len(classes)) - 1
    for i in bits(every if rows is None else rows):
        yield from found.row(classes[i], every if columns is None else columns)


@dataclass(frozen=True, slots=True)
class _Lead:
    """Where a way may lead: to which networks; to an appliance; or, with neither, who knows.

    `plain` is false when several things may happen, appliances among them. `firewall` is that which
    the appliance is, where it is an Azure Firewall whose subnet is told.
    """

    homes: frozenset[str] | None = None
    appliance: Address | None = None
    plain: bool = True
    firewall: Passage | None = None


class _Row:
    """The answers of one row: each with its columns."""

    def __init__(self) -> None:
        self.found: dict[Cell, int] = {}

    def add(self, cell: Cell, targets: int) -> None:
        self.found[cell] = self.found.get(cell, 0) | targets


class _Matrix:
    def __init__(self, network: Network, classes: Sequence[SubnetClass], cells: Cells) -> None:
        self.network = network
        self.classes = classes
        self.cells = cells
        self.there = {v: _mask(v in each.views for each in classes) for v in VERSIONS}
        self.strange = _mask(not each.views for each in classes)
        self.places = {v: Places([_addresses(each, v) for each in classes]) for v in VERSIONS}
        self.firewalls: dict[tuple[str, Version], View | None] = {}
        self.homes: dict[str, int] = {}
        for each in classes:
            for view in list(each.views.values())[:1]:
                bit = 1 << (each.number - 1)
                self.homes[view.point.home] = self.homes.get(view.point.home, 0) | bit

    def row(self, source: SubnetClass, columns: int) -> Iterator[Block]:
        """Give the blocks of one row: by version of IP, then by the first column."""
        own = 1 << (source.number - 1)
        if len(source.subnets) == 1:
            columns &= ~own
        odd = columns if not source.views else columns & self.strange
        for version in VERSIONS:
            row = _Row()
            view = source.views.get(version)
            if view is not None:
                self._seen(row, view, columns & self.there[version] & ~odd)
            self._asked(row, source, odd, version)
            for cell, targets in sorted(row.found.items(), key=lambda each: _lowest(each[1])):
                yield Block(source, targets, version, cell)

    def _asked(self, row: _Row, source: SubnetClass, targets: int, version: Version) -> None:
        """Ask about those of which too little is told to compare them with others."""
        for i in bits(targets):
            for cell in self.cells.between(*source.pair(self.network, self.classes[i]), version):
                row.add(cell, 1 << i)

    def _seen(self, row: _Row, view: View, targets: int) -> None:
        places = self.places[view.version]
        ways = view.ways.ways
        by_way, crossing = places.spread(view.ways.starts[1:], [id(way) for way in ways])
        by_out, mixed = _by_destination(places, view)
        named = {id(way): way for way in ways}
        for key, along in by_way.items():
            for out, these in by_out.items():
                here = along & these & targets
                if here:
                    self._along(row, view, out, named[key], here)
        for out, these in by_out.items():
            self._by_several(row, view, out, these & crossing & targets)
        for i in bits(mixed & targets):
            self._one_by_one(row, view, i)

    def _along(self, row: _Row, view: View, out: Diagram[Outcome], way: Way, targets: int) -> None:
        """Tell of those to whom one way goes, and to whom the filters do one thing."""
        lead = self._lead(view, way)
        if lead.homes is not None:
            near = 0
            for home in lead.homes:
                near |= self.homes.get(home, 0)
            far = targets & ~near
            stopped = self.cells.stopped(view, out, way) if far else None
            if stopped is not None:
                row.add(stopped, far)
                targets &= near
        for i in bits(targets):
            target = self._target(view, i)
            if lead.firewall is not None:
                given = view, out, way, target, lead.firewall
                beyond = self.cells.beyond_firewall(*given)
                row.add(beyond or self.cells.by_firewall(*given), 1 << i)
            elif lead.appliance is not None and lead.plain:
                row.add(self.cells.by_stranger(view, out, target, lead.appliance), 1 << i)
            elif lead.plain:
                row.add(self.cells.straight(view, out, target), 1 << i)
            else:
                self._one_by_one(row, view, i)

    def _by_several(self, row: _Row, view: View, out: Diagram[Outcome], targets: int) -> None:
        """Tell of those to whose addresses several ways go."""
        for i in bits(targets):
            target = self._target(view, i)
            ahead = view.ways_to(target.addresses)
            if any(route.hop is Hop.APPLIANCE for way in ahead for route in way.possible):
                self._one_by_one(row, view, i)
            else:
                row.add(self.cells.straight(view, out, target), 1 << i)

    def _one_by_one(self, row: _Row, view: View, i: int) -> None:
        row.add(self.cells.by_any(view, self._target(view, i)), 1 << i)

    def _target(self, view: View, i: int) -> View:
        """Give the view of another machine of a class."""
        found = self.classes[i].views[view.version]
        return self._second(i, view.version) if found is view else found

    def _view(self, subnet: Subnet, version: Version) -> View | None:
        key = (subnet.key, version)
        if key not in self.firewalls:
            self.firewalls[key] = view_of(self.network, subnet, version, self.cells.tags)
        return self.firewalls[key]

    def _second(self, i: int, version: Version) -> View:
        view = view_of(self.network, self.classes[i].subnets[1], version, self.cells.tags)
        assert view is not None
        return view

    def _lead(self, view: View, way: Way) -> _Lead:
        hops = {route.hop for route in way.possible}
        if Hop.APPLIANCE in hops:
            route = way.route
            if route is None or route.address is None or route.fault:
                return _Lead(plain=False)
            found = firewall_at(self.network, view.point, route.address)
            if found is None:
                return _Lead(appliance=route.address)
            place = self.network.find(walk.peek(walk.peek(found, "properties"), "subnet"))
            there = self._view(place, view.version) if isinstance(place, Subnet) else None
            firewall = Passage(found, there, route.address) if there is not None else None
            return _Lead(appliance=route.address, plain=False, firewall=firewall)
        if hops & {Hop.UNKNOWN, Hop.CONNECTED_GROUP}:
            return _Lead()
        if way.reasons and not all(route.certain for route in way.possible):
            return _Lead()
        if any(route.hop is Hop.LOCAL and route.doubts for route in way.possible):
            return _Lead()  # perhaps into a peer, too
        inside = Hop.LOCAL in hops and view.vnet is not None
        homes = {route.far for route in way.possible if route.far}
        homes |= beyond_gateways(self.network, way, view.vnet)
        homes |= led_around(self.network, way, view.vnet)
        return _Lead(frozenset({*homes, view.point.home} if inside else homes))


def _by_destination(places: Places, view: View) -> tuple[dict[Diagram[Outcome], int], int]:
    """Give the columns by what the filters of a row do with what goes there."""
    if view.out.level > 0:
        return places.spread((), (view.out,))
    return places.spread(view.out.cuts, view.out.children)


def _addresses(each: SubnetClass, version: Version) -> tuple[tuple[int, int], ...]:
    return each.views[version].addresses if version in each.views else ()


def _mask(which: Iterator[bool]) -> int:
    return sum(1 << i for i, holds in enumerate(which) if holds)


def _lowest(mask: int) -> int:
    return mask & -mask
