"""Application gateways: what reaches their listeners, and what they send on (A-10 to A-28).

A gateway ends the client's connection and opens one of its own, from any address of its subnet.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.addresses import EVERY_PORT, EVERYTHING, Address, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.doubt import Doubt
from auditor.network.effective_rules import Direction
from auditor.network.gateway_homes import subnet_of
from auditor.network.gateways import (
    Route,
    entries_of,
    frontend_of,
    pools_of,
    port_of,
    routes_of,
    rules_of,
)
from auditor.network.graph import Missing, Network, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import Hop
from auditor.packets.intervals import Intervals
from auditor.reach.bounds import Bounds
from auditor.reach.cures import for_ports
from auditor.reach.filter_stage import filters
from auditor.reach.gateway_health import probe_of
from auditor.reach.leading import leaves_by
from auditor.reach.points import Kind, Point, gateway
from auditor.reach.stages import Reply, remark, replies
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Trail
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.application_gateways import (
    ApplicationGateway,
    BackendSettings,
    GatewayFrontend,
    GatewayProbe,
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
def untold_listeners(network: Network, front: GatewayFrontend) -> tuple[Listener, ...]:
    """Give the listeners that may answer at a frontend, of which it is not told where they do."""
    gateway = front.root
    listeners = walk.peek(walk.peek(gateway, "properties"), "http_listeners") or ()
    others = walk.peek(walk.peek(gateway, "properties"), "listeners") or ()
    return tuple(each for each in (*listeners, *others) if _may_be_at(network, each, front))


def _may_be_at(network: Network, listener: Listener, front: GatewayFrontend) -> bool:
    try:
        if frontend_of(network, listener) is not front:
            return False
        port_of(network, listener)
        rules_of(network, listener)
    except Undetermined:
        return True
    return False


@question_about
def point_of(network: Network, node: ApplicationGateway) -> Point:
    """Give a gateway's point; without a subnet when the snapshot does not tell it."""
    try:
        return gateway(network, node, subnet_of(network, node))
    except Undetermined as unknown:
        return Point(Kind.GATEWAY, node.id, AddressSet(), node, reasons=(gap(unknown, node.id),))


