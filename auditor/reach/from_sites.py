"""Paths from behind gateways: by those that serve a network, and by virtual hubs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor import ids
from auditor.addresses import EVERY_PORT, EVERYTHING, Version, prefix_or_none
from auditor.errors import Undetermined
from auditor.network.graph import Missing, Network
from auditor.network.on_premises import gateways_in, gateways_serving
from auditor.network.reasons import Reason, gap
from auditor.network.route_tables import default_route
from auditor.network.routing.gateway import served_by
from auditor.network.routing.peered import ties_of
from auditor.network.routing_domains import spelled
from auditor.network.service_tags import ServiceTags
from auditor.network.virtual_hubs import hub_reason
from auditor.reach.absent import into_absent
from auditor.reach.addressees import aims
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import deliver
from auditor.reach.neighbourhood import networks_around
from auditor.reach.path import Path, ends_at, start, towards
from auditor.reach.points import Kind, Point, anywhere_in, is_unplaced, vnet_of
from auditor.reach.replying import to_gateway
from auditor.reach.sending import by_appliances, onward
from auditor.reach.services import by_hidden_endpoint, from_sites
from auditor.reach.sites_behind import from_its_sites
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.reach.transit import sends_to
from auditor.reach.unplaced import to_unplaced
from auditor.reach.unresolved import private_fronts_towards, relayed
from auditor.reach.untold_balancers import from_sites_by_untold
from auditor.reach.ways import appliances_of
from auditor.resources import walk
from auditor.resources.hybrid import Connection, VirtualNetworkGateway
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


def from_sites_to(
    network: Network,
    source: Point,
    target: Point,
    version: Version,
    tags: ServiceTags,
    *,
    relays: bool,
) -> Iterator[Path]:
    """Give every path from behind gateways to one point."""
    if target.outside or target.kind is Kind.UNANSWERED:
        return
    if target.kind is Kind.BEYOND:
        yield into_absent(network, source, target, version, tags)
        return
    if target.kind is Kind.SERVICE:
        trail = start(network, source, version, EVERYTHING, tags)
        hidden = by_hidden_endpoint(trail, target)
        yield Path(source, target, hidden or from_sites(trail, target))
        return
    by = private_fronts_towards(network, target) if relays else ()
    try:
        entries = [
            (aim, subnet)
            for aim in (*aims(network, target), *by)
            for subnet in gateway_subnets_towards(network, aim)
        ]
    except Undetermined as unknown:
        yield from _by_some_gateway(network, source, target, version, tags, unknown)
        return
    for aim, subnet in entries:
        if not aim.addresses.intervals(version):
            continue
        sent = towards(start(network, source, version, aim.addresses, tags), aim)
        trail = from_its_sites(sent, subnet)
        here = anywhere_in(network, subnet)
        inside = by_gateway(trail, subnet, "it comes in by the gateway of its network")
        if isinstance(aim.node, PrivateEndpoint) and subnet not in lent_to(network, aim):
            found = by_appliances(inside, here, aim)
        else:
            found = onward(inside, here, aim, to_gateway(inside))
        for each, end in found:
            path = Path(source, end, each)
            if aim is target or ends_at(path, target):
                yield path
            for there, member in relayed(each, end, target) if aim in by else ():
                path = Path(source, member, there)
                if ends_at(path, target):
                    yield path
    if entries:
        yield from from_sites_by_untold(network, source, target, version, tags)
        trail = towards(start(network, source, version, target.addresses, tags), target)
        for doubted in by_untold_connection(trail, [subnet for _, subnet in entries]):
            for each, end in deliver(doubted, target, lambda then, _: then):
                if end.id == target.id:
                    yield Path(source, end, each)
    yield from _from_hubs(network, source, target, version, tags)
    yield from to_unplaced(network, source, target, version, tags)


def by_untold_connection(trail: Trail, subnets: Iterable[Subnet]) -> Iterator[Trail]:
    """Add that gateways in some subnets may have a connection that came without settings.

    A connection is of the subscription of its gateway.
    """
    homes = {(ids.subscription(subnet.id) or "").lower() for subnet in subnets}
    hollow = (
        each
        for each in trail.network.all(Connection)
        if walk.peek(each, "properties") is None and each.subscription.lower() in homes
    )
    connection = next(hollow, None)
    if connection is None:
        return
    yield _untold(
        trail, connection.id, "collection-gap", f"where the connection {connection.label} leads"
    )


def by_gateway(trail: Trail, subnet: Subnet, says: str = "") -> Trail:
    """Add that packets go by the gateway in a subnet, which a group or a default route may stop.

    Azure supports neither there, and does not tell what they do (N-40, R-27). What it `says` where
    none stands is a step of its own, if it says anything.
    """
    trail = _past_default_route(trail, subnet)
    try:
        group = subnet.properties.network_security_group
        label = ids.name(group.id or "") if group is not None else ""
    except Undetermined:
        what = f"whether a security group stands at {subnet.label}"
        return _untold(trail, subnet.id, "collection-gap", what)
    if not label:
        return remark(trail, "gateway", subnet.id, lambda _: says) if says else trail
    what = f"what the security group {label} does to the gateway in its subnet"
    return _untold(trail, subnet.id, "semantics:N-40", what)


def _past_default_route(trail: Trail, subnet: Subnet) -> Trail:
    """Add that a user's route for all addresses may keep a gateway from working (R-27)."""
    try:
        route = default_route(trail.network, subnet)
    except Undetermined as unknown:
        what = f"whether a route for all addresses stands at {subnet.label}"
        return _untold(trail, unknown.resource or subnet.id, "collection-gap", what)
    prefix = prefix_or_none(route.properties.address_prefix) if route is not None else None
    if route is None or prefix is None or prefix.length:
        return trail
    what = f"whether the gateway in {subnet.label} works with route {route.label}"
    return _untold(trail, route.id, "semantics:R-27", what)


