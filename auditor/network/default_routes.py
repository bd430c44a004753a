"""Where packets for the internet go: the default route of a subnet, and who may announce one.

Facts R-5, R-6, R-10, R-12, R-25, R-28, R-29.
"""

from __future__ import annotations

from auditor.addresses import Prefix, parse_prefix, prefix_or_none
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.learned_routes import learns_routes
from auditor.network.routing_domains import neighbours, spelled, to_hub
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import VirtualNetwork

EVERYWHERE = parse_prefix("0.0.0.0/0")

ASK_TEACHER = "no export tells it: ask whoever runs it which routes it announces"
"""What to do where a default route may be announced at run time (R-25)."""

_HALVES = frozenset(map(parse_prefix, ("0.0.0.0/1", "128.0.0.0/1")))


def default_routes(table: RouteTable) -> tuple[Route, ...]:
    """Give the routes of a table that decide about the IPv4 internet.

    The two halves where both are there, since the longer prefix wins (R-6), else `0.0.0.0/0`;
    none when the table says nothing about it. Raises Undetermined when it may all the same: a
    route does not tell its prefix.
    """
    halves = [route for route in table.routes if _prefix(route) in _HALVES]
    if {_prefix(route) for route in halves} == _HALVES:
        return tuple(halves)
    found = tuple(route for route in table.routes if _prefix(route) == EVERYWHERE)
    for route in () if found else table.routes:
        if not route.properties.address_prefix:
            raise Undetermined(f"the prefix of the route {route.label}", resource=route.id)
    return found


def _prefix(route: Route) -> Prefix | None:
    return prefix_or_none(route.properties.address_prefix)


def may_learn_default(network: Network, vnet: VirtualNetwork) -> str:
    """Tell who may announce a default route to a VNet at run time, or give nothing.

    ExpressRoute, BGP over VPN, a Route Server, or a virtual hub; what they announce is not in ARM
    (R-25). Raises Undetermined when what the VNet is joined to is not in the snapshot.
    """
    for link in neighbours(network).get(vnet.key, ()):
        other = link.near if link.far == vnet.key else link.far
        if "/virtualhubs/" in other:
            return f"the virtual hub {spelled(network, other).rpartition('/')[2]}"
    if any(to_hub(network, peering) for peering in vnet.peerings):
        return "the virtual hub it is connected to"
    return learns_routes(network, vnet)
