"""Whom an application gateway may send on to when it is not told whom (A-26).

A name that nothing in the input resolves, or a pool that does not tell its members, may lead to any
machine that the gateway gets at. So a path there is possible, as far as rules and routes allow.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.network.graph import Network, question
from auditor.network.hosts import of_microsoft
from auditor.network.pod_owners import clusters_with_pod, is_node_of
from auditor.network.routing_domains import network_key, untold
from auditor.network.whereabouts import joined
from auditor.reach.addressees import aims
from auditor.reach.aiming import aims_of, distinct_relays, relays_at
from auditor.reach.entrances import Entrance, entrances
from auditor.reach.gatewaying import Relay, point_of, port_at, sending
from auditor.reach.points import Kind, Point, gateway_frontend, vnet_of
from auditor.reach.relaying import aims_towards, doubted, followed, private_frontends
from auditor.reach.sending import send
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.managed_clusters import ManagedCluster

_ENDS = frozenset({Kind.MACHINE, Kind.SUBNET, Kind.FRONTEND, Kind.ENDPOINT})


@question
def unsure_entrances(network: Network) -> tuple[Entrance, ...]:
    """Give the public entrances of gateways that may send on to somebody nobody tells."""
    return tuple(
        entrance
        for entrance in entrances(network)
        if isinstance(entrance.node, GatewayFrontend) and _is_unsure(network, entrance.node)
    )


def private_fronts_towards(network: Network, target: Point) -> tuple[Point, ...]:
    """Give what packets may be sent to inside networks for gateways to send on to a point, or may.

    See `aims_towards`; besides, the private frontends of gateways that do not tell to whom.
    """
    both = (*aims_towards(network, target), *_unsure_frontends(network))
    return tuple({each.id.lower(): each for each in both}.values())


def relayed(trail: Trail, end: Point, wanted: Point) -> Iterator[tuple[Trail, Point]]:
    """Give whom a gateway reaches, or may, on behalf of a packet that has come to an end."""
    yield from followed(trail, end, wanted)
    yield from perhaps(trail, end, wanted)


@question
def _unsure_frontends(network: Network) -> tuple[Point, ...]:
    return tuple(
        gateway_frontend(network, front)
        for gateway in network.all(ApplicationGateway)
        for front in private_frontends(gateway)
        if _is_unsure(network, front)
    )


def perhaps(trail: Trail, end: Point, wanted: Point) -> Iterator[tuple[Trail, Point]]:
    """Give the ways by which a gateway may send on to a point, a packet having come to an end.

    Nobody where the end is no gateway, or certainly sends it to others.
    """
    gateway = end.node
    if not isinstance(gateway, ApplicationGateway) or wanted.kind not in _ENDS:
        return
    port = port_at(trail, gateway)
    if port is None or gateway.id in trail.via:
        return
    own = point_of(trail.network, gateway)
    at = replace(trail, lead=f"{trail.lead} {port.number}")
    for relay in distinct_relays(trail.network, port.listeners):
        if not _is_untold(trail.network, relay):
            continue
        for aim in _possible(trail.network, relay, wanted):
            if not aim.addresses.intervals(trail.space.version):
                continue
            here = sending(at, gateway, relay, aim.addresses)
            reasons = aims_of(trail.network, relay)[1]
            here = doubted(here, gateway, relay, reasons, ": perhaps there")
            for there, who in send(here, own, aim):
                if not there.bounds.may.is_empty:
                    yield there, who


def _is_unsure(network: Network, front: GatewayFrontend) -> bool:
    return any(_is_untold(network, relay) for relay in relays_at(network, front))


def _is_untold(network: Network, relay: Relay) -> bool:
    """Whether a relay may lead to somebody of the input: not one that names whom it lacks."""
    return not relay.member.startswith("/") and bool(aims_of(network, relay)[1])


def _possible(network: Network, relay: Relay, wanted: Point) -> Iterator[Point]:
    """Give what a member may be of all that packets for a point may be sent to."""
    found = aims(network, wanted)
    if _may_name(network, relay, wanted):
        yield from found
    elif relay.address is not None:
        address = relay.address
        named = (aim for aim in found if address in aim.addresses)
        yield from (aim for aim in named if _may_join(network, relay, aim))


def _may_join(network: Network, relay: Relay, aim: Point) -> bool:
    """Whether a gateway, whose network the input lacks, may get at a point of another network."""
    gateway = network.find(relay.gateway)
    if not isinstance(gateway, ApplicationGateway) or point_of(network, gateway).place is not None:
        return False
    homes = _homes(gateway)
    around = {key for home in homes for key in (home, *joined(network).get(home, ()))}
    return not homes or aim.home in around or aim.home in untold(network)


def _homes(gateway: ApplicationGateway) -> set[str]:
    """Give the key of the network that holds a gateway's subnet; none where that is not told."""
    listed = walk.peek(walk.peek(gateway, "properties"), "gateway_ip_configurations") or ()
    subnets = (walk.peek(walk.peek(each, "properties"), "subnet") for each in listed)
    ids = (walk.peek(subnet, "id") for subnet in subnets)
    return {network_key(each) for each in ids if each}


def _may_name(network: Network, relay: Relay, wanted: Point) -> bool:
    """Whether a member may be a point: those of Microsoft's names are no machines of anybody's.

    An address of pods leads to the nodes of their cluster.
    """
    if relay.address is not None:
        return wanted.node is not None and is_node_of(network, wanted.node, _owners(network, relay))
    return wanted.kind is Kind.ENDPOINT or not of_microsoft(network, relay.member)


def _owners(network: Network, relay: Relay) -> tuple[ManagedCluster, ...]:
    """Give the clusters of whose pods a member may be one."""
    gateway = network.find(relay.gateway)
    if relay.address is None or not isinstance(gateway, ApplicationGateway):
        return ()
    vnet = vnet_of(network, point_of(network, gateway))
    return clusters_with_pod(network, vnet, relay.address) if vnet is not None else ()
