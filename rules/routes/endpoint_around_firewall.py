"""Private endpoints are reached around the firewall.

## Why it matters
A private endpoint puts a route for its own address into its network and every peer, longer than
any route of a table. Unless the endpoint's subnet says that route tables count, it wins: what was
meant to pass the firewall goes straight to the vault or the database, inspected and logged nowhere.

## What fails
The subnet of a private endpoint has `privateEndpointNetworkPolicies` Disabled or
NetworkSecurityGroupEnabled, and another subnet, of the same network or of a peer, has a route whose
next hop is an appliance, which covers the endpoint's address and is at least as long as the prefix
of the network's address space: the endpoint's own route wins over it. A default route never counts
for private endpoints (L-4) and is not judged.

*Unknown* when the snapshot does not tell the subnet's policy or a route table around it, and when a
route for the endpoint's very address stands against a subnet that lets no route count.

## What to do
Let route tables count in the endpoint's subnet. Let the firewall put its own address in the place
of the source, or give the way back a route too.

## References
- https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
- https://learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall
- Facts L-4, L-5, R-8
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor import ids
from auditor.ids import name as last_segment
from auditor.ids import resource_group, segment
from auditor.network.filters import subnet_name
from auditor.network.graph import evidence
from auditor.network.reasons import remedy, teller
from auditor.reach.bypasses import (
    Bypass,
    EndpointSubnet,
    bypasses,
    endpoint_subnets,
    lost_tables,
    untold_around,
)
from auditor.reach.wording import one_or_many
from auditor.remedy import az
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "RTE-008",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=endpoint_subnets,
    reads=Reads(
        subjects=("privateEndpoints",),
        anywhere=("azureFirewalls", "routeTables", "virtualNetworks"),
    ),
)
def endpoint_around_firewall(network: Network, there: EndpointSubnet) -> Outcomes:
    """Find whose routes to appliances the endpoints of one subnet win over."""
    found = list(bypasses(network, there))
    untold = untold_around(network, there) if not found else None
    if untold is not None:
        raise untold
    sure = [each for each in found if not each.reasons]
    if not sure:
        if found:
            reasons = [reason for each in found for reason in each.reasons]
            missing = f"whether {_what(found)}: {'; '.join(dict.fromkeys(map(str, reasons)))}"
            yield Unknown(
                there.id,
                missing,
                related=_related(found),
                remedy=remedy(reasons),
                told_by=teller(reasons),
            )
        elif lost := lost_tables(network, there):
            source, table = lost[0]
            what = f"whether {subnet_name(source)} reaches {there.endpoints[0].label}"
            missing = f"{what} around an appliance: {table} is not in the snapshot"
            yield Unknown(there.id, missing, related=(source.id,), told_by=table)
        return
    subnet = there.subnet
    policy = subnet.properties.private_endpoint_network_policies if subnet is not None else None
    first = sure[0]
    yield Finding(
        subject=there.id,
        message=f"{_what(sure)}: privateEndpointNetworkPolicies of {last_segment(there.id)} is "
        f"{policy}",
        remedy=az(
            *("network", "vnet", "subnet", "update"),
            resource_group=resource_group(there.id),
            vnet_name=segment(there.id, "virtualNetworks"),
            name=last_segment(there.id),
            private_endpoint_network_policies="RouteTableEnabled"
            if (policy or "").lower() == "disabled"
            else "Enabled",
        ),
        related=_related(sure),
        evidence=(
            *((evidence(subnet, _POLICIES, policy),) if subnet is not None else ()),
            evidence(first.around, "/properties/addressPrefix", _prefix(first)),
        ),
    )


_POLICIES = "/properties/privateEndpointNetworkPolicies"
_SHOWN = 3


def _what(found: list[Bypass]) -> str:
    first = found[0]
    around = first.around.properties
    who = {subnet_name(each.source) for each in found}
    sources = _named(subnet_name(each.source) for each in found)
    reach = one_or_many(len(who), "reaches", "reach")
    endpoints = _named(each.endpoint.label for each in found)
    return (
        f"{sources} {reach} {endpoints} around {around.next_hop_ip_address}, to which route "
        f"{first.around.label} of {ids.top_name(first.around.id)} sends {_prefix(first)}"
    )


def _named(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def _prefix(bypass: Bypass) -> str | None:
    return bypass.around.properties.address_prefix


def _related(found: list[Bypass]) -> tuple[str, ...]:
    ids = ((each.endpoint.id, each.source.id, each.around.id) for each in found)
    return tuple(dict.fromkeys(id_ for three in ids for id_ in three))
