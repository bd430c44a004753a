"""Networks that are peered, or joined by a hub, overlap.

## Why it matters
A network has one route to each address. When two networks that it is joined with claim the same
one, traffic for it goes to one of them, whichever Azure happened to accept first; the second
peering is refused, or a synchronisation fails on the day somebody adds a range. Undoing it means
renumbering a network in use.

## What fails
Two networks of one routing domain have address spaces that share an address. A domain is made of
virtual networks and virtual hubs that are joined, directly or through others, by peerings (unless
`Disconnected`; an `Initiated` one counts), by connections to virtual hubs (hubs of one Virtual WAN
are joined), or by VNet-to-VNet connections. Each pair is named once, with its smallest overlap.

Critical when one of the two, or a third network, has routes to both; high when they are farther
apart in the domain, where no packet is lost until somebody peers or forwards further. A subnet
peering asks only that the subnets it names do not overlap. For a peer that is not in the snapshot,
the address space recorded in the peering is compared. A network that does not tell its address
space, or that is known by name only, gives *unknown*. Networks joined by nothing may overlap.

Connected groups of Azure Virtual Network Manager are not among virtual network peerings, and are
not seen here.

## What to do
Renumber the network that is easier to move: add a free range, move its subnets there, remove the
old range, synchronise the peerings.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview
- https://learn.microsoft.com/azure/virtual-network/how-to-configure-subnet-peering
- Facts D-5, D-7, D-8, R-14, R-15, R-19, R-20
"""

from __future__ import annotations

from auditor.addresses import Prefix
from auditor.ids import name as last_segment
from auditor.network.overlaps import Overlap, are_close, free_ranges, overlaps_in, planned_domains
from auditor.network.routing_domains import Domain, near_keys, spelled
from auditor.network.space_commands import add_range
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "ADR-002",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=planned_domains,
    peers=("CHK:ALZ D03.01",),
    reads=Reads(
        subjects=("virtualNetworks",),
        nearby=("virtualNetworks", "virtualHubs/hubVirtualNetworkConnections"),
    ),
)
def overlapping_networks(network: Network, domain: Domain) -> Outcomes:
    """Compare the address spaces of a domain's networks, each pair once."""
    told = list(overlaps_in(network, domain))
    moving = ((each.narrow_key, each.narrow.prefix) for each in told if isinstance(each, Overlap))
    free = free_ranges(network, domain, moving)
    for found in told:
        if isinstance(found, Overlap):
            yield _finding(network, found, free.get((found.narrow_key, found.narrow.prefix)))
        else:
            key, reason = found
            yield Unknown(spelled(network, key), missing=reason)


def _finding(network: Network, found: Overlap, free: Prefix | None) -> Finding:
    wide, narrow = spelled(network, found.wide_key), spelled(network, found.narrow_key)
    close = are_close(network, found.left, found.right)
    return Finding(
        subject=narrow,
        related=(wide,),
        message=f"{found.narrow.prefix} of {last_segment(narrow)} overlaps "
        f"{found.wide.prefix} of {last_segment(wide)}; {_how(network, found)}",
        remedy=f"renumber {last_segment(narrow)}, starting with a range that is free: "
        + _add_range(network, narrow, str(free) if free else "<a free range>"),
        evidence=(found.narrow.evidence, found.wide.evidence),
        severity=None if close else Severity.HIGH,
        key=found.wide_key,
    )


def _add_range(network: Network, network_id: str, text: str) -> str:
    if "/virtualhubs/" in network_id.lower():
        return f"deploy the hub {last_segment(network_id)} again with the prefix {text}"
    return add_range(network, network_id, text)


def _how(network: Network, found: Overlap) -> str:
    near = near_keys(network, found.left)
    if found.right in near:
        return "they are joined"
    between = sorted(near & near_keys(network, found.right))
    if between:
        return f"both are joined with {last_segment(spelled(network, between[0]))}"
    return "they are joined through several networks"
