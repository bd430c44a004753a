"""A peering does not know the other network's present address space.

## Why it matters
A peering carries routes for the addresses it was last synchronised with. A range that the other
network added since is not routed: what was put there cannot be reached, and nothing says why.

## What fails
For a peering that is `Connected`:

- the other network is in the snapshot, and the peering's `remoteAddressSpace` does not hold exactly
  the addresses of its address space; or, when it is not in the snapshot, not exactly those of
  `remoteVirtualNetworkAddressSpace`; or
- `peeringSyncLevel` is anything but `FullyInSync`.

A subnet peering carries some subnets only: there the sync level alone counts. When neither is told,
the answer is *unknown*. Peerings that are not connected are PER-001's and PER-002's; those to the
inside of a virtual hub are Azure's own.

## What to do
Synchronise the peering, on this side and where the other side is stale as well.

## References
- https://learn.microsoft.com/azure/virtual-network/update-virtual-network-peering-address-space
- Facts D-6, R-18, R-19
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import name as last_segment
from auditor.network.graph import evidence
from auditor.network.peerings import peerings_of_ours, stands_alone
from auditor.network.routing_domains import claims_of, is_whole, network_id
from auditor.network.space_commands import synchronise
from auditor.resources import walk
from auditor.resources.virtual_networks import AddressSpace, Peering, VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, rule


def peerings_in_use(network: Network) -> tuple[Peering, ...]:
    """The peerings that are connected, or may be."""
    ours = peerings_of_ours(network)
    return tuple(peering for peering in ours if _may_be_connected(network, peering))


def _may_be_connected(network: Network, peering: Peering) -> bool:
    state = walk.peek(walk.peek(peering, "properties"), "peering_state")
    return peering.connected if state else not stands_alone(network, peering)


@rule("PER-007", severity=Severity.HIGH, since="0.1.0", of=peerings_in_use)
def stale_peering(network: Network, peering: Peering) -> Outcomes:
    """Compare what the peering records with what the other network has."""
    if not peering.properties.peering_state:
        raise Undetermined(f"the state of peering {peering.label}", resource=peering.id)
    level = peering.properties.peering_sync_level
    spaces = _spaces(network, peering)
    if spaces is None and not level:
        raise Undetermined(
            f"what peering {peering.label} records of the other network's address space",
            resource=peering.id,
        )
    if spaces is not None and spaces[0] != spaces[1]:
        recorded, present = spaces
        yield _finding(peering, "; ".join(_difference(recorded, present)))
    elif level and level.lower() != "fullyinsync":
        yield _finding(peering, f"its sync level is {level}", by_level=True)


def _spaces(network: Network, peering: Peering) -> tuple[AddressSet, AddressSet] | None:
    """Give the recorded and the present space of the other network; None when not both are told."""
    p = peering.properties
    recorded = _told(p.remote_address_space)
    if recorded is None or not is_whole(peering):
        return None
    far = network.find(p.remote_virtual_network)
    if isinstance(far, VirtualNetwork):
        present = AddressSet.from_prefixes(claim.prefix for claim in claims_of(network, far))
        return recorded, present
    last = _told(p.remote_virtual_network_address_space)
    return None if last is None else (recorded, last)


def _told(space: AddressSpace | None) -> AddressSet | None:
    if space is None or space.address_prefixes is None:
        return None
    return AddressSet.from_prefixes(space.prefixes)


def _difference(recorded: AddressSet, present: AddressSet) -> Iterator[str]:
    if added := present - recorded:
        yield f"it does not route {added}"
    if gone := recorded - present:
        yield f"it still routes {gone}"


def _finding(peering: Peering, what: str, *, by_level: bool = False) -> Finding:
    p = peering.properties
    remote = p.remote_virtual_network
    far = (remote.id or "") if remote is not None else ""
    home = last_segment(network_id(peering))
    return Finding(
        subject=peering.id,
        related=(far,) if far else (),
        message=f"peering {peering.label} of {home} is out of step with {last_segment(far)}: "
        f"{what}",
        remedy=synchronise(peering),
        evidence=tuple(_evidence(peering, level_first=by_level)),
    )


def _evidence(peering: Peering, *, level_first: bool) -> Iterator[Evidence]:
    p = peering.properties
    space = p.remote_address_space
    proofs = []
    if space is not None and space.address_prefixes is not None:
        texts = ", ".join(space.address_prefixes)
        proofs.append(evidence(peering, "/properties/remoteAddressSpace/addressPrefixes", texts))
    if p.peering_sync_level:
        proofs.append(evidence(peering, "/properties/peeringSyncLevel", p.peering_sync_level))
    yield from (reversed(proofs) if level_first else proofs)
