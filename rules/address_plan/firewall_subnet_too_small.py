"""An Azure Firewall subnet is smaller than /26.

## Why it matters
Azure Firewall adds instances as traffic grows and replaces them while it is updated. In a smaller
subnet it cannot be deployed, or stops scaling when it is needed most.

## What fails
A subnet named `AzureFirewallSubnet` or `AzureFirewallManagementSubnet` whose largest IPv4 prefix
is longer than 26 bits. A subnet that tells no IPv4 prefix gives *unknown*.

## What to do
Deallocate the firewall, give the subnet a /26, allocate the firewall again.

## References
- https://learn.microsoft.com/azure/firewall/firewall-faq
- https://learn.microsoft.com/azure/firewall/management-nic
- Fact D-9
"""

from __future__ import annotations

from auditor.network.subnets import (
    FIREWALL,
    FIREWALL_MANAGEMENT,
    called,
    largest_v4,
    resize,
    vnet_name,
)
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, rule

LONGEST = 26


@rule(
    "ADR-010",
    severity=Severity.HIGH,
    since="0.1.0",
    of=called(FIREWALL, FIREWALL_MANAGEMENT),
    peers=("CHK:ALZ D07.11",),
)
def firewall_subnet_too_small(network: Network, subnet: Subnet) -> Outcomes:
    """Judge the largest IPv4 prefix."""
    largest = largest_v4(subnet)
    if largest.prefix.length > LONGEST:
        yield Finding(
            subject=subnet.id,
            message=f"{subnet.label} of {vnet_name(subnet)} is {largest.prefix}; Azure Firewall "
            f"needs /{LONGEST}",
            remedy="with the firewall deallocated: "
            + resize(network, subnet, LONGEST, largest.prefix),
            evidence=(largest.evidence,),
        )
