"""Something foreign lives in a subnet that belongs to one service.

## Why it matters
Azure gives some subnets to one service: those with a reserved name, and those with a delegation.
Anything else in them blocks the service's upgrades and its growth, or falls under rules that were
written for the service: routes that would cut it off, or no network security group at all.

## What fails
- `GatewaySubnet` holds anything but VPN and ExpressRoute gateways; `AzureFirewallSubnet` and
  `AzureFirewallManagementSubnet` anything but Azure Firewall; `AzureBastionSubnet` anything but
  Bastion; `RouteServerSubnet` anything but a Route Server.
- A delegated subnet holds the NIC of a virtual machine, a scale set, a load balancer's frontend, an
  application gateway, a firewall, a Bastion or a VNet gateway, and the service it is delegated to
  brings no such thing along.

Both sides count: what the subnet lists, and what names the subnet. Private endpoints in a
delegated subnet are Azure's to allow or refuse. The load balancer `kube-apiserver` that AKS makes
in a cluster's node group is at home in the subnet of the cluster's API server. Where a service
brings NICs, load balancers or scale sets of its own (Databricks, Container Apps, App Service
Environment, ...), whether one in its subnet is its own cannot be told: *unknown*; so is a listed
NIC that is not in the snapshot.
Resources of another subscription than the subnet's, and not in the snapshot, are the platform's.

## What to do
Move the foreign resource to a subnet of its own.

## References
- https://learn.microsoft.com/azure/virtual-network/subnet-delegation-overview
- https://learn.microsoft.com/azure/virtual-network/virtual-network-for-azure-services
- Facts D-9, D-11, A-2, K-13
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import fold, group_key, subscription, type_of
from auditor.ids import name as last_segment
from auditor.network.address_owners import OWNING
from auditor.network.clusters import cluster_by_group
from auditor.network.graph import Edge, evidence
from auditor.network.reads import SCALE_SETS
from auditor.network.subnets import (
    BASTION,
    FIREWALL,
    FIREWALL_MANAGEMENT,
    GATEWAY,
    ROUTE_SERVER,
    vnet_name,
)
from auditor.resources.application_gateways import GatewayIpConfiguration
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

_NIC = "microsoft.network/networkinterfaces"
_BALANCER = "microsoft.network/loadbalancers"
_SCALE_SET = "microsoft.compute/virtualmachinescalesets"

_API_SERVER = "kube-apiserver"
"""What AKS calls the load balancer of an API server."""

_BY_NAME = {
    GATEWAY.lower(): "microsoft.network/virtualnetworkgateways",
    FIREWALL.lower(): "microsoft.network/azurefirewalls",
    FIREWALL_MANAGEMENT.lower(): "microsoft.network/azurefirewalls",
    BASTION.lower(): "microsoft.network/bastionhosts",
    ROUTE_SERVER.lower(): "microsoft.network/virtualhubs",
}

_ALONE = frozenset(
    {
        "microsoft.dbformysql/flexibleservers",
        "microsoft.dbforpostgresql/flexibleservers",
        "microsoft.web/serverfarms",
        "microsoft.containerinstance/containergroups",
        "microsoft.network/dnsresolvers",
        "microsoft.network/applicationgateways",
        "microsoft.servicenetworking/trafficcontrollers",
    }
)
"""Services that put no NIC, load balancer or scale set of the customer's into their subnet."""

_WORDS = {
    _NIC: "NIC",
    _BALANCER: "load balancer",
    _SCALE_SET: "scale set",
    "microsoft.network/applicationgateways": "application gateway",
    "microsoft.network/azurefirewalls": "firewall",
    "microsoft.network/bastionhosts": "Bastion",
    "microsoft.network/virtualnetworkgateways": "VNet gateway",
    "microsoft.network/virtualhubs": "Route Server",
}


class Tenant(msgspec.Struct, frozen=True):
    """A resource in a subnet: its id, its type in lower case, and where that is written."""

    id: str
    type: str
    evidence: Evidence


def dedicated_subnets(network: Network) -> tuple[Subnet, ...]:
    """The subnets with a reserved name or a delegation."""
    return tuple(
        subnet
        for subnet in network.all(Subnet)
        if subnet.name.lower() in _BY_NAME or _may_be_delegated(subnet)
    )


def _may_be_delegated(subnet: Subnet) -> bool:
    try:
        return bool(subnet.delegated_to)
    except Undetermined:
        return True


