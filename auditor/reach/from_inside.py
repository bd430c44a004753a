"""Paths from points of VNets: straight, by gateways, over the internet, and to sites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial, reduce

from auditor.addresses import EVERYTHING, AddressSet, PortSet, Version
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.reasons import Reason, gap
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.addressees import aims
from auditor.reach.approaches import entrances_straight_to, entrances_towards
from auditor.reach.balancing import TCP
from auditor.reach.bounds import Bounds
from auditor.reach.by_name import addresses_of_name
from auditor.reach.doors import at_door, door_of
from auditor.reach.entering import enter
from auditor.reach.entrances import Entrance
from auditor.reach.filter_stage import filters
from auditor.reach.frame import Packet
from auditor.reach.from_sites import (
    back_by_some_gateway,
    by_gateway,
    by_untold_connection,
    gateway_subnets_towards,
    lent_to,
)
from auditor.reach.outwards import (
    leave,
    leave_by_appliances,
    leave_by_gateways,
    leave_by_service_endpoint,
    to_sites,
)
from auditor.reach.path import Path, ends_at, start, towards
from auditor.reach.pings import pings
from auditor.reach.points import Kind, Point, anywhere_in
from auditor.reach.sending import send
from auditor.reach.services import (
    answered,
    by_hidden_endpoint,
    endpoint_services,
    lets_in_by_subnet,
)
from auditor.reach.trail import Step, Trail
from auditor.reach.unanswered import own_public_addresses, own_space, to_nobody
from auditor.reach.unplaced import to_unplaced
from auditor.reach.unresolved import private_fronts_towards, relayed, unsure_entrances
from auditor.reach.untold_balancers import (
    addresses_of_lost,
    from_inside_by_untold,
    may_be_behind_lost,
    past_lost,
)
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


def from_inside(
    network: Network,
    source: Point,
    target: Point,
    version: Version,
    tags: ServiceTags,
    *,
    relays: bool,
    online: bool,
) -> Iterator[Path]:
    """Give every path from a point of a VNet to another point, wherever that is.

    `relays` tells whether to follow what application gateways send on, `online` whether to go out
    to the internet on the way to another point of VNets.
    """
    if target.kind in (Kind.INTERNET, Kind.UNANSWERED, Kind.SERVICE):
        yield from _to_outside(network, source, target, version, tags)
    elif (door := door_of(network, target)) is not None:
        to = addresses_of_name(network, door.node, tags)
        trail = start(network, source, version, to, tags)
        for outside in _leaving(trail, source, to):
            yield Path(source, target, at_door(outside, door), door)
    elif target.kind is Kind.ON_PREMISES:
        trail = start(network, source, version, target.addresses, tags)
        out = filters(trail, source, Direction.OUTBOUND)
        for there, last in to_sites(out, source, target.addresses, partial(_door, network)):
            yield Path(source, target, _by_gateways_of(there, last))
        homes = _gateway_subnets(network, source)
        for there in by_untold_connection(out, homes):
            yield Path(source, target, there)
    else:
        yield from private_paths(network, source, target, version, tags)
        if relays:
            yield from _by_gateways(network, source, target, version, tags)
        if not online:
            return
        yield from _by_entrances(network, source, target, version, tags, relays=relays)
        if may_be_behind_lost(network, target):
            to = addresses_of_lost(network)
            for outside in _leaving(start(network, source, version, to, tags), source, to):
                yield Path(source, target, past_lost(outside, target))


def _to_outside(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the paths to the internet, to public addresses of nobody's, and to services."""
    service = target.kind is Kind.SERVICE
    to = target.addresses
    if service and target.node is not None:
        to = addresses_of_name(network, target.node, tags)
    if target.kind is Kind.INTERNET:
        to = to - own_public_addresses(network)
        to = to - own_space(network, source) or to
    trail = start(network, source, version, to, tags)
    online = target.kind is Kind.INTERNET
    by = endpoint_services(target)
    for outside in _leaving(trail, source, to, services=not online, endpoints=by):
        if service:
            yield Path(source, target, answered(outside, target))
        elif target.kind is Kind.UNANSWERED:
            yield Path(source, target, to_nobody(outside, target))
        else:
            yield Path(source, target, _with_mail_in_doubt(outside))
    if online:
        out = filters(trail, source, Direction.OUTBOUND)
        for outside in leave_by_service_endpoint(out, source, to):
            yield Path(source, target, outside)
    if service:
        if by and lets_in_by_subnet(network, target, source):
            yield Path(source, target, _either_way(trail, source, target, to))
        yield from _to_hidden_endpoint(network, source, target, version, tags)


