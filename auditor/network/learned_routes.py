"""From whom a network learns routes that are not in ARM: BGP, ExpressRoute, Route Servers."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question, question_about
from auditor.network.on_premises import (
    connections_of,
    gateways_lent,
    hubs_of,
    require_connections,
)
from auditor.network.routing_domains import network_key, spelled
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.resources.virtual_wan import HubVpnConnection, HubVpnGateway, VirtualHub


@question_about
def learns_routes(network: Network, vnet: VirtualNetwork) -> str:
    """Tell from whom a VNet learns prefixes that are not in ARM (R-25, R-28), or give nothing.

    Raises Undetermined as `on_premises` does, and when a connection does not tell its gateways.
    """
    for gateway in gateways_lent(network, vnet):
        teacher = _teacher(network, gateway)
        if teacher:
            return teacher
    for hub in hubs_of(network, vnet):
        if hub.properties.express_route_gateway is not None:
            return f"the ExpressRoute gateway of the hub {hub.label}"
        if any(_uses_bgp(network, hub)):
            return f"BGP over the VPN of the hub {hub.label}"
    return _route_server(network, vnet)


@question_about
def _teacher(network: Network, gateway: VirtualNetworkGateway) -> str:
    """Who teaches a gateway, if somebody does."""
    if gateway.kind == "expressroute":
        return f"the ExpressRoute gateway {gateway.label}"
    require_connections(network, gateway)
    for connection in connections_of(network, gateway):
        if connection.properties.enable_bgp:
            return f"BGP over the connection {connection.label}"
        if (connection.properties.connection_type or "").lower() == "expressroute":
            return f"the ExpressRoute connection {connection.label}"
    return ""


def _uses_bgp(network: Network, hub: VirtualHub) -> Iterator[bool]:
    for edge in network.referrers(hub, "virtualHub"):
        if isinstance(edge.source, HubVpnGateway):
            connections: list[HubVpnConnection] = edge.source.properties.connections or []
            yield from (bool(connection.properties.enable_bgp) for connection in connections)


@question
def _route_servers(network: Network) -> dict[str, VirtualHub]:
    found: dict[str, VirtualHub] = {}
    for hub in network.all(VirtualHub):
        try:
            for configuration in hub.properties.ip_configurations or ():
                subnet = configuration.properties.subnet
                if subnet is not None and subnet.id:
                    found[network_key(subnet.id)] = hub
        except Undetermined:
            continue
    return found


def route_server_of(network: Network, key: str) -> VirtualHub | None:
    """Give the Route Server in the VNet with this key."""
    return _route_servers(network).get(key)


def _route_server(network: Network, vnet: VirtualNetwork) -> str:
    for key in (vnet.key, *_transit_keys(vnet)):
        if route_server_of(network, key) is not None:
            return f"the Route Server in {spelled(network, key).rpartition('/')[2]}"
    return ""


def _transit_keys(vnet: VirtualNetwork) -> Iterator[str]:
    for peering in vnet.peerings:
        p = peering.properties
        if p.use_remote_gateways and p.remote_virtual_network and p.remote_virtual_network.id:
            yield fold(p.remote_virtual_network.id)
