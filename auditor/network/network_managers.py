"""Network managers that the snapshot shows, and whom they may join unseen (R-22)."""

from __future__ import annotations

from auditor.addresses import AddressSet, Prefix
from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.resources.network_manager import ConnectivityConfiguration, NetworkManager
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.special_addresses import PRIVATE


@question
def unseen_groups(network: Network) -> Reason | None:
    """Give why it is not told which VNets are joined without a peering; None without a manager."""
    found = (*network.all(ConnectivityConfiguration), *network.all(NetworkManager))
    if not found:
        return None
    detail = f"which VNets {last_segment(found[0].id)} joins"
    return Reason("avnm-unknown", detail, found[0].id)


@question
def joinable(network: Network) -> AddressSet:
    """Give what a connected group may hold: VNets of the snapshot, private addresses beyond."""
    prefixes: list[Prefix] = []
    for vnet in network.all(VirtualNetwork):
        try:
            prefixes += vnet.prefixes
        except Undetermined:
            continue
    return PRIVATE | AddressSet.from_prefixes(prefixes)
