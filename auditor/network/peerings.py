"""Both sides of a peering (R-14, R-17 to R-19)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.ids import name as last_segment
from auditor.network.graph import Network, possibly, question, question_about
from auditor.network.namesakes import nth_anywhere
from auditor.network.routing_domains import network_id, to_hub
from auditor.remedy import unused_name
from auditor.resources.virtual_networks import Peering, VirtualNetwork


@question
def peerings_of_ours(network: Network) -> tuple[Peering, ...]:
    """Give the peerings that somebody made: those to the inside of a virtual hub are Azure's."""
    return tuple(peering for peering in network.all(Peering) if not _is_azures(network, peering))


def _is_azures(network: Network, peering: Peering) -> bool:
    try:
        return to_hub(network, peering)
    except Undetermined:
        return False


def told_peerings(
    network: Network, vnet: VirtualNetwork
) -> tuple[tuple[Peering, ...], Undetermined | None]:
    """Give the peerings of a VNet that are known, and what it does not tell of others.

    Where it does not list them, those are known that came on their own: what was read is there,
    and whether there are more, nobody says.
    """
    try:
        return vnet.peerings, None
    except Undetermined as unknown:
        return _on_their_own(network).get(vnet.key, ()), unknown


@question
def _on_their_own(network: Network) -> dict[str, tuple[Peering, ...]]:
    found: dict[str, tuple[Peering, ...]] = {}
    for peering in network.all(Peering):
        if peering.record is not None:
            key = fold(network_id(peering))
            found[key] = (*found.get(key, ()), peering)
    return found


def far_network(network: Network, peering: Peering) -> VirtualNetwork:
    """Give the VNet at the far end. Raises Undetermined when it is not told, or not there."""
    far = network.get(peering.properties.remote_virtual_network, VirtualNetwork)
    if far is None:
        raise Undetermined(
            f"the far end of peering {peering.label} (remoteVirtualNetwork)", resource=peering.id
        )
    return far


@question_about
def way_back(network: Network, peering: Peering) -> Peering | None:
    """Give the far side of a peering; None when the far VNet has no peering back.

    Raises Undetermined when the far VNet is not in the snapshot, or does not tell its peerings.
    """
    far = far_network(network, peering)
    ends = _by_ends(network)
    back = ends.get((far.key, fold(network_id(peering))))
    if back is not None:
        return back
    _ = far.peerings  # there may be one back among those that are not told
    if (far.key, "") in ends:
        raise Undetermined(f"where a peering of {far.label} leads", resource=far.id)
    return None


def may_lend(network: Network, peering: Peering) -> bool:
    """Tell whether the far VNet may lend its gateways: what is not told may be so."""
    return possibly(lambda each: lends(network, each), peering)


def lends(network: Network, peering: Peering) -> bool:
    """Tell whether the far VNet lends its gateways (R-17): connected (R-14), and not unwilling.

    Raises Undetermined where the far side is not told.
    """
    if peering.properties.peering_state and not peering.connected:
        return False
    back = way_back(network, peering)
    if back is None or (back.properties.peering_state and not back.connected):
        return False
    return back.properties.allow_gateway_transit is not False


def name_of_way_back(network: Network, peering: Peering) -> str:
    """Give a name for a peering to make in the far VNet, `to-web`, that it has not yet."""
    home = network_id(peering)
    try:
        far = network.find(peering.properties.remote_virtual_network)
    except Undetermined:
        far = None
    there = told_peerings(network, far)[0] if isinstance(far, VirtualNetwork) else ()
    node = network.find(home)
    nth = nth_anywhere(network, node) if isinstance(node, VirtualNetwork) else 0
    return unused_name(f"to-{last_segment(home)}", [each.label.lower() for each in there], nth=nth)


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
