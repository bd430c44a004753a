"""VNets joined by connections between their VPN gateways (R-24, N-20).

Those of the type Vnet2Vnet, and those to a site that is a gateway of another VNet: it has that
gateway's public address.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import Address, address_or_none
from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.network.on_premises import connections_of, gateways_lent
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
    """Give the connections of the type Vnet2Vnet of the gateways that a VNet uses.

    Raises Undetermined when one of them, or where it leads, is not told.
    """
    for gateway in gateways_lent(network, vnet):
        for connection in connections_of(network, gateway):
            found = tunnel_by(network, gateway, connection)
            if found is not None:
                yield found


@question_about
def tunnel_by(
    network: Network, gateway: VirtualNetworkGateway, connection: Connection
) -> Tunnel | None:
    """Give the tunnel that a connection of the type Vnet2Vnet is; None of any other.

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
    return _between(network, gateway, other, connection, far)


@question_about
def tunnel_to_site(
    network: Network, gateway: VirtualNetworkGateway, connection: Connection
) -> Tunnel | None:
    """Give the tunnel that a connection to a site is, where the site is another VNet's gateway."""
    other = _gateway_at(network, connection)
    home = home_of(other) if other is not None else None
    far = network.find(home) if home is not None else None
    if other is None or other is gateway or not isinstance(far, VirtualNetwork):
        return None
    return _between(network, gateway, other, connection, far)


def _between(
    network: Network,
    gateway: VirtualNetworkGateway,
    other: VirtualNetworkGateway,
    connection: Connection,
    far: VirtualNetwork,
) -> Tunnel:
    doubts = (
        *_one_sided(network, gateway, other, connection),
        *(doubt for end in (gateway, other) for doubt in _steered(network, end)),
    )
    return Tunnel(connection, far, doubts)


def _gateway_at(network: Network, connection: Connection) -> VirtualNetworkGateway | None:
    """Give the gateway that has the public address of the site that a connection leads to."""
    site = network.find(walk.peek(connection.properties, "local_network_gateway2"))
    text = walk.peek(walk.peek(site, "properties"), "gateway_ip_address")
    address = address_or_none(text)
    return _by_address(network).get(address) if address is not None else None


@question
def _by_address(network: Network) -> dict[Address, VirtualNetworkGateway]:
    found: dict[Address, VirtualNetworkGateway] = {}
    for gateway in network.all(VirtualNetworkGateway):
        for each in walk.peek(walk.peek(gateway, "properties"), "ip_configurations") or ():
            public = network.find(walk.peek(walk.peek(each, "properties"), "public_ip_address"))
            text = walk.peek(walk.peek(public, "properties"), "ip_address")
            address = address_or_none(text)
            if address is not None:
                found[address] = gateway
    return found


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
        for end in (gateway, other)
        for each in connections_of(network, end)
        if {gateway, other} == set(_ends(network, each))
    }
    for start, end in ((gateway, other), (other, gateway)):
        if start not in starts:
            lacks = f"a connection from {start.label} to {end.label}"
            yield Reason("collection-gap", lacks, connection.id)


def _ends(network: Network, connection: Connection) -> tuple[object, object]:
    p = connection.properties
    far = network.find(p.virtual_network_gateway2) or _gateway_at(network, connection)
    return network.find(p.virtual_network_gateway1), far


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
