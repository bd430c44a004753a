"""From a point of a network to another: its filters, its routes, and where these lead."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.addresses import Address, AddressSet
from auditor.network.address_owners import Owner, owned_addresses
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.routing.model import Hop
from auditor.reach.delivery import arrives, deliver
from auditor.reach.filter_stage import filters
from auditor.reach.firewalling import bears_own, by_firewall, filtered
from auditor.reach.forwarding import taken, taken_back
from auditor.reach.into_networks import leads_into
from auditor.reach.points import Kind, Point, part_in_subnet, vnet_of
from auditor.reach.private_nat import at_private_address
from auditor.reach.replying import straight_to
from auditor.reach.stages import Reply, goes, replies
from auditor.reach.trail import Stage, Trail
from auditor.reach.untold_appliances import joined_with, through_stranger
from auditor.reach.ways import LeadsBy, Way, leads_by, leaves_by, ways_from
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration


def send(trail: Trail, source: Point, target: Point) -> Iterator[tuple[Trail, Point]]:
    """Follow packets from a point of a VNet to another point of one, whichever way routes lead.

    Straight, or by each appliance that a route names.
    """
    out = filters(trail, source, Direction.OUTBOUND)
    yield from onward(out, source, target, straight_to(source))


def onward(trail: Trail, here: Point, target: Point, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow packets by the routes of a point, after its filters.

    `reply` is the way back when they go straight; by an appliance, it is back to that.
    """
    there = arrives(trail, here, target)
    yield from deliver(there, target, reply)
    if target.kind is Kind.FIREWALL:
        yield from at_private_address(there, target, reply)
    for appliance in appliances_towards(trail, here, target.addresses):
        yield from by_appliance(trail, here, appliance, target)


def appliances_towards(trail: Trail, source: Point, to: AddressSet) -> tuple[Address, ...]:
    """Give the addresses of the appliances that routes name for some destinations, sorted."""
    subnet = source.place
    if subnet is None:
        return ()
    ways = ways_from(trail.network, subnet, trail.space.version, trail.tags)
    found = {
        route.address
        for way in ways.towards(to)
        for route in way.possible
        if route.hop is Hop.APPLIANCE and route.address is not None
    }
    return tuple(sorted(found))


def by_appliance(
    trail: Trail, source: Point, appliance: Address, target: Point
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets by way of one appliance."""

    def ask(way: Way) -> bool | None:
        return leads_by(way, appliance)

    trail = goes(trail, source, target.addresses, ask, f"to the appliance {appliance}")
    firewall = firewall_at(trail.network, source, appliance)
    if firewall is not None:
        yield from _by_firewall(trail, source, appliance, firewall, target)
        return
    for there in through_stranger(trail, appliance):
        yield from deliver(there, target, lambda here, _: here)


def firewall_at(
    network: Network, source: Point, address: Address
) -> FirewallIpConfiguration | None:
    """Give the Azure Firewall in a point's VNet, or in one peered with it, that has an address."""
    for key in (source.home, *joined_with(network, source)):
        owners: tuple[Owner, ...] = owned_addresses(network, key).get(address, ())
        for owner in owners:
            if isinstance(owner.node, FirewallIpConfiguration):
                return owner.node
    return None


def _by_firewall(
    trail: Trail,
    source: Point,
    appliance: Address,
    configuration: FirewallIpConfiguration,
    target: Point,
    before: tuple[Address, Reply] | None = None,
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets through an Azure Firewall, which keeps their source or puts its own (E-24).

    `before` is the firewall that handed over, with the way of replies from there.
    """
    firewall = configuration.root
    if not isinstance(firewall, Firewall):
        return
    here = part_in_subnet(trail.network, Kind.FIREWALL, configuration)
    onwards = back_from(trail, here, source, before)
    back = by_firewall(here, appliance, source)

    def returned(then: Trail) -> Trail:
        if not trail.sent <= onwards.bounds.must:
            then = replace(then, stages=(*then.stages, onwards))
        then = taken_back(then, here, source)
        return then if before is None else before[1](then, source)

    def reply(then: Trail, responder: Point) -> Trail:
        return returned(back(then, responder))

    for passed in filtered(trail, firewall, here, target.addresses):
        there = taken(arrives(passed, here, target), here, target)
        yield from deliver(there, target, reply)
        if before is None:
            yield from _by_next(passed, here, appliance, target, lambda then, _: returned(then))


def _by_next(
    trail: Trail, here: Point, appliance: Address, target: Point, reply: Reply
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets from a firewall by the next appliance that its routes name, in another hub."""
    for second in appliances_towards(trail, here, target.addresses):
        if second == appliance:
            continue
        to_it = f"to the appliance {second}"
        there = goes(trail, here, target.addresses, LeadsBy(second), to_it)
        configuration = firewall_at(trail.network, here, second)
        if configuration is None:
            for past in through_stranger(there, second):
                yield from deliver(past, target, lambda then, _: then)
            continue
        there = taken(there, here, part_in_subnet(trail.network, Kind.FIREWALL, configuration))
        yield from _by_firewall(there, here, second, configuration, target, (appliance, reply))


def back_from(
    trail: Trail, here: Point, source: Point, before: tuple[Address, Reply] | None
) -> Stage:
    """Give the way of replies from a firewall to whoever sent the packet, as it came there.

    What comes in by a gateway has an address of a site, and goes back to the gateway; what another
    firewall hands over goes back to that.
    """
    vnet = vnet_of(trail.network, here)
    from_site = trail.source.kind is Kind.ON_PREMISES and not trail.via

    def ask(way: Way) -> bool | None:
        if before is not None:
            again = leads_by(way, before[0])
            if again is not False or not bears_own(trail, source):
                return again
        if from_site:
            return to_gateway(way)
        return leads_into(trail.network, way, source.home, vnet)

    return replies(trail, here, trail.sources(), ask, "back to where it came from").stages[-1]


def to_gateway(way: Way) -> bool | None:
    """Tell whether a way leads to the gateway of the network; None: perhaps."""
    return leaves_by(way, Hop.GATEWAY)
