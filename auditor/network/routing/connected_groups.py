"""Routes of network managers' connected groups, of which ARM's networks tell nothing (R-22)."""

from __future__ import annotations

from auditor.addresses import AddressSet
from auditor.network.network_managers import joinable, unseen_groups
from auditor.network.routing.model import Found, Hop, Influence, Source
from auditor.network.routing.place import Place
from auditor.network.routing.system import PEERING_ORDER


def connected_group_routes(place: Place) -> Found:
    """Give what a network manager may add, when the snapshot shows that there is one.

    Groups join VNets: the spaces of those in the snapshot, and private addresses for the rest.
    """
    found = Found()
    reason = unseen_groups(place.network)
    if reason is not None:
        found.influences.append(
            Influence(
                joinable(place.network) - AddressSet.from_prefixes(place.vnet.prefixes),
                reason,
                Source.SYSTEM,
                Hop.CONNECTED_GROUP,
                "R-22",
                order=PEERING_ORDER,
            )
        )
    return found
