"""Routes of network managers' connected groups, of which ARM's networks tell nothing (R-22)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.addresses import EVERYTHING, AddressSet
from auditor.errors import Undetermined
from auditor.intervals import Interval, merged
from auditor.network.graph import Network, question, question_about
from auditor.network.network_managers import joinable, unseen_groups
from auditor.network.routing.model import Found, Hop, Influence, Source
from auditor.network.routing.peered import ties_of
from auditor.network.routing.place import Place
from auditor.network.routing.system import PEERING_ORDER
from auditor.network.routing_domains import is_whole
from auditor.resources.virtual_networks import VirtualNetwork


def connected_group_routes(place: Place) -> Found:
    """Give what a network manager may add, when the snapshot shows that there is one.

    Groups join VNets: the spaces of those in the snapshot, and private addresses for the rest. To
    a VNet that is peered for certain a group leads as the peering does.
    """
    found = Found()
    reason = unseen_groups(place.network)
    if reason is not None:
        own = AddressSet.from_prefixes(place.vnet.prefixes)
        found.influences.append(
            Influence(
                joinable(place.network) - own - _peered(place.network, place.vnet),
                reason,
                Source.SYSTEM,
                Hop.CONNECTED_GROUP,
                "R-22",
                order=PEERING_ORDER,
            )
        )
    return found


@question_about
def _peered(network: Network, vnet: VirtualNetwork) -> AddressSet:
    """The addresses of certain peers, which no other network of the snapshot has as well."""
    claims = [
        claim.prefix
        for tie in ties_of(network, vnet).ties
        if not tie.reasons and tie.vague is None and tie.far is not None and is_whole(tie.peering)
        for claim in tie.claims
    ]
    return AddressSet.from_prefixes(claims) - network.ask(_shared) if claims else AddressSet()


@question
def _shared(network: Network) -> AddressSet:
    """The addresses that more than one network of the snapshot has; all where one tells none."""
    spaces: list[AddressSet] = []
    for vnet in network.all(VirtualNetwork):
        try:
            spaces.append(AddressSet.from_prefixes(vnet.prefixes))
        except Undetermined:
            return EVERYTHING
    return AddressSet(
        merged(_twice(pair for space in spaces for pair in space.v4)),
        merged(_twice(pair for space in spaces for pair in space.v6)),
    )


def _twice(pairs: Iterable[Interval]) -> Iterator[Interval]:
    end = -1
    for low, high in sorted(pairs):
        if low <= end:
            yield low, min(high, end)
        end = max(end, high)
