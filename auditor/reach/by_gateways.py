"""Ways between networks that use one VPN gateway, by users' routes that name it (R-15).

What two spokes of a hub send to its gateway for one another it passes on, where both use it by
gateway transit (R-17). Peerings ask for no leave to forward then (R-16).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import product

import msgspec

from auditor.addresses import AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.on_premises import connections_of
from auditor.network.reasons import Reason, gap
from auditor.network.route_tables import default_route
from auditor.network.routing.gateway import Serving, served_by
from auditor.network.routing.model import EffectiveRoute, Hop
from auditor.network.routing_domains import home_of
from auditor.network.tunnels import Tunnel, borrowers, tunnel_by
from auditor.reach.leading import leads_to
from auditor.reach.ways import Way, ways_from
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_VERSIONS: tuple[Version, ...] = (4, 6)


class Passing(msgspec.Struct, frozen=True):
    """A gateway that two networks use; `reasons` say why it may not pass on what is for the far."""

    gateway: VirtualNetworkGateway
    reasons: tuple[Reason, ...] = ()


def by_gateway(network: Network, way: Way, home: str, vnet: VirtualNetwork | None) -> bool | None:
    """Tell whether a way leads into a network by a gateway that it shares; None: perhaps."""
    if vnet is None or vnet.key == home or not any(map(_names_gateway, way.possible)):
        return False
    passing = passing_on(network, vnet, home)
    if passing is None:
        return False
    route = way.route
    sure = route is not None and _names_gateway(route) and not route.doubts
    return True if sure and not passing.reasons else None


def doubts_towards(network: Network, vnet: VirtualNetwork | None, home: str) -> tuple[Reason, ...]:
    """Say why it is not told that a gateway passes on what goes from a network to another."""
    if vnet is None or vnet.key == home or not served_by(network, vnet).gateways:
        return ()  # as nearly everywhere
    passing = passing_on(network, vnet, home)
    return passing.reasons if passing is not None else ()


def _names_gateway(route: EffectiveRoute) -> bool:
    """Whether a told route leads to a gateway: a user's, or one for a site that claims as much."""
    return route.hop is Hop.GATEWAY and route.told and not route.fault


@question_about
def passing_on(network: Network, vnet: VirtualNetwork, home: str) -> Passing | None:
    """Give the gateway by which a network's packets may get into another (its key), if any."""
    far = network.nodes.get(home)
    if not isinstance(far, VirtualNetwork):
        return None
    mine, theirs = served_by(network, vnet).gateways, served_by(network, far).gateways
    shared = [(a, b) for a, b in product(mine, theirs) if a.gateway is b.gateway]
    if not shared:
        return _by_tunnel(network, mine, far)
    several = len(mine) > 1 or len(theirs) > 1
    return _passing(network, *shared[0], vnet, far, several)


def _by_tunnel(network: Network, mine: Iterable[Serving], far: VirtualNetwork) -> Passing | None:
    """Give the gateway that is connected with one in the far network (R-24)."""
    for serving in mine:
        for tunnel in _tunnels_of(network, serving.gateway):
            if tunnel.far is far:
                return Passing(serving.gateway, (*serving.reasons, *tunnel.doubts))
    return None


@question_about
def _tunnels_of(network: Network, gateway: VirtualNetworkGateway) -> tuple[Tunnel, ...]:
    """Give the tunnels of a gateway, as far as they are told."""
    found: list[Tunnel] = []
    for connection in connections_of(network, gateway):
        with suppress(Undetermined):  # then the routes that it brings are in doubt themselves
            tunnel = tunnel_by(network, gateway, connection)
            found += (tunnel,) if tunnel is not None else ()
    return tuple(found)


def _passing(
    network: Network,
    here: Serving,
    there: Serving,
    vnet: VirtualNetwork,
    far: VirtualNetwork,
    several: bool,
) -> Passing | None:
    gateway = here.gateway
    what = f"whether gateway {gateway.label} passes on what {vnet.label} sends to {far.label}"
    why = Reason("semantics:R-15", what, gateway.id)
    try:
        onward = _onward(network, gateway, vnet, far)
        translates = bool(gateway.properties.nat_rules)
    except Undetermined as unknown:
        return Passing(gateway, (why, gap(unknown, gateway.id)))
    unsure = several or translates or not onward
    return Passing(gateway, (*here.reasons, *there.reasons, *((why,) if unsure else ())))


def beyond_gateways(network: Network, way: Way, vnet: VirtualNetwork | None) -> frozenset[str]:
    """Give the networks (their keys) that a way may lead into by a gateway."""
    if vnet is None or not any(map(_names_gateway, way.possible)):
        return frozenset()
    return networks_beyond(network, vnet)


@question_about
def networks_beyond(network: Network, vnet: VirtualNetwork) -> frozenset[str]:
    """Give the networks (their keys) that a network's gateways may pass packets on to."""
    found: set[str] = set()
    for serving in served_by(network, vnet).gateways:
        hub = network.find(home_of(serving.gateway))
        if isinstance(hub, VirtualNetwork):
            found |= {hub.key, *(each.key for each in borrowers(network, hub))}
        found |= {tunnel.far.key for tunnel in _tunnels_of(network, serving.gateway)}
    return frozenset(key for key in found if passing_on(network, vnet, key) is not None)


def _onward(
    network: Network, gateway: VirtualNetworkGateway, vnet: VirtualNetwork, far: VirtualNetwork
) -> bool:
    """Whether all that leaves a gateway for a network certainly goes there, by a peering.

    What a group or a default route does at a gateway nobody tells (N-40, R-27), nor how it serves
    its own network.
    """
    space = AddressSet.from_prefixes(far.prefixes)
    subnets = [network.find(each.properties.subnet) for each in gateway.ip_configurations]
    for subnet in subnets:
        if not isinstance(subnet, Subnet) or subnet.properties.network_security_group is not None:
            return False
        hub = network.holder(subnet, VirtualNetwork)
        if hub is None or hub in (vnet, far) or default_route(network, subnet) is not None:
            return False
        for version in _VERSIONS:
            ways = ways_from(network, subnet, version, network.tags).towards(space)
            if not all(_gets_in(way, far, hub) for way in ways):
                return False
    return bool(subnets)


def _gets_in(way: Way, far: VirtualNetwork, hub: VirtualNetwork) -> bool:
    """Whether a way from a gateway certainly leads into a network, or to an endpoint there."""
    to_endpoint = way.route is not None and way.route.hop is Hop.PRIVATE_ENDPOINT
    return to_endpoint or leads_to(way, far.key, hub) is True
