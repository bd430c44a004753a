"""An application gateway: listeners on one side, new packets to its backends on the other."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, AddressSet
from auditor.network.graph import Missing, Network
from auditor.ports import EVERY_PORT
from auditor.resources.application_gateways import (
    ApplicationGateway,
    BackendSettings,
    FrontendPort,
    GatewayFrontend,
    GatewayPool,
    GatewayProbe,
    Listener,
)
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.gateway_routing import RoutingRule, UrlPathMap
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.delivery import place_of, reply
from auditor.simulate.endpoints import address_of
from auditor.simulate.filter import INBOUND, OUTBOUND, judge
from auditor.simulate.logic import Truth, agreed, both, follow, follow_of, told, told_of
from auditor.simulate.matching import Ruling
from auditor.simulate.packet import Arrival, Packet, Sighting, one, usable
from auditor.simulate.places import groups_of
from auditor.simulate.pools import own_address
from auditor.simulate.special import PUBLIC
from auditor.simulate.trip import Knock, Onward, Origin, Route, Step, Trip


class _Target(msgspec.Struct, frozen=True):
    """One address, or what is not told of one, that a rule sends requests to."""

    pool: str
    port: int | None
    address: Address | None = None
    missing: str = ""
    asks: bool = False
    """Whether a probe asks on a port of its own, which may be denied."""


def at_gateway(trip: Trip, frontend: GatewayFrontend) -> Onward:
    """Give the end at the gateway's listener, then the new packets to its backends (A-13, A-28)."""
    at = frontend.id
    trip = trip.note(f"{at}: {trip.seen.packet}")
    gateway = frontend.owner
    if not isinstance(gateway, ApplicationGateway):
        return (trip.untold(at, "the application gateway is not told"),)
    if trip.seen.packet.protocol != "tcp":
        return (trip.dropped(at, "an application gateway listens on TCP only"),)
    state = told(lambda: (gateway.properties.operational_state or "running").lower(), "")
    if state == "stopped":
        return (trip.dropped(at, "the application gateway is stopped"),)
    served = _served(trip, gateway, frontend)
    if isinstance(served, Arrival):
        return (served,)
    if state != "running":
        trip = trip.doubt("whether the application gateway runs is not told")
    subnet = _subnet(trip.network, gateway)
    if subnet is None:
        return (trip.untold(at, "the subnet of the application gateway is not told"),)
    ruling = _admitted(trip, gateway, frontend, subnet)
    trip = trip.note(f"{subnet.id}: inbound {ruling}")
    if ruling.passes is False:
        return (trip.dropped(at, f"inbound traffic is {ruling}"),)
    if ruling.passes is None:
        trip = trip.doubt(f"inbound traffic is {ruling}")
    names = ", ".join(listener.label for listener, _ in served)
    answered = reply(trip, subnet)
    end = trip.delivered(at, f"listener {names} answers", answered)
    if answered is False:
        return (end,)  # without a connection there are no requests to send on
    if answered is None:
        trip = trip.doubt("whether the replies of the gateway get back is not told")
    return (end, *_onward(trip, gateway, subnet, [rule for _, rule in served]))


def _subnet(network: Network, gateway: ApplicationGateway) -> Subnet | None:
    found = [
        follow_of(network, each, lambda e: e.properties.subnet)
        for each in told(lambda: gateway.ip_configurations, ())
    ]
    return found[0] if len(found) == 1 and isinstance(found[0], Subnet) else None


def _served(
    trip: Trip, gateway: ApplicationGateway, frontend: GatewayFrontend
) -> list[tuple[Listener, RoutingRule]] | Arrival:
    """Give the listeners of the frontend at the packet's port, each with its rule (A-25)."""
    at, port = frontend.id, trip.seen.packet.destination_port
    listeners = told(lambda: gateway.listeners, None)
    rules = told(lambda: gateway.rules, None)
    if listeners is None or rules is None:
        return trip.untold(at, "the listeners or rules of the gateway are not told")
    answers = [(each, _listens(trip.network, each, frontend, port)) for each in listeners]
    hearing = [each for each, answer in answers if answer is True]
    if not hearing:
        if any(answer is None for _, answer in answers):
            return trip.untold(at, "whether a listener has the port is not told")
        if port >= 65200 or (port >= 65503 and not gateway.tier.endswith("_v2")):
            return trip.untold(at, "the port is for the management of the gateway")
        return trip.dropped(at, "no listener of the gateway has the port")
    named = [(rule, follow_of(trip.network, rule, lambda r: r.listener)) for rule in rules]
    served = [(each, rule) for each in hearing for rule, node in named if node is each]
    if served:
        return served
    if any(isinstance(node, Missing) for _, node in named):
        return trip.untold(at, "whether a rule serves the listener is not told")
    return trip.dropped(at, "no rule serves the listener")


