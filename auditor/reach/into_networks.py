"""Ways into a network: straight, by a gateway that both use, by a hub, or around by a site.

What the gateway passes on is exact (R-15); routes that a hub or BGP teaches are not told (R-25,
R-29).
"""

from __future__ import annotations

from auditor.network.graph import Network, question_about
from auditor.network.taught_networks import beyond_teachers
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
    if passed is False and may_be_taught(way) and home in taught_ways(network, vnet):
        return None
    return passed


@question_about
def taught_ways(network: Network, vnet: VirtualNetwork | None) -> frozenset[str]:
    """Give the networks (their keys) into which a route that is not told may lead from a VNet."""
    return beyond_hubs(network, vnet) | beyond_teachers(network, vnet)
