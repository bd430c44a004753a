"""Through appliances of which nothing is told: whether they forward packets, and as whom.

A network virtual appliance may let everything through, or nothing, with its own address in the
place of the source's, or not (section 12). What the rules at its cards stop it does not get.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import EVERY_PORT, EVERYTHING, NOTHING, Address, AddressSet, PortSet
from auditor.network.address_owners import Owner, owned_addresses
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import EffectiveRoute
from auditor.network.routing.peered import ties_of
from auditor.reach.balancing import Forward, forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.cards import addresses_of_machine, has_one_card, space_of_network
from auditor.reach.filter_stage import filters
from auditor.reach.health import chosen
from auditor.reach.loops import handed_back
from auditor.reach.points import Kind, Point, machine, vnet_of
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend


def by_stranger(trail: Trail, appliance: Address, at: Point) -> Iterator[Trail]:
    """Follow packets from a point into an appliance of which nothing is told, and what it makes.

    Behind a load balancer there are several.
    """
    for there, _ in _by_stranger(trail, appliance, at):
        yield there


def through_stranger(trail: Trail, appliance: Address, at: Point) -> Iterator[Trail]:
    """Follow packets from a point through such an appliance, past the rules where it sends them.

    They are asked where it has but one card (P-7). What is for another network a guest may wrap
    into a tunnel, of which they see the outside.
    """
    for there, here in _by_stranger(trail, appliance, at):
        if here is None or not has_one_card(trail.network, here):
            yield there
        else:
            own = space_of_network(trail.network, here)
            yield filters(there, here, Direction.OUTBOUND, towards=own)


def through_unnamed(trail: Trail, route: EffectiveRoute, why: Reason) -> Trail:
    """Follow packets through an appliance whose address its route does not tell."""
    let_on = remark(
        trail,
        "appliance",
        why.resource,
        lambda _: f"it cannot be told which appliance {route.name or route.prefix} leads to",
        Bounds.maybe(trail.space.all),
        reasons=(why,),
    )
    return _perhaps_renamed(let_on, EVERYTHING)


def _by_stranger(
    trail: Trail, appliance: Address, at: Point
) -> Iterator[tuple[Trail, Point | None]]:
    """Give the packets with the card that takes them, where it is known."""
    who = owner_of(trail.network, at, appliance)
    vnet = vnet_of(trail.network, at)
    back = handed_back(trail.network, vnet, appliance, trail.space.version) if vnet else NOTHING
    forwarded = Bounds.maybe(~trail.space.having(destination=back) if back else trail.space.all)
    trail = _perhaps_let_on(trail, str(appliance), who, forwarded)
    named = AddressSet.from_range(appliance, appliance)
    for there, here, own in _into_stranger(trail, appliance, at):
        yield _perhaps_renamed(there, own | named), here


def perhaps_forwarded(trail: Trail, inner: Point, *, alone: bool) -> Trail:
    """Add what an appliance may make of packets that it has got, to send them on by a card.

    By which one they came makes no difference: the rules there are asked elsewhere. `alone` tells
    that they certainly bear an address of its own then.
    """
    who = inner.nic.label if inner.nic is not None else inner.id
    on = _perhaps_let_on(trail, inner.id, who, Bounds.maybe(trail.space.all))
    own = addresses_of_machine(trail.network, inner)
    if not alone:
        return _perhaps_renamed(on, own)
    return on.becoming(source=own, source_port=EVERY_PORT, reasons=(stranger_reason(who),))


def _perhaps_let_on(trail: Trail, appliance: str, who: str, forwarded: Bounds) -> Trail:
    return remark(
        trail,
        "appliance",
        appliance,
        lambda _: f"it cannot be told what the appliance {who} does with it",
        forwarded,
        reasons=(stranger_reason(who),),
        stopped=f"the routes of the appliance {who} lead back to it (R-5)",
        opening=f"take the route back to {who} out of the table of its own subnet",
    )


def _perhaps_renamed(trail: Trail, own: AddressSet) -> Trail:
    """Add that an address of its own may be in the place of the source's: which, nobody tells."""
    return trail.perhaps_becoming(source=own, source_port=EVERY_PORT)


def _into_stranger(
    trail: Trail, appliance: Address, at: Point
) -> Iterator[tuple[Trail, Point | None, AddressSet]]:
    """Add the rules at the card of an appliance, which are asked of what it forwards too (P-7).

    With the card, where it is known, and all addresses of the appliance.
    """
    nodes = [each.node for each in _owners(trail.network, at, appliance)]
    if len(nodes) == 1 and isinstance(nodes[0], IpConfiguration):
        yield _into_machine(trail, machine(trail.network, nodes[0]))
    elif len(nodes) == 1 and isinstance(nodes[0], LoadBalancerFrontend):
        yield from _behind(trail, nodes[0])
    else:
        yield trail, None, EVERYTHING


def _into_machine(trail: Trail, here: Point) -> tuple[Trail, Point, AddressSet]:
    inside = filters(trail, here, Direction.INBOUND)
    return inside, here, addresses_of_machine(trail.network, here)


def _behind(
    trail: Trail, front: LoadBalancerFrontend
) -> Iterator[tuple[Trail, Point | None, AddressSet]]:
    """Add the same of each appliance behind a load balancer, which must be healthy too (E-16).

    Its address is no end of the packet, and stays out of it.
    """
    found = forwards_of(trail.network, front)
    told = not found.reasons and all(_is_told(each) for each in found.known)
    if not told:
        yield trail, None, EVERYTHING
        return
    for each in found.known:
        if each.target is not None:
            yield _into_machine(chosen(trail, each, each.target), each.target)
    if not found.known:
        none = remark(
            trail,
            "load-balancer",
            front.root.id,
            lambda _: f"no machine is behind {front.root.label} (R-11)",
            Bounds.nothing(trail.space),
            opening=f"put the appliances into the pool of {front.root.label}",
        )
        yield none, None, EVERYTHING


def _is_told(forward: Forward) -> bool:
    """Whether a rule for all ports leads to a machine of which nothing is in doubt."""
    known = forward.target is not None and forward.target.kind is Kind.MACHINE
    return known and not forward.reasons and forward.ports == PortSet.of(0, 65535)


def stranger_reason(who: str) -> Reason:
    """Say why it is not told what becomes of packets at an appliance."""
    return Reason(f"nva:{who}", "whether it lets the packet through, and as what")


def owner_of(network: Network, source: Point, address: Address) -> str:
    """Name who has an appliance's address, seen from a point, or give the address."""
    for owner in _owners(network, source, address):
        return owner.holder.label
    return str(address)


def _owners(network: Network, source: Point, address: Address) -> tuple[Owner, ...]:
    """Who has an address in the network of a point or, if nobody has, in one joined with it."""
    for home in (source.home, *joined_with(network, source)):
        owners: tuple[Owner, ...] = owned_addresses(network, home).get(address, ())
        if owners:
            return owners
    return ()


def joined_with(network: Network, point: Point) -> list[str]:
    """Give the keys of the networks that a point's network is joined with."""
    vnet = vnet_of(network, point)
    return [tie.far_key for tie in ties_of(network, vnet).ties] if vnet is not None else []
