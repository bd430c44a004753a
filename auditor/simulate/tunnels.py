"""Connections between the gateways of two networks (R-24)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.network.graph import Network, question_about
from auditor.resources.hybrid import Connection, VirtualNetworkGateway
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.carriers import connections_of, gateways_in
from auditor.simulate.logic import told, told_of
from auditor.simulate.peers import network_of, peers

TUNNEL = "vnet2vnet"
"""The type of such a connection, in lower case."""


class Tunnel(msgspec.Struct, frozen=True):
    """What a gateway is joined with.

    `whole` tells that both halves are there and nothing at either gateway steers what comes out;
    `borrowers` are the networks that use the far gateway by transit.
    """

    far: VirtualNetwork
    whole: bool
    borrowers: tuple[VirtualNetwork, ...]


@question_about
def tunnels(network: Network, gateway: VirtualNetworkGateway) -> tuple[Tunnel, ...] | None:
    """Give the tunnels of a gateway; None when the far end of one is not told."""
    far_ends: dict[str, tuple[VirtualNetworkGateway, set[str]]] = {}
    for each in connections_of(network, gateway):
        if (told_of(each, lambda e: e.properties.connection_type, None) or "").lower() != TUNNEL:
            continue
        first, second = _ends(network, each)
        other = second if first is gateway else first
        if not isinstance(other, VirtualNetworkGateway) or not isinstance(
            first, VirtualNetworkGateway
        ):
            return None
        far_ends.setdefault(other.key, (other, set()))[1].add(first.key)
    found = []
    for other, begun in far_ends.values():
        homes = _homes(network, other)
        if len(homes) != 1:
            return None
        whole = len(begun) == 2 and not steered(network, gateway) and not steered(network, other)
        found.append(Tunnel(homes[0], whole, tuple(_borrowers(network, homes[0]))))
    return tuple(found)


def _ends(network: Network, each: Connection) -> tuple[object, object]:
    return (
        network.find(told_of(each, lambda e: e.properties.virtual_network_gateway1, None)),
        network.find(told_of(each, lambda e: e.properties.virtual_network_gateway2, None)),
    )


def subnets_of(network: Network, gateway: VirtualNetworkGateway) -> list[Subnet]:
    """Give the subnets that a gateway stands in."""
    listed = told_of(gateway, lambda g: g.ip_configurations, ())
    found = (network.find(told_of(each, lambda e: e.properties.subnet, None)) for each in listed)
    return [each for each in found if isinstance(each, Subnet)]


def _homes(network: Network, gateway: VirtualNetworkGateway) -> list[VirtualNetwork]:
    found = {home.key: home for each in subnets_of(network, gateway)
             if (home := network_of(network, each)) is not None}  # fmt: skip
    return list(found.values())


def steered(network: Network, gateway: VirtualNetworkGateway) -> bool:
    """Whether a route table stands at a gateway, or may."""
    subnets = subnets_of(network, gateway)
    marker = "untold"
    return not subnets or any(
        told_of(each, lambda e: e.properties.route_table, marker) is not None for each in subnets
    )


def _borrowers(network: Network, home: VirtualNetwork) -> Iterator[VirtualNetwork]:
    for each in network.all(VirtualNetwork):
        for peer in peers(network, each) or ():
            uses = told_of(peer, lambda p: p.peering.properties.use_remote_gateways, None)
            if peer.far is home and uses:
                yield each


def joined(network: Network, here: VirtualNetwork, there: VirtualNetwork) -> bool:
    """Tell whether one tunnel, and no other gateway, joins two networks for certain."""
    own = tuple(gateways_in(network, here))
    if len(own) != 1 or told(lambda: own[0].kind, "") != "vpn":
        return False
    return any(each.far is there and each.whole for each in tunnels(network, own[0]) or ())
