"""From the edge of a network to the machine: filters, balancers, private endpoints, replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import PortSet
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.private_link import carries
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.network.routing_domains import spelled
from auditor.network.spelling import as_spelled
from auditor.reach.balancing import (
    BOTH,
    Forward,
    addresses_of_frontend,
    chained,
    forwards_of,
    to_nobody,
)
from auditor.reach.bounds import Bounds
from auditor.reach.cures import for_ports
from auditor.reach.filter_stage import filters
from auditor.reach.frame import Packet
from auditor.reach.gatewaying import at_listeners
from auditor.reach.given_ports import is_given
from auditor.reach.health import chosen, set_aside
from auditor.reach.hosting import api_server_at, is_hosted, on_its_port, service_behind
from auditor.reach.into_networks import doubts_into, or_around
from auditor.reach.leading import goes_past, leads_to, reaches_endpoint
from auditor.reach.linking import absent_services, links_of, through_link
from auditor.reach.pods import to_pods
from auditor.reach.points import Kind, Point, is_one, is_supposed, is_unplaced, vnet_of
from auditor.reach.resolvers import into_resolver
from auditor.reach.stages import Reply, goes, if_somebody, remark
from auditor.reach.trail import Trail
from auditor.reach.unforwarded import beside_the_known, forwarding, frontend_point
from auditor.reach.ways import Way, ways_from
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.dns_resolvers import ResolverInboundEndpoint
from auditor.resources.load_balancers import InboundNatRule, LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateEndpoint


def deliver(trail: Trail, target: Point, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet that has come to the network of its target, to whoever answers it there.

    Of a frontend there are several: the machines behind it, or the ports of a gateway.
    """
    if isinstance(target.node, LoadBalancerFrontend):
        server = api_server_at(trail.network, target.node)
        if server is None:
            yield from through_frontend(trail, target.node, reply)
        else:
            yield from deliver(trail, server, reply)
    elif isinstance(target.node, PrivateEndpoint):
        yield from at_endpoint(trail, target, target.node)
    elif isinstance(target.node, ResolverInboundEndpoint):
        yield reply(into_resolver(trail, target, target.node), target), target
    elif isinstance(target.node, GatewayFrontend):
        gateway = target.node.root
        if isinstance(gateway, ApplicationGateway):
            yield from at_listeners(trail, gateway, target.node, reply)
    else:
        inside = filters(trail, target, Direction.INBOUND)
        if is_hosted(target):
            inside = on_its_port(inside, target.id)
        if is_supposed(target):
            inside = if_somebody(inside, target)
        elif target.kind in (Kind.PLATFORM, Kind.FIREWALL):
            inside = _by_itself(inside, target)
        yield reply(inside, target), target


def _by_itself(trail: Trail, target: Point) -> Trail:
    """Add that no fact tells what firewalls, Bastion and gateways answer inside their networks."""
    what = target.node.root.label if target.node is not None else target.id
    reason = Reason("platform", f"what {what} answers by itself", target.id)
    return remark(
        trail,
        "platform",
        target.id,
        lambda _: f"it cannot be told what {what} answers inside its network",
        Bounds.maybe(trail.space.all),
        reasons=(reason,),
    )


def through_frontend(
    trail: Trail, frontend: LoadBalancerFrontend, reply: Reply, *, regional: bool = False
) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet for a frontend to each machine that its rules send it to (E-10).

    `regional` tells that it came by a global load balancer: behind another region there is none.
    """
    found = forwards_of(trail.network, frontend)
    for forward in found.known:
        if not (regional and leads_to_region(forward)):
            yield from behind(trail, forward, reply)
    yield from beside_the_known(trail, frontend, found, frontend.id)


def _named(network: Network, forward: Forward) -> str:
    """Name whom a rule sends packets to: a machine, or a frontend of another balancer (E-19)."""
    target = forward.target
    node = target.node if target is not None else None
    if isinstance(node, LoadBalancerFrontend):
        return f"{node.label} of {node.root.label}"
    if target is not None and target.nic:
        return ids.name(target.nic.id)
    return ids.name(ids.parent(as_spelled(network, forward.member)) or forward.member)


def _sends(network: Network, forward: Forward, packet: Packet) -> str:
    """Say whom a rule of a frontend sends a packet to."""
    to = f" as port {forward.backend_port}" if forward.backend_port else ""
    where = _named(network, forward)
    kept = ", its address unchanged (floating IP, P-4)" if forward.floating else ""
    return f"rule {forward.rule.label} sends port {packet.destination_port} to {where}{to}{kept}"


def _refusing(trail: Trail, forward: Forward) -> Callable[[Packet], str]:
    """Say why a rule of a frontend does not send a packet on: another takes it, to nobody."""

    def says(packet: Packet) -> str:
        other = to_nobody(trail.network, forward.frontend, packet)
        if other:
            return f"there is no machine behind {other} of {forward.frontend.label} (E-10)"
        return f"rule {forward.rule.label} takes {_taken(forward)} only"

    return says


def behind(trail: Trail, forward: Forward, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet through one rule of a load balancer to one machine behind it."""
    taken = trail.space.carrying(forward.protocols, forward.ports)
    rule, target = forward.rule, forward.target
    trail = remark(
        trail,
        "load-balancer",
        rule.root.id,
        lambda packet: _sends(trail.network, forward, packet),
        Bounds.maybe(taken) if forward.reasons else Bounds.exactly(taken),
        reasons=forward.reasons,
        opening=forwarding(trail, forward.frontend),
        rule=rule,
        stopped=_refusing(trail, forward),
    ).by_rule()
    trail = trail.by_range() if forward.one_of else trail
    if target is None:
        # Nobody tells what becomes of it there, and the rule may choose it as well as another.
        trail = replace(trail, choice=trail.choice or _choice(trail, forward))
        yield trail, frontend_point(forward.frontend)
        return
    if isinstance(target.node, LoadBalancerFrontend):
        yield from _in_region(set_aside(trail, forward), forward, target.node, reply)
        return
    trail = trail.becoming(
        destination=None if forward.floating else target.addresses,
        destination_port=PortSet.of(forward.backend_port) if forward.backend_port else None,
        reasons=() if forward.floating else target.reasons,
    )
    trail = chosen(replace(trail, choice=trail.choice or _choice(trail, forward)), forward, target)
    trail = not_itself(trail, forward, target)
    inside = to_pods(filters(trail, target, Direction.INBOUND), forward)
    yield reply(inside, target), target


