"""What of a point bears on its paths, as values that compare: filters, routes, ways out.

Points of two networks whose faces are equal have the same paths to whatever did not change either.
"""

from __future__ import annotations

from auditor.addresses import EVERYTHING, Version
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network, question_about
from auditor.network.routing.model import Hop
from auditor.network.routing.peered import ties_of
from auditor.reach.aiming import relays_at
from auditor.reach.balancing import forwards_of
from auditor.reach.bounds import any_of
from auditor.reach.departing import departed
from auditor.reach.filtering import admitted
from auditor.reach.firewalling import passing
from auditor.reach.from_sites import gateway_subnets_towards
from auditor.reach.gatewaying import point_of, ports_of
from auditor.reach.handing_over import firewall_at
from auditor.reach.linking import links_of
from auditor.reach.path import SILENT, start
from auditor.reach.points import Point, vnet_of
from auditor.reach.relaying import aims_towards, private_frontends
from auditor.reach.space import space_of
from auditor.reach.untold_appliances import through_stranger
from auditor.reach.ways import Ways, appliances_of, ways_from
from auditor.resources import walk
from auditor.resources.application_gateways import (
    ApplicationGateway,
    GatewayFrontend,
    GatewayProbe,
)
from auditor.resources.firewalls import Firewall
from auditor.resources.load_balancers import LoadBalancerFrontend, LoadBalancerProbe
from auditor.resources.private_endpoints import PrivateEndpoint


def face(network: Network, point: Point, version: Version) -> tuple[object, ...]:
    """What of a point bears on its paths, as values that compare."""
    filters = tuple(
        admitted(network, point.nic, direction, version, point.subnet, network.tags)
        for direction in Direction
    )
    ways: tuple[object, ...] = ()
    passed: tuple[object, ...] = ()
    if point.place is not None:
        found = ways_from(network, point.place, version, network.tags)
        ways = _signature(found)
        if _by_appliances(found):
            passed = (*_appliances(network, version), *_strangers(network, point, version))
    sets = tuple((each.may, each.must) for each in filters)
    return (
        sets,
        _memberships(point),
        ways,
        passed,
        _forwarded(network, point),
        _by_gateways(network, point, version),
        _from_sites(network, point, version),
        _leaving(network, point, version),
    )


def _memberships(point: Point) -> tuple[str, ...]:
    """The application security groups it is in: what rules elsewhere say of them bears on it."""
    groups = walk.peek(walk.peek(point.node, "properties"), "application_security_groups") or ()
    return tuple(sorted(fold(walk.peek(group, "id") or "") for group in groups))


def _signature(ways: Ways) -> tuple[object, ...]:
    return tuple(
        (
            first,
            tuple((r.hop.value.lower(), str(r.address), r.far, r.fault) for r in way.possible),
            tuple(reason.label for reason in way.reasons),
        )
        for first, way in ways.parts()
    )


def _by_appliances(ways: Ways) -> bool:
    routes = (route for _, way in ways.parts() for route in way.possible)
    return any(route.hop is Hop.APPLIANCE for route in routes)


def _appliances(network: Network, version: Version) -> tuple[object, ...]:
    found: list[object] = []
    for firewall in network.all(Firewall):
        found.append(firewall.key)
        for each in passing(network, firewall, network.tags, space_of(network, version)):
            found += (each.may, each.must)
    return tuple(found)


def _strangers(network: Network, point: Point, version: Version) -> tuple[object, ...]:
    """What gets in at the other appliances to which a point's routes lead, and who takes it on."""
    if point.place is None:
        return ()
    trail = start(network, point, version, EVERYTHING, network.tags)
    found: list[object] = list(_flags(network, point))
    for address in appliances_of(network, point.place):
        if address.version == version and firewall_at(network, point, address) is None:
            passed = through_stranger(trail, address, point)
            found.append(any_of(trail.space, (each.bounds for each in passed)).may)
    return tuple(found)


