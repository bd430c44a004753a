"""Every path from one point to another: what sets out, what it meets, and who answers.

Paths straight through networks, by appliances, through public entrances, and by application
gateways, which open connections of their own (`via`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from msgspec.structs import replace

from auditor.addresses import EVERYTHING, AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.exposure import top_level
from auditor.network.graph import Network, possibly, question
from auditor.network.on_premises import gateways_serving
from auditor.network.reasons import gap
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.virtual_hubs import hub_reason
from auditor.reach.approaches import (
    distinct_relays,
    entrances_straight_to,
    entrances_towards,
    relay_targets,
)
from auditor.reach.balancing import forwards_of, forwards_to
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import deliver, to_gateway
from auditor.reach.doors import at_door, door_of, doors, fetched, is_door, linked
from auditor.reach.entrances import (
    Entrance,
    enter,
    entrances,
)
from auditor.reach.frame import SENT
from auditor.reach.gatewaying import (
    at_listeners,
    back_from,
    point_of,
    sending,
)
from auditor.reach.points import (
    INTERNET,
    Kind,
    Point,
    anywhere_in,
    frontend,
    vnet_of,
)
from auditor.reach.sending import leave, leave_by_appliances, onward, send, to_sites
from auditor.reach.services import answered
from auditor.reach.space import space_of
from auditor.reach.stages import filters, remark
from auditor.reach.trail import Trail
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


@dataclass(frozen=True)
class Path:
    """One way from a source to whoever answers at its end.

    `entrance` is the public address it goes through, if any. The packets of `bounds` are those as
    sent that arrive; `trail.frame` is what they look like then.
    """

    source: Point
    target: Point
    trail: Trail
    entrance: Entrance | None = None

    @cached_property
    def bounds(self) -> Bounds:
        """The packets as sent that arrive, and are answered."""
        return self.trail.bounds

    @property
    def relayed(self) -> bool:
        """Whether somebody on the way opens a connection of its own (`via`)."""
        return bool(self.trail.via)


def start(
    network: Network,
    source: Point,
    version: Version,
    to: AddressSet = EVERYTHING,
    tags: ServiceTags = NO_TAGS,
) -> Trail:
    """Begin a trail: packets that a point sends to some addresses."""
    space = space_of(network, version)
    sent = space.having(
        source=source.addresses if source.addresses else None,
        destination=None if to == EVERYTHING else to,
    )
    frame = SENT
    if source.reasons:
        frame = frame.rewritten(
            source=source.addresses if source.addresses.size > 1 else None, reasons=source.reasons
        )
    return Trail(network, space, source, sent, tags, frame)


SILENT = frozenset({Kind.FRONTEND, Kind.ENDPOINT, Kind.SERVICE})
"""What starts no flows of its own."""


def towards(trail: Trail, target: Point) -> Trail:
    """Aim a trail at a point of which it is not told which of several addresses it has."""
    if not target.reasons or target.addresses.size <= 1:
        return trail
    return trail.becoming(destination=target.addresses, reasons=target.reasons)


def paths(
    network: Network,
    source: Point,
    target: Point,
    version: Version = 4,
    tags: ServiceTags = NO_TAGS,
) -> tuple[Path, ...]:
    """Give every path from one point to another, for one version of IP.

    None from what starts no flows: frontends, private endpoints (L-3), platform services; and none
    from an endpoint of Front Door, which starts them for its clients.
    """
    if source.kind in SILENT or door_of(network, source) is not None:
        return ()
    if source.kind is Kind.INTERNET:
        found = _from_internet(network, source, target, version, tags)
    elif source.kind is Kind.ON_PREMISES:
        found = _from_sites(network, source, target, version, tags)
    else:
        found = _from_inside(network, source, target, version, tags)
    return tuple(found)


# From the internet


def from_internet(
    network: Network,
    source: Point = INTERNET,
    version: Version = 4,
    tags: ServiceTags = NO_TAGS,
    *,
    through: Iterable[Entrance] | None = None,
    relays: bool = True,
) -> Iterator[Path]:
    """Give every path from the internet into networks, entrance by entrance.

    `relays` tells whether to follow what application gateways and Front Door send on.
    """
    for entrance in (*entrances(network), *doors(network)) if through is None else through:
        if entrance.version != version:
            continue
        trail = start(network, source, version, entrance.addresses or EVERYTHING, tags)
        if is_door(entrance):
            yield from _fetched(trail, source, entrance) if relays else ()
            continue
        for each, target in enter(trail, entrance):
            yield Path(source, target, each, entrance)
        if relays and isinstance(entrance.node, GatewayFrontend):
            yield from _relayed(trail, source, entrance)


def _fetched(trail: Trail, source: Point, door: Entrance) -> Iterator[Path]:
    """Give the paths through an endpoint of Front Door to whoever answers for its origins."""
    for at, there in fetched(trail, door):
        if not isinstance(there, Entrance):
            for each, end in linked(at, there):
                yield Path(source, end, each, door)
            continue
        if there.version != trail.space.version:
            continue
        for each, end in enter(at, there):
            yield Path(source, end, each, door)
        if isinstance(there.node, GatewayFrontend):
            for path in _relayed(at, source, there):
                yield Path(source, path.target, path.trail, door)


def _relayed(trail: Trail, source: Point, entrance: Entrance) -> Iterator[Path]:
    """Give the paths through a gateway to the members of its pools, each member its own."""
    gateway = entrance.node.root
    if not isinstance(gateway, ApplicationGateway):
        return
    front = entrance.node
    assert isinstance(front, GatewayFrontend)
    for at, port in at_listeners(trail, gateway, front, back_from(trail)):
        at = replace(at, lead=f"{at.lead} {port.number}")
        for relay in distinct_relays(trail.network, port.listeners):
            for target in relay_targets(trail.network, gateway, relay):
                here = sending(at, gateway, relay, target.addresses)
                for each, end in send(here, point_of(trail.network, gateway), target):
                    yield Path(source, end, each, entrance)


def _from_internet(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    if target.kind is Kind.SERVICE:
        trail = start(network, source, version, EVERYTHING, tags)
        yield Path(source, target, answered(trail, target))
        return
    door = door_of(network, target)
    if door is not None:
        trail = start(network, source, version, EVERYTHING, tags)
        yield Path(source, target, at_door(trail, door), door)
        return
    for path in from_internet(
        network,
        source,
        version,
        tags,
        through=(*entrances_towards(network, target), *_doors_towards(network, target)),
    ):
        if ends_at(path, target):
            yield path


def ends_at(path: Path, target: Point) -> bool:
    """Tell whether a path ends at a point, or passes through it if it is a frontend."""
    if path.target.id.lower() == target.id.lower():
        return True
    if target.kind is Kind.SUBNET:
        return path.target.subnet is not None and path.target.subnet.key == target.id.lower()
    return isinstance(target.node, LoadBalancerFrontend) and any(
        forward.target is not None and forward.target.id == path.target.id
        for forward in forwards_of(path.trail.network, target.node).known
    )


@question
def _fetching(network: Network) -> dict[str, tuple[Entrance, ...]]:
    """The endpoints of Front Door that lead to points, by the ids of these and of their subnets."""
    found: dict[str, dict[str, Entrance]] = defaultdict(dict)
    for door in doors(network):
        trail = start(network, INTERNET, 4, EVERYTHING, network.tags)
        for path in _fetched(trail, INTERNET, door):
            place = path.target.subnet.key if path.target.subnet is not None else ""
            for key in {path.target.id.lower(), place} - {""}:
                found[key][door.address.lower()] = door
    return {key: tuple(each.values()) for key, each in found.items()}


def _doors_towards(network: Network, target: Point) -> tuple[Entrance, ...]:
    """Give the endpoints of Front Door that may lead to a point."""
    places = {target.id.lower(), target.subnet.key if target.subnet is not None else ""} - {""}
    found = {d.address.lower(): d for key in places for d in _fetching(network).get(key, ())}
    return tuple(found[key] for key in sorted(found))


# From within


def _from_inside(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    if target.kind is Kind.INTERNET:
        trail = start(network, source, version, target.addresses, tags)
        for outside in _leaving(trail, source, target.addresses):
            yield Path(source, target, outside)
        return
    if target.kind is Kind.SERVICE:
        trail = start(network, source, version, EVERYTHING, tags)
        for outside in _leaving(trail, source, PUBLIC):
            yield Path(source, target, answered(outside, target))
        return
    door = door_of(network, target)
    if door is not None:
        trail = start(network, source, version, EVERYTHING, tags)
        for outside in _leaving(trail, source, PUBLIC):
            yield Path(source, target, at_door(outside, door), door)
        return
    if target.kind is Kind.ON_PREMISES:
        trail = start(network, source, version, target.addresses, tags)
        out = filters(trail, source, Direction.OUTBOUND)
        for there in to_sites(out, source, target.addresses):
            yield Path(source, target, there)
        return
    yield from private_paths(network, source, target, version, tags)
    for entrance in entrances_straight_to(network, target):
        if entrance.version != version:
            continue
        to = entrance.addresses or PUBLIC
        trail = start(network, source, version, to, tags)
        for outside in _leaving(trail, source, to):
            for each, end in enter(outside, entrance):
                path = Path(source, end, each, entrance)
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
            if aim is target or end.id == target.id:
                yield Path(source, end, each)


def aims(network: Network, target: Point) -> tuple[Point, ...]:
    """Give what packets may be sent to so that a point gets them: itself, internal frontends."""
    if target.kind is not Kind.MACHINE or target.node is None:
        return (target,)
    fronts = {
        forward.frontend.key: forward.frontend
        for forward in forwards_to(network).get(target.node.key, ())
        if possibly(_is_internal, forward.frontend)
    }
    return (target, *(frontend(network, fronts[key]) for key in sorted(fronts)))


def _is_internal(node: LoadBalancerFrontend) -> bool:
    return not node.public


def _leaving(trail: Trail, source: Point, to: AddressSet) -> Iterator[Trail]:
    """Follow packets to the internet, straight and by appliances."""
    out = filters(trail, source, Direction.OUTBOUND)
    yield leave(out, source, to)
    yield from leave_by_appliances(out, source, to)


# From behind gateways


def _from_sites(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    if target.outside:
        return
    try:
        doorways = gateway_subnets_towards(network, target)
    except Undetermined as unknown:
        yield _by_some_gateway(network, source, target, version, tags, unknown)
        return
    for aim, subnet in product(aims(network, target), doorways):
        if not aim.addresses.intervals(version):
            continue
        trail = towards(start(network, source, version, aim.addresses, tags), aim)
        here = anywhere_in(network, subnet)
        inside = remark(
            trail, "gateway", subnet.id, lambda _: "it comes in by the gateway of its network"
        )
        for each, end in onward(inside, here, aim, to_gateway(inside)):
            if aim is target or end.id == target.id:
                yield Path(source, end, each)
    yield from _from_hubs(network, source, target, version, tags)


def _from_hubs(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the path by the gateways of a virtual hub, of which it is not told whom they let in."""
    vnet = vnet_of(network, target)
    reason = hub_reason(network, vnet) if vnet is not None else None
    if vnet is None or reason is None or not target.addresses.intervals(version):
        return
    trail = towards(start(network, source, version, target.addresses, tags), target)
    inside = remark(
        trail,
        "virtual-hub",
        reason.resource,
        lambda _: "it cannot be told what the virtual hub of its network lets in (R-29)",
        Bounds.maybe(trail.space.all),
        reasons=(reason,),
    )
    for each, end in deliver(inside, target, to_gateway(inside)):
        if end.id == target.id:
            yield Path(source, end, each)


