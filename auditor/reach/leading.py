"""What a way out of a subnet does: whether it leads into a network, to an appliance, or outside.

Each question has three answers; None is *perhaps*: a route that may be there would decide.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from auditor.addresses import Address
from auditor.network.routing import EffectiveRoute, Hop
from auditor.network.routing.model import PEERINGS, Source
from auditor.network.routing.selection import stays_whatever
from auditor.network.routing_domains import network_key
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import VirtualNetwork


def leads_to(way: Way, home: str, vnet: VirtualNetwork | None) -> bool | None:
    """Tell whether a way leads straight into a network (its key), seen from a VNet; None: perhaps.

    Straight: within the VNet, by peering, by a connected group, or by a connection of gateways.
    """
    return _judged(way, lambda route: _enters(route, home, vnet))


def may_be_taught(way: Way) -> bool:
    """Tell whether a route that a virtual hub teaches may decide; where that leads is not told."""
    return any(route.hop is Hop.GATEWAY and not route.told for route in way.possible)


def may_lead_outside(way: Way) -> bool:
    """Tell whether a told route may decide that leads to a gateway, and on to what is outside."""
    return any(
        route.hop is Hop.GATEWAY and route.told and not (route.far or route.fault)
        for route in way.possible
    )


def leaves_by(way: Way, *hops: Hop) -> bool | None:
    """Tell whether a way has one of these next hops, and nothing known stops it; None: perhaps."""
    return _judged(way, lambda route: route.hop in hops)


def _judged(way: Way, fits: Callable[[EffectiveRoute], bool | None]) -> bool | None:
    answers = {_unless_stopped(route, fits(route)) for route in way.possible}
    if not answers:
        return None if way.reasons else False
    if len(answers) > 1:
        return None
    answer = answers.pop()
    if way.reasons and not any(map(_stays, way.possible)):
        # Without the routes that may not be there, another one decides, and it is not listed.
        return None if answer is not False or _open(way) else False
    return answer


def _stays(route: EffectiveRoute) -> bool:
    """Tell whether a route is there for sure: it decides where none that may be there does."""
    return route.certain and stays_whatever(route)


def _open(way: Way) -> bool:
    return any(route.hop is Hop.UNKNOWN for route in way.possible)


def _unless_stopped(route: EffectiveRoute, answer: bool | None) -> bool | None:
    if route.fault:
        return False
    if route.hop is Hop.UNKNOWN:
        return None
    if answer and (route.doubts or route.hop is Hop.CONNECTED_GROUP):
        return None
    return answer


def _enters(route: EffectiveRoute, home: str, vnet: VirtualNetwork | None) -> bool | None:
    if not home:  # where it is, is not told: in any network that the route leads into
        return None if route.hop in _INTO_NETWORKS else False
    if route.hop is Hop.LOCAL:
        inside = vnet is not None and vnet.key == home
        return inside or (None if route.doubts else False)
    if route.hop in PEERINGS:
        return route.far == home if route.far else None
    if route.hop is Hop.CONNECTED_GROUP:
        return vnet is None or vnet.key != home
    return _by_tunnel(route, home)


_INTO_NETWORKS = frozenset({Hop.LOCAL, Hop.CONNECTED_GROUP, Hop.GATEWAY, *PEERINGS})


def _by_tunnel(route: EffectiveRoute, home: str) -> bool:
    """Whether a route leads into a network by a connection between gateways (R-24)."""
    return route.hop is Hop.GATEWAY and bool(route.far) and route.far == home


def leads_by(way: Way, appliance: Address) -> bool | None:
    """Tell whether a way goes to an appliance; None: perhaps. What it does then is not asked."""
    answers = {_goes_by(route, appliance) for route in way.possible}
    if len(answers) != 1 or (True in answers and way.reasons):
        return None if True in answers or None in answers or not way.possible else False
    return answers.pop()


class LeadsBy(msgspec.Struct, frozen=True):
    """Asks whether a way goes to one appliance: the same question, whoever asks it."""

    appliance: Address

    def __call__(self, way: Way) -> bool | None:
        """Give the answer about one way."""
        return leads_by(way, self.appliance)


def _goes_by(route: EffectiveRoute, appliance: Address) -> bool | None:
    if route.hop is Hop.UNKNOWN:
        return None
    if route.fault:
        return False
    if is_unnamed(route):
        return None
    # Doubts of what the appliance does are told where it is asked.
    return route.hop is Hop.APPLIANCE and route.address == appliance


def is_unnamed(route: EffectiveRoute) -> bool:
    """Whether a route leads to an appliance whose address is not told: it may be any (R-11)."""
    return route.hop is Hop.APPLIANCE and route.address is None and not route.fault


def by_unnamed(way: Way) -> bool | None:
    """Tell whether a way leads to an appliance that is not told; what that does, nobody tells."""
    return None if any(map(is_unnamed, way.possible)) else False


def reaches_endpoint(
    way: Way, endpoint: PrivateEndpoint, vnet: VirtualNetwork | None
) -> bool | None:
    """Tell whether a way ends at a private endpoint (L-4), seen from a VNet; None: perhaps.

    So it is with a user's route into its network that takes the place of the endpoint's own.
    """
    subnet = walk.peek(walk.peek(walk.peek(endpoint, "properties"), "subnet"), "id")
    home = network_key(subnet) if subnet else ""

    def ends(route: EffectiveRoute) -> bool | None:
        if goes_past(route, home, vnet):
            return None
        if not home:  # its own route, which the input lacks, may win here
            return None
        if _by_tunnel(route, home):
            return True
        if _may_join(route, home, vnet):  # and bring the endpoint's own route along
            return None
        return route.hop is Hop.PRIVATE_ENDPOINT and route.node is endpoint

    return _judged(way, ends)


def _may_join(route: EffectiveRoute, home: str, vnet: VirtualNetwork | None) -> bool:
    """Whether networks may be joined by what is not told: a peering, or a connected group."""
    joins = _enters(route, home, vnet)
    group = route.hop is Hop.CONNECTED_GROUP and joins is True  # which are in it is never told
    return group or (route.source is not Source.USER and joins is None)


def goes_past(route: EffectiveRoute, home: str, vnet: VirtualNetwork | None) -> bool:
    """Whether a user's route leads into a network (its key), not to an endpoint in it, or may.

    Into that of a peer where it names the endpoint itself, which then need not forward.
    """
    into = route.source is Source.USER and route.hop in (Hop.LOCAL, *PEERINGS)
    return into and _enters(route, home, vnet) is not False
