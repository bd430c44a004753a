"""From the edge of a network to the machine: filters, balancers, private endpoints, replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from auditor import ids
from auditor.addresses import AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.private_link import approved
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import EffectiveRoute, Hop
from auditor.network.routing_domains import spelled
from auditor.network.virtual_hubs import beyond_hubs
from auditor.packets.diagram import PacketSet
from auditor.reach.balancing import Forward, forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import admitted
from auditor.reach.pods import to_pods
from auditor.reach.points import Kind, Point, vnet_of
from auditor.reach.stages import filters, goes, remark, replies
from auditor.reach.trail import Trail
from auditor.reach.ways import Way, leads_to, leaves_by, may_be_taught, reaches_endpoint
from auditor.resources import walk
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.special_addresses import PLATFORM_HOST

Reply = Callable[[Trail, Point], Trail]
"""Adds the way back from whoever answers, which depends on how the packet came."""

HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)
"""Where health probes come from (E-16)."""


def deliver(trail: Trail, target: Point, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet that has come to the network of its target, to whoever answers it there.

    Of a frontend there are several: the machines behind it.
    """
    if isinstance(target.node, LoadBalancerFrontend):
        yield from through_frontend(trail, target.node, reply)
    elif isinstance(target.node, PrivateEndpoint):
        yield into_endpoint(trail, target, target.node), target
    else:
        yield reply(filters(trail, target, Direction.INBOUND), target), target


def through_frontend(
    trail: Trail, frontend: LoadBalancerFrontend, reply: Reply
) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet for a frontend to each machine that its rules send it to (E-10)."""
    found = forwards_of(trail.network, frontend)
    for forward in found.known:
        yield from behind(trail, forward, reply)
    if found.reasons:
        doubt = remark(
            trail,
            "load-balancer",
            frontend.id,
            lambda _: f"it cannot be told what {frontend.label} forwards",
            Bounds.maybe(trail.space.all),
            reasons=found.reasons,
        )
        yield doubt, frontend_point(frontend)
    elif not found.known:
        shut = remark(
            trail,
            "load-balancer",
            frontend.id,
            lambda _: f"no rule of the load balancer takes it at {frontend.label} (E-7, E-8)",
            Bounds.nothing(trail.space),
            opening=f"add a load-balancing rule at {frontend.label}",
        )
        yield shut, frontend_point(frontend)


def frontend_point(node: LoadBalancerFrontend) -> Point:
    """Give a frontend as the end of a path of which nothing further is known."""
    return Point(Kind.FRONTEND, node.id, AddressSet(), node)


def behind(trail: Trail, forward: Forward, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet through one rule of a load balancer to one machine behind it."""
    taken = trail.space.having(protocols=forward.protocols, destination_ports=forward.ports)
    rule, target = forward.rule, forward.target
    to = f" as port {forward.backend_port}" if forward.backend_port else ""
    where = ids.name(target.nic.id) if target is not None and target.nic else forward.member
    kept = ", its address unchanged (floating IP, P-4)" if forward.floating else ""
    trail = remark(
        trail,
        "load-balancer",
        rule.root.id,
        lambda packet: (
            f"rule {rule.label} sends port {packet.destination_port} to {where}{to}{kept}"
        ),
        Bounds.maybe(taken) if forward.reasons else Bounds.exactly(taken),
        reasons=forward.reasons,
        opening=f"add a load-balancing rule for it at {forward.frontend.label}",
        rule=rule,
    )
    if target is None:
        yield trail, frontend_point(forward.frontend)
        return
    trail = trail.becoming(
        destination=None if forward.floating else target.addresses,
        destination_port=PortSet.of(forward.backend_port) if forward.backend_port else None,
        reasons=() if forward.floating else target.reasons,
    )
    trail = probed(replace(trail, choice=rule.key), forward, target)
    trail = not_itself(trail, forward, target)
    inside = to_pods(filters(trail, target, Direction.INBOUND), forward)
    yield reply(inside, target), target


def probed(trail: Trail, forward: Forward, target: Point) -> Trail:
    """Add that the health probe has to get in, or the load balancer sends nothing (E-16, N-15)."""
    probe = forward.probe
    if probe is None:
        return trail
    port = walk.peek(walk.peek(probe, "properties"), "port")
    if port is None:
        lacks = Reason("collection-gap", f"the port of probe {probe.label}", probe.id)
        healthy: bool | None = None
        reasons: tuple[Reason, ...] = (lacks,)
    else:
        healthy = _gets_in(trail, target, port)
        reasons = target.reasons
    here = {
        True: Bounds.everything(trail.space),
        None: Bounds.maybe(trail.space.all),
        False: Bounds.nothing(trail.space),
    }[healthy]
    trail = replace(trail, down=trail.down or healthy is False)
    words = {True: "gets in", None: "may get in or not", False: "is denied: it counts as down"}
    return remark(
        trail,
        "probe",
        probe.id,
        lambda _: f"the health probe {probe.label} from {PLATFORM_HOST} {words[healthy]}",
        here,
        reasons=reasons,
        opening=f"allow AzureLoadBalancer to port {port} inbound at {ids.name(target.id)}",
        rule=probe,
    )


