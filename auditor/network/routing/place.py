"""Where routes are asked for, and the gaps that are met on the way."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.addresses import EVERYTHING
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.routing.model import Hop, Influence, Reason, Source, Tags
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@dataclass(frozen=True, slots=True)
class Place:
    """One subnet, its VNet, and what is known of service tags."""

    network: Network
    subnet: Subnet
    vnet: VirtualNetwork
    tags: Tags


def gap(unknown: Undetermined, resource: str = "") -> Reason:
    """Give the reason for an answer that the snapshot does not hold (U-1, U-2)."""
    return Reason("collection-gap", unknown.missing, unknown.resource or resource)


def anything(
    reason: Reason, source: Source, fact: str, *, hop: Hop = Hop.UNKNOWN, order: int = 0
) -> Influence:
    """Give the influence of something of which nothing is told: any route at all."""
    return Influence(EVERYTHING, reason, source, hop, fact, order=order)
