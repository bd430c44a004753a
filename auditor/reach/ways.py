"""Where the routes of a subnet lead, for sets of addresses: parts that share one next hop.

A route table cuts the addresses at the bounds of its prefixes; between two cuts every address has
the same answer (`auditor.network.routing`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, AddressSet, Version, address_or_none
from auditor.errors import Undetermined
from auditor.intervals import Intervals, merged, overlap
from auditor.network.graph import Network, question_about
from auditor.network.routing import EffectiveRoute, EffectiveRoutes, Hop, Reason, effective_routes
from auditor.network.routing.selection import choose, straight
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.bounds import Bounds
from auditor.reach.frame import of_addresses
from auditor.reach.space import BITS, FlowSpace, space_of
from auditor.resources import walk
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet


class Way(msgspec.Struct, frozen=True):
    """What becomes of packets from a subnet to some addresses.

    `possible` are the routes that may decide, and `reasons` why more than one: none when it is
    certain. No route at all: the packet is dropped.
    """

    possible: tuple[EffectiveRoute, ...]
    reasons: tuple[Reason, ...]

    @property
    def route(self) -> EffectiveRoute | None:
        """The route that certainly decides."""
        return self.possible[0] if self.possible and not self.reasons else None


class Ways:
    """The ways from one subnet, each looked up when it is first asked for.

    From one cut to before the next, every address goes the same way.
    """

    def __init__(self, routes: EffectiveRoutes, version: Version) -> None:
        """Take the routes of the subnet, for one version of IP."""
        self._routes = routes
        self._version: Version = version
        self._cuts = _cuts(routes, version)
        self._ways: list[Way | None] = [None] * len(self._cuts)
        self._known: dict[object, Way] = {}

    def at(self, address: Address) -> Way:
        """Give the way to one address."""
        return self._way(bisect_right(self._cuts, address.value) - 1)

    @property
    def said(self) -> object:
        """What tells these ways from those of another subnet."""
        said = ((tuple(map(_said, way.possible)), way.reasons) for way in self.ways)
        return self.starts, tuple(said)

    def within(self, addresses: AddressSet) -> Iterator[tuple[AddressSet, Way]]:
        """Give the ways to some addresses, and to which of them each goes."""
        grouped: dict[int, list[tuple[int, int]]] = {}
        named: dict[int, Way] = {}
        for asked in addresses.intervals(self._version):
            for pair, way in self._pieces(*asked):
                named[id(way)] = way
                pairs = grouped.setdefault(id(way), [])
                if pairs and pairs[-1][1] + 1 == pair[0]:
                    pairs[-1] = (pairs[-1][0], pair[1])
                else:
                    pairs.append(pair)
        for key, pairs in grouped.items():
            found = tuple(pairs)
            yield (AddressSet(v4=found) if self._version == 4 else AddressSet(v6=found)), named[key]

    def towards(self, addresses: AddressSet) -> tuple[Way, ...]:
        """Give the ways of `within`, in the same order, when it does not matter whose they are."""
        asked = addresses.intervals(self._version)
        if asked and not overlap(asked, self._set_apart):
            return (self._way(bisect_right(self._cuts, asked[0][0]) - 1),)
        places: dict[int, None] = {}
        for low, high in asked:
            first, last = bisect_right(self._cuts, low) - 1, bisect_right(self._cuts, high)
            places.update(dict.fromkeys(range(first, last)))
        found = {id(way): way for way in map(self._way, places)}
        return tuple(found.values())

    @cached_property
    def _set_apart(self) -> Intervals:
        """What some route is for, or may be, that is not for all addresses."""
        prefixes = [route.prefix for route in self._routes.drafts]
        pairs = [
            (each.first, each.last)
            for each in prefixes
            if each.length and each.version == self._version
        ]
        for influence in self._routes.influences:
            pairs += influence.within.intervals(self._version)
        return merged(pairs)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The numbers of the addresses from which on another way is the one, in order."""
        return tuple(start for start, _ in self.parts())

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The way from each of `starts` on."""
        return tuple(way for _, way in self.parts())

    def parts(self) -> Iterator[tuple[int, Way]]:
        """Give every way, and the address from which on it is the one."""
        before: Way | None = None
        for place, start in enumerate(self._cuts):
            way = self._way(place)
            if way is not before:
                yield start, way
            before = way

    def _pieces(self, low: int, high: int) -> Iterator[tuple[tuple[int, int], Way]]:
        cuts = self._cuts
        place = bisect_right(cuts, low) - 1
        while low <= high:
            last = cuts[place + 1] - 1 if place + 1 < len(cuts) else high
            yield (low, min(high, last)), self._way(place)
            low, place = last + 1, place + 1

    def _way(self, place: int) -> Way:
        """Give the way between two cuts; ways that say the same are one."""
        found = self._ways[place]
        if found is None:
            start = Address(self._version, self._cuts[place])
            matching = tuple(self._routes.matching(start))
            choice = choose(matching)
            possible = tuple(_arriving(route, start, matching) for route in choice.possible)
            key = (tuple(map(_said, possible)), choice.reasons)
            found = self._known.setdefault(key, Way(possible, choice.reasons))
            self._ways[place] = found
        return found


def ways_from(
    network: Network, subnet: Subnet, version: Version, tags: ServiceTags = NO_TAGS
) -> Ways:
    """Give every way from a subnet. Never raises for what the snapshot lacks."""
    return ways_by(network, effective_routes(network, subnet, tags), version)


@question_about
def ways_by(_: Network, routes: EffectiveRoutes, version: Version) -> Ways:
    """Give every way by some routes: subnets with the same ones have the same ways."""
    return Ways(routes, version)


def _arriving(
    route: EffectiveRoute, to: Address, matching: Iterable[EffectiveRoute]
) -> EffectiveRoute:
    """Give a route as it is for the very appliance that it names: nothing has to be forwarded."""
    there = straight(route, to, matching)
    if there is None:
        return route
    return replace(
        route,
        hop=there.hop,
        far=there.far,
        fault=there.fault,
        doubts=there.doubts,
        reasons=tuple(dict.fromkeys((*route.reasons, *there.reasons))),
    )


def _said(route: EffectiveRoute) -> object:
    """What tells a route from another, the prefix apart: one that may be there has none."""
    prefix = route.prefix if route.told else None
    return (prefix, route.source, route.outcome, route.fault, route.doubts, route.reasons)


def _cuts(routes: EffectiveRoutes, version: Version) -> list[int]:
    top = 1 << BITS[version]
    found = {0}
    for route in routes.drafts:
        if route.prefix.version == version:
            found.add(route.prefix.first)
            found.add(route.prefix.last + 1)
            if route.hop is Hop.APPLIANCE and route.address and route.address in route.prefix:
                found.update((route.address.value, route.address.value + 1))
    for influence in routes.influences:
        for low, high in influence.within.intervals(version):
            found.add(low)
            found.add(high + 1)
    found.discard(top)
    return sorted(found)


@question_about
def appliances_of(network: Network, subnet: Subnet) -> tuple[Address, ...]:
    """Give the addresses of all appliances that a subnet's route table names, sorted."""
    try:
        table = network.find(subnet.properties.route_table)
    except Undetermined:
        return ()
    return appliances_in(network, table) if isinstance(table, RouteTable) else ()


@question_about
def appliances_in(_: Network, table: RouteTable) -> tuple[Address, ...]:
    """Give the addresses of all appliances that a route table names, sorted."""
    settings = walk.peek(table, "properties")
    hops = (walk.peek(route, "properties") for route in walk.peek(settings, "routes") or ())
    found = {address_or_none(walk.peek(hop, "next_hop_ip_address")) for hop in hops}
    return tuple(sorted(address for address in found if address is not None))


def lead(
    ways: Ways, space: FlowSpace, name: str, within: AddressSet, ask: Callable[[Way], bool | None]
) -> Bounds:
    """Give the packets whose address (`source` or `destination`) goes a way that fits."""
    parts: dict[bool | None, list[AddressSet]] = {}
    for addresses, way in ways.within(within):
        parts.setdefault(ask(way), []).append(addresses)
    return of_addresses(space, name, {key: AddressSet.union(p)[0] for key, p in parts.items()})


@question_about
def lead_alike(
    network: Network,
    ways: Ways,
    version: Version,
    name: str,
    within: AddressSet,
    ask: Callable[[Way], bool | None],
) -> Bounds:
    """Give the same, found once for all subnets with the same ways and all who ask the same."""
    return lead(ways, space_of(network, version), name, within, ask)