def not_itself(trail: Trail, forward: Forward, target: Point) -> Trail:
    """Add that a machine which a load balancer sends back to itself gets no answer (P-10)."""
    source = trail.source.node
    if source is None or trail.via:
        return trail
    others = [
        each.target.node
        for each in forwards_of(trail.network, forward.frontend).known
        if each.rule is forward.rule and each.target is not None
    ]
    if source not in others:
        return trail
    alone = source is target.node
    reason = Reason("semantics:P-10", "whether it is sent back to itself", forward.rule.root.id)
    return remark(
        trail,
        "hairpin",
        forward.rule.root.id,
        lambda _: "it would be sent back to itself (P-10)" if alone else "it is a backend itself",
        Bounds.nothing(trail.space) if alone else Bounds.maybe(trail.space.all),
        reasons=(reason,),
    )


def _gets_in(trail: Trail, target: Point, port: int) -> bool | None:
    if trail.space.version == 6:
        return None  # which address of the host asks over IPv6 no fact tells
    space = trail.space
    admits = admitted(trail.network, target.nic, Direction.INBOUND, 4, target.subnet, trail.tags)
    asked = space.having(
        source=HOST,
        destination=target.addresses,
        protocols=((6, 6),),
        destination_ports=PortSet.of(port),
    )
    return _told(asked, admits)


def _told(asked: PacketSet, bounds: Bounds) -> bool | None:
    if (asked & bounds.may).is_empty:
        return False
    return True if asked <= bounds.must else None


def into_endpoint(trail: Trail, target: Point, endpoint: PrivateEndpoint) -> Trail:
    """Follow a packet into a private endpoint; the service behind it answers (L-1, L-3)."""
    trail = filters(trail, target, Direction.INBOUND)
    try:
        states = {approved(connection) for connection in endpoint.connections}
        reasons: tuple[Reason, ...] = ()
    except Undetermined as unknown:
        states, reasons = set(), (gap(unknown, endpoint.id),)
    opened = True in states
    here = Bounds.everything(trail.space) if opened else Bounds.nothing(trail.space)
    return remark(
        trail,
        "private-endpoint",
        endpoint.id,
        lambda _: f"the connection of {endpoint.label} is {'' if opened else 'not '}approved (L-1)",
        Bounds.maybe(trail.space.all) if reasons else here,
        reasons=reasons,
        opening=f"approve the connection of {endpoint.label}",
    )


def straight_to(source: Point) -> Reply:
    """Give the reply of a packet that came straight from a point of a VNet."""

    def reply(here: Trail, responder: Point) -> Trail:
        vnet = vnet_of(here.network, responder)
        by_hub = source.home in beyond_hubs(here.network, vnet)

        def ask(way: Way) -> bool | None:
            direct = leads_to(way, source.home, vnet)
            if direct is False and by_hub and may_be_taught(way):
                return None
            return direct if direct is not False else through_appliance(way.route)

        to = here.sources()
        return replies(here, responder, to, ask, "straight back")

    return reply


def through_appliance(route: EffectiveRoute | None) -> bool | None:
    """Whether a reply by an appliance that did not see the packet gets back: perhaps, if it is no
    Azure Firewall, which is stateful and of which nothing is in doubt (P-11).
    """
    if route is None or route.hop is not Hop.APPLIANCE or route.fault:
        return False
    return None if route.doubts else False


def to_internet(trail: Trail) -> Reply:
    """Give the reply of a packet from the internet: it must leave straight for it (R-13)."""

    def reply(here: Trail, responder: Point) -> Trail:
        def ask(way: Way) -> bool | None:
            return leaves_by(way, Hop.INTERNET, Hop.SERVICE_ENDPOINT)

        to = here.sources()
        return replies(here, responder, to, ask, "straight to the internet")

    return reply


def to_gateway(trail: Trail) -> Reply:
    """Give the reply of a packet from behind a VPN or ExpressRoute gateway."""

    def reply(here: Trail, responder: Point) -> Trail:
        to = here.sources()
        return replies(
            here, responder, to, lambda way: leaves_by(way, Hop.GATEWAY), "back to the gateway"
        )

    return reply


def arrives(trail: Trail, source: Point, target: Point) -> Trail:
    """Add the route from a point straight into the network of another, or to its endpoint."""
    vnet = vnet_of(trail.network, source)
    node = target.node
    by_hub = target.home in beyond_hubs(trail.network, vnet)
    near_only = isinstance(node, LoadBalancerFrontend) and is_basic(node)

    def ask(way: Way) -> bool | None:
        straight = directly(way)
        return None if straight is False and by_hub and may_be_taught(way) else straight

    def directly(way: Way) -> bool | None:
        if isinstance(node, PrivateEndpoint):
            return reaches_endpoint(way, node)
        if near_only and any(route.hop is Hop.GLOBAL_PEERING for route in way.possible):
            return False  # a Basic load balancer does not answer another region
        return leads_to(way, target.home, vnet)

    there = ids.name(spelled(trail.network, target.home)) if target.home else "its network"
    return goes(trail, source, target.addresses, ask, f"to {there}")


def is_basic(frontend: LoadBalancerFrontend) -> bool:
    """Tell whether a frontend is that of a Basic load balancer."""
    name = walk.peek(walk.peek(frontend.root, "sku"), "name") or ""
    return bool(name.lower() == "basic")
