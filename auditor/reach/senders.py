"""Subnets in which nobody starts connections: who is there answers, or asks those it serves.

Whoever may be there and is not told counts as a sender, so that a subnet left out is certainly one.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.network.gateway_subnets import LIVES_IN
from auditor.network.graph import Network, question_about
from auditor.reach.unread_services import unread_services
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayIpConfiguration
from auditor.resources.base import Node
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet


class Tenant(Enum):
    """What lives in a subnet, by the connections it starts."""

    QUIET = "none"
    """To nobody: private endpoints, and services of Azure such as databases."""
    TIED = "to those it serves"
    """To those it serves: application gateways to pools (A-28), API servers to nodes (K-13)."""
    SENDER = "any"

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


_SERVICES = {
    "microsoft.dbformysql/flexibleservers": Tenant.QUIET,
    "microsoft.dbforpostgresql/flexibleservers": Tenant.QUIET,
    "microsoft.network/dnsresolvers": Tenant.QUIET,
    "microsoft.netapp/volumes": Tenant.QUIET,
    "microsoft.containerservice/managedclusters": Tenant.TIED,
    "microsoft.network/applicationgateways": Tenant.TIED,
    "microsoft.servicenetworking/trafficcontrollers": Tenant.TIED,
}
"""Services that nobody's programs run in, by what a subnet is delegated to (D-11)."""


def starts_nothing(network: Network, subnet: Subnet) -> bool:
    """Tell whether a subnet is empty, or holds only what certainly starts no connections."""
    return tenants(network, subnet) <= {Tenant.QUIET}


def starts_no_others(network: Network, subnet: Subnet) -> bool:
    """Tell whether certainly nobody in a subnet starts connections but to those it serves."""
    return Tenant.SENDER not in tenants(network, subnet)


@question_about
def tenants(network: Network, subnet: Subnet) -> frozenset[Tenant]:
    """Give the kinds of what lives in a subnet; none when Azure told that nothing does.

    What people wrote (a template, a plan) leaves open who else will be there, as an empty subnet;
    where it puts something in a subnet, that is taken for all.
    """
    found: set[Tenant] = set()
    try:
        for tenant in _tenants(network, subnet):
            found.add(tenant)
            if tenant is Tenant.SENDER:
                break
        if not found and not subnet.properties.provisioning_state:
            found.add(Tenant.SENDER)
        if found <= {Tenant.QUIET} and _may_hold_others(network, subnet):
            found.add(Tenant.SENDER)
    except Undetermined:
        found.add(Tenant.SENDER)
    return frozenset(found)


def _tenants(network: Network, subnet: Subnet) -> Iterator[Tenant]:
    p = subnet.properties
    for service in subnet.delegated_to:
        yield _SERVICES.get(service.lower(), Tenant.SENDER)
    links = (
        p.ip_configuration_profiles or p.service_association_links or p.resource_navigation_links
    )
    if links and not subnet.delegated_to:
        yield Tenant.SENDER
    for edge in network.referrers(subnet, *LIVES_IN):
        yield from _kind(network, edge.source, edge.kind)
    yield from _listed(network, subnet)


def _may_hold_others(network: Network, subnet: Subnet) -> bool:
    """Whether something of the snapshot that nobody reads may be in a subnet that lists nobody."""
    if subnet.delegated_to or subnet.properties.ip_configurations:
        return False
    return bool(unread_services(network))


def _kind(network: Network, node: Node, kind: str = "subnet") -> Iterator[Tenant]:
    """What an occupant is; nothing of a frontend, whose machines are told by themselves."""
    if isinstance(node, LoadBalancerFrontend):
        return
    if isinstance(node, GatewayIpConfiguration) or (
        isinstance(node, ManagedCluster) and kind == "subnetId"
    ):
        yield Tenant.TIED
    elif (
        isinstance(node, PrivateEndpoint | MySqlFlexibleServer)
        or isinstance(node.root, ApplicationGateway)
        or (isinstance(node, IpConfiguration) and _of_endpoint(network, node.owner))
    ):
        yield Tenant.QUIET
    else:
        yield Tenant.SENDER


def _of_endpoint(network: Network, nic: object) -> bool:
    if not isinstance(nic, NetworkInterface):
        return False
    if walk.peek(walk.peek(nic, "properties"), "private_endpoint") is not None:
        return True
    users = network.referrers(nic, "networkInterfaces")
    return any(isinstance(edge.source, PrivateEndpoint) for edge in users)


def _listed(network: Network, subnet: Subnet) -> Iterator[Tenant]:
    """What the subnet itself lists, in the snapshot or not."""
    p = subnet.properties
    if p.application_gateway_ip_configurations:
        yield Tenant.TIED
    endpoints = tuple(last_segment(ref.id).lower() for ref in p.private_endpoints or () if ref.id)
    if endpoints:
        yield Tenant.QUIET
    for ref in p.ip_configurations or ():
        node = network.find(ref)
        if isinstance(node, Node):
            yield from _kind(network, node)
        else:
            yield from _absent((ref.id or "").lower(), endpoints)


def _absent(text: str, endpoints: tuple[str, ...]) -> Iterator[Tenant]:
    """What an id tells of an occupant that is not in the snapshot.

    Azure names the NIC of a private endpoint after it.
    """
    if "/applicationgateways/" in text:
        yield Tenant.TIED
    elif any(f"/networkinterfaces/{each}.nic." in text for each in endpoints):
        yield Tenant.QUIET
    elif "/loadbalancers/" not in text:
        yield Tenant.SENDER