def _untold(trail: Trail, arm_id: str, label: str, what: str) -> Trail:
    """Add that a gateway lets packets through, or not."""
    return remark(
        trail,
        "gateway",
        arm_id,
        lambda _: f"it cannot be told {what}",
        Bounds.maybe(trail.space.all),
        reasons=(Reason(label, what, arm_id),),
    )


def back_by_some_gateway(trail: Trail, lacks: tuple[Reason, ...]) -> Trail:
    """Add that replies of sites come in by a gateway of which it is not told where it stands."""
    return remark(
        trail,
        "gateway",
        lacks[0].resource,
        lambda _: "it cannot be told by which gateway replies come in",
        Bounds.maybe(trail.space.all),
        reasons=lacks,
        reply=True,
    )


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
) -> Iterator[Path]:
    """Give the paths by gateways of which it is not told which they are.

    Whoever brings it in, an appliance with an address of its own perhaps: the filters of the
    target are asked.
    """
    for aim in aims(network, target):
        trail = towards(start(network, source, version, aim.addresses or EVERYTHING, tags), aim)
        doubt = remark(
            trail,
            "gateway",
            target.home or target.id,
            lambda _: "it cannot be told by which gateway it would come in",
            Bounds.maybe(trail.space.all),
            reasons=(gap(unknown, target.id),),
        )
        inside = doubt.perhaps_becoming(source=EVERYTHING, source_port=EVERY_PORT)
        for each, end in deliver(inside, aim, lambda then, _: then):
            path = Path(source, end, each)
            if aim is target or ends_at(path, target):
                yield path


def gateway_subnets_towards(network: Network, target: Point) -> tuple[Subnet, ...]:
    """Give the subnets of the gateways by which a point's network is joined to sites.

    A peer's are none of them unless it lends them (R-17), or appliances of its network stand
    between (R-15). Raises Undetermined where the input lacks the network, and where it tells of no
    gateway and not whether a peer lends one.
    """
    vnet = vnet_of(network, target)
    if vnet is None:
        if target.home and target.home not in network.nodes:
            home = spelled(network, target.home)
            raise Undetermined(f"{home} is not in the snapshot", resource=home)
        if is_unplaced(target):
            raise Undetermined(f"the network of {ids.name(target.id)}", resource=target.id)
        return ()
    found = {subnet.key: subnet for subnet in lent_to(network, target)}
    served = served_by(network, vnet)
    if not found and served.untold:
        first = served.untold[0]
        raise Undetermined(first.detail, resource=first.resource)
    found |= _homes(network, _by_appliances(network, vnet, target))
    return tuple(found[key] for key in sorted(found))


def lent_to(network: Network, target: Point) -> tuple[Subnet, ...]:
    """Give the subnets of the gateways that a point's network has, or is lent (R-17).

    Raises Undetermined where the input lacks one.
    """
    vnet = vnet_of(network, target)
    return lent_to_network(network, vnet) if vnet is not None else ()


def lent_to_network(network: Network, vnet: VirtualNetwork) -> tuple[Subnet, ...]:
    """Give the subnets of the gateways that a network has, or is lent, as `lent_to` does."""
    lent = {serving.gateway for serving in served_by(network, vnet).gateways}
    serving = (each for each in gateways_serving(network, vnet) if each in lent)
    return tuple(_homes(network, serving).values())


def _homes(network: Network, gateways: Iterable[VirtualNetworkGateway]) -> dict[str, Subnet]:
    """Give the subnets that gateways are in, by their keys.

    Raises Undetermined where the input lacks one: what its routes do is not told.
    """
    found: dict[str, Subnet] = {}
    for gateway in gateways:
        for configuration in gateway.properties.ip_configurations or ():
            node = network.find(configuration.properties.subnet)
            if isinstance(node, Missing):
                raise Undetermined(f"the subnet of {gateway.label}", resource=gateway.id)
            if isinstance(node, Subnet):
                found[node.key] = node
    return found


def _by_appliances(
    network: Network, vnet: VirtualNetwork, target: Point
) -> Iterator[VirtualNetworkGateway]:
    """Give the gateways of other networks that hand over to appliances, or get from them (R-15).

    Nobody has to lend such a gateway: it hands over to the appliance, whose own address may be all
    that the target sees, and gets replies from it.
    """
    for key in sorted(networks_around(network, vnet.key) - {vnet.key}):
        far = network.nodes.get(key)
        for gateway in gateways_in(network, far) if isinstance(far, VirtualNetwork) else ():
            if any(appliances_of(network, each) for each in _homes(network, [gateway]).values()):
                yield gateway
    if not isinstance(target.node, PrivateEndpoint):  # whose answers take no user's route
        yield from _answered_by_appliances(network, vnet)


def _answered_by_appliances(
    network: Network, vnet: VirtualNetwork
) -> Iterator[VirtualNetworkGateway]:
    """Give the gateways of peers to whose appliances some subnet sends what is for others.

    Those of their peers too, and so on: by one appliance to another's.
    """
    seen, todo = {vnet.key}, [vnet]
    while todo:
        here = todo.pop()
        for tie in ties_of(network, here).ties:
            far = tie.far
            if far is not None and far.key not in seen and sends_to(network, here, tie.peering):
                seen.add(far.key)
                todo.append(far)
                yield from gateways_in(network, far)
