"""A subnet has no network security group.

## Why it matters
Without a group on the subnet nothing limits who talks to the machines in it: every neighbour, every
peered network and everything behind a gateway reaches every port, and the next NIC that somebody
adds is open from its first minute.

## What fails
A subnet without `networkSecurityGroup`. Left out, because Azure forbids or ignores a group there:

- `GatewaySubnet`, `AzureFirewallSubnet`, `AzureFirewallManagementSubnet`, `RouteServerSubnet`
  (N-40 to N-42), by `exempt-names`;
- subnets delegated to services whose subnets take no group or ignore it, by `exempt-delegations`.

The subnet of an application gateway is judged: it works without a group (A-12), and a group is what
keeps its management ports to Azure. So is AzureBastionSubnet, as *medium*: Bastion answers on 443
alone. Groups on the NICs do not replace the subnet's: the next NIC may come without.

*Unknown* when the export names the subnet without its settings.

## What to do
Create a group with the rules that the subnet's machines need and associate it.

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
- https://learn.microsoft.com/azure/bastion/bastion-nsg
- Facts N-2, N-3, N-40 to N-44, A-10, A-12
"""

from __future__ import annotations

from msgspec import Struct

from auditor.network.entrances import BASTION_SUBNET
from auditor.network.filters import place_name, subnet_name
from auditor.network.graph import every, evidence
from auditor.network.group_commands import new_group
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, rule


class Params(Struct, frozen=True):
    """Which subnets need no group."""

    exempt_names: tuple[str, ...] = (
        "GatewaySubnet",
        "AzureFirewallSubnet",
        "AzureFirewallManagementSubnet",
        "RouteServerSubnet",
    )
    """Names of subnets; letter case does not matter."""

    exempt_delegations: tuple[str, ...] = (
        "Microsoft.AVS/PrivateClouds",
        "Microsoft.BareMetal/AzureHostedService",
        "Microsoft.BareMetal/AzureVMware",
        "Microsoft.HardwareSecurityModules/dedicatedHSMs",
        "Microsoft.Netapp/volumes",
    )
    """Services that a subnet may be delegated to; letter case does not matter."""


@rule(
    "NSG-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(Subnet),
    parameters=Params,
    controls=("CIS 5.0/7.11", "CIS 6.0/7.11", "MCSB/NS-1"),
    peers=(
        "PSR:VNET.UseNSGs",
        "CKV2_AZURE_31",
        "PRW:network_subnet_nsg_associated",
        "SPP:network_security_group_subnet_associated",
        "AZQ:f0bf9ae6",
        "POL:e71308d3",
        "AZTS:VNet_Configure_NSG",
        "KICS:Security Group is Not Configured",
    ),
)
def subnet_without_nsg(network: Network, subnet: Subnet, params: Params) -> Outcomes:
    """Judge one subnet."""
    attached = subnet.properties.network_security_group
    if attached is not None and attached.id:
        return
    name = subnet_name(subnet).lower()
    if name in (each.lower() for each in params.exempt_names):
        return
    exempt = {service.lower() for service in params.exempt_delegations}
    if any(service.lower() in exempt for service in subnet.delegated_to):
        return
    group = new_group(network, subnet)
    yield Finding(
        subject=subnet.id,
        message=f"subnet {place_name(subnet)} has no network security group",
        remedy=f"create a group: {group.create()}; give it the rules that it needs, then associate "
        f"it: {group.attach()}",
        evidence=(evidence(subnet, "/properties", "no networkSecurityGroup"),),
        severity=Severity.MEDIUM if name == BASTION_SUBNET else None,
        covers=(("NSG-010", subnet.id), ("NSG-011", subnet.id)),
    )