def at_listeners(
    trail: Trail, node: ApplicationGateway, front: GatewayFrontend, reply: Reply
) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet for a frontend of a gateway to each port on which it answers there.

    The end is the gateway; `listener` of the trail tells the port.
    """
    here = point_of(trail.network, node)
    ports, reasons = ports_of(trail.network, node)
    ports = tuple(port for port in ports if port.frontend is front)
    for port in ports:
        there = reply(_admitted(trail, node, port, here), here)
        yield replace(there, listener=port.listeners[0].key), here
    if not ports and not reasons:
        yield _silent(trail, node, front), here
    if reasons:
        doubt = remark(
            trail,
            "listener",
            node.id,
            lambda _: f"it cannot be told on which ports {node.label} answers",
            Bounds.maybe(trail.space.carrying(TCP)),
            reasons=reasons,
        )
        untold = untold_listeners(trail.network, front)
        for listener in untold:
            yield replace(doubt, listener=listener.key), here
        if not untold:
            yield doubt, here


def _silent(trail: Trail, node: ApplicationGateway, front: GatewayFrontend) -> Trail:
    return remark(
        trail,
        "listener",
        node.id,
        lambda _: f"no listener of {node.label} answers at {front.label} (A-25)",
        Bounds.nothing(trail.space),
        opening=f"add a listener to {node.label}",
    )


def port_at(trail: Trail, node: ApplicationGateway) -> Port | None:
    """Give the port at which a packet has come to a gateway; None when it has come to none."""
    if not trail.listener:
        return None
    for port in ports_of(trail.network, node)[0]:
        if port.listeners[0].key == trail.listener:
            return port
    for front in walk.peek(walk.peek(node, "properties"), "frontend_ip_configurations") or ():
        for listener in untold_listeners(trail.network, front):
            if listener.key == trail.listener:
                return Port(front, 0, (listener,))
    return None


def listeners_at(network: Network, front: GatewayFrontend) -> tuple[Listener, ...]:
    """Give the listeners that answer at a frontend, or may."""
    gateway = front.root
    if not isinstance(gateway, ApplicationGateway):
        return ()
    told = [p.listeners for p in ports_of(network, gateway)[0] if p.frontend is front]
    return (*chain.from_iterable(told), *untold_listeners(network, front))


def _admitted(trail: Trail, node: ApplicationGateway, port: Port, here: Point) -> Trail:
    names = ", ".join(listener.label for listener in port.listeners)
    taken = trail.space.having(protocols=TCP, destination_ports=PortSet.of(port.number))
    trail = remark(
        trail,
        "listener",
        node.id,
        lambda _: f"{node.label} answers port {port.number} at {port.frontend.label} ({names})",
        Bounds.exactly(taken),
        opening=for_ports(f"add a listener to {node.label}", ("tcp",)),
        rule=port.listeners[0],
        stopped=f"{node.label} answers TCP {port.number} only at {port.frontend.label} ({names})",
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
    shared, own = shares_port(trail.network, node, port.number), here.addresses or None
    if shared is None and own is not None:
        trail = trail.perhaps_becoming(destination=own, reasons=(seen_reason(node),))
    else:
        target = None if shared else own
        trail = trail.becoming(destination=target, reasons=here.reasons)
    return filters(trail, here, Direction.INBOUND)


def shares_port(network: Network, node: ApplicationGateway, number: int) -> bool | None:
    """Tell whether a public and a private listener share a port (A-11).

    Then the subnet's security rules see the frontend's address as the destination of clients'
    packets, else one of the subnet. None: nobody tells whether a listener without a rule counts,
    and whether packets to other ports are seen so as well.
    """
    served = ports_of(network, node)[0]
    if len({port.frontend.key for port in served if port.number == number}) > 1:
        return True
    sides: dict[int, set[str]] = {}
    try:
        for listener in node.listeners if len(node.frontends) > 1 else ():
            front = frontend_of(network, listener)
            sides.setdefault(port_of(network, listener), set()).add(front.key)
    except Undetermined:
        return None
    return None if any(len(fronts) > 1 for fronts in sides.values()) else False


def seen_reason(node: ApplicationGateway) -> Reason:
    """Say why it is not told which destination rules see at a gateway."""
    what = f"whether rules see frontends of {node.label} or its subnet as the destination"
    return Reason("semantics:A-11", what, node.id)


def back_from(trail: Trail) -> Reply:
    """Give the reply of a gateway to the internet; other default routes are unsupported (A-14)."""

    def reply(here: Trail, responder: Point) -> Trail:
        def ask(way: Way) -> bool | None:
            return True if leaves_by(way, Hop.INTERNET) else None

        to = here.sources()
        why = Reason(
            "semantics:A-14", "whether a gateway works whose replies go another way", responder.id
        )
        return replies(here, responder, to, ask, "straight to the internet", lambda _: (why,))

    return reply


class Relay(msgspec.Struct, frozen=True):
    """What a gateway sends on: from a listener's route to one member of a pool, on a port.

    `teller` is the id of the pool, or of the listener or rule that ought to name one. `port` is
    None when it is not told, and `reasons` say why; so they do of a member that is not told.
    """

    gateway: str
    teller: str
    route: Route | None = None
    pool: str = ""
    member: str = ""
    address: Address | None = None
    configuration: IpConfiguration | ScaleSetIpConfiguration | None = None
    port: int | None = None
    reasons: tuple[Reason, ...] = ()
    probe: GatewayProbe | None = None


@question_about
def relays_of(network: Network, listener: Listener) -> tuple[Relay, ...]:
    """Give everything a listener's requests may be sent on to. Never raises for what is lacking."""
    found: list[Relay] = []
    home = listener.root.id
    try:
        routes = routes_of(network, listener)
    except Undetermined as unknown:
        return (Relay(home, listener.id, reasons=(gap(unknown, listener.id),)),)
    for route in routes:
        try:
            found += _relays(network, home, route)
        except Undetermined as unknown:
            found.append(Relay(home, route.node.id, route, reasons=(gap(unknown, listener.id),)))
            found += _naming(network, home, route)
    return tuple(dict.fromkeys(found))


