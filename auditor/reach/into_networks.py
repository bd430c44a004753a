"""Ways into a network: straight, by a gateway that both use, or by a virtual hub.

What the gateway passes on is exact (R-15); a hub's routes are not told in full (R-29).
"""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.network.virtual_hubs import beyond_hubs
from auditor.reach.by_gateways import by_gateway
from auditor.reach.ways import Way, leads_to, may_be_taught
from auditor.resources.virtual_networks import VirtualNetwork


def leads_into(network: Network, way: Way, home: str, vnet: VirtualNetwork | None) -> bool | None:
    """Tell whether a way leads into a network (its key), seen from a VNet; None: perhaps."""
    return or_around(network, leads_to(way, home, vnet), way, home, vnet)


def or_around(
    network: Network, straight: bool | None, way: Way, home: str, vnet: VirtualNetwork | None
) -> bool | None:
    """Take an answer about a way straight into a network, or else by a gateway or a hub."""
    if straight is not False:
        return straight
    passed = by_gateway(network, way, home, vnet)
    taught = passed is False and may_be_taught(way) and home in beyond_hubs(network, vnet)
    return None if taught else passed