def _flags(network: Network, point: Point) -> tuple[object, ...]:
    """What the network of a point takes from each peer that only forwards it (R-16)."""
    vnet = vnet_of(network, point)
    ties = ties_of(network, vnet).ties if vnet is not None else ()
    told = (walk.peek(tie.peering.properties, "allow_forwarded_traffic") for tie in ties)
    return tuple(zip((tie.far_key for tie in ties), told, strict=True))


def _leaving(network: Network, point: Point, version: Version) -> tuple[object, ...]:
    """What of a point's packets something takes to the internet (R-30)."""
    if point.place is None or point.kind in SILENT or not point.addresses.intervals(version):
        return ()
    trail = start(network, point, version, EVERYTHING, network.tags)
    bounds = departed(trail, point, point.place).bounds
    return bounds.may, bounds.must


def _forwarded(network: Network, point: Point) -> tuple[object, ...]:
    """What a load balancer makes of packets for a frontend, or an endpoint that leads to one."""
    if isinstance(point.node, LoadBalancerFrontend):
        return _rules(network, point.node)
    if not isinstance(point.node, PrivateEndpoint):
        return ()
    fronts = (link.front for link in links_of(network, point.node))
    return tuple(
        _rules(network, front) if isinstance(front, LoadBalancerFrontend) else front and front.key
        for front in fronts
    )


def _rules(network: Network, front: LoadBalancerFrontend) -> tuple[object, ...]:
    return front.key, *(
        (
            (f.rule.key, f.protocols, f.ports, f.backend_port, f.floating, f.member, f.standing),
            _asked(f.probe),
        )
        for f in forwards_of(network, front).known
    )


def _by_gateways(network: Network, point: Point, version: Version) -> tuple[object, ...]:
    """What gateways answer inside, and send on, of those that a point is or that lead to it."""
    if isinstance(point.node, ApplicationGateway):
        fronts = private_frontends(point.node)
    else:
        nodes = (aim.node for aim in aims_towards(network, point))
        fronts = tuple(node for node in nodes if isinstance(node, GatewayFrontend))
    found = tuple(_answering(network, front) for front in fronts)
    if isinstance(point.node, ApplicationGateway):
        return found
    gateways = {node.key: node for f in fronts if isinstance(node := f.root, ApplicationGateway)}
    return (*found, *(_standing(network, g, version) for g in gateways.values()))


def _standing(network: Network, gateway: ApplicationGateway, version: Version) -> object:
    """What the filters and routes of a gateway's subnet let it be asked, and ask itself."""
    own = point_of(network, gateway)
    filters = (
        admitted(network, own.nic, direction, version, own.subnet, network.tags)
        for direction in Direction
    )
    ways = ways_from(network, own.place, version, network.tags) if own.place is not None else None
    return (
        tuple((each.may, each.must) for each in filters),
        _signature(ways) if ways is not None else (),
    )


def _from_sites(network: Network, point: Point, version: Version) -> tuple[object, ...]:
    """What the subnets of the gateways make of packets from sites: where their routes lead."""
    try:
        subnets = gateway_subnets_towards(network, point)
    except Undetermined as unknown:
        return (str(unknown),)
    found: list[object] = []
    for subnet in subnets:
        ways = ways_from(network, subnet, version, network.tags)
        found += (subnet.key, _signature(ways))
        if _by_appliances(ways):
            found += _appliances(network, version)
    return tuple(found)


@question_about
def _answering(network: Network, front: GatewayFrontend) -> tuple[object, ...]:
    """What a gateway answers at a frontend, and sends on for it."""
    gateway = front.root
    if not isinstance(gateway, ApplicationGateway):
        return (front.key,)
    state = walk.peek(walk.peek(gateway, "properties"), "operational_state")
    numbers = tuple(p.number for p in ports_of(network, gateway)[0] if p.frontend is front)
    sent = tuple((r.member, r.port, _asked(r.probe)) for r in relays_at(network, front))
    return front.key, state, numbers, sent


def _asked(probe: LoadBalancerProbe | GatewayProbe | None) -> tuple[object, ...]:
    """What of a probe tells whether it gets in, and what becomes of those that it does not."""
    settings = walk.peek(probe, "properties")
    return tuple(walk.peek(settings, name) for name in ("port", "no_healthy_backends_behavior"))
