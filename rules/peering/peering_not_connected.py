"""A peering is not connected.

## Why it matters
Routes exist only while both sides of a peering say `Connected`. Until then no packet passes,
however complete it looks in a diagram.

## What fails
`peeringState` of a peering is anything but `Connected`: `Initiated` (the other side was never
made) or `Disconnected` (the other side was deleted). Peerings to the inside of a virtual hub are
Azure's own and are not judged. When the other network is in the snapshot and has no peering back,
PER-002 says so instead, whether or not the state is told; else a peering that does not tell its
state gives *unknown*.

## What to do
`Initiated`: make the peering from the other network. A side that is `Disconnected` stays so: delete
it, and make it anew. Where the networks share addresses, renumber one first: Azure joins no such
networks.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues
- Facts R-14, R-20
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.network.graph import evidence
from auditor.network.peering_commands import joined_again
from auditor.network.peerings import peerings_of_ours, stands_alone
from auditor.network.routing_domains import network_id
from auditor.resources.virtual_networks import Peering
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@rule(
    "PER-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=peerings_of_ours,
    peers=("PSR:VNET.PeerState", "SPP:network_network_peering_connected"),
)
def peering_not_connected(network: Network, peering: Peering) -> Outcomes:
    """Judge the state of one side."""
    state = peering.properties.peering_state
    if not state and not stands_alone(network, peering):
        raise Undetermined(f"the state of peering {peering.label}", resource=peering.id)
    if state and peering.connected:
        return
    remote = peering.properties.remote_virtual_network
    far = (remote.id or "") if remote is not None else ""
    proof = ("peeringState", state) if state else ("remoteVirtualNetwork/id", far)
    yield Finding(
        subject=peering.id,
        related=(far,) if far else (),
        message=f"peering {peering.label} of {last_segment(network_id(peering))} with "
        f"{last_segment(far) or 'an unnamed network'} is "
        + (state or "not connected: it has no other side"),
        remedy=joined_again(network, peering),
        evidence=(evidence(peering, f"/properties/{proof[0]}", proof[1]),),
    )
