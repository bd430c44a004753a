"""The gateway subnet is smaller than /27.

## Why it matters
Gateways take addresses for every instance, for active-active and zone-redundant pairs, and more
while they are upgraded or moved to another SKU. VPN and ExpressRoute side by side need a /27. A
GatewaySubnet cannot grow while a gateway stands in it.

## What fails
A subnet named `GatewaySubnet` whose largest IPv4 prefix is longer than the parameter
`longest-prefix`, 27 unless set. A subnet that tells no IPv4 prefix gives *unknown*.

## What to do
Delete the gateway, give the subnet a larger range, deploy the gateway again; or add a second,
larger prefix where the region offers that.

## References
- https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-gateway-settings
- Fact D-9
"""

from __future__ import annotations

from msgspec import Struct

from auditor.addresses import PrefixLength
from auditor.network.subnets import GATEWAY, called, largest_v4, resize, vnet_name
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, rule


class Params(Struct, frozen=True):
    """How small is too small."""

    longest_prefix: PrefixLength = 27
    """The length in bits of the smallest acceptable prefix."""


@rule(
    "ADR-009",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=called(GATEWAY),
    parameters=Params,
    peers=("CHK:ALZ D09.01",),
)
def gateway_subnet_too_small(network: Network, subnet: Subnet, params: Params) -> Outcomes:
    """Judge the largest IPv4 prefix."""
    largest = largest_v4(subnet)
    if largest.prefix.length > params.longest_prefix:
        yield Finding(
            subject=subnet.id,
            message=f"{subnet.label} of {vnet_name(subnet)} is {largest.prefix}; gateways want "
            f"/{params.longest_prefix} or larger",
            remedy="with no gateway in it: "
            + resize(network, subnet, params.longest_prefix, largest.prefix),
            evidence=(largest.evidence,),
        )
