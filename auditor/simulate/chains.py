"""Appliances of a Gateway Load Balancer, through which packets go first (E-19b)."""

from __future__ import annotations

from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.simulate.logic import told
from auditor.simulate.trip import Trip


def past_chain(trip: Trip, *nodes: object) -> Trip:
    """Doubt a trip past ends of which one is chained to appliances."""
    if any(map(_is_chained, nodes)):
        return trip.doubt("the appliances behind the gateway load balancer may drop it")
    return trip


def _is_chained(node: object) -> bool:
    if not isinstance(node, IpConfiguration | LoadBalancerFrontend):
        return False
    return told(lambda: node.properties.gateway_load_balancer, None) is not None