def _either_way(trail: Trail, source: Point, target: Point, to: AddressSet) -> Trail:
    """Follow packets to a service that takes them by a service endpoint, past the endpoint.

    Where it is not told whether the endpoint takes them, they get there in either case if they do
    so by their way out (R-40, L-24).
    """
    out = leave(filters(trail, source, Direction.OUTBOUND), source, to)
    return answered(out, target, subnets=False)


def _to_hidden_endpoint(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the path to the private endpoint of a service, which no resource tells (K-12)."""
    hidden = by_hidden_endpoint(start(network, source, version, EVERYTHING, tags), target)
    if hidden is not None:
        yield Path(source, target, hidden)


_MAIL = PortSet.of(25)


def _with_mail_in_doubt(trail: Trail) -> Trail:
    """Add that mail may not get out: whom Azure lets send it, no resource tells (N-17)."""
    space = trail.space
    mail = space.having(protocols=TCP, destination_ports=_MAIL)
    says = "it cannot be told whether the subscription may send mail on port 25 (N-17)"
    why = Reason("platform", "whether the subscription may send mail on port 25 (N-17)")

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        doubted = passes is not True and packet.destination_port in _MAIL
        return (Step("platform", "", says, packet, None, reasons=(why,)),) if doubted else ()

    return trail.through(Bounds(space.all, space.all - mail), tell)


def _by_entrances(
    network: Network,
    source: Point,
    target: Point,
    version: Version,
    tags: ServiceTags,
    *,
    relays: bool,
) -> Iterator[Path]:
    """Give the paths out to public entrances of the input, and in again by them."""
    for entrance in _entrances(network, target, relays):
        if entrance.version != version:
            continue
        to = entrance.addresses or PUBLIC
        trail = start(network, source, version, to, tags)
        for outside in _leaving(trail, source, to):
            for each, end in enter(outside, entrance, target):
                ends = relayed(each, end, target) if relays else ()
                for there, who in ((each, end), *ends):
                    path = Path(source, who, there, entrance)
                    if ends_at(path, target):
                        yield path
            yield from pings(outside, source, target, entrance)


def _entrances(network: Network, target: Point, relays: bool) -> Iterable[Entrance]:
    if not relays:
        return entrances_straight_to(network, target)
    both = (*entrances_towards(network, target), *unsure_entrances(network))
    return {(each.node.key, each.address.lower()): each for each in both}.values()


def _by_gateways(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the paths by application gateways, entered privately, that send on to a point."""
    for aim in private_fronts_towards(network, target):
        if not aim.addresses.intervals(version):
            continue
        trail = towards(start(network, source, version, aim.addresses, tags), aim)
        for at, end in send(trail, source, aim):
            for each, member in relayed(at, end, target):
                path = Path(source, member, each)
                if ends_at(path, target):
                    yield path


def private_paths(
    network: Network,
    source: Point,
    target: Point,
    version: Version = 4,
    tags: ServiceTags = NO_TAGS,
) -> Iterator[Path]:
    """Give the paths between two points of VNets that do not go over the internet."""
    for aim in aims(network, target):
        if not aim.addresses.intervals(version):
            continue
        trail = towards(start(network, source, version, aim.addresses, tags), aim)
        for each, end in send(trail, source, aim):
            path = Path(source, end, each)
            if aim is target or ends_at(path, target):
                yield path
    yield from from_inside_by_untold(network, source, target, version, tags)
    yield from to_unplaced(network, source, target, version, tags)


def _door(network: Network, here: Point) -> Point | None:
    """Give where replies of sites come in again, when it is told and there is one such place."""
    try:
        subnets = lent_to(network, here)
    except Undetermined:
        return None
    return anywhere_in(network, subnets[0]) if len(subnets) == 1 else None


def _by_gateways_of(trail: Trail, here: Point) -> Trail:
    """Add what the gateways do to which packets go from a point."""
    try:
        return reduce(by_gateway, lent_to(trail.network, here), trail)
    except Undetermined as unknown:
        return back_by_some_gateway(trail, (gap(unknown, here.id),))


def _gateway_subnets(network: Network, source: Point) -> tuple[Subnet, ...]:
    try:
        return gateway_subnets_towards(network, source)
    except Undetermined:
        return ()


def _leaving(
    trail: Trail,
    source: Point,
    to: AddressSet,
    *,
    services: bool = True,
    endpoints: frozenset[str] = frozenset(),
) -> Iterator[Trail]:
    """Follow packets to the internet, straight, by way of sites, and by appliances."""
    out = filters(trail, source, Direction.OUTBOUND)
    yield leave(out, source, to, services=services, endpoints=endpoints)
    yield from leave_by_gateways(out, source, to)
    yield from leave_by_appliances(out, source, to)
