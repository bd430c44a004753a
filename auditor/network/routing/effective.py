"""All routes of a subnet together."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.network.interfaces import Interface, subnet_of
from auditor.network.reasons import Reason, gap
from auditor.network.routing.connected_groups import connected_group_routes
from auditor.network.routing.gateway import gateway_routes
from auditor.network.routing.model import (
    PEERINGS,
    EffectiveRoute,
    EffectiveRoutes,
    Found,
    Hop,
    Source,
)
from auditor.network.routing.peered import peering_routes
from auditor.network.routing.place import Place, anything
from auditor.network.routing.private_endpoints import private_endpoint_routes
from auditor.network.routing.selection import drops_out, key
from auditor.network.routing.service_endpoints import service_endpoint_routes
from auditor.network.routing.system import EVERYWHERE, system_routes
from auditor.network.routing.user import unknown_routes, user_routes
from auditor.network.routing_domains import claims_of, peers_as_a_whole, without_network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


def effective_routes(
    network: Network, subnet: Subnet, tags: ServiceTags = NO_TAGS
) -> EffectiveRoutes:
    """Give the routes that packets from a subnet meet, and what may add to them.

    Never raises for what the snapshot lacks: that becomes an influence, or a reason of a route.
    """
    return _assemble(network, _twin(network, subnet), tags)


@question_about
def _twin(network: Network, subnet: Subnet) -> Subnet:
    """Give the subnet whose routes are looked up for this one, to do it once for all like it.

    Subnets of one VNet with one route table have the same routes, where nothing is a subnet's own:
    service endpoints, peerings of some subnets only, and what is not told.
    """
    vnet = network.holder(subnet, VirtualNetwork)
    try:
        ref = subnet.properties.route_table
        table = network.find(ref)
        alike = (
            vnet is not None
            and not subnet.properties.service_endpoints
            and (table is None if ref is None else isinstance(table, RouteTable))
            and peers_as_a_whole(network, vnet)
        )
    except Undetermined:
        return subnet
    return _twins(network).setdefault((vnet, table), subnet) if alike else subnet


@question
def _twins(network: Network) -> dict[tuple[object, object], Subnet]:
    return {}


def routes_from(
    network: Network, source: Subnet | Interface, tags: ServiceTags = NO_TAGS
) -> EffectiveRoutes:
    """Give the routes that packets from a subnet, or from a NIC in one, meet.

    Never raises for what the snapshot lacks.
    """
    try:
        subnet = source if isinstance(source, Subnet) else subnet_of(network, source)
    except Undetermined as unknown:
        return _without_vnet(gap(unknown, source.id))
    return effective_routes(network, subnet, tags)


@question_about
def _assemble(network: Network, subnet: Subnet, tags: ServiceTags) -> EffectiveRoutes:
    vnet = network.holder(subnet, VirtualNetwork)
    try:
        if vnet is None:
            raise without_network(subnet)
        space = claims_of(network, vnet)
    except Undetermined as unknown:
        return _without_vnet(gap(unknown, subnet.id))
    place = Place(network, subnet, vnet, tags)
    users, propagates = _told(place)
    own_default = any(route.prefix == EVERYWHERE and route.certain for route in users.routes)
    found = Found(list(system_routes(space, vnet, own_default=own_default)))
    for part in (
        peering_routes(place),
        connected_group_routes(place),
        gateway_routes(place, propagates),
        _endpoints(place),
        private_endpoint_routes(place),
        users,
    ):
        found.extend(part)
    return EffectiveRoutes(found.routes, found.influences, beaten)


def _told(place: Place) -> tuple[Found, bool | None]:
    try:
        return user_routes(place)
    except Undetermined as unknown:  # the subnet does not tell its table
        found = Found()
        found.influences.append(unknown_routes(gap(unknown, place.subnet.id)))
        return found, None


def _endpoints(place: Place) -> Found:
    try:
        return service_endpoint_routes(place)
    except Undetermined as unknown:
        found = Found()
        found.influences.append(
            anything(gap(unknown, place.subnet.id), Source.SYSTEM, "R-40", hop=Hop.SERVICE_ENDPOINT)
        )
        return found


def _without_vnet(reason: Reason) -> EffectiveRoutes:
    """Give the routes of a subnet of whose VNet nothing is told: any."""
    sources = (Source.SYSTEM, Source.GATEWAY, Source.USER)
    return EffectiveRoutes((), (anything(reason, source, "U-2") for source in sources))


def beaten(route: EffectiveRoute, all_routes: EffectiveRoutes) -> bool:
    """Tell whether another route is certain to take the place of one."""
    for other in all_routes.covering(route.prefix):
        if other is route or not other.certain:
            continue
        if drops_out(route, other):
            return True
        higher = other.prefix == route.prefix and key(other) > key(route)
        if higher and not any(_may_drop_out(other, all_routes)):
            return True
    return False


def _may_drop_out(route: EffectiveRoute, all_routes: EffectiveRoutes) -> Iterator[bool]:
    for other in all_routes.covering(route.prefix):
        yield drops_out(route, other) is not False
    for influence in all_routes.influences:
        if route.source is Source.GATEWAY and influence.source is Source.SYSTEM:
            yield influence.hop in {Hop.LOCAL, Hop.UNKNOWN, *PEERINGS}