def _choice(trail: Trail, forward: Forward) -> str:
    """What chooses among machines: the rule, or nothing where the port is that of one (E-18)."""
    rule = forward.rule
    if isinstance(rule, InboundNatRule) and is_given(trail.network, rule, forward.member):
        return f"{rule.key} {forward.member}"
    return rule.key


def leads_to_region(forward: Forward) -> bool:
    """Tell whether a rule of a global load balancer leads to a regional one (E-19)."""
    return forward.target is not None and forward.target.kind is Kind.FRONTEND


def _in_region(
    trail: Trail, forward: Forward, frontend: LoadBalancerFrontend, reply: Reply
) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet from a global load balancer through the frontend of a regional one (E-19).

    The client's address stays (P-5).
    """
    own = addresses_of_frontend(trail.network, frontend)
    lacks = Reason("collection-gap", f"the address of {frontend.label}", frontend.id)
    trail = replace(trail, choice=trail.choice or forward.rule.key).becoming(
        destination=None if forward.floating or not own else own,
        destination_port=PortSet.of(forward.backend_port) if forward.backend_port else None,
        reasons=() if own else (lacks,),
    )
    doubts = chained(frontend)
    if doubts:
        trail = remark(
            trail,
            "load-balancer",
            frontend.root.id,
            lambda _: f"it cannot be told what goes before {frontend.label}",
            Bounds.maybe(trail.space.all),
            reasons=doubts,
        )
    yield from through_frontend(trail, frontend, reply, regional=True)


def _taken(forward: Forward) -> str:
    """Say what a rule takes at its frontend: `TCP 443`."""
    named = [name for number, name in _NAMES.items() if (number, number) in forward.protocols]
    ports = "" if forward.ports == PortSet.of(0, 65535) else f" {forward.ports}"
    return f"{' and '.join(named)}{ports}"


_NAMES = {6: "TCP", 17: "UDP"}


def not_itself(trail: Trail, forward: Forward, target: Point) -> Trail:
    """Add that a machine which a load balancer sends back to itself gets no answer (P-10).

    Not where another address stands in for its own: that of its way to the internet, say. When
    this may be the frontend's, no fact tells what becomes of it.
    """
    source = trail.source.node
    if source is None or trail.via:
        return trail
    own = trail.source.addresses
    translated = [f.source is not None and not f.source.overlaps(own) for f in trail.frames]
    asked = addresses_of_frontend(trail.network, forward.frontend)
    if all(translated) and asked and not trail.sources().overlaps(asked):
        return trail
    others = [
        each.target.node
        for each in forwards_of(trail.network, forward.frontend).known
        if each.rule is forward.rule and each.target is not None
    ]
    if source not in others:
        return trail
    alone = source is target.node and is_one(source) and not any(translated)
    reason = Reason("semantics:P-10", "whether it is sent back to itself", forward.rule.root.id)
    return remark(
        trail,
        "hairpin",
        forward.rule.root.id,
        lambda _: (
            "it would be sent back to itself (P-10)"
            if alone
            else "it may come back with the address that it was sent to (P-10)"
            if any(translated)
            else "it is a backend itself"
        ),
        Bounds.nothing(trail.space) if alone else Bounds.maybe(trail.space.all),
        reasons=(reason,),
    )


def at_endpoint(
    trail: Trail, target: Point, endpoint: PrivateEndpoint
) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet into a private endpoint, and to whoever is behind a private link service.

    Other services answer at the endpoint. Application gateways have listeners for it (A-52). Of a
    private link service or gateway that the snapshot lacks, it is not told who answers behind it.
    """
    inside = into_endpoint(trail, target, endpoint)
    for far in absent_services(trail.network, endpoint):
        inside = _behind_absent(inside, far)
    links = links_of(trail.network, endpoint)
    if not links:
        yield inside, target
    for link in links:
        there, back = through_link(inside, link)
        if link.front is None:
            yield there, target
        else:
            yield from at_linked(there, link.front, back)


