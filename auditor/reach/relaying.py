"""What application gateways send on: who opens a connection anew once a listener has answered.

Wherever a packet came from, what a gateway sends on is a packet of its own (A-28); a gateway before
another one is followed too, each once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.reach.approaches import behind_ports, distinct_relays, leads_on, relay_targets
from auditor.reach.gatewaying import point_of, port_at, sending
from auditor.reach.points import Point
from auditor.reach.sending import send
from auditor.reach.trail import Trail
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend


def followed(
    trail: Trail, end: Point, wanted: Point | None = None
) -> Iterator[tuple[Trail, Point]]:
    """Give whom a gateway reaches on behalf of a packet that has come to an end, if it is one.

    Nobody where the end is none. `wanted`: leave out whoever certainly is not, or leads to, that.
    """
    network = trail.network
    gateway = end.node
    if not isinstance(gateway, ApplicationGateway) or gateway.id in trail.via:
        return
    port = port_at(trail, gateway)
    if port is None:
        return
    at = replace(trail, lead=f"{trail.lead} {port.number}")
    for relay in distinct_relays(network, port.listeners):
        for target in relay_targets(network, gateway, relay):
            if wanted is not None and not leads_on(target, wanted):
                continue
            here = sending(at, gateway, relay, target.addresses)
            for each, there in send(here, point_of(network, gateway), target):
                yield each, there
                yield from followed(each, there, wanted)


def frontends_towards(network: Network, target: Point) -> tuple[GatewayFrontend, ...]:
    """Give the private frontends of gateways that send on to a point."""
    places = {target.id.lower(), target.subnet.key if target.subnet is not None else ""} - {""}
    known = network.ask(_private)
    found = {front.key: front for key in places for front in known.get(key, ())}
    return tuple(found[key] for key in sorted(found))


@question
def _private(network: Network) -> dict[str, tuple[GatewayFrontend, ...]]:
    """The private frontends of gateways by the ids of those they lead to, and of their subnets."""
    found: dict[str, dict[str, GatewayFrontend]] = defaultdict(dict)
    for gateway in network.all(ApplicationGateway):
        for front in private_frontends(gateway):
            for point in behind_ports(network, gateway, front):
                place = point.subnet.key if point.subnet is not None else ""
                for key in {point.id.lower(), place} - {""}:
                    found[key][front.key] = front
    return {key: tuple(each.values()) for key, each in found.items()}


def private_frontends(gateway: ApplicationGateway) -> tuple[GatewayFrontend, ...]:
    """Give the frontends of a gateway that have, or may have, an address of its network."""
    try:
        frontends = gateway.frontends
    except Undetermined:
        return ()
    return tuple(front for front in frontends if _is_private(front))


def _is_private(front: GatewayFrontend) -> bool:
    try:
        return not front.public
    except Undetermined:
        return False
