"""From a point out of its networks: to the internet, and to the sites behind gateways.

Straight, or by each appliance that a route names.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, Address, AddressSet
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.reach.bounds import Bounds
from auditor.reach.departing import departed
from auditor.reach.egress import firewall_addresses
from auditor.reach.firewalling import by_firewall, filtered, translated_for_internet
from auditor.reach.forwarding import taken
from auditor.reach.points import Kind, Point, part_in_subnet
from auditor.reach.replying import straight_to
from auditor.reach.sending import (
    appliances_towards,
    back_from,
    firewall_at,
    to_gateway,
)
from auditor.reach.stages import goes, remark
from auditor.reach.trail import Trail
from auditor.reach.untold_appliances import owner_of, stranger_reason, through_stranger
from auditor.reach.ways import LeadsBy, Way, leaves_by, ways_from
from auditor.resources.firewalls import Firewall
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
    """Follow packets from a point to the internet by each appliance that routes name (E-24)."""
    for passed, firewall, here, appliance in _past_appliances(trail, source, to):
        if firewall is None or here is None:
            # By which public address it leaves, only the appliance knows: one of its own, or not.
            why = stranger_reason(owner_of(trail.network, trail.source, appliance))
            yield passed.becoming(source=PUBLIC, source_port=EVERY_PORT, reasons=(why,))
            continue
        yield from leave_by_gateways(passed, here, to)
        out = goes(passed, here, to, lambda way: leaves_by(way, Hop.INTERNET), "to the internet")
        out = translated_for_internet(out, firewall, here)
        addresses, reasons = firewall_addresses(trail.network, firewall)
        yield out.becoming(source=addresses, source_port=EVERY_PORT, reasons=reasons)


FORCED_TUNNEL = "forced-tunnel-unknown"
"""The reason of whatever leaves by way of sites: what these do with it no resource tells."""


def leave_by_gateways(trail: Trail, source: Point, to: AddressSet) -> Iterator[Trail]:
    """Follow packets from a point to the internet by way of sites behind gateways (R-13, R-25).

    Only where a route may lead there: whether the sites pass it on is not told.
    """
    subnet = source.place
    if subnet is None:
        return
    ways = ways_from(trail.network, subnet, trail.space.version, trail.tags)
    if all(to_gateway(way) is False for way in ways.towards(to)):
        return
    why = Reason(FORCED_TUNNEL, "whether the sites behind the gateway pass it on", subnet.id)
    trail = goes(trail, source, to, to_gateway, "to the gateway")
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
    trail: Trail, source: Point, to: AddressSet, door: Point | None = None
) -> Iterator[Trail]:
    """Follow packets from a point to what is behind its VNet's gateways, after its filters.

    Straight, or by each appliance that routes name; what the far side answers is not asked.
    `door` is where replies come in again, when it is known: any machine of the gateway's subnet.
    """
    straight = goes(trail, source, to, to_gateway, "to the gateway")
    yield straight if door is None else straight_to(source)(straight, door)
    for passed, _, here, appliance in _past_appliances(trail, source, to):
        if here is None:
            yield passed
            continue
        there = goes(passed, here, to, to_gateway, "to the gateway")
        yield there if door is None else by_firewall(here, appliance, source)(there, door)
        for then, _, second, address in _past_appliances(passed, here, to):
            if second is None:
                yield then
                continue
            if address == appliance:
                continue
            there = goes(taken(then, here, second), second, to, to_gateway, "to the gateway")
            if door is None:
                yield there
                continue
            back = back_from(passed, second, here, (appliance, straight_to(source)))
            there = by_firewall(second, address, here)(there, door)
            yield replace(there, stages=(*there.stages, back))


def _past_appliances(
    trail: Trail, source: Point, to: AddressSet
) -> Iterator[tuple[Trail, Firewall | None, Point | None, Address]]:
    """Follow packets past each appliance that routes name, with the Azure Firewall if it is one."""
    for appliance in appliances_towards(trail, source, to):
        to_it = f"to the appliance {appliance}"
        there = goes(trail, source, to, LeadsBy(appliance), to_it, alike=True)
        configuration = firewall_at(trail.network, source, appliance)
        firewall = configuration.root if configuration is not None else None
        if configuration is None or not isinstance(firewall, Firewall):
            for past in through_stranger(there, appliance):
                yield past, None, None, appliance
            continue
        here = part_in_subnet(trail.network, Kind.FIREWALL, configuration)
        for passed in filtered(there, firewall, here, to):
            yield passed, firewall, here, appliance
