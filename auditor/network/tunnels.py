"""VNets joined by connections between their VPN gateways: the type Vnet2Vnet (R-24, N-20)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.on_premises import connections_of, gateways_serving
from auditor.network.reasons import Reason
from auditor.network.routing_domains import home_of
from auditor.resources import walk
from auditor.resources.hybrid import Connection, VirtualNetworkGateway
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork


class Tunnel(msgspec.Struct, frozen=True):
    """A connection from a gateway to that of another VNet.

    `doubts` tell why packets for the far VNet may not get there although the route is there.
    """

    connection: Connection
    far: VirtualNetwork
    doubts: tuple[Reason, ...] = ()


def tunnels_serving(network: Network, vnet: VirtualNetwork) -> Iterator[Tunnel]:
    """Give the connections to other VNets of the gateways that a VNet uses.

    Raises Undetermined when one of them, or where it leads, is not told.
    """
    for gateway in gateways_serving(network, vnet):
        for connection in connections_of(network, gateway):
            found = tunnel_by(network, gateway, connection)
            if found is not None:
                yield found


@question_about
def tunnel_by(
    network: Network, gateway: VirtualNetworkGateway, connection: Connection
) -> Tunnel | None:
    """Give the tunnel that a connection of a gateway is; None of a connection to anything else.

    Raises Undetermined when the far end is not told.
    """
    if (connection.properties.connection_type or "").lower() != "vnet2vnet":
        return None
    other = _other_end(network, gateway, connection)
    home = home_of(other) if other is not None else None
    far = network.get(home, VirtualNetwork)
    if other is None or far is None:
        lacks = "the far end of a VNet-to-VNet connection"
        raise Undetermined(lacks, resource=connection.id)
    doubts = (
        *_one_sided(network, gateway, other, connection),
        *(doubt for end in (gateway, other) for doubt in _steered(network, end)),
    )
    return Tunnel(connection, far, doubts)


def _other_end(
    network: Network, gateway: VirtualNetworkGateway, connection: Connection
) -> VirtualNetworkGateway | None:
    p = connection.properties
    first = network.get(p.virtual_network_gateway1, VirtualNetworkGateway)
    if first is not gateway:
        return first
    return network.get(p.virtual_network_gateway2, VirtualNetworkGateway)


def _one_sided(
    network: Network,
    gateway: VirtualNetworkGateway,
    other: VirtualNetworkGateway,
    connection: Connection,
) -> Iterator[Reason]:
    """Each end needs a connection of its own to the other."""
    starts = {
        network.find(each.properties.virtual_network_gateway1)
        for each in connections_of(network, gateway)
        if other in _ends(network, each)
    }
    for start, end in ((gateway, other), (other, gateway)):
        if start not in starts:
            lacks = f"a connection from {start.label} to {end.label}"
            yield Reason("collection-gap", lacks, connection.id)


def _ends(network: Network, connection: Connection) -> tuple[object, object]:
    p = connection.properties
    return network.find(p.virtual_network_gateway1), network.find(p.virtual_network_gateway2)


def _steered(network: Network, gateway: VirtualNetworkGateway) -> Iterator[Reason]:
    """A route table at a gateway may send what comes out of the tunnel elsewhere (R-27)."""
    for each in gateway.ip_configurations:
        subnet = network.find(each.properties.subnet)
        if isinstance(subnet, Subnet) and subnet.properties.route_table is not None:
            detail = f"where the route table at {gateway.label} sends what comes by the tunnel"
            yield Reason("semantics:R-27", detail, subnet.id)


def borrowers(network: Network, vnet: VirtualNetwork) -> Iterator[VirtualNetwork]:
    """Give the VNets that use a VNet's gateways by transit (R-17), as far as that is told."""
    for edge in network.referrers(vnet, "remoteVirtualNetwork"):
        if isinstance(edge.source, Peering) and walk.peek(
            walk.peek(edge.source, "properties"), "use_remote_gateways"
        ):
            home = network.holder(edge.source, VirtualNetwork)
            if home is not None:
                yield home