def _listens(network: Network, listener: Listener, frontend: GatewayFrontend, port: int) -> Truth:
    node = follow(network, lambda: listener.properties.frontend_ip_configuration)
    here: Truth = node is frontend
    if node is None or (isinstance(node, Missing) and not node.key):
        here = None
    return both(here, _has_port(network, listener, port))


def _has_port(network: Network, listener: Listener, port: int) -> Truth:
    found = _port_of(network, listener)
    return None if found is None else found == port


def _port_of(network: Network, listener: Listener) -> int | None:
    node = follow(network, lambda: listener.properties.frontend_port)
    return told(lambda: node.properties.port, None) if isinstance(node, FrontendPort) else None


def _admitted(
    trip: Trip, gateway: ApplicationGateway, frontend: GatewayFrontend, subnet: Subnet
) -> Ruling:
    """Ask the group of the gateway's subnet; A-11 tells which destination it sees."""
    version = trip.seen.packet.destination.version
    instances = usable(told(lambda: subnet.prefixes, ()), version)
    shared = _shares(trip.network, gateway, trip.seen.packet.destination_port)
    seen: list[AddressSet] = []
    if shared is not True:
        seen.append(instances)
    if shared is not False:
        seen.append(one(trip.seen.packet.destination))
    groups = groups_of(trip.network, subnet, None, INBOUND)
    place = place_of(trip, subnet, None)
    rulings = [judge(place, INBOUND, groups, trip.seen.toward(each)) for each in seen]
    by = tuple(dict.fromkeys(name for ruling in rulings for name in ruling.by))
    return Ruling(agreed(ruling.passes for ruling in rulings), by)


def _shares(network: Network, gateway: ApplicationGateway, port: int) -> Truth:
    """Whether public and private listeners share a port; None when they share another one."""
    sides: dict[bool, set[int | None]] = {True: set(), False: set()}
    for listener in told(lambda: gateway.listeners, ()):
        node = follow_of(network, listener, lambda e: e.properties.frontend_ip_configuration)
        if not isinstance(node, GatewayFrontend):
            return None
        public = told_of(node, lambda n: n.public, None)
        if public is None:
            return None
        sides[public].add(_port_of(network, listener))
    if None in sides[True] | sides[False] and sides[True] and sides[False]:
        return None
    shared = sides[True] & sides[False]
    if port in shared:
        return True
    return None if shared else False


def _onward(
    trip: Trip, gateway: ApplicationGateway, subnet: Subnet, rules: list[RoutingRule]
) -> Iterator[Step | Arrival]:
    """Send a new packet to each backend, once whichever rules lead to it."""
    found: dict[tuple[object, ...], _Target] = {}
    for rule in rules:
        for target in _targets(trip.network, rule):
            key = target.port, target.address or target.pool, target.missing, target.asks
            found.setdefault(key, target)
    for target in found.values():
        started = trip.note(f"{gateway.id}: to a backend of {target.pool}")
        if target.asks:
            started = started.doubt("whether the gateway's probe gets in is not followed (A-29)")
        if target.address is None or not target.port:
            why = target.missing or "the port of the backend is not told"
            yield started.untold(target.pool, why)
            continue
        yield _send(started, gateway, subnet, target.address, target.port)


def _send(
    trip: Trip, gateway: ApplicationGateway, subnet: Subnet, to: Address, port: int
) -> Step | Arrival:
    """Send a new packet from an instance of the gateway (A-28)."""
    instances = usable(told(lambda: subnet.prefixes, ()), to.version)
    source = instances.smallest()
    if source is None:
        return trip.untold(gateway.id, "the addresses of the gateway's instances are not told")
    seen = Sighting(Packet(source, to, "tcp", 0, port), instances, one(to), EVERY_PORT)
    trip = replace(trip, seen=seen, origin=Origin("subnet", subnet), appliance=None)
    groups = groups_of(trip.network, subnet, None, OUTBOUND)
    ruling = judge(place_of(trip, subnet, None), OUTBOUND, groups, seen)
    trip = trip.note(f"{subnet.id}: outbound {ruling}")
    if ruling.passes is False:
        return trip.dropped(subnet.id, f"outbound traffic is {ruling}")
    if ruling.passes is None:
        trip = trip.doubt(f"outbound traffic is {ruling}")
    return Route(trip, subnet)


