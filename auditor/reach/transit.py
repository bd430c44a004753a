"""What appliances of a hub forward between the networks around it, and who takes it (R-15, R-16).

Two networks beside one hub reach each other by its appliance when both route to it for one
another. What it forwards to one of them bears an address of the other, and only a peering with
`allowForwardedTraffic` takes that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeAlias

import msgspec

from auditor.addresses import EVERYTHING, NOTHING, Address, AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.graph import Missing, Network, possibly, question_about
from auditor.network.reasons import Reason
from auditor.network.route_tables import what_is_untold
from auditor.network.routing.model import PEERINGS, EffectiveRoute, Hop
from auditor.network.routing.peered import ties_of
from auditor.network.routing_domains import network_key, remote_claims
from auditor.reach.loops import appliance_at, doubts_of
from auditor.reach.ways import Way, ways_from
from auditor.resources import walk
from auditor.resources.firewalls import Firewall
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork

_VERSIONS: tuple[Version, ...] = (4, 6)


class Feed(msgspec.Struct):
    """What a subnet sends to one appliance of a hub: certainly, and perhaps, with the reasons."""

    source: Subnet
    vnet: VirtualNetwork
    route: EffectiveRoute
    must: AddressSet = NOTHING
    may: AddressSet = NOTHING
    reasons: dict[Reason, None] = msgspec.field(default_factory=dict)

    @property
    def appliance(self) -> Address:
        """The appliance's address."""
        assert self.route.address is not None
        return self.route.address


class Crossing(msgspec.Struct, frozen=True):
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


def untold_around(
    network: Network, vnet: VirtualNetwork, hub: VirtualNetwork
) -> Undetermined | None:
    """Give what a network, a hub or another peer does not tell that a crossing rests on.

    None where nobody sends anything to appliances of the hub, for all that is told.
    """
    peers = [tie.far for tie in ties_of(network, hub).ties if tie.far is not None]
    for each in (hub, *((vnet, *peers) if feeds(network, hub) else ())):
        found = what_is_untold(each)
        if found is not None:
            return found
    return None


def hidden_crossing(network: Network, vnet: VirtualNetwork, hub: VirtualNetwork) -> str:
    """Give the id of a route table outside the input by which there may be a crossing; or nothing.

    Both networks have a table that leads to an appliance of the hub, or may: one that is lacking.
    """
    if not _has_appliance(network, hub):
        return ""
    own = _lost_tables(network, vnet)
    far = [tie.far for tie in ties_of(network, hub).ties if tie.far not in (None, vnet, hub)]
    others = [lost for each in far if each is not None for lost in _lost_tables(network, each)]
    found = feeds(network, hub)
    here = own or found.get(vnet.key)
    there = others or found.keys() - {vnet.key}
    return next(iter((*own, *others)), "") if here and there else ""


def _lost_tables(network: Network, vnet: VirtualNetwork) -> list[str]:
    try:
        tables = [network.find(subnet.properties.route_table) for subnet in vnet.subnets]
    except Undetermined:
        return []
    return [table.id for table in tables if isinstance(table, Missing)]


def _has_appliance(network: Network, hub: VirtualNetwork) -> bool:
    """Whether a firewall stands in a network, or a NIC that forwards."""
    nics = (nic for nic in network.all(NetworkInterface) if possibly(_forwards, nic))
    homes = (
        walk.peek(walk.peek(walk.peek(part, "properties"), "subnet"), "id") or ""
        for node in (*network.all(Firewall), *nics)
        for part in walk.peek(walk.peek(node, "properties"), "ip_configurations") or ()
    )
    return any(home and network_key(home) == hub.key for home in homes)


def _forwards(nic: NetworkInterface) -> bool:
    return nic.properties.enable_ip_forwarding is True


def _crossed(
    network: Network, here: Feed, there: Feed, vnet: VirtualNetwork, hub: VirtualNetwork
) -> Crossing | None:
    home = _space(here.vnet)
    if not (there.may & home):
        return None
    on = onward(network, hub, here.appliance, vnet)
    if here.must & on.must and there.must & home:
        return Crossing(here, there, here.must & on.must)
    if not (here.may & on.may):
        return None
    whys = tuple(dict.fromkeys((*here.reasons, *there.reasons, *on.reasons)))
    return Crossing(here, there, here.may & on.may, whys)


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


class Reached(msgspec.Struct):
    """What an appliance sends to one place: certainly, perhaps, and why that is not told."""

    must: AddressSet = NOTHING
    may: AddressSet = NOTHING
    reasons: dict[Reason, None] = msgspec.field(default_factory=dict)

    def join(self, other: Reached) -> None:
        """Take over what another place gets."""
        self.must, self.may = self.must | other.must, self.may | other.may
        self.reasons.update(other.reasons)


def onward(
    network: Network, hub: VirtualNetwork, appliance: Address, vnet: VirtualNetwork
) -> Reached:
    """Give what an appliance of a hub sends into a network, straight or to an appliance there."""
    by_peer, by_appliance = _onward(network, hub, appliance)
    space = _space(vnet)
    if by_peer is None:
        reason = Reason("collection-gap", f"which routes {appliance} forwards by", hub.id)
        return Reached(NOTHING, space, {reason: None})
    total = Reached()
    if vnet.key in by_peer:
        total.join(by_peer[vnet.key])
    for address, reached in by_appliance.items():
        if address in space:
            total.join(reached)
    return total


_ByPeer: TypeAlias = dict[str, Reached] | None
"""What goes to peers, by their keys; None when it is not told by which routes."""


@question_about
def _onward(
    network: Network, hub: VirtualNetwork, appliance: Address
) -> tuple[_ByPeer, dict[Address, Reached]]:
    """Give what an appliance of a hub sends to each peer, and to each other appliance."""
    found = appliance_at(network, hub, appliance)
    if found is None or not found.exits:
        return None, {}
    by_peer: dict[str, Reached] = {}
    by_appliance: dict[Address, Reached] = {}
    for addresses, way, route in _leading_on(network, found.exits):
        if route.hop in PEERINGS:
            _reach(by_peer.setdefault(route.far, Reached()), addresses, way, route)
        elif route.hop is Hop.APPLIANCE and route.address is not None:
            _reach(by_appliance.setdefault(route.address, Reached()), addresses, way, route)
    for reached in (*by_peer.values(), *by_appliance.values()):
        reached.reasons.update(dict.fromkeys(found.untold))
    return by_peer, by_appliance


def _leading_on(
    network: Network, exits: Iterable[Subnet]
) -> Iterator[tuple[AddressSet, Way, EffectiveRoute]]:
    """Give every route from some subnets that packets may take, and to which addresses."""
    for subnet, version in product(exits, _VERSIONS):
        ways = ways_from(network, subnet, version, network.tags)
        for addresses, way in ways.within(EVERYTHING):
            for route in way.possible:
                if not route.fault:
                    yield addresses, way, route


def _reach(reached: Reached, addresses: AddressSet, way: Way, route: EffectiveRoute) -> None:
    reached.may = reached.may | addresses
    if way.route is route and not doubts_of(route):
        reached.must = reached.must | addresses
    reached.reasons.update(dict.fromkeys((*way.reasons, *doubts_of(route))))
