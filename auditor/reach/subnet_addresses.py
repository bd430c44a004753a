"""The addresses of a subnet: those that something may have, and those that nobody listed has."""

from __future__ import annotations

from auditor.addresses import EVERYTHING, NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.instances import may_own_nics, of_instances, of_other_nics
from auditor.network.interfaces import Configuration
from auditor.network.names import endpoint_addresses
from auditor.resources import walk
from auditor.resources.application_gateways import GatewayFrontend
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet

RESERVED_FIRST, RESERVED_LAST = 4, 1
"""The addresses Azure keeps at the ends of an IPv4 prefix (D-1)."""


def usable(subnet: Subnet) -> AddressSet:
    """Give the addresses that something in a subnet may have (D-1)."""
    total = NOTHING
    for prefix in subnet.prefixes:
        low, high = prefix.first, prefix.last
        if prefix.version == 4 and high - low >= RESERVED_FIRST + RESERVED_LAST:
            low, high = low + RESERVED_FIRST, high - RESERVED_LAST
        pair = ((low, high),)
        total = total | (AddressSet(v4=pair) if prefix.version == 4 else AddressSet(v6=pair))
    return total


def possible(subnet: Subnet) -> AddressSet:
    """Give the addresses that machines of a subnet may have; any, where it tells no prefix."""
    try:
        return usable(subnet) or EVERYTHING
    except Undetermined:
        return EVERYTHING


def instances_in(network: Network, configuration: Configuration) -> AddressSet:
    """Give the addresses of a scale set's instances where all are listed."""
    if not isinstance(configuration, ScaleSetIpConfiguration):
        return NOTHING
    return of_instances(network, configuration)


def may_have(
    network: Network, configuration: Configuration, subnet: Subnet, some: AddressSet
) -> AddressSet:
    """Give those of some addresses of a subnet that a machine may have: nobody else's listed."""
    listed = instances_in(network, configuration) & some
    if listed:
        return listed
    some = some - _others_have(network, subnet)
    if isinstance(configuration, ScaleSetIpConfiguration) and may_own_nics(configuration):
        return some
    return some - of_other_nics(network, subnet)


@question_about
def _others_have(network: Network, subnet: Subnet) -> AddressSet:
    """What private endpoints and frontends of a subnet have, and so no machine in it."""
    texts: list[str] = []
    for edge in network.referrers(subnet, "subnet"):
        node = edge.source
        if isinstance(node, PrivateEndpoint):
            try:
                texts += endpoint_addresses(network, node)
            except Undetermined:
                continue
        elif isinstance(node, LoadBalancerFrontend | GatewayFrontend | FirewallIpConfiguration):
            text = walk.peek(walk.peek(node, "properties"), "private_ip_address")
            texts += [text] if text else []
    return AddressSet.from_text(texts)


def free_in(network: Network, subnet: Subnet) -> AddressSet:
    """Give the addresses that a frontend may have: nobody's who is listed, if there are such."""
    some = possible(subnet)
    return some - _others_have(network, subnet) - of_other_nics(network, subnet) or some
