"""A peering has no other side.

## Why it matters
A peering is made of two halves, one in each network. With one half there are no routes, in
neither direction.

## What fails
Network A has a peering with network B, B is in the snapshot, and B has no peering with A: none at
all, or only with others. When B is not in the snapshot, or its export leaves peerings out, and no
peering of it with A came on its own, the answer is *unknown*. Peerings to the inside of a virtual
hub are Azure's own and are not judged.

This finding speaks for PER-001 and PER-003 about the same peering: its state and its transit flags
follow from the missing half.

## What to do
Make the other half, or delete this one. Where the networks share addresses, renumber one first:
Azure joins no such networks.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering
- Facts R-14, R-20
"""

from __future__ import annotations

from auditor.ids import name as last_segment
from auditor.network.graph import evidence
from auditor.network.peering_commands import joined_again
from auditor.network.peerings import far_network, peerings_of_ours, way_back
from auditor.network.routing_domains import network_id
from auditor.resources.virtual_networks import Peering
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@rule("PER-002", severity=Severity.HIGH, since="0.1.0", of=peerings_of_ours)
def half_open_peering(network: Network, peering: Peering) -> Outcomes:
    """Look for the peering back."""
    if way_back(network, peering) is not None:
        return
    far = far_network(network, peering)
    home = last_segment(network_id(peering))
    others = [_end(each) for each in far.peerings]
    what = f"; its peerings go to {', '.join(sorted(others))}" if others else ""
    yield Finding(
        subject=peering.id,
        related=(far.id,),
        message=f"{home} peers with {far.label}, and {far.label} has no peering back{what}",
        remedy=joined_again(network, peering),
        evidence=(evidence(peering, "/properties/remoteVirtualNetwork/id", remote.id),)
        if (remote := peering.properties.remote_virtual_network)
        else (),
        covers=(("PER-001", peering.id), ("PER-003", peering.id)),
    )


def _end(peering: Peering) -> str:
    remote = peering.properties.remote_virtual_network
    return last_segment(remote.id) if remote is not None and remote.id else "an unnamed network"
