"""Appliances of which nothing is told, met from the internet: what they bring in nobody can say.

A network virtual appliance has a public address, on one of its NICs or on a load balancer before
it, and routes lead to it by the address of another NIC, or of an internal load balancer (R-11,
section 12).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import EVERY_PORT, Address
from auditor.errors import Undetermined
from auditor.network.address_owners import owned_addresses
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network, question
from auditor.network.routing.peered import ties_of
from auditor.reach.addressees import aims
from auditor.reach.approaches import entrances_straight_to
from auditor.reach.balancing import forwards_of
from auditor.reach.cards import cards_of
from auditor.reach.delivery import arrives, deliver
from auditor.reach.entrances import Entrance
from auditor.reach.filter_stage import filters
from auditor.reach.forwarding import taken
from auditor.reach.handing_over import appliances_towards, brought, firewall_at
from auditor.reach.points import (
    Kind,
    Point,
    anywhere_in,
    machine,
    machines_of,
    part_in_subnet,
    vnet_of,
)
from auditor.reach.trail import Trail
from auditor.reach.untold_appliances import perhaps_forwarded, stranger_reason
from auditor.reach.ways import appliances_of
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet


@question
def appliances(network: Network) -> tuple[tuple[Entrance, Point], ...]:
    """Give the public entrances of all appliances that routes name, with the NIC that these mean.

    Sorted by entrance.
    """
    found: dict[tuple[str, str], tuple[Entrance, Point]] = {}
    for subnet in network.all(Subnet):
        here = anywhere_in(network, subnet)
        for address in appliances_of(network, subnet):
            for inner in _appliances_at(network, here, address):
                for entrance in _entrances_of(network, inner):
                    found[entrance.node.key, inner.id] = (entrance, inner)
    return tuple(found[key] for key in sorted(found))


def _entrances_of(network: Network, inner: Point) -> Iterator[Entrance]:
    for outer in _same_machine(network, inner):
        yield from entrances_straight_to(network, outer)


def led_back(trail: Trail, target: Point) -> frozenset[str]:
    """Give the ids of the NICs of appliances that a point's routes lead to, for what they send.

    `trail` has the internet's addresses. To the others replies get back only where an appliance has
    put its own address in the place of the client's.
    """
    return frozenset(
        inner.id
        for point, address in _named_from(trail, target, set())
        for inner in _appliances_at(trail.network, point, address)
    )


def _named_from(trail: Trail, point: Point, seen: set[Address]) -> Iterator[tuple[Point, Address]]:
    """Give the appliances that a point's routes lead to, past Azure Firewalls too, and from where.

    What an appliance brings in comes by these as well.
    """
    for address in appliances_towards(trail, point, trail.source.addresses):
        if address in seen:
            continue
        seen.add(address)
        yield point, address
        firewall = firewall_at(trail.network, point, address)
        if firewall is not None:
            here = part_in_subnet(trail.network, Kind.FIREWALL, firewall)
            yield from _named_from(trail, here, seen)


def past_stranger(
    trail: Trail, end: Point, inner: Point, target: Point, back: frozenset[str]
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets that have come to an appliance on to a point, as whatever it makes of them.

    `back` are the NICs to which routes lead the replies; those of others go to their own address.
    """
    if end.kind is not Kind.MACHINE or not _is_one(trail.network, end, inner):
        return
    if inner.id not in back and _is_one(trail.network, target, inner):
        return
    unknown = perhaps_forwarded(trail, inner, alone=inner.id not in back)
    why = stranger_reason(inner.nic.label if inner.nic is not None else inner.id)
    for aim in aims(trail.network, target):
        there = unknown.becoming(
            destination=aim.addresses, destination_port=EVERY_PORT, reasons=(why,)
        )
        yield from _sent_on(filters(there, inner, Direction.OUTBOUND), inner, aim)


def _sent_on(out: Trail, inner: Point, aim: Point) -> Iterator[tuple[Trail, Point]]:
    """Follow what an appliance sends to an address of a point, straight or by others."""
    straight = taken(arrives(out, inner, aim), inner, aim)
    for there in (straight, *(each for each, _ in brought(out, inner, aim))):
        yield from deliver(there, aim, lambda here, _: here)


def _is_one(network: Network, end: Point, inner: Point) -> bool:
    return any(end.id == each.id for each in _same_machine(network, inner))


def _appliances_at(network: Network, target: Point, address: Address) -> Iterator[Point]:
    """Give the NICs that have an address as seen from a point, or are behind it (R-11)."""
    vnet = vnet_of(network, target)
    joined = [tie.far_key for tie in ties_of(network, vnet).ties] if vnet is not None else []
    for home in (target.home, *joined):
        for owner in owned_addresses(network, home).get(address, ()):
            if isinstance(owner.node, IpConfiguration):
                yield machine(network, owner.node)
            elif isinstance(owner.node, LoadBalancerFrontend):
                for forward in forwards_of(network, owner.node).known:
                    if forward.target is not None:
                        yield forward.target


def _same_machine(network: Network, point: Point) -> tuple[Point, ...]:
    """Give the ip configurations of all NICs of an appliance, its own among them."""
    if point.nic is None:
        return ()
    try:
        cards = cards_of(network, point.nic)
        return tuple(each for nic in cards for each in machines_of(network, nic))
    except Undetermined:
        return (point,)
