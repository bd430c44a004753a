"""Whom application gateways send on to, and the paths there (A-26, A-28).

A member of a pool is a machine or a frontend that a VNet holds, one with a public address of the
snapshot's, another gateway, or something that cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from auditor.addresses import EVERY_PORT, Address, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.graph import Missing, Network, question_about
from auditor.network.hosts import addresses_named
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import Hop
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import Reply, arrives, straight_to
from auditor.reach.entrances import Entrance, enter, entrances_by_address
from auditor.reach.gatewaying import (
    Relay,
    at_listeners,
    back_from,
    point_of,
    relays_of,
    sending,
)
from auditor.reach.owners import points_at
from auditor.reach.points import Kind, Point, machine, vnet_of
from auditor.reach.sending import appliances_towards, by_stranger, send
from auditor.reach.stages import filters, goes, remark
from auditor.reach.trail import Trail
from auditor.reach.ways import leaves_by
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend, Listener
from auditor.special_addresses import PUBLIC

Aim: TypeAlias = Point | Entrance
"""Whom a gateway connects to: in a VNet, or by a public address."""


def distinct_relays(network: Network, listeners: Iterable[Listener]) -> Iterator[Relay]:
    """Give what listeners send on, each member and port once."""
    seen: set[tuple[str, int | None]] = set()
    for listener in listeners:
        for relay in relays_of(network, listener):
            key = (relay.configuration.key if relay.configuration else relay.member, relay.port)
            if not relay.member:
                key = (relay.teller, None)
            if key not in seen:
                seen.add(key)
                yield relay


@question_about
def aims_of(network: Network, relay: Relay) -> tuple[tuple[Aim, ...], tuple[Reason, ...]]:
    """Give whom a gateway may connect to for one relay, and why that cannot be told.

    Nobody, without a reason, where the member is none of the snapshot's: a site, a stranger.
    """
    if relay.configuration is not None:
        return (machine(network, relay.configuration),), ()
    gateway = network.find(relay.gateway)
    if not isinstance(gateway, ApplicationGateway):
        return (), relay.reasons
    vnet = vnet_of(network, point_of(network, gateway))
    if vnet is None:
        lacks = point_of(network, gateway).reasons
        return (), relay.reasons or lacks or (_no_network(gateway),)
    if relay.address is not None:
        addresses: tuple[Address, ...] = (relay.address,)
    elif not relay.member or relay.member.startswith("/"):
        return (), relay.reasons  # nobody is named, or somebody the snapshot lacks
    else:
        try:
            addresses = addresses_named(network, vnet, relay.member)
        except Undetermined as unknown:
            why = gap(unknown, relay.pool)
            return (), (replace(why, label=f"fqdn:{relay.member}"),)
    found: list[Aim] = []
    for address in addresses:
        here = points_at(network, address, vnet)
        found += here or entrances_by_address(network).get(address, ())
    return tuple(found), ()


def _no_network(gateway: ApplicationGateway) -> Reason:
    return Reason("collection-gap", f"in which network {gateway.label} is", gateway.id)


def relayed(trail: Trail, front: GatewayFrontend, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow packets for a frontend of a gateway to whomever it connects to for them.

    Each member of a pool is an end of its own; so is a gateway behind a gateway, before its own.
    What cannot be told ends at the pool.
    """
    gateway = front.root
    if not isinstance(gateway, ApplicationGateway) or gateway.id in trail.via:
        return
    for at, port in at_listeners(trail, gateway, front, reply):
        at = replace(at, lead=f"{at.lead} {port.number}")
        for relay in distinct_relays(trail.network, port.listeners):
            aims, reasons = aims_of(trail.network, relay)
            for aim in aims:
                yield from _connects(at, gateway, relay, aim)
            if reasons:
                yield _untold(at, gateway, relay, reasons)


def _connects(
    trail: Trail, gateway: ApplicationGateway, relay: Relay, aim: Aim
) -> Iterator[tuple[Trail, Point]]:
    here = sending(trail, gateway, relay, aim.addresses)
    own = point_of(trail.network, gateway)
    if isinstance(aim, Entrance):
        yield from _by_internet(here, gateway, own, aim)
    elif isinstance(aim.node, GatewayFrontend):
        out = filters(here, own, Direction.OUTBOUND)
        yield from through_gateway(arrives(out, own, aim), aim.node, straight_to(own))
        for appliance in appliances_towards(out, own, aim.addresses):
            there = by_stranger(out, appliance)
            yield from through_gateway(there, aim.node, lambda then, _: then)
    else:
        yield from send(here, own, aim)


def through_gateway(
    trail: Trail, front: GatewayFrontend, reply: Reply
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets for a frontend of a gateway to the gateway, and to whomever it connects to."""
    gateway = front.root
    if isinstance(gateway, ApplicationGateway) and gateway.id not in trail.via:
        for each, _ in at_listeners(trail, gateway, front, reply):
            yield each, point_of(trail.network, gateway)
        yield from relayed(trail, front, reply)


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
    mine = _public_addresses(trail.network, gateway)
    why = Reason("collection-gap", f"the public address of {gateway.label}", gateway.id)
    out = out.becoming(
        source=mine or PUBLIC, source_port=EVERY_PORT, reasons=() if mine else (why,)
    )
    yield from enter(out, entrance)
    if isinstance(entrance.node, GatewayFrontend):
        yield from relayed(out, entrance.node, back_from(out))


def _public_addresses(network: Network, gateway: ApplicationGateway) -> AddressSet:
    total = AddressSet()
    for front in walk.peek(walk.peek(gateway, "properties"), "frontend_ip_configurations") or ():
        public = network.find(walk.peek(walk.peek(front, "properties"), "public_ip_address"))
        text = walk.peek(walk.peek(public, "properties"), "ip_address")
        if text:
            total = total | AddressSet.from_text([text])
    return total


def _untold(
    trail: Trail, gateway: ApplicationGateway, relay: Relay, reasons: tuple[Reason, ...]
) -> tuple[Trail, Point]:
    """End at the pool, or at the listener or rule that does not tell one."""
    node = trail.network.find(relay.teller)
    what = relay.member or "the requests"
    trail = remark(
        trail,
        "gateway",
        gateway.id,
        lambda _: f"it cannot be told where {gateway.label} sends {what}",
        Bounds.maybe(trail.space.all),
        reasons=reasons,
    )
    trail = replace(trail, via=(*trail.via, gateway.id))
    port = PortSet.of(relay.port) if relay.port else None
    trail = trail.becoming(destination_port=port)
    held = node if not isinstance(node, Missing) else None
    return trail, Point(Kind.PLATFORM, relay.teller, AddressSet(), held)
