"""From a point out of its networks: to the internet, and to the sites behind gateways.

Straight, or by each appliance that a route names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.addresses import EVERY_PORT, NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.reasons import FORCED_TUNNEL, Reason
from auditor.network.routing.model import Hop
from auditor.reach.bounds import Bounds
from auditor.reach.by_gateways import networks_beyond, passing_on
from auditor.reach.departing import departed
from auditor.reach.egress import firewall_addresses
from auditor.reach.firewalling import translated_for_internet
from auditor.reach.handing_over import Untold, past_appliances
from auditor.reach.leading import leaves_by
from auditor.reach.points import Point, vnet_of
from auditor.reach.replying import straight_to
from auditor.reach.sites_behind import to_its_sites
from auditor.reach.stages import goes, remark
from auditor.reach.trail import Trail
from auditor.reach.ways import Way, ways_from
from auditor.resources.base import Node
from auditor.resources.firewalls import Firewall
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.special_addresses import PUBLIC


def leave(
    trail: Trail,
    source: Point,
    to: AddressSet,
    *,
    services: bool = True,
    endpoints: frozenset[str] = frozenset(),
) -> Trail:
    """Follow packets from a point straight to the internet, as the internet then sees them (R-30).

    After the point's filters. The source's address becomes that of its way out. Without `services`
    none that a service endpoint certainly takes: see `leave_by_service_endpoint`. What the service
    endpoints of `endpoints` may take is in doubt: it would come with another source (R-40).
    """
    subnet = source.place

    def ask(way: Way) -> bool | None:
        if way.reasons and endpoints & _by_endpoints(way):
            return None
        if not services and leaves_by(way, Hop.SERVICE_ENDPOINT):
            return False
        return leaves_by(way, Hop.INTERNET, Hop.SERVICE_ENDPOINT)

    trail = goes(trail, source, to, ask, "to the internet")
    if subnet is None:  # nobody tells what stands in for its address
        return trail.becoming(source=PUBLIC, source_port=EVERY_PORT, reasons=source.reasons)
    return departed(trail, source, subnet)


def _by_endpoints(way: Way) -> set[str]:
    """The services, in lower case, whose endpoints may take what goes a way."""
    return {each.name.lower() for each in way.possible if each.hop is Hop.SERVICE_ENDPOINT}


def leave_by_service_endpoint(trail: Trail, source: Point, to: AddressSet) -> Iterator[Trail]:
    """Follow packets from a point to services for which its subnet has an endpoint (R-40).

    They keep their source, and need nothing that takes them to the internet.
    """
    if source.place is None:
        return
    ways = ways_from(trail.network, source.place, trail.space.version, trail.tags)
    hops = {route.hop for way in ways.towards(to) for route in way.possible}
    if Hop.SERVICE_ENDPOINT in hops:
        yield goes(
            trail,
            source,
            to,
            lambda way: leaves_by(way, Hop.SERVICE_ENDPOINT),
            "to a service by its endpoint",
        )


def leave_by_appliances(trail: Trail, source: Point, to: AddressSet) -> Iterator[Trail]:
    """Follow packets from a point to the internet by the appliances that routes name (E-24).

    By one, or by several in a row, of which the last has to translate.
    """
    for passed in past_appliances(trail, source, to):
        if isinstance(passed, Untold):
            # By which public address it leaves, only the appliance knows: one of its own, or not.
            yield passed.trail.becoming(
                source=PUBLIC, source_port=EVERY_PORT, reasons=(passed.why,)
            )
            continue
        here, firewall = passed.here, passed.here.node.root if passed.here.node else None
        if not isinstance(firewall, Firewall):
            continue
        by_here = passed.answered(passed.trail)
        yield from leave_by_gateways(by_here, here, to)
        out = goes(by_here, here, to, lambda way: leaves_by(way, Hop.INTERNET), "to the internet")
        out = translated_for_internet(out, firewall, here)
        addresses, reasons = firewall_addresses(trail.network, firewall)
        yield out.becoming(source=addresses, source_port=EVERY_PORT, reasons=reasons)


def leave_by_gateways(trail: Trail, source: Point, to: AddressSet) -> Iterator[Trail]:
    """Follow packets from a point to the internet by way of sites behind gateways (R-13, R-25).

    Only where a route may lead there: whether the sites pass it on is not told.
    """
    subnet = source.place
    if subnet is None:
        return
    ways = ways_from(trail.network, subnet, trail.space.version, trail.tags)
    if all(_to_gateway(way) is False for way in ways.towards(to)):
        return
    why = Reason(FORCED_TUNNEL, "whether the sites behind the gateway pass it on", subnet.id)
    trail = goes(trail, source, to, _to_gateway, "to the gateway")
    trail = remark(
        trail,
        "gateway",
        subnet.id,
        lambda _: "it cannot be told whether the sites behind the gateway let it out",
        Bounds.maybe(trail.space.all),
        reasons=(why,),
    )
    yield trail.becoming(source=PUBLIC, source_port=EVERY_PORT, reasons=(why,))


def to_sites(
    trail: Trail, source: Point, to: AddressSet, door: Callable[[Point], Point | None]
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets from a point to what is behind gateways, after its filters.

    Straight, or by appliances that routes name; what the far side answers is not asked. With each
    the point whose network's gateway they go to: itself, or the last appliance that is known.
    `door` gives where replies come in again, any machine of that gateway's subnet, if it is told.
    """
    straight = goes(trail, source, to, _to_gateway, "to the gateway")
    straight = to_its_sites(_past_networks(straight, source, to), source, to)
    back = door(source)
    yield (straight if back is None else straight_to(source)(straight, back)), source
    for passed in past_appliances(trail, source, to):
        if isinstance(passed, Untold):
            yield passed.trail, source
            continue
        there = goes(passed.trail, passed.here, to, _to_gateway, "to the gateway")
        there = to_its_sites(_past_networks(there, passed.here, to), passed.here, to)
        back = door(passed.here)
        yield (there if back is None else passed.reply(there, back)), passed.here