def _targets(network: Network, rule: RoutingRule) -> Iterator[_Target]:
    p = rule.properties
    policy = told(lambda: p.load_distribution_policy, Ref())
    if policy is not None:
        yield _Target(rule.id, None, missing="load distribution policies are not followed")
    settings = told(lambda: p.backend_http_settings or p.backend_settings, Ref())
    yield from _pair(network, told(lambda: p.backend_address_pool, Ref()), settings, rule.id)
    paths = follow(network, lambda: p.url_path_map)
    if isinstance(paths, UrlPathMap):
        yield from _by_path(network, paths)
    elif paths is not None:
        yield _Target(rule.id, None, missing="the path map is not told")


def _by_path(network: Network, paths: UrlPathMap) -> Iterator[_Target]:
    p = paths.properties
    listed = told(lambda: paths.path_rules, None)
    if not any("/*" in (told_of(e.properties, lambda q: q.paths, ()) or ()) for e in listed or ()):
        pool = told(lambda: p.default_backend_address_pool, Ref())
        how = told(lambda: p.default_backend_http_settings, Ref())
        yield from _pair(network, pool, how, paths.id)
    if listed is None:
        yield _Target(paths.id, None, missing="the path rules are not told")
    for each in listed or ():
        q = each.properties
        pool = told_of(q, lambda q: q.backend_address_pool, Ref())
        settings = told_of(q, lambda q: q.backend_http_settings, Ref())
        yield from _pair(network, pool, settings, each.id)


def _pair(network: Network, pool: Ref | None, settings: Ref | None, at: str) -> Iterator[_Target]:
    """Give the members of a pool at the port of the settings."""
    if pool is None:
        return
    node = follow(network, lambda: pool)
    if not isinstance(node, GatewayPool):
        yield _Target(at, None, missing="the backend pool is not told")
        return
    how = follow(network, lambda: settings)
    port = told(lambda: how.properties.port, None) if isinstance(how, BackendSettings) else None
    asks = isinstance(how, BackendSettings) and _asks_elsewhere(network, how)
    for address, missing in _members(network, node):
        yield _Target(node.id, port, address, missing, asks)


def _asks_elsewhere(network: Network, settings: BackendSettings) -> bool:
    """Whether a probe of backend settings has, or may have, a port of its own."""
    probe = follow(network, lambda: settings.properties.probe)
    if not isinstance(probe, GatewayProbe):
        return probe is not None
    own = told(lambda: probe.properties.port, 0)
    return own is not None and own != told(lambda: settings.properties.port, None)


def _members(network: Network, pool: GatewayPool) -> Iterator[tuple[Address | None, str]]:
    listed = told(lambda: pool.properties.backend_addresses or [], None)
    refs = told(lambda: pool.properties.backend_ip_configurations or [], None)
    if listed is None or refs is None:
        yield None, "the members of the pool are not told"
    for each in listed or ():
        name = told_of(each, lambda e: e.fqdn, "?")
        text = told_of(each, lambda e: e.ip_address, None)
        address = address_of(text)
        yield address, "" if address else f"where {name or text} leads is not told"
    nodes = {}
    for ref in refs or ():
        node = follow_of(network, ref, lambda r: r)
        if node is not None:
            nodes[node.key] = node
    for edge in network.referrers(pool, "applicationGatewayBackendAddressPools"):
        nodes[edge.source.key] = edge.source
    for node in nodes.values():
        if isinstance(node, IpConfiguration):
            address = own_address(node)
            yield address, "" if address else "a member's address is not told"
        elif isinstance(node, ScaleSetIpConfiguration):
            yield None, "the addresses of the instances are not told"
        else:
            yield None, f"{node.id} is not told"


def leave_as_gateway(trip: Trip, subnet: Subnet) -> Onward:
    """Leave for a public backend with the gateway's public address (A-28)."""
    sources = []
    closed = False
    for edge in trip.network.referrers(subnet, "subnet"):
        owner = edge.source.owner
        if isinstance(owner, ApplicationGateway):
            fronts = told_of(owner, lambda o: o.frontends, ())
            sources += [f for f in fronts if f.public]
            closed = bool(fronts) and told_of(owner, lambda o: o.tier, "").endswith("v2")
    if not sources and closed and told(lambda: subnet.properties.nat_gateway, "?") is None:
        return (trip.dropped(subnet.id, "a gateway without a public address has no way out"),)
    public = trip.network.find(sources[0].properties.public_ip_address) if len(sources) == 1 else 0
    if not isinstance(public, PublicIp) or trip.seen.packet.destination not in PUBLIC:
        return (trip.untold(subnet.id, "how the gateway leaves for the internet is not told"),)
    address = address_of(told(lambda: public.properties.ip_address, None))
    zero = Address(trip.seen.packet.source.version, 0)
    seen = trip.seen.sent_by(address) if address else trip.seen.sent_by(zero, PUBLIC)
    trip = replace(trip.note(f"{subnet.id}: leaves as {public.label}"), seen=seen, origin=Origin())
    return (Knock(trip, outside=False),)
