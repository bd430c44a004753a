r"""The subnet of an application gateway cannot hold the gateway at its largest.

## Why it matters
Every instance of a gateway takes an address of its subnet. When none is left the gateway does not
grow, just when there is more traffic than ever, and cannot be updated; and a subnet with a gateway
in it can hardly be made larger.

## What fails
The IPv4 addresses of a subnet that gateways live in, less the five that Azure keeps of each prefix
and those that others in the subnet take, are fewer than all its gateways may need together: the
most instances (`autoscaleConfiguration.maxCapacity`, else `sku.capacity`) and one for each private
frontend. A gateway that tells neither may have up to 125 instances (first generation: 32); if that
would not fit, the answer is *unknown*.

A subnet that holds them all but is smaller than Azure recommends (/24 for the second generation,
/26 for the first) is of low severity. Several subnets prefixes count together.

The answer is *unknown* for a gateway whose subnet is not in the snapshot.

## What to do
Move the gateway to a larger subnet (it must be stopped for that), or let it grow less:

    az network application-gateway update --resource-group GROUP --name GATEWAY \
        --max-capacity 40

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure#size-of-the-subnet
- Facts A-3, D-1
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from auditor.addresses import PrefixLength
from auditor.finding import Evidence, Finding, Severity, Unknown
from auditor.network.gateway_homes import gateway_homes, gateways_by_subnet, home
from auditor.network.gateway_subnets import RESERVED, Scale, addresses_taken, scale
from auditor.network.gateways import is_v2
from auditor.network.graph import Network, evidence
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Outcomes, Reads, rule


class Params(Struct, frozen=True):
    """How large a subnet should be at least."""

    recommended_v2: PrefixLength = 24
    """Prefix length recommended for gateways of the second generation."""
    recommended_v1: PrefixLength = 26
    """Prefix length recommended for gateways of the first generation."""


@rule(
    "GW-020",
    severity=Severity.HIGH,
    since="0.1.0",
    of=gateway_homes,
    parameters=Params,
    peers=("AZQ:8364fd0a", "CHK:APPD A01.06"),
    reads=Reads(subjects=("applicationGateways",)),
)
def small_gateway_subnet(
    network: Network, subject: Subnet | ApplicationGateway, params: Params
) -> Outcomes:
    """Find subnets with less room than their gateways may need."""
    subnet = home(network, subject)
    gateways = gateways_by_subnet(network)[subnet.key]
    scales = [scale(gateway, subnet) for gateway in gateways]
    prefixes = [prefix for prefix in subnet.prefixes if prefix.version == 4]
    taken = addresses_taken(network, subnet)
    room = sum([max(0, prefix.size - RESERVED) for prefix in prefixes]) - taken
    written = ", ".join(map(str, prefixes))
    names = ", ".join(gateway.label for gateway in gateways)
    if room < sum([one.least for one in scales]):
        yield Finding(
            subnet.id,
            f"The subnet {subnet.label} ({written}) has room for {max(room, 0)} addresses, and "
            f"{names} may need {sum(one.least for one in scales)}",
            _remedy(scales, room),
            related=tuple(gateway.id for gateway in gateways),
            evidence=(_prefix(subnet), *map(_demand, scales)),
        )
        return
    if room < sum([one.most for one in scales]):
        vague = [one.gateway for one in scales if one.least != one.most]
        yield Unknown(
            subnet.id,
            f"the most instances of {', '.join(one.label for one in vague)} "
            "(autoscaleConfiguration.maxCapacity or sku.capacity): "
            f"{subnet.label} has room for {room} addresses",
            related=tuple(gateway.id for gateway in gateways),
            told_by=vague[0].id,
        )
        return
    advised = params.recommended_v2 if any(map(is_v2, gateways)) else params.recommended_v1
    if sum([prefix.size for prefix in prefixes]) < 1 << 32 - advised:
        yield Finding(
            subnet.id,
            f"The subnet {subnet.label} ({written}) of {names} is smaller than the /{advised} that "
            "Azure recommends",
            f"plan a subnet of /{advised} for the gateway before it has to grow; until then "
            f"{room} addresses limit it",
            related=tuple(gateway.id for gateway in gateways),
            evidence=(_prefix(subnet),),
            severity=Severity.LOW,
        )


def _prefix(subnet: Subnet) -> Evidence:
    p = subnet.properties
    if p.address_prefix:
        return evidence(subnet, "/properties/addressPrefix", p.address_prefix)
    return evidence(subnet, "/properties/addressPrefixes", list(p.address_prefixes or ()))


def _demand(one: Scale) -> Evidence:
    most = _most_instances(one)
    if one.gateway.properties.autoscale_configuration:
        pointer = "/properties/autoscaleConfiguration"
        return evidence(one.gateway, pointer, {"maxCapacity": most})
    return evidence(one.gateway, "/properties/sku", {"capacity": most})


def _remedy(scales: Sequence[Scale], room: int) -> str:
    first = max(scales, key=lambda one: one.least)
    private = first.least - (_most_instances(first) or 0)
    others = sum(one.least for one in scales) - first.least
    fits = room - others - private
    if fits < 1:
        return f"move {first.gateway.label} to a larger subnet"
    option = "max_capacity" if first.gateway.properties.autoscale_configuration else "capacity"
    command = az(
        *("network", "application-gateway", "update"),
        resource_group=first.gateway.resource_group,
        name=first.gateway.label,
        **{option: fits},
    )
    return f"move {first.gateway.label} to a larger subnet, or let it grow less: {command}"


def _most_instances(one: Scale) -> int | None:
    p = one.gateway.properties
    if p.autoscale_configuration:
        return p.autoscale_configuration.max_capacity
    return p.sku.capacity if p.sku else None
