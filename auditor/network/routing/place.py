"""Where routes are asked for, and what nothing is told of there."""

from __future__ import annotations

import msgspec

from auditor.addresses import EVERYTHING
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop, Influence, Source
from auditor.network.service_tags import ServiceTags
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


class Place(msgspec.Struct, frozen=True):
    """One subnet, its VNet, and what is known of service tags."""

    network: Network
    subnet: Subnet
    vnet: VirtualNetwork
    tags: ServiceTags


def anything(
    reason: Reason, source: Source, fact: str, *, hop: Hop = Hop.UNKNOWN, order: int = 0
) -> Influence:
    """Give the influence of something of which nothing is told: any route at all."""
    return Influence(EVERYTHING, reason, source, hop, fact, order=order)
