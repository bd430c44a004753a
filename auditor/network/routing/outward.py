"""The routes to the internet: the same ones for many networks, and looked up once for these.

What is in a network, in its peers and at private endpoints mostly has private addresses. Whoever
asks for public ones then meets no route of theirs: only Azure's own, and what gateways bring.
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.network_managers import unseen_groups
from auditor.network.routing.effective import beaten, effective_routes
from auditor.network.routing.gateway import Served, brought_by, served_by
from auditor.network.routing.model import EffectiveRoutes, Found
from auditor.network.routing.peered import ties_of
from auditor.network.routing.private_endpoints import routes_to_endpoints
from auditor.network.routing.system import system_routes
from auditor.network.routing_domains import claims_of
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PRIVATE, PUBLIC


def outward_routes(network: Network, subnet: Subnet) -> EffectiveRoutes:
    """Give routes that lead packets from a subnet to public IPv4 addresses as all its routes do.

    Never raises for what the snapshot lacks.
    """
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None or not _has_plain_routes(subnet) or not _is_private(network, vnet):
        return effective_routes(network, subnet, network.tags)
    return _by_gateways(network, served_by(network, vnet))


@question_about
def _by_gateways(network: Network, served: Served) -> EffectiveRoutes:
    found = Found(list(system_routes((), None)))
    found.extend(brought_by(network, served))
    return EffectiveRoutes(found.routes, found.influences, beaten)


def _has_plain_routes(subnet: Subnet) -> bool:
    """Whether a subnet certainly has no routes of its own."""
    try:
        return subnet.properties.route_table is None and not subnet.properties.service_endpoints
    except Undetermined:
        return False


@question_about
def _is_private(network: Network, vnet: VirtualNetwork) -> bool:
    """Whether no route into a network, or into what it is peered with, is for public IPv4."""
    ties = ties_of(network, vnet)
    if unseen_groups(network) is not None or ties.untold or any(tie.vague for tie in ties.ties):
        return False
    try:
        claims = [claim.prefix for claim in claims_of(network, vnet)]
    except Undetermined:
        return False
    claims += [claim.prefix for tie in ties.ties for claim in tie.claims]
    endpoints = routes_to_endpoints(network, vnet)
    claims += [route.prefix for route in endpoints.routes]
    return all(prefix.version == 6 or prefix in PRIVATE for prefix in claims) and not any(
        influence.within.overlaps(PUBLIC) for influence in endpoints.influences
    )
