"""Routes of network managers' connected groups, of which ARM's networks tell nothing (R-22)."""

from __future__ import annotations

from auditor.addresses import AddressSet, Prefix
from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.routing.model import Found, Hop, Influence, Source
from auditor.network.routing.place import Place
from auditor.network.routing.system import PEERING_ORDER
from auditor.resources.network_manager import ConnectivityConfiguration, NetworkManager
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.special_addresses import PRIVATE


def connected_group_routes(place: Place) -> Found:
    """Give what a network manager may add, when the snapshot shows that there is one.

    Groups join VNets: the spaces of those in the snapshot, and private addresses for the rest.
    """
    found = Found()
    manager = _manager(place.network)
    if manager:
        detail = f"which VNets {last_segment(manager)} joins"
        found.influences.append(
            Influence(
                _spaces(place.network) - AddressSet.from_prefixes(place.vnet.prefixes),
                Reason("avnm-unknown", detail, manager),
                Source.SYSTEM,
                Hop.CONNECTED_GROUP,
                "R-22",
                order=PEERING_ORDER,
            )
        )
    return found


@question
def _manager(network: Network) -> str:
    """The id of the first network manager, or of what it connects."""
    found = (*network.all(ConnectivityConfiguration), *network.all(NetworkManager))
    return found[0].id if found else ""


@question
def _spaces(network: Network) -> AddressSet:
    prefixes: list[Prefix] = []
    for vnet in network.all(VirtualNetwork):
        try:
            prefixes += vnet.prefixes
        except Undetermined:
            continue
    return PRIVATE | AddressSet.from_prefixes(prefixes)
