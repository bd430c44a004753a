"""Where application gateways live: their subnets and networks (A-2)."""

from __future__ import annotations

from collections import defaultdict

from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.network.routing_domains import without_network
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@question_about
def subnet_of(network: Network, gateway: ApplicationGateway) -> Subnet:
    """Give the gateway's own subnet (A-2). Raises Undetermined when it is not in the snapshot."""
    for configuration in gateway.ip_configurations:
        found = network.get(configuration.properties.subnet, Subnet)
        if found is not None:
            return found
    raise Undetermined("the subnet of the gateway (gatewayIPConfigurations)", resource=gateway.id)


@question_about
def vnet_of(network: Network, gateway: ApplicationGateway) -> VirtualNetwork:
    """Give the VNet the gateway lives in. Raises Undetermined when it is not in the snapshot."""
    subnet = subnet_of(network, gateway)
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None:
        raise without_network(subnet)
    return vnet


@question
def gateways_by_subnet(network: Network) -> dict[str, tuple[ApplicationGateway, ...]]:
    """Give the gateways that live in each subnet, by the subnet's key."""
    found: dict[str, list[ApplicationGateway]] = defaultdict(list)
    for gateway in network.all(ApplicationGateway):
        try:
            found[subnet_of(network, gateway).key].append(gateway)
        except Undetermined:
            continue
    return {key: tuple(gateways) for key, gateways in found.items()}


def gateway_homes(network: Network) -> tuple[Subnet | ApplicationGateway, ...]:
    """Give the subnets that application gateways live in; a gateway itself where that is untold.

    `home` turns the latter into the answer *unknown*.
    """
    homes = gateways_by_subnet(network)
    settled = {gateway.key for gateways in homes.values() for gateway in gateways}
    subnets = (subnet for subnet in network.all(Subnet) if subnet.key in homes)
    homeless = (one for one in network.all(ApplicationGateway) if one.key not in settled)
    return (*subnets, *homeless)


def home(network: Network, subject: Subnet | ApplicationGateway) -> Subnet:
    """Give the subnet that one of `gateway_homes` stands for. Raises Undetermined."""
    return subject if isinstance(subject, Subnet) else subnet_of(network, subject)