def _to_gateway(way: Way) -> bool | None:
    return leaves_by(way, Hop.GATEWAY)


def _past_networks(trail: Trail, here: Point, to: AddressSet) -> Trail:
    """Leave out what the gateway passes on to a network that has its address (R-15).

    A site may claim addresses of networks that use its gateway: the ranges of both are often one.
    """
    vnet = vnet_of(trail.network, here)
    sure, perhaps, reasons = _passed_on(trail.network, vnet, to)
    if vnet is None or not (sure or perhaps):
        return trail
    inside = trail.space.having(destination=sure)
    doubtful = trail.space.having(destination=perhaps)
    what = "to a network of the input that has its address (R-15)"
    return remark(
        trail,
        "gateway",
        vnet.id,
        lambda _: "no network that the gateway leads to has its address",
        Bounds(~inside, ~inside - doubtful),
        reasons=reasons,
        stopped=f"the gateway passes it on {what}",
        unsure=f"it cannot be told whether the gateway passes it on {what}",
    )


def _passed_on(
    network: Network, vnet: VirtualNetwork | None, to: AddressSet
) -> tuple[AddressSet, AddressSet, tuple[Reason, ...]]:
    """Give what of some addresses the gateways of a network pass on to other networks.

    Surely, and perhaps, with the reasons.
    """
    sure, perhaps, reasons = NOTHING, NOTHING, dict[Reason, None]()
    for key in sorted(networks_beyond(network, vnet) - {vnet.key}) if vnet is not None else ():
        passing = passing_on(network, vnet, key) if vnet is not None else None
        held = _held_by(network.nodes[key]) & to if passing is not None else NOTHING
        if passing is None or not held:
            continue
        if passing.reasons:
            perhaps = perhaps | held
            reasons |= dict.fromkeys(passing.reasons)
        else:
            sure = sure | held
    return sure, perhaps, tuple(reasons)


def _held_by(far: Node) -> AddressSet:
    try:
        return (
            AddressSet.from_prefixes(far.prefixes) if isinstance(far, VirtualNetwork) else NOTHING
        )
    except Undetermined:
        return NOTHING