@rule(
    "ADR-017",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=dedicated_subnets,
    reads=Reads(
        nearby=(
            "networkInterfaces",
            "loadBalancers",
            SCALE_SETS,
            "applicationGateways",
            "azureFirewalls",
            "bastionHosts",
            "virtualNetworkGateways",
        )
    ),
)
def foreign_resource_in_dedicated_subnet(network: Network, subnet: Subnet) -> Outcomes:
    """Ask of each resource in the subnet whether it is the service's."""
    reserved = _BY_NAME.get(subnet.name.lower())
    for tenant in _tenants(network, subnet):
        if reserved is not None:
            if tenant.type != reserved:
                yield _finding(subnet, tenant, subnet.label)
        else:
            yield from _in_delegated(network, subnet, tenant)


def _in_delegated(network: Network, subnet: Subnet, tenant: Tenant) -> Outcomes:
    services = [service.lower() for service in subnet.delegated_to]
    if tenant.type in services or _is_api_servers(network, subnet, tenant):
        return
    unsure, remedy = None, ""
    if tenant.type == _NIC:
        nic = network.find(tenant.id)
        if not isinstance(nic, NetworkInterface):
            unsure = f"NIC {last_segment(tenant.id)}, which is not in the snapshot"
        elif nic.properties.private_endpoint is not None:
            return
        elif nic.properties.virtual_machine is None:
            unsure = f"whose NIC {nic.label} is"
    may_be_its_own = tenant.type in (_NIC, _BALANCER, _SCALE_SET) and not _ALONE.issuperset(
        services
    )
    if may_be_its_own and unsure is None:
        unsure = f"whether {last_segment(tenant.id)} belongs to {subnet.delegated_to[0]}"
        remedy = f"no export tells it: ask who made {last_segment(tenant.id)}"
    if unsure:
        yield Unknown(
            subnet.id, missing=unsure, related=(tenant.id,), evidence=(tenant.evidence,),
            key=fold(tenant.id), told_by=tenant.id, remedy=remedy,
        )  # fmt: skip
    else:
        yield _finding(subnet, tenant, f"{subnet.label}, delegated to {subnet.delegated_to[0]},")


def _is_api_servers(network: Network, subnet: Subnet, tenant: Tenant) -> bool:
    """Tell whether it is the load balancer of a cluster's API server, in the subnet given to that.

    AKS makes it in the cluster's node group (K-13, K-1).
    """
    if tenant.type != _BALANCER or last_segment(tenant.id).lower() != _API_SERVER:
        return False
    cluster = cluster_by_group(network).get(group_key(fold(tenant.id)))
    access = cluster.properties.api_server_access_profile if cluster is not None else None
    return access is not None and fold(access.subnet_id or "") == subnet.key


def _tenants(network: Network, subnet: Subnet) -> Iterator[Tenant]:
    """Give each resource in a subnet once, sorted by id."""
    found: dict[str, Tenant] = {}
    kinds = (*OWNING, GatewayIpConfiguration, BastionIpConfiguration, ScaleSetIpConfiguration)
    for edge in network.referrers(subnet, "subnet"):
        if isinstance(edge.source, kinds):
            tenant = _of_node(edge)
            found.setdefault(fold(tenant.id), tenant)
    for index, ref in enumerate(subnet.properties.ip_configurations or ()):
        holder = _holder_id(ref.id or "")
        if holder and not _is_platform(network, subnet, holder):
            pointer = f"/properties/ipConfigurations/{index}/id"
            tenant = Tenant(
                holder, (type_of(holder) or "").lower(), evidence(subnet, pointer, ref.id)
            )
            found.setdefault(fold(holder), tenant)
    for key in sorted(found):
        if found[key].type in _WORDS:
            yield found[key]


def _of_node(edge: Edge) -> Tenant:
    root, proof = edge.source.root, evidence(edge.source, edge.pointer, edge.spelled)
    return Tenant(root.id, (type_of(root.id) or "").lower(), proof)


def _holder_id(configuration: str) -> str:
    """Give the id of the resource that holds an ip configuration."""
    at = configuration.lower().rfind("/providers/")
    parts = configuration[at:].split("/")
    return configuration[:at] + "/".join(parts[:5]) if at >= 0 and len(parts) > 4 else ""


def _is_platform(network: Network, subnet: Subnet, holder: str) -> bool:
    if fold(holder) in network.nodes:
        return False
    here, there = subscription(subnet.id) or "", subscription(holder) or ""
    return here.lower() != there.lower()


def _finding(subnet: Subnet, tenant: Tenant, where: str) -> Finding:
    name = last_segment(tenant.id)
    what = _WORDS[tenant.type]
    return Finding(
        subject=subnet.id,
        related=(tenant.id,),
        message=f"{what} {name} lives in {where} of {vnet_name(subnet)}",
        remedy=f"move {what} {name} to a subnet of its own",
        evidence=(tenant.evidence,),
        key=fold(tenant.id),
    )
