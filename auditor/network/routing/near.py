"""Where packets surely stay in their own VNet: a look at what could lead them elsewhere.

The route of a VNet's own prefix decides there (R-1): gateways' routes drop out beside it, and
shorter prefixes lose (R-6, R-7). Left out is all that something closer is told of: a user's route
or a peering's, and private endpoints, whose routes are for single addresses (L-4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.addresses import NOTHING, AddressError, AddressSet, Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.network.contested import contested
from auditor.network.graph import Network, question_about
from auditor.network.routing.peered import ties_of
from auditor.network.routing.private_endpoints import routes_to_endpoints
from auditor.network.routing_domains import claims_of
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@question_about
def near(network: Network, subnet: Subnet) -> AddressSet:
    """Give addresses of its VNet to which packets from a subnet surely go straight.

    There may be more of them, where something is not told.
    """
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None or contested(network):
        return NOTHING
    try:
        if subnet.properties.service_endpoints:
            return NOTHING  # their routes beat all others, of whatever length
        table = network.get(subnet.properties.route_table, RouteTable)
        known = _of_network(network, vnet)
        return known - _of_table(network, vnet, table) if table is not None else known
    except (Undetermined, AddressError):
        return NOTHING  # a tag's prefixes are left to the exact answer, too


@question_about
def _of_network(network: Network, vnet: VirtualNetwork) -> AddressSet:
    """What neither peerings nor private endpoints take from a VNet's own space."""
    space = AddressSet.from_prefixes(claim.prefix for claim in claims_of(network, vnet))
    peers = (claim.prefix for tie in ties_of(network, vnet).ties for claim in tie.claims)
    endpoints = routes_to_endpoints(network, vnet)
    space = space - AddressSet.from_prefixes(route.prefix for route in endpoints.routes)
    for influence in endpoints.influences:
        space = space - influence.within
    return space - _closer(network, vnet, peers)


@question_about
def _of_table(network: Network, vnet: VirtualNetwork, table: RouteTable) -> AddressSet:
    """What the routes of a table may take from a VNet's own space, for all subnets with it."""
    return _closer(network, vnet, _prefixes(table))


def _prefixes(table: RouteTable) -> Iterator[Prefix]:
    for route in table.routes:
        yield parse_prefix((route.properties.address_prefix or "").strip())


def _closer(network: Network, vnet: VirtualNetwork, prefixes: Iterable[Prefix]) -> AddressSet:
    """Give what some prefixes hold that are as long as one of the VNet's own, or longer."""
    own = [claim.prefix for claim in claims_of(network, vnet)]
    return AddressSet.from_prefixes(
        prefix for prefix in prefixes if any(prefix in claim for claim in own)
    )
