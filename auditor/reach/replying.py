"""How an answer gets back to where its packet came from (P-11, R-13)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.reach.into_networks import doubts_into, leads_into
from auditor.reach.leading import leaves_by
from auditor.reach.points import Kind, Point, is_unplaced, vnet_of
from auditor.reach.refused_replies import through_appliance
from auditor.reach.stages import Reply, replies
from auditor.reach.trail import Trail
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.routing import Route


def straight_to(source: Point) -> Reply:
    """Give the reply of a packet that came straight from a point of a VNet."""

    def reply(here: Trail, responder: Point) -> Trail:
        vnet = vnet_of(here.network, responder)
        by_appliance = _may_go_by_appliances(here.network, source)
        # A route that is not told may lead it to one that puts its own address in the source's.
        translated = by_appliance and source.place is not None

        def ask(way: Way) -> bool | None:
            direct = leads_into(here.network, way, source.home, vnet)
            if direct is False and (translated or (by_appliance and leaves_by(way, Hop.APPLIANCE))):
                return None  # it may have come by an appliance
            return direct if direct is not False else _by_appliance(here, responder, way)

        def doubts(way: Way) -> tuple[Reason, ...]:
            if is_unplaced(source):
                return source.reasons
            return doubts_into(here.network, way, source.home, vnet)

        to = here.sources()
        return replies(here, responder, to, ask, "straight back", doubts, home=source.home)

    return reply


def _may_go_by_appliances(network: Network, source: Point) -> bool:
    """Whether it is not told which appliances the routes of a point name."""
    if source.kind is Kind.BEYOND or source.place is None:
        return True
    try:
        table = network.find(source.place.properties.route_table)
    except Undetermined:
        return True
    if table is None:
        return False
    routes = walk.peek(walk.peek(table, "properties"), "routes")
    return routes is None or any(map(_is_untold, routes))


def _is_untold(route: Route) -> bool:
    """Whether a route does not tell its next hop."""
    try:
        _ = route.properties.next_hop_type, route.properties.next_hop_ip_address
    except Undetermined:
        return True
    return False


def to_internet(trail: Trail) -> Reply:
    """Give the reply of a packet from the internet: it must leave straight for it (R-13)."""

    def reply(here: Trail, responder: Point) -> Trail:
        to = here.sources()
        return replies(here, responder, to, _leaves, "straight to the internet", alike=True)

    return reply


def _leaves(way: Way) -> bool | None:
    return leaves_by(way, Hop.INTERNET, Hop.SERVICE_ENDPOINT)


def to_gateway(trail: Trail) -> Reply:
    """Give the reply of a packet from behind a VPN or ExpressRoute gateway."""

    def reply(here: Trail, responder: Point) -> Trail:
        def ask(way: Way) -> bool | None:
            back = leaves_by(way, Hop.GATEWAY)
            return back if back is not False else _by_appliance(here, responder, way)

        return replies(here, responder, here.sources(), ask, "back to the gateway")

    return reply


def _by_appliance(here: Trail, responder: Point, way: Way) -> bool | None:
    """Whether a reply gets back by an appliance that did not see the packet."""
    space = here.space
    given = here.network, way.route, responder, here.sources(), space.version, here.tags
    return through_appliance(*given)
