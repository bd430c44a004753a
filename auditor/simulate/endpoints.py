"""Private endpoints by network and address (L-1 to L-5)."""

from __future__ import annotations

import msgspec

from auditor.addresses import Address, AddressError, parse_address, parse_prefix
from auditor.network.graph import Network, question
from auditor.resources.base import Node
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.private_endpoints import PrivateEndpoint, ServiceConnection
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.logic import Truth, told, told_of
from auditor.simulate.peers import network_of


class Endpoint(msgspec.Struct, frozen=True):
    """A private endpoint at one of its addresses."""

    resource: PrivateEndpoint
    subnet: Subnet

    @property
    def approved(self) -> Truth:
        """Whether it carries traffic (L-1)."""
        listed = told(lambda: self.resource.connections, None)
        if not listed:
            return None
        states = {_status(connection) for connection in listed}
        if states == {"approved"}:
            return True
        return None if states & {"approved", ""} else False


def _status(connection: ServiceConnection) -> str:
    state = told(
        lambda: connection.properties.private_link_service_connection_state,
        None,
    )
    return (told(lambda: state.status, None) or "").lower() if state else ""


class Endpoints(msgspec.Struct):
    """What is known of private endpoints.

    `at` holds them by network and address; `untold` are the subnets that hold one whose address
    is not told; `nowhere` says that one's subnet is not told.
    """

    at: dict[tuple[str, Address], Endpoint] = msgspec.field(default_factory=dict)
    untold: set[str] = msgspec.field(default_factory=set)
    nowhere: bool = False


def policies(subnet: Subnet) -> str:
    """Give a subnet's policies for private endpoints in lower case; empty when not told (L-5)."""
    return (told(lambda: subnet.properties.private_endpoint_network_policies, None) or "").lower()


def policy(subnet: Subnet, kind: str) -> Truth:
    """Whether the policy for `networksecuritygroup` or `routetable` is on for endpoints."""
    word = policies(subnet)
    if not word:
        return None
    return word in ("enabled", f"{kind}enabled")


@question
def endpoints(network: Network) -> Endpoints:
    """Find every private endpoint."""
    found = Endpoints()
    for each in network.all(PrivateEndpoint):
        subnet = network.find(told_of(each, lambda e: e.properties.subnet, None))
        addresses = addresses_of(network, each)
        if not isinstance(subnet, Subnet):
            found.nowhere = True
            continue
        home = network_of(network, subnet)
        if not addresses:
            found.untold.add(subnet.key)
        for address in addresses:
            found.at[home.key if home else "", address] = Endpoint(each, subnet)
    return found


def interfaces_of(network: Network, endpoint: PrivateEndpoint) -> tuple[NetworkInterface, ...]:
    """Give the NICs of an endpoint, as far as they are in the input."""
    listed = told(lambda: endpoint.properties.network_interfaces, None) or ()
    found = {nic.key: nic for nic in network.present(listed, NetworkInterface)}
    for edge in network.referrers(endpoint, "privateEndpoint"):
        if isinstance(edge.source, NetworkInterface):
            found[edge.source.key] = edge.source
    return tuple(found[key] for key in sorted(found))


@question
def endpoint_nics(network: Network) -> frozenset[str]:
    """Give the keys of the NICs of all endpoints."""
    return frozenset(
        nic.key for each in network.all(PrivateEndpoint) for nic in interfaces_of(network, each)
    )


def addresses_of(network: Network, endpoint: PrivateEndpoint) -> tuple[Address, ...]:
    """Give the addresses of an endpoint: of its NICs, or written down for it."""
    found: list[Address] = []
    for nic in interfaces_of(network, endpoint):
        for configuration in told_of(nic, lambda n: n.ip_configurations, ()):
            address = address_of(
                told_of(configuration, lambda c: c.properties.private_ip_address, None)
            )
            if address is not None:
                found.append(address)
    for static in told(lambda: endpoint.properties.ip_configurations, None) or ():
        address = address_of(told_of(static, lambda s: s.properties.private_ip_address, None))
        if address is not None:
            found.append(address)
    return tuple(dict.fromkeys(found))


def address_of(text: str | None) -> Address | None:
    """Read the address of a NIC; None for none, and for a whole prefix."""
    if not text:
        return None
    try:
        prefix = parse_prefix(text) if "/" in text else None
        if prefix is not None:
            return prefix.address if prefix.size == 1 else None
        return parse_address(text)
    except AddressError:
        return None


def private_address(node: Node) -> Address | None:
    """Give the private address that is written down for a node, if its kind has one."""

    def text() -> str | None:
        return getattr(getattr(node, "properties", None), "private_ip_address", None)

    return address_of(told(text, None))


def endpoint_at(network: Network, home: VirtualNetwork, address: Address) -> Endpoint | None:
    """Give the private endpoint at an address of a network."""
    return endpoints(network).at.get((home.key, address))
