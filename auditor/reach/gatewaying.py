"""Application gateways: what reaches their listeners, and what they send on (A-10 to A-28).

A gateway ends the client's connection and opens one of its own, from any address of its subnet.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.addresses import EVERY_PORT, Address, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.gateways import (
    Route,
    frontend_of,
    members_of,
    pools_of,
    port_of,
    routes_of,
    rules_of,
    subnet_of,
)
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import Hop
from auditor.packets.intervals import Intervals
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import Reply
from auditor.reach.points import Kind, Point, gateway, possible
from auditor.reach.stages import filters, remark, replies
from auditor.reach.trail import Trail
from auditor.reach.ways import Way, leaves_by
from auditor.resources import walk
from auditor.resources.application_gateways import (
    ApplicationGateway,
    BackendSettings,
    GatewayFrontend,
    Listener,
)
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.gateway_routing import UrlPathMap
from auditor.resources.interfaces import IpConfiguration

TCP: Intervals = ((6, 6),)


class Port(msgspec.Struct, frozen=True):
    """One port on which a gateway answers at one frontend, with the listeners that share it."""

    frontend: GatewayFrontend
    number: int
    listeners: tuple[Listener, ...]


@question_about
def ports_of(
    network: Network, node: ApplicationGateway
) -> tuple[tuple[Port, ...], tuple[Reason, ...]]:
    """Give the ports on which a gateway serves something, and why there may be more (A-25)."""
    found: dict[tuple[str, int], list[Listener]] = {}
    frontends: dict[str, GatewayFrontend] = {}
    reasons: list[Reason] = []
    try:
        listeners = node.listeners
    except Undetermined as unknown:
        return (), (gap(unknown, node.id),)
    for listener in listeners:
        try:
            if not rules_of(network, listener):
                continue
            front, number = frontend_of(network, listener), port_of(network, listener)
        except Undetermined as unknown:
            reasons.append(gap(unknown, listener.id))
            continue
        frontends[front.key] = front
        found.setdefault((front.key, number), []).append(listener)
    ports = tuple(
        Port(frontends[key], number, tuple(each)) for (key, number), each in sorted(found.items())
    )
    return ports, tuple(reasons)


@question_about
def point_of(network: Network, node: ApplicationGateway) -> Point:
    """Give a gateway's point; without a subnet when the snapshot does not tell it."""
    try:
        return gateway(network, node, subnet_of(network, node))
    except Undetermined as unknown:
        return Point(Kind.GATEWAY, node.id, AddressSet(), node, reasons=(gap(unknown, node.id),))


def at_listeners(
    trail: Trail, node: ApplicationGateway, front: GatewayFrontend, reply: Reply
) -> Iterator[tuple[Trail, Port]]:
    """Follow a packet for a frontend of a gateway to each port on which it answers there."""
    here = point_of(trail.network, node)
    ports, reasons = ports_of(trail.network, node)
    for port in ports:
        if port.frontend is front:
            yield reply(_admitted(trail, node, port, here), here), port
    if reasons:
        doubt = remark(
            trail,
            "listener",
            node.id,
            lambda _: f"it cannot be told on which ports {node.label} answers",
            Bounds.maybe(trail.space.having(protocols=TCP)),
            reasons=reasons,
        )
        yield doubt, Port(front, 0, ())


def _admitted(trail: Trail, node: ApplicationGateway, port: Port, here: Point) -> Trail:
    names = ", ".join(listener.label for listener in port.listeners)
    taken = trail.space.having(protocols=TCP, destination_ports=PortSet.of(port.number))
    trail = remark(
        trail,
        "listener",
        node.id,
        lambda _: f"{node.label} answers port {port.number} at {port.frontend.label} ({names})",
        Bounds.exactly(taken),
        opening=f"add a listener to {node.label}",
        rule=port.listeners[0],
    )
    state = (walk.peek(walk.peek(node, "properties"), "operational_state") or "").lower()
    if state == "stopped":
        trail = remark(
            trail,
            "gateway-stopped",
            node.id,
            lambda _: f"{node.label} is stopped (A-1)",
            Bounds.nothing(trail.space),
            opening=f"start {node.label}",
        )
    target = seen_as(trail.network, node, port, here)
    trail = trail.becoming(destination=target, reasons=here.reasons)
    return filters(trail, here, Direction.INBOUND)


