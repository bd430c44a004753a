"""Both sides of a peering (R-14, R-17 to R-19)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.network.routing_domains import network_id, to_hub
from auditor.resources.virtual_networks import Peering, VirtualNetwork


def peerings_of_ours(network: Network) -> tuple[Peering, ...]:
    """Give the peerings that somebody made: those to the inside of a virtual hub are Azure's."""
    return tuple(peering for peering in network.all(Peering) if not _is_azures(network, peering))


def _is_azures(network: Network, peering: Peering) -> bool:
    try:
        return to_hub(network, peering)
    except Undetermined:
        return False


def far_network(network: Network, peering: Peering) -> VirtualNetwork:
    """Give the VNet at the far end. Raises Undetermined when it is not told, or not there."""
    far = network.get(peering.properties.remote_virtual_network, VirtualNetwork)
    if far is None:
        raise Undetermined(
            f"the far end of peering {peering.label} (remoteVirtualNetwork)", resource=peering.id
        )
    return far


def way_back(network: Network, peering: Peering) -> Peering | None:
    """Give the far side of a peering; None when the far VNet has no peering back.

    Raises Undetermined when the far VNet is not in the snapshot, or does not tell its peerings.
    """
    far = far_network(network, peering)
    ends = _by_ends(network)
    back = ends.get((far.key, fold(network_id(peering))))
    if back is not None:
        return back
    if far.properties.virtual_network_peerings is None or (far.key, "") in ends:
        raise Undetermined(f"the peerings of {far.label}", resource=far.id)
    return None


@question
def _by_ends(network: Network) -> dict[tuple[str, str], Peering]:
    """Give peerings by the keys of their own VNet and of the far one, "" where that is not told."""
    found: dict[tuple[str, str], Peering] = {}
    for peering in network.all(Peering):
        try:
            remote = peering.properties.remote_virtual_network
            far = fold(remote.id) if remote is not None and remote.id else ""
        except Undetermined:
            far = ""
        found.setdefault((fold(network_id(peering)), far), peering)
    return found