def _relays(network: Network, home: str, route: Route) -> Iterator[Relay]:
    pools = pools_of(network, route)
    if not pools:
        return
    port, why = _port_or_why(network, route)
    for pool in pools:
        probe = probe_of(network, network.find(_settings(route)))
        whole = Relay(home, pool.id, route, pool.id, port=port, reasons=why, probe=probe)
        for entry in entries_of(network, pool):
            if isinstance(entry, Doubt):
                yield replace(whole, pool="", reasons=(gap(entry.unknown, pool.id),))
            elif entry.address is not None:
                yield replace(whole, member=entry.text, address=entry.address)
            else:
                reason = Reason(f"fqdn:{entry.text}", "where the name leads", pool.id)
                yield replace(whole, member=entry.text, reasons=(reason, *why))
        listed = [network.find(ref) for ref in pool.properties.backend_ip_configurations or ()]
        named = network.referrers(pool, _POOLS)
        for node in dict.fromkeys((*listed, *(edge.source for edge in named))):
            if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
                yield replace(whole, member=ids.name(node.root.id), configuration=node)
            elif isinstance(node, Missing):
                reason = Reason("collection-gap", f"{node.id} is not in the snapshot", pool.id)
                yield replace(whole, member=node.id, reasons=(reason, *why))


_POOLS = "applicationGatewayBackendAddressPools"


def _naming(network: Network, home: str, route: Route) -> Iterator[Relay]:
    """Give the machines that name a pool which the snapshot lacks."""
    try:
        pool = network.find(route.pool) if route.redirect is None else None
    except Undetermined:
        return
    if not isinstance(pool, Missing):
        return
    port, why = _port_or_why(network, route)
    for edge in network.referrers(pool, _POOLS):
        node = edge.source
        if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
            yield Relay(
                home, pool.id, route, pool.id, ids.name(node.root.id), None, node, port, why
            )


def _port_or_why(network: Network, route: Route) -> tuple[int | None, tuple[Reason, ...]]:
    try:
        return _port(network, route), ()
    except Undetermined as unknown:
        return None, (gap(unknown, route.node.id),)


def _port(network: Network, route: Route) -> int:
    found = network.get(_settings(route), BackendSettings)
    if found is None or found.properties.port is None:
        raise Undetermined(f"the backend port of {route.node.label}", resource=route.node.id)
    return found.properties.port


def _settings(route: Route) -> Ref | None:
    p = route.node.properties
    if isinstance(route.node, UrlPathMap):
        found: Ref | None = walk.peek(p, "default_backend_http_settings")
    else:
        found = walk.peek(p, "backend_http_settings") or walk.peek(p, "backend_settings")
    return found


def sending(trail: Trail, node: ApplicationGateway, relay: Relay, to: AddressSet) -> Trail:
    """Let a gateway open a connection of its own: from its subnet to a member's address (A-28)."""
    here = point_of(trail.network, node)
    subnet = here.place
    trail = remark(
        trail,
        "gateway",
        node.id,
        lambda _: (
            f"{node.label} connects to {relay.member}:{relay.port or 'a port not told'} "
            f"for pool {ids.name(relay.pool)}"
        ),
        rule=relay.route.node if relay.route is not None else None,
    )
    trail = replace(trail, via=(*trail.via, node.id), listener="")
    return trail.becoming(
        source=possible(subnet) if subnet is not None else EVERYTHING,
        destination=to,
        source_port=EVERY_PORT,
        destination_port=PortSet.of(relay.port) if relay.port else EVERY_PORT,
        reasons=(*here.reasons, *relay.reasons),
    )
