"""The subnet of a Bastion or a Route Server is too small.

## Why it matters
Azure refuses to deploy either into a smaller subnet, and Bastion cannot add instances beyond what
the subnet holds. A Bastion from before November 2021 may still run in a /27; it cannot grow there.

## What fails
A subnet named `AzureBastionSubnet` whose largest IPv4 prefix is longer than 26 bits, or one named
`RouteServerSubnet` whose largest is longer than the parameter `route-server-prefix`, 27 unless
set. A subnet that tells no IPv4 prefix gives *unknown*.

## What to do
Delete the Bastion or Route Server, give the subnet a larger range, deploy it again.

## References
- https://learn.microsoft.com/azure/bastion/configuration-settings
- https://learn.microsoft.com/azure/route-server/quickstart-create-route-server-portal
- Fact D-9
"""

from __future__ import annotations

from msgspec import Struct

from auditor.addresses import PrefixLength
from auditor.network.subnets import BASTION, ROUTE_SERVER, called, largest_v4, resize, vnet_name
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, rule

BASTION_LONGEST = 26


class Params(Struct, frozen=True):
    """How small is too small for a Route Server; Microsoft's pages have said /27 and /26."""

    route_server_prefix: PrefixLength = 27
    """The length in bits of the smallest acceptable prefix."""


@rule(
    "ADR-011",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=called(BASTION, ROUTE_SERVER),
    parameters=Params,
    peers=("CHK:ALZ D05.02", "CHK:ALZ D01.08"),
)
def bastion_or_route_server_subnet_too_small(
    network: Network, subnet: Subnet, params: Params
) -> Outcomes:
    """Judge the largest IPv4 prefix."""
    is_bastion = subnet.name.lower() == BASTION.lower()
    longest = BASTION_LONGEST if is_bastion else params.route_server_prefix
    largest = largest_v4(subnet)
    if largest.prefix.length > longest:
        who = "Bastion" if is_bastion else "Route Server"
        yield Finding(
            subject=subnet.id,
            message=f"{subnet.label} of {vnet_name(subnet)} is {largest.prefix}; {who} needs "
            f"/{longest}",
            remedy=f"with no {who} in it: " + resize(network, subnet, longest, largest.prefix),
            evidence=(largest.evidence,),
        )
