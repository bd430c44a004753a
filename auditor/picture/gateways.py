"""What stands between: gateways, load balancers, firewalls, Bastion, NAT, private endpoints."""

from __future__ import annotations

from functools import partial

from auditor import ids
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Missing
from auditor.network.private_link import interfaces_of
from auditor.picture.canvas import Canvas, linked, name_of, told
from auditor.picture.networks import network_of
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Node, Resource
from auditor.resources.bastion import Bastion
from auditor.resources.firewalls import Firewall
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.mysql import MySqlFlexibleServer, MySqlSingleServer
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.private_endpoints import PrivateEndpoint, PrivateLinkService
from auditor.resources.virtual_networks import Subnet
from auditor.resources.virtual_wan import (
    HubClientGateway,
    HubExpressRouteGateway,
    HubVpnGateway,
    VirtualHub,
)
from auditor.topology import Kind, Spot, Tie

_BY_CONFIGURATION: tuple[tuple[type[Resource], Kind], ...] = (
    (ApplicationGateway, Kind.GATEWAY),
    (Firewall, Kind.FIREWALL),
    (VirtualNetworkGateway, Kind.VPN),
    (Bastion, Kind.BASTION),
    (PrivateLinkService, Kind.LINK_SERVICE),
)
"""What stands in the subnet of its ip configurations."""

_STATE = "private_link_service_connection_state"
_IN_HUBS: tuple[type[Resource], ...] = (HubVpnGateway, HubClientGateway, HubExpressRouteGateway)


def draw_gateways(canvas: Canvas) -> None:
    """Draw what stands in a subnet of its own, or in a hub."""
    network = canvas.network
    for cls, kind in _BY_CONFIGURATION:
        canvas.each(network.all(cls), partial(_in_subnet, kind))
    for cls in _IN_HUBS:
        canvas.each(network.all(cls), _in_hub)
    canvas.each(network.all(VirtualHub), _route_server)


def _in_subnet(kind: Kind, canvas: Canvas, node: Node) -> None:
    doubts: list[str] = []
    home = _home(canvas, node, doubts)
    facts = [text for text in (_tier(node, doubts),) if text]
    _put(canvas, node, kind, home, facts, doubts)


def _in_hub(canvas: Canvas, node: Node) -> None:
    doubts: list[str] = []
    _put(canvas, node, Kind.VPN, _hub(canvas, node, doubts), [], doubts)


def _route_server(canvas: Canvas, hub: VirtualHub) -> None:
    doubts: list[str] = []
    for configuration in told(doubts, hub, "properties", "ip_configurations") or ():
        home = canvas.subnet(linked(doubts, configuration, "properties", "subnet"))
        _put(canvas, hub, Kind.ROUTER, home, [], doubts)


def _put(
    canvas: Canvas,
    node: Node,
    kind: Kind,
    home: str | None,
    facts: list[str],
    doubts: list[str],
) -> str:
    above = canvas.spots[home].id if home is not None else ""
    return canvas.put(Spot(node.id, kind, name_of(node), above, tuple(facts), tuple(doubts)))


def _home(canvas: Canvas, node: Node, doubts: list[str]) -> str | None:
    """The subnet of its ip configurations; else its hub or its network."""
    configurations = (
        told(doubts, node, "properties", "ip_configurations")
        if isinstance(node, PrivateLinkService)
        else told(doubts, node, "ip_configurations")
    )
    for configuration in configurations or ():
        home = canvas.subnet(linked(doubts, configuration, "properties", "subnet"))
        if home is not None:
            return home
    home = None
    if isinstance(node, Firewall):
        home = _hub(canvas, node, doubts)
    elif isinstance(node, Bastion):
        vnet = linked(doubts, node, "properties", "virtual_network")
        home = canvas.at(vnet) if vnet else None
    if home is None:
        doubts.append("not told: its subnet")
    return home


def _hub(canvas: Canvas, node: Node, doubts: list[str]) -> str | None:
    found = canvas.network.find(linked(doubts, node, "properties", "virtual_hub"))
    if isinstance(found, Missing):
        return canvas.missing(found.id, Kind.HUB)
    return canvas.at(found.id) if found is not None else None


def _tier(node: Node, doubts: list[str]) -> str:
    if isinstance(node, ApplicationGateway):
        return str(told(doubts, node, "tier") or "")
    if isinstance(node, VirtualNetworkGateway):
        return str(told(doubts, node, "properties", "gateway_type") or "")
    return ""


