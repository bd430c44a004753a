"""What application gateways send on: who opens a connection anew once a listener has answered.

Wherever a packet came from, what a gateway sends on is a packet of its own (A-28); a gateway before
another one is followed too, each once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.graph import Missing, Network, question
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.packets.diagram import PacketSet
from auditor.reach.aiming import Aim, aims_of, distinct_relays
from auditor.reach.approaches import behind_front, leads_on
from auditor.reach.balancing import TCP
from auditor.reach.bounds import Bounds
from auditor.reach.departing import of_gateway
from auditor.reach.entering import enter
from auditor.reach.entrances import Entrance
from auditor.reach.filter_stage import filters
from auditor.reach.gateway_health import judged, port_of, probed
from auditor.reach.gatewaying import Relay, point_of, port_at, sending
from auditor.reach.leading import leaves_by
from auditor.reach.linking import links_of
from auditor.reach.path import start
from auditor.reach.points import Kind, Point, endpoint, gateway_frontend, keys_of
from auditor.reach.sending import send
from auditor.reach.stages import goes, remark
from auditor.reach.trail import Trail
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend, GatewayProbe
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.special_addresses import PUBLIC


def followed(
    trail: Trail, end: Point, wanted: Point | None = None
) -> Iterator[tuple[Trail, Point]]:
    """Give whom a gateway reaches on behalf of a packet that has come to an end, if it is one.

    Nobody where the end is none. `wanted`: leave out whoever certainly is not, or leads to, that.
    What cannot be told ends at the pool.
    """
    network = trail.network
    gateway = end.node
    if not isinstance(gateway, ApplicationGateway) or gateway.id in trail.via:
        return
    if _is_its_own(network, trail.source, gateway):
        return  # it asks whom it likes without itself
    port = port_at(trail, gateway)
    if port is None:
        return
    at = replace(trail, lead=f"{trail.lead} {port.number}")
    for relay in distinct_relays(network, port.listeners):
        aims, reasons = aims_of(network, relay)
        for aim in aims:
            if wanted is not None and isinstance(aim, Point) and not leads_on(aim, wanted):
                continue
            for each, there in _connects(at, gateway, relay, aim):
                if there.node is gateway:
                    continue  # in its own pool: it has answered already
                yield each, there
                yield from followed(each, there, wanted)
        if reasons and wanted is None:
            yield _untold(at, gateway, relay, reasons)


def _is_its_own(network: Network, source: Point, gateway: ApplicationGateway) -> bool:
    """Whether packets come from a gateway, or from any machine in its subnet: an instance (A-2)."""
    if source.kind is Kind.SUBNET and source.place is not None:
        return source.place is point_of(network, gateway).place
    return source.kind is Kind.GATEWAY and source.node is gateway


def _connects(
    trail: Trail, gateway: ApplicationGateway, relay: Relay, aim: Aim
) -> Iterator[tuple[Trail, Point]]:
    own = point_of(trail.network, gateway)
    for each, there in _reached(sending(trail, gateway, relay, aim.addresses), gateway, own, aim):
        if relay.probe is None:
            yield each, there
        elif there == aim and there.kind is Kind.MACHINE:
            yield probed(each, own, there, relay.probe), there
        else:
            yield _asked(each, gateway, own, aim, relay.probe), there


def _reached(
    trail: Trail, gateway: ApplicationGateway, own: Point, aim: Aim
) -> Iterator[tuple[Trail, Point]]:
    if isinstance(aim, Entrance):
        yield from _by_internet(trail, gateway, own, aim)
    else:
        yield from send(trail, own, aim)


def _asked(
    trail: Trail, gateway: ApplicationGateway, own: Point, aim: Aim, probe: GatewayProbe
) -> Trail:
    """Add that a probe has to get in wherever it is answered: behind a balancer, say (A-29)."""
    asks = start(trail.network, own, trail.space.version, aim.addresses, trail.tags)
    on_port = trail.space.having(protocols=TCP, destination_ports=PortSet.of(port_of(probe)))
    asks = replace(asks, sent=asks.sent & on_port)
    healthy = _answered(asks, _reached(asks, gateway, own, aim))
    name = ids.name(aim.address if isinstance(aim, Entrance) else aim.id)
    return judged(trail, probe, healthy, name, gateway.label)


def _answered(asks: Trail, paths: Iterable[tuple[Trail, Point]]) -> bool | None:
    """Tell whether somebody answers all packets: each, of those among whom a balancer chooses."""
    none = asks.space.empty
    may, certain = none, none
    taken: dict[str, PacketSet] = defaultdict(lambda: none)
    must: dict[str, PacketSet] = defaultdict(lambda: none)
    for path, who in paths:
        bounds = path.bounds
        may, certain = may | bounds.may, certain | bounds.must
        taken[who.id] |= path.taken
        must[who.id] |= bounds.must
    if may.is_empty:
        return False
    each = all(taken[who] <= must[who] for who in taken)
    return True if each and asks.sent <= certain else None


def _by_internet(
    trail: Trail, gateway: ApplicationGateway, own: Point, entrance: Entrance
) -> Iterator[tuple[Trail, Point]]:
    """Leave with the public address of a gateway for another one, and get in there (A-28)."""
    if entrance.version != trail.space.version:
        return
    out = filters(trail, own, Direction.OUTBOUND)
    out = goes(
        out,
        own,
        entrance.addresses or PUBLIC,
        lambda way: leaves_by(way, Hop.INTERNET, Hop.SERVICE_ENDPOINT),
        "to the internet",
    )
    out = of_gateway(out, gateway, own)
    yield from enter(out, entrance)


def _untold(
    trail: Trail, gateway: ApplicationGateway, relay: Relay, reasons: tuple[Reason, ...]
) -> tuple[Trail, Point]:
    """End at the pool, or at the listener or rule that does not tell one."""
    node = trail.network.find(relay.teller)
    trail = doubted(trail, gateway, relay, reasons)
    trail = replace(trail, via=(*trail.via, gateway.id))
    port = PortSet.of(relay.port) if relay.port else None
    trail = trail.becoming(destination_port=port)
    held = node if not isinstance(node, Missing) else None
    return trail, Point(Kind.PLATFORM, relay.teller, AddressSet(), held)


def doubted(
    trail: Trail,
    gateway: ApplicationGateway,
    relay: Relay,
    reasons: tuple[Reason, ...],
    guess: str = "",
) -> Trail:
    """Add that it is not told whom a gateway sends on to."""
    what = relay.member or "the requests"
    return remark(
        trail,
        "gateway",
        gateway.id,
        lambda _: f"it cannot be told where {gateway.label} sends {what}{guess}",
        Bounds.maybe(trail.space.all),
        reasons=reasons,
    )


def aims_towards(network: Network, target: Point) -> tuple[Point, ...]:
    """Give what packets may be sent to inside networks for gateways to send on to a point.

    Private frontends of gateways, and private endpoints that lead to gateways (A-52).
    """
    places = {target.id.lower(), target.subnet.key if target.subnet is not None else ""} - {""}
    known = network.ask(_private)
    found = {aim.node.key: aim for key in places for aim in known.get(key, ()) if aim.node}
    return tuple(found[key] for key in sorted(found))


@question
def _private(network: Network) -> dict[str, tuple[Point, ...]]:
    """What leads inside to gateways by the ids of those they lead to, and of their subnets."""
    found: dict[str, dict[Point, None]] = defaultdict(dict)
    for aim, front in _fronts_inside(network):
        for point in behind_front(network, front):
            place = point.subnet.key if point.subnet is not None else ""
            for key in {*keys_of(point), place} - {""}:
                found[key][aim] = None
    return {key: tuple(each) for key, each in found.items()}


def _fronts_inside(network: Network) -> Iterator[tuple[Point, GatewayFrontend]]:
    for gateway in network.all(ApplicationGateway):
        for front in private_frontends(gateway):
            yield gateway_frontend(network, front), front
    for node in network.all(PrivateEndpoint):
        for link in links_of(network, node):
            if isinstance(link.front, GatewayFrontend):
                yield endpoint(network, node), link.front


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
