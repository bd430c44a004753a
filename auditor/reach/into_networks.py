"""Ways into a network: straight, by a gateway that both use, by a hub, or around by a site.

What the gateway passes on is exact (R-15); routes that a hub or BGP teaches are not told (R-25,
R-29), nor what sites pass on that two gateways lead to (R-24).
"""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.network.reasons import FORCED_TUNNEL, Reason
from auditor.network.routing_domains import spelled
from auditor.network.taught_networks import may_meet_outside, met_outside
from auditor.network.virtual_hubs import beyond_hubs
from auditor.reach.by_gateways import by_gateway, doubts_towards, passing_on
from auditor.reach.leading import leads_to, may_be_taught, may_lead_outside
from auditor.reach.ways import Way
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
    if passed is False and vnet is not None and _may_lead_around(network, way, home, vnet):
        return None
    return passed


def _may_lead_around(network: Network, way: Way, home: str, vnet: VirtualNetwork) -> bool:
    taught = may_be_taught(way)
    if taught and home in beyond_hubs(network, vnet):
        return True
    return (taught or may_lead_outside(way)) and may_meet_outside(network, vnet, home)


def led_around(network: Network, way: Way, vnet: VirtualNetwork | None) -> frozenset[str]:
    """Give the networks (their keys) into which a way may lead by what nobody tells."""
    taught = may_be_taught(way)
    hubs = beyond_hubs(network, vnet) if taught else frozenset()
    return hubs | met_outside(network, vnet) if taught or may_lead_outside(way) else hubs


def doubts_into(
    network: Network, way: Way, home: str, vnet: VirtualNetwork | None
) -> tuple[Reason, ...]:
    """Say why it is not told whether a way leads into a network by gateways; none of its routes.

    These tell themselves why they are in doubt.
    """
    doubts = doubts_towards(network, vnet, home)
    if doubts or vnet is None or not may_lead_outside(way):
        return doubts
    if passing_on(network, vnet, home) is not None or not may_meet_outside(network, vnet, home):
        return ()
    far = spelled(network, home).rpartition("/")[2]
    what = f"whether a site behind the gateway of {vnet.label} passes it on to {far}"
    return (Reason(FORCED_TUNNEL, what, vnet.id),)