def _behind_absent(trail: Trail, far: str) -> Trail:
    """Add that it is not told who answers behind a service that the snapshot lacks."""
    name = ids.name(far)
    return remark(
        trail,
        "private-link",
        far,
        lambda _: f"it cannot be told who answers behind {name}",
        Bounds.maybe(trail.space.all),
        reasons=(Reason("pe-external", f"{name} is not in the snapshot", far),),
    )


def at_linked(
    trail: Trail, front: LoadBalancerFrontend | GatewayFrontend, reply: Reply
) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet of Private Link to whoever answers at the frontend that it leads to."""
    if isinstance(front, LoadBalancerFrontend):
        yield from through_frontend(trail, front, reply)
    elif isinstance(front.root, ApplicationGateway):
        yield from at_listeners(trail, front.root, front, reply)


def into_endpoint(trail: Trail, target: Point, endpoint: PrivateEndpoint) -> Trail:
    """Follow a packet into a private endpoint; the service behind it answers (L-1, L-3)."""
    trail = filters(trail, target, Direction.INBOUND)
    opened = carries(endpoint)
    refused = opened is False
    reasons = () if opened is not None else (_untold(endpoint),)
    carried = trail.space.carrying(BOTH)
    here = Bounds.nothing(trail.space) if refused else Bounds.exactly(carried)
    trail = remark(
        trail,
        "private-endpoint",
        endpoint.id,
        lambda _: f"the connection of {endpoint.label} is {'' if opened else 'not '}approved (L-1)",
        Bounds.maybe(carried) if reasons else here,
        reasons=reasons,
        opening=for_ports(f"approve the connection of {endpoint.label}") if refused else "",
        stopped="" if refused else f"{endpoint.label} carries TCP and UDP only (L-1)",
        unsure=f"it cannot be told whether the connection of {endpoint.label} is approved (L-1)",
    )
    return on_its_port(trail, service_behind(endpoint))


def _untold(endpoint: PrivateEndpoint) -> Reason:
    return Reason("collection-gap", f"the state of the connection of {endpoint.label}", endpoint.id)


def arrives(trail: Trail, source: Point, target: Point) -> Trail:
    """Add the route from a point straight into the network of another, or to its endpoint."""
    vnet = vnet_of(trail.network, source)
    node = target.node
    near_only = isinstance(node, LoadBalancerFrontend) and is_basic(node)

    def ask(way: Way) -> bool | None:
        return or_around(trail.network, directly(way), way, target.home, vnet)

    def directly(way: Way) -> bool | None:
        if isinstance(node, PrivateEndpoint):
            return reaches_endpoint(way, node, vnet)
        if near_only and any(route.hop is Hop.GLOBAL_PEERING for route in way.possible):
            return False  # a Basic load balancer does not answer another region
        return leads_to(way, target.home, vnet)

    there = ids.name(spelled(trail.network, target.home)) if target.home else "its network"
    past = () if is_unplaced(target) else _past_endpoint(trail, source, target)

    def doubts(way: Way) -> tuple[Reason, ...]:
        if is_unplaced(target):
            return target.reasons
        return (*past, *doubts_into(trail.network, way, target.home, vnet))

    return goes(trail, source, target.addresses, ask, f"to {there}", doubts)


def _past_endpoint(trail: Trail, source: Point, target: Point) -> tuple[Reason, ...]:
    """Why it is not told that a route into the network leads to an endpoint in it."""
    if source.place is None or not isinstance(target.node, PrivateEndpoint):
        return ()
    ways = ways_from(trail.network, source.place, trail.space.version, trail.tags)
    found = (way.route for way in ways.towards(target.addresses))
    vnet = vnet_of(trail.network, source)
    if not any(route is not None and goes_past(route, target.home, vnet) for route in found):
        return ()
    what = f"whether a route into the network leads to the private endpoint {ids.name(target.id)}"
    return (Reason("semantics:L-4", what, target.id),)


def is_basic(frontend: LoadBalancerFrontend) -> bool:
    """Tell whether a frontend is that of a Basic load balancer."""
    name = walk.peek(walk.peek(frontend.root, "sku"), "name") or ""
    return bool(name.lower() == "basic")