def draw_balancers(canvas: Canvas) -> None:
    """Draw load balancers: internal ones in the subnet of their address, public ones outside."""
    canvas.each(canvas.network.all(LoadBalancer), _balancer)


def _balancer(canvas: Canvas, balancer: LoadBalancer) -> None:
    doubts: list[str] = []
    home, facts = None, []
    for frontend in told(doubts, balancer, "frontends") or ():
        subnet = canvas.subnet(linked(doubts, frontend, "properties", "subnet"))
        home = home if home is not None else subnet
        address = told(doubts, frontend, "properties", "private_ip_address")
        if address:
            facts.append(address)
    public = "public" if _is_public(balancer) else "no frontend told"
    facts.insert(0, "internal" if home is not None else public)
    _put(canvas, balancer, Kind.BALANCER, home, facts[:5], doubts)


def _is_public(balancer: LoadBalancer) -> bool:
    try:
        return any(frontend.public for frontend in balancer.frontends)
    except Undetermined:
        return False


def draw_nat(canvas: Canvas) -> None:
    """Draw NAT gateways in the network that they serve, and the subnets' way out by them."""
    canvas.each(canvas.network.all(NatGateway), _nat)


def _nat(canvas: Canvas, nat: NatGateway) -> None:
    doubts: list[str] = []
    edges = canvas.network.referrers(nat, "natGateway")
    keys = {canvas.at(edge.source.id) for edge in edges if isinstance(edge.source, Subnet)}
    for ref in told(doubts, nat, "properties", "subnets") or ():
        keys.add(canvas.subnet(told(doubts, ref, "id")))
    homes = sorted(key for key in keys if key is not None)
    above = network_of(canvas, homes[0]) if homes else ""
    facts = () if homes or doubts else ("serves no subnet",)
    here = canvas.put(Spot(nat.id, Kind.NAT, name_of(nat), above, facts, tuple(doubts)))
    for home in homes:
        canvas.join(home, here, Tie.EGRESS)


def draw_databases(canvas: Canvas) -> None:
    """Draw MySQL servers: in the subnet delegated to them, or outside of any network."""
    canvas.each(canvas.network.all(MySqlFlexibleServer), _flexible_server)
    canvas.each(canvas.network.all(MySqlSingleServer), _single_server)


def _flexible_server(canvas: Canvas, server: MySqlFlexibleServer) -> None:
    doubts: list[str] = []
    settings = told(doubts, server, "properties")
    place = told(doubts, settings, "network", "delegated_subnet_resource_id") or told(
        doubts, settings, "delegated_subnet_arguments", "subnet_arm_resource_id"
    )
    _put(canvas, server, Kind.DATABASE, canvas.subnet(place), ["MySQL"], doubts)


def _single_server(canvas: Canvas, server: MySqlSingleServer) -> None:
    _put(canvas, server, Kind.DATABASE, None, ["MySQL"], [])


def draw_endpoints(canvas: Canvas) -> None:
    """Draw private endpoints, and what each leads to."""
    canvas.each(canvas.network.all(PrivateEndpoint), _endpoint)


def _endpoint(canvas: Canvas, endpoint: PrivateEndpoint) -> None:
    doubts: list[str] = []
    home = canvas.subnet(linked(doubts, endpoint, "properties", "subnet"))
    if home is None:
        doubts.append("not told: its subnet")
    connections = told(doubts, endpoint, "connections")
    here = _put(canvas, endpoint, Kind.ENDPOINT, home, [], doubts)
    for nic in interfaces_of(canvas.network, endpoint.id):
        canvas.aliases.setdefault(nic.key, here)
    for connection in connections or ():
        _link(canvas, here, connection)


def _link(canvas: Canvas, here: str, connection: object) -> None:
    doubts: list[str] = []
    target = told(doubts, connection, "properties", "private_link_service_id")
    if not target:
        canvas.add(here, doubts=doubts or ["not told: what it leads to"])
        return
    there = canvas.at(target)
    if there is None:
        kind = (ids.type_of(target) or "").rpartition("/")[2]
        here_told = canvas.network.find(target)
        counted = fold(target) in canvas.network.counted
        absent = isinstance(here_told, Missing) and not counted
        facts = (kind,) if kind else ()
        there = canvas.put(Spot(target, Kind.SERVICE, ids.name(target), "", facts, missing=absent))
    state = told(doubts, connection, "properties", _STATE, "status")
    if not state:
        canvas.join(here, there, Tie.LINK, (), doubts or ["not told: whether it is approved"])
        return
    down = state.lower() != "approved"
    canvas.join(here, there, Tie.LINK, (state,) if down else (), doubts, down=down)
