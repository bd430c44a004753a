"""The gateways of networks, and the connections that they have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from auditor.network.graph import Network, question
from auditor.resources.hybrid import Connection, VirtualNetworkGateway, VpnGatewayIpConfiguration
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.logic import told, told_of
from auditor.simulate.peers import network_of


def gateways_in(network: Network, home: VirtualNetwork) -> Iterator[VirtualNetworkGateway]:
    """Give the gateways that stand in a network."""
    yield from standing(network).get(home.key, ())


@question
def standing(network: Network) -> dict[str, list[VirtualNetworkGateway]]:
    """Give the gateways in each network, by its key; by no key those whose subnet is not told."""
    found: dict[str, list[VirtualNetworkGateway]] = defaultdict(list)
    for gateway in network.all(VirtualNetworkGateway):
        listed = told_of(gateway, lambda g: g.ip_configurations, ())
        homes = (_home(network, each) for each in listed)
        for key in dict.fromkeys(home.key for home in homes if home is not None) or ("",):
            found[key].append(gateway)
    return found


def _home(network: Network, each: VpnGatewayIpConfiguration) -> VirtualNetwork | None:
    subnet = network.find(told(lambda: each.properties.subnet, None))
    return network_of(network, subnet) if isinstance(subnet, Subnet) else None


def connections_of(network: Network, gateway: VirtualNetworkGateway) -> Iterator[Connection]:
    """Give the connections of a gateway."""
    yield from _connections(network).get(gateway.key, ())


@question
def _connections(network: Network) -> dict[str, list[Connection]]:
    """The connections of each gateway, by its key."""
    found: dict[str, list[Connection]] = defaultdict(list)
    for each in network.all(Connection):
        ends = (
            network.find(told_of(each, lambda e: e.properties.virtual_network_gateway1, None)),
            network.find(told_of(each, lambda e: e.properties.virtual_network_gateway2, None)),
        )
        for key in dict.fromkeys(end.key for end in ends if end is not None):
            found[key].append(each)
    return found