def seen_as(
    network: Network, node: ApplicationGateway, port: Port, here: Point
) -> AddressSet | None:
    """Give what the subnet's security rules see as the destination of clients' packets (A-11).

    An address of the gateway's subnet; the frontend's own where a public and a private listener
    share the port. None: as it is.
    """
    shared = {p.frontend.key for p in ports_of(network, node)[0] if p.number == port.number}
    if len(shared) > 1:
        return None
    return here.addresses or None


def back_from(trail: Trail) -> Reply:
    """Give the reply of a gateway to the internet; other default routes are unsupported (A-14)."""

    def reply(here: Trail, responder: Point) -> Trail:
        def ask(way: Way) -> bool | None:
            return True if leaves_by(way, Hop.INTERNET) else None

        to = here.sources()
        why = Reason("semantics:A-14", "a gateway whose replies go another way", responder.id)
        return replies(here, responder, to, ask, "straight to the internet", (why,))

    return reply


class Relay(msgspec.Struct, frozen=True):
    """What a gateway sends on: from a listener's route to one member of a pool, on a port."""

    route: Route
    pool: str
    member: str
    address: Address | None
    configuration: IpConfiguration | ScaleSetIpConfiguration | None
    port: int | None
    reasons: tuple[Reason, ...] = ()


@question_about
def relays_of(network: Network, listener: Listener) -> tuple[Relay, ...]:
    """Give everything a listener's requests may be sent on to. Never raises for what is lacking."""
    found: list[Relay] = []
    try:
        routes = routes_of(network, listener)
    except Undetermined as unknown:
        return (_unknown_relay(listener, unknown),)
    for route in routes:
        try:
            found += _relays(network, route)
        except Undetermined as unknown:
            found.append(_unknown_relay(listener, unknown, route))
    return tuple(dict.fromkeys(found))


def _unknown_relay(listener: Listener, unknown: Undetermined, route: Route | None = None) -> Relay:
    reason = (gap(unknown, listener.id),)
    return Relay(route, "", "", None, None, None, reason)  # type: ignore[arg-type]


def _relays(network: Network, route: Route) -> Iterator[Relay]:
    pools = pools_of(network, route)
    port = _port(network, route) if pools else None
    for pool in pools:
        for member in members_of(pool):
            if member.address is not None:
                yield Relay(route, pool.id, member.text, member.address, None, port)
            else:
                reason = Reason(f"fqdn:{member.text}", "where the name leads", pool.id)
                yield Relay(route, pool.id, member.text, None, None, port, (reason,))
        listed = {network.find(ref) for ref in pool.properties.backend_ip_configurations or ()}
        named = network.referrers(pool, "applicationGatewayBackendAddressPools")
        for node in (*listed, *(edge.source for edge in named)):
            if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
                yield Relay(route, pool.id, ids.name(node.root.id), None, node, port)


def _port(network: Network, route: Route) -> int | None:
    p = route.node.properties
    ref: Ref | None
    if isinstance(route.node, UrlPathMap):
        ref = walk.peek(p, "default_backend_http_settings")
    else:
        ref = walk.peek(p, "backend_http_settings") or walk.peek(p, "backend_settings")
    found = network.get(ref, BackendSettings)
    if found is None or found.properties.port is None:
        raise Undetermined(f"the backend port of {route.node.label}", resource=route.node.id)
    return found.properties.port


def sending(trail: Trail, node: ApplicationGateway, relay: Relay, to: AddressSet) -> Trail:
    """Let a gateway open a connection of its own: from its subnet to a member's address (A-28)."""
    here = point_of(trail.network, node)
    subnet = here.place
    trail = remark(
        trail,
        "gateway",
        node.id,
        lambda _: (
            f"{node.label} connects to {relay.member}:{relay.port} for pool {ids.name(relay.pool)}"
        ),
        rule=relay.route.node,
    )
    trail = replace(trail, via=(*trail.via, node.id))
    return trail.becoming(
        source=possible(subnet) if subnet is not None else None,
        destination=to,
        source_port=EVERY_PORT,
        destination_port=PortSet.of(relay.port) if relay.port else None,
        reasons=here.reasons,
    )
