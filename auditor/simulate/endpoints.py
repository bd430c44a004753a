"""Private endpoints by network and address (L-1 to L-5)."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from auditor.addresses import Address, AddressError, parse_address, parse_prefix
from auditor.network.graph import Network, question, question_about
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
def _known(network: Network) -> tuple[dict[str, list[Endpoint]], bool]:
    """The private endpoints by the key of their network, and whether a subnet is not told."""
    found: dict[str, list[Endpoint]] = defaultdict(list)
    lacks = False
    for each in network.all(PrivateEndpoint):
        subnet = network.find(told_of(each, lambda e: e.properties.subnet, None))
        if isinstance(subnet, Subnet):
            home = network_of(network, subnet)
            found[home.key if home else ""].append(Endpoint(each, subnet))
        else:
            lacks = True
    return found, lacks


@question_about
def endpoints_in(network: Network, home: VirtualNetwork) -> dict[Address, Endpoint]:
    """Give the private endpoints of a network by their addresses."""
    return {
        address: each
        for each in _known(network)[0].get(home.key, ())
        for address in addresses_of(network, each.resource)
    }


def endpoint_at(network: Network, home: VirtualNetwork, address: Address) -> Endpoint | None:
    """Give the private endpoint at an address of a network."""
    return endpoints_in(network, home).get(address)


def nowhere(network: Network) -> bool:
    """Tell whether the subnet of some private endpoint is not told."""
    return _known(network)[1]


@question
def with_untold(network: Network) -> tuple[Subnet, ...]:
    """Give the subnets with a private endpoint whose address is not told."""
    every = (each.subnet for known in _known(network)[0].values() for each in known)
    return tuple(each for each in dict.fromkeys(every) if holds_untold(network, each))


def holds_untold(network: Network, subnet: Subnet) -> bool:
    """Tell whether a private endpoint, whose address is not told, is in a subnet."""
    home = network_of(network, subnet)
    return any(
        each.subnet is subnet and not addresses_of(network, each.resource)
        for each in _known(network)[0].get(home.key if home else "", ())
    )


def interfaces_of(network: Network, endpoint: PrivateEndpoint) -> tuple[NetworkInterface, ...]:
    """Give the NICs of an endpoint, as far as they are in the input."""
    listed = told(lambda: endpoint.properties.network_interfaces, None) or ()
    found = {nic.key: nic for nic in network.present(listed, NetworkInterface)}
    for edge in network.referrers(endpoint, "privateEndpoint"):
        if isinstance(edge.source, NetworkInterface):
            found[edge.source.key] = edge.source
    return tuple(found[key] for key in sorted(found))


def is_of_endpoint(network: Network, nic: NetworkInterface) -> bool:
    """Tell whether a NIC is a private endpoint's: either of the two may say so."""
    told_by = network.find(told_of(nic, lambda n: n.properties.private_endpoint, None))
    return isinstance(told_by, PrivateEndpoint) or any(
        isinstance(edge.source, PrivateEndpoint)
        for edge in network.referrers(nic, "networkInterfaces")
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
