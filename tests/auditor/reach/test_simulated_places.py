"""The simulator finds who has an address one network at a time, and loses nobody by that."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import HealthCheck, given, settings

from auditor.addresses import Address
from auditor.network.graph import Network
from auditor.resources.base import Node
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.carriers import gateways_in
from auditor.simulate.endpoints import addresses_of, interfaces_of, private_address
from auditor.simulate.logic import told_of
from auditor.simulate.peers import network_of
from auditor.simulate.places import _HOLDERS, _home, places_in

from .test_against_simulator import networks


def _everywhere(network: Network) -> dict[tuple[str, Address], list[Node]]:
    """The same, of all networks at once."""
    found: dict[tuple[str, Address], list[Node]] = defaultdict(list)
    endpoints = network.all(PrivateEndpoint)
    theirs = {nic.key for each in endpoints for nic in interfaces_of(network, each)}
    for kind in _HOLDERS:
        for node in network.all(kind):
            owner = node.owner
            if isinstance(owner, NetworkInterface) and owner.key in theirs:
                continue
            home = _home(network, node)
            address = private_address(node)
            if address is not None and home is not None:
                found[home.key, address].append(node)
    last: dict[tuple[str, Address], Node] = {}
    for endpoint in endpoints:
        subnet = network.find(told_of(endpoint, lambda e: e.properties.subnet, None))
        home = network_of(network, subnet) if isinstance(subnet, Subnet) else None
        if home is not None:
            for address in addresses_of(network, endpoint):
                last[home.key, address] = endpoint
    for key, node in last.items():
        found[key].append(node)
    return found


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_nobody_is_lost(network: Network) -> None:
    found = {
        (home.key, address): nodes
        for home in network.all(VirtualNetwork)
        for address, nodes in places_in(network, home).items()
    }
    assert found == _everywhere(network)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_gateways_stand_where_they_say(network: Network) -> None:
    for home in network.all(VirtualNetwork):
        assert list(gateways_in(network, home)) == [
            gateway
            for gateway in network.all(VirtualNetworkGateway)
            if any(
                _home(network, each) is home
                for each in told_of(gateway, lambda g: g.ip_configurations, ())
            )
        ]