def _by_some_gateway(
    network: Network,
    source: Point,
    target: Point,
    version: Version,
    tags: ServiceTags,
    unknown: Undetermined,
) -> Path:
    """Give the path by gateways of which it is not told which they are."""
    trail = start(network, source, version, target.addresses or EVERYTHING, tags)
    doubt = remark(
        trail,
        "gateway",
        target.home or target.id,
        lambda _: "it cannot be told by which gateway it would come in",
        Bounds.maybe(trail.space.all),
        reasons=(gap(unknown, target.id),),
    )
    return Path(source, target, doubt)


def gateway_subnets_towards(network: Network, target: Point) -> tuple[Subnet, ...]:
    """Give the subnets of the gateways by which a point's network is joined to sites."""
    vnet = vnet_of(network, target)
    if vnet is None:
        return ()
    found: dict[str, Subnet] = {}
    for gateway in gateways_serving(network, vnet):
        for configuration in gateway.properties.ip_configurations or ():
            node = network.find(configuration.properties.subnet)
            if isinstance(node, Subnet):
                found[node.key] = node
    return tuple(found[key] for key in sorted(found))


def owner_id(point: Point) -> str:
    """Give the id of the resource that a point belongs to."""
    return point.node.root.id if point.node is not None else top_level(point.id)
