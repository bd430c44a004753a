"""Ways into a network: straight, or by a virtual hub, whose routes are not told in full (R-29)."""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.network.virtual_hubs import beyond_hubs
from auditor.reach.ways import Way, leads_to, may_be_taught
from auditor.resources.virtual_networks import VirtualNetwork


def leads_into(network: Network, way: Way, home: str, vnet: VirtualNetwork | None) -> bool | None:
    """Tell whether a way leads into a network (its key), seen from a VNet; None: perhaps."""
    return or_by_hub(network, leads_to(way, home, vnet), way, home, vnet)


def or_by_hub(
    network: Network, straight: bool | None, way: Way, home: str, vnet: VirtualNetwork | None
) -> bool | None:
    """Take an answer about a way straight into a network: what it does not, a hub perhaps does."""
    taught = straight is False and may_be_taught(way) and home in beyond_hubs(network, vnet)
    return None if taught else straight
