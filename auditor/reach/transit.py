"""What appliances of a hub forward between the networks around it, and who takes it (R-15, R-16).

Two networks beside one hub reach each other by its appliance when both route to it for one
another. What it forwards to one of them bears an address of the other, and only a peering with
`allowForwardedTraffic` takes that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.addresses import EVERYTHING, NOTHING, Address, AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason
from auditor.network.routing.model import PEERINGS, EffectiveRoute, Hop
from auditor.network.routing.peered import ties_of
from auditor.network.routing_domains import remote_claims
from auditor.reach.loops import appliance_at, doubts_of
from auditor.reach.ways import Way, ways_from
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork

_VERSIONS: tuple[Version, ...] = (4, 6)


@dataclass
class Feed:
    """What a subnet sends to one appliance of a hub: certainly, and perhaps, with the reasons."""

    source: Subnet
    vnet: VirtualNetwork
    route: EffectiveRoute
    must: AddressSet = NOTHING
    may: AddressSet = NOTHING
    reasons: dict[Reason, None] = field(default_factory=dict)

    @property
    def appliance(self) -> Address:
        """The appliance's address."""
        assert self.route.address is not None
        return self.route.address


@dataclass(frozen=True)
class Crossing:
    """Two subnets that reach each other by appliances of a hub: `there` behind the peering asked.

    `addresses` are some that `here` sends to. `reasons` tell why it may not be so.
    """

    here: Feed
    there: Feed
    addresses: AddressSet
    reasons: tuple[Reason, ...] = ()


def crossing(
    network: Network, peering: Peering, vnet: VirtualNetwork, hub: VirtualNetwork
) -> Crossing | None:
    """Give who sends to a network by an appliance of its peer, and is answered the same way.

    A certain one before one that may be; None: nobody.
    """
    perhaps: Crossing | None = None
    found = feeds(network, hub)
    for there in found.get(vnet.key, ()):
        for key, others in found.items():
            if key == vnet.key:
                continue
            for here in others:
                crossed = _crossed(network, here, there, vnet, hub)
                if crossed is not None and not crossed.reasons:
                    return crossed
                perhaps = perhaps or crossed
    return perhaps


def _crossed(
    network: Network, here: Feed, there: Feed, vnet: VirtualNetwork, hub: VirtualNetwork
) -> Crossing | None:
    home = _space(here.vnet)
    if not (there.may & home):
        return None
    must, may, reasons = onward(network, hub, here.appliance, vnet)
    if here.must & must and there.must & home:
        return Crossing(here, there, here.must & must)
    if not (here.may & may):
        return None
    whys = tuple(dict.fromkeys((*here.reasons, *there.reasons, *reasons)))
    return Crossing(here, there, here.may & may, whys)


def sends_to(network: Network, vnet: VirtualNetwork, peering: Peering) -> bool:
    """Tell whether some subnet of a network may send to appliances behind its peering."""
    space = AddressSet.from_prefixes(claim.prefix for claim in remote_claims(peering))
    return any(_fed(network, vnet, space))


def _space(vnet: VirtualNetwork) -> AddressSet:
    try:
        return AddressSet.from_prefixes(vnet.prefixes)
    except Undetermined:
        return NOTHING


@question_about
def feeds(network: Network, hub: VirtualNetwork) -> dict[str, tuple[Feed, ...]]:
    """Give what subnets of a hub's peers send to its appliances, by the keys of the peers."""
    found: dict[str, tuple[Feed, ...]] = {}
    for tie in ties_of(network, hub).ties:
        if tie.far is not None:
            fed = tuple(_fed(network, tie.far, _space(hub)))
            if fed:
                found[tie.far_key] = fed
    return found


def _fed(network: Network, vnet: VirtualNetwork, hub: AddressSet) -> Iterator[Feed]:
    try:
        subnets = vnet.subnets
    except Undetermined:
        return
    for subnet in subnets:
        if not _names(network, subnet):
            continue
        found: dict[Address, Feed] = {}
        for version in _VERSIONS:
            ways = ways_from(network, subnet, version, network.tags)
            for addresses, way in ways.within(EVERYTHING):
                for route in _towards(way, hub):
                    assert route.address is not None
                    feed = found.setdefault(route.address, Feed(subnet, vnet, route))
                    _add(feed, addresses, way, route)
        yield from found.values()


def _names(network: Network, subnet: Subnet) -> bool:
    """Whether a subnet's table names an appliance at all: a cheap question before a dear one."""
    try:
        table = network.find(subnet.properties.route_table)
        if not isinstance(table, RouteTable):
            return False
        return any(route.properties.next_hop_ip_address for route in table.routes)
    except Undetermined:
        return True


def _towards(way: Way, hub: AddressSet) -> Iterator[EffectiveRoute]:
    for route in way.possible:
        address = route.address
        if route.hop is Hop.APPLIANCE and not route.fault and address and address in hub:
            yield route


def _add(feed: Feed, addresses: AddressSet, way: Way, route: EffectiveRoute) -> None:
    doubts = doubts_of(route)
    feed.may = feed.may | addresses
    if way.route is route and not doubts:
        feed.must = feed.must | addresses
    feed.reasons.update(dict.fromkeys((*way.reasons, *doubts)))


Reached = tuple[AddressSet, AddressSet, tuple[Reason, ...]]
"""What certainly gets there, what may, and why that is not told."""


@question_about
def onward(
    network: Network, hub: VirtualNetwork, appliance: Address, vnet: VirtualNetwork
) -> Reached:
    """Give what an appliance of a hub sends into a network, straight or to an appliance there."""
    found = appliance_at(network, hub, appliance)
    if found is None or not found.exits:
        reason = Reason("collection-gap", f"which routes {appliance} forwards by", hub.id)
        return NOTHING, _space(vnet), (reason,)
    must, may = NOTHING, NOTHING
    reasons: dict[Reason, None] = dict.fromkeys(found.untold)
    space = _space(vnet)
    for subnet in found.exits:
        for version in _VERSIONS:
            ways = ways_from(network, subnet, version, network.tags)
            for addresses, way in ways.within(EVERYTHING):
                if not any(_enters(route, vnet, space) for route in way.possible):
                    continue
                may = may | addresses
                if way.route is not None and not doubts_of(way.route):
                    must = must | addresses
                reasons.update(dict.fromkeys(way.reasons))
    return must, may, tuple(reasons)


def _enters(route: EffectiveRoute, vnet: VirtualNetwork, space: AddressSet) -> bool:
    if route.fault:
        return False
    if route.hop is Hop.APPLIANCE:
        return route.address is not None and route.address in space
    return route.hop in PEERINGS and route.far == vnet.key
