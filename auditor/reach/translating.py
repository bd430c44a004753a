"""What the NAT rules of an Azure Firewall send on, and to whom (E-20 to E-23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from auditor.addresses import EVERY_PORT, Address, AddressSet, parse_prefix
from auditor.ids import fold, name
from auditor.network.address_owners import all_owned_addresses
from auditor.network.exposure import is_free
from auditor.network.firewalling import FirewallTerm, firewall_program
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.network.routing_domains import near_keys
from auditor.network.whereabouts import locate_from
from auditor.reach.bounds import Bounds
from auditor.reach.cures import for_ports
from auditor.reach.delivery import arrives, deliver
from auditor.reach.departing import departed
from auditor.reach.firewalling import not_denied, port_of, translations
from auditor.reach.forwarding import taken
from auditor.reach.frame import Packet
from auditor.reach.handing_over import Passed, brought
from auditor.reach.hub_points import hub_firewall
from auditor.reach.leading import leaves_by
from auditor.reach.owners import perhaps_at, points_of_owners
from auditor.reach.points import Kind, Point, part_in_subnet
from auditor.reach.samples import coordinates
from auditor.reach.stages import goes, remark, replies
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Step, Tell, Trail
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.public_addresses import PublicIp
from auditor.special_addresses import PUBLIC

Outwards: TypeAlias = Callable[[Trail, Address], Iterator[tuple[Trail, Point]]]
"""Follows packets over the internet to whoever in the input answers at a public address."""


def at_firewall(
    trail: Trail, configuration: FirewallIpConfiguration, outwards: Outwards
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets for an Azure Firewall to where each of its NAT rules sends them (E-20)."""
    network, firewall = trail.network, configuration.root
    here = part_in_subnet(network, Kind.FIREWALL, configuration)
    place = here.place
    if not isinstance(firewall, Firewall):
        return
    terms = list(translations(network, firewall, trail.tags, trail.space))
    if not terms or untold_rules(network, firewall):
        yield _shut(trail, firewall), here
    for term, accepted in terms:
        there = term.translation.address if term.translation is not None else None
        found = _answers(translated(trail, firewall, term, accepted), firewall, here)
        targets = (
            perhaps_at(network, there, place) if there is not None and place is not None else ()
        )
        yield from sent_inside(found, firewall, here, targets)
        if not targets and there is not None and there in PUBLIC:
            yield from _abroad(found, firewall, term, here, outwards)
        elif not targets:
            yield _nobody(found, firewall, term, here), here


def sent_inside(
    trail: Trail, firewall: Firewall, here: Point, targets: Iterable[Point]
) -> Iterator[tuple[Trail, Point]]:
    """Follow what a NAT rule has translated to those in networks who have the address it names.

    Straight, or by further appliances that the firewall's routes name.
    """
    inside = _as_whom(trail, firewall, here)
    own = next(iter(sorted(map(str, here.addresses.prefixes()))), "")
    for target in targets:
        appliance = parse_prefix(own).address if own else target.addresses.smallest()
        if appliance is None:
            continue
        first = Passed(inside, here, appliance, trail.source, inside.sent)
        onward = taken(arrives(inside, here, target), here, target)
        for there, back in ((onward, first.reply), *brought(inside, here, target, first)):
            yield from deliver(there, target, back)


def _abroad(
    trail: Trail, firewall: Firewall, term: FirewallTerm, here: Point, outwards: Outwards
) -> Iterator[tuple[Trail, Point]]:
    """Follow what a NAT rule sends to a public address, as one of the firewall's own (E-24).

    Whoever answers there sees that, and must answer straight over the internet.
    """
    there = term.translation.address if term.translation is not None else None
    if there is None or here.place is None:
        yield _nobody(trail, firewall, term, here), here
        return
    to = AddressSet.from_range(there, there)
    out = goes(trail, here, to, _leaves_straight(firewall), "to the internet")
    ends = list(outwards(departed(out, here, here.place), there))
    yield from ends
    if not ends:
        yield _by_strangers(out, term, there), here


def _by_strangers(trail: Trail, term: FirewallTerm, there: Address) -> Trail:
    """Add that somebody whom the input does not hold may answer at a public address, or nobody."""
    told = [n for n in trail.network.all(PublicIp) if _address_of(n) == str(there)]
    free = bool(told) and all(map(is_free, told))
    why = Reason("collection-gap", f"who answers at {there}, to which {term.name} leads")
    return remark(
        trail,
        "firewall-nat",
        term.resource,
        lambda _: f"nobody has the address to which {term.name} sends it",
        Bounds.nothing(trail.space) if free else Bounds.maybe(trail.space.all),
        reasons=(why,),
        unsure=f"it cannot be told who answers at {there}, to which {term.name} sends it",
    )


def _address_of(node: PublicIp) -> str:
    return walk.peek(walk.peek(node, "properties"), "ip_address") or ""


def translated_abroad(network: Network, configuration: FirewallIpConfiguration) -> list[Address]:
    """Give the public addresses that the NAT rules of an Azure Firewall send packets to."""
    firewall = configuration.root
    if not isinstance(firewall, Firewall):
        return []
    terms = firewall_program(network, firewall, network.tags).nat
    addresses = {t.translation.address for t in terms if t.translation is not None}
    return sorted(each for each in addresses if each is not None and each in PUBLIC)


def at_hub_firewall(trail: Trail, firewall: Firewall) -> Iterator[tuple[Trail, Point]]:
    """Follow packets for an Azure Firewall of a virtual hub to where its NAT rules send them.

    What the hub teaches is told nowhere, so that nothing is certain behind it (R-29).
    """
    network = trail.network
    hub = walk.peek(walk.peek(firewall, "properties"), "virtual_hub")
    hub_id = walk.peek(hub, "id") or firewall.id
    here = hub_firewall(firewall)
    reason = Reason("bgp-routes-unknown", f"what the virtual hub {name(hub_id)} teaches", hub_id)
    terms = list(translations(network, firewall, trail.tags, trail.space))
    if not terms or untold_rules(network, firewall):
        yield _shut(trail, firewall), here
    for term, accepted in terms:
        there = term.translation.address if term.translation is not None else None
        found = remark(
            _as_whom(translated(trail, firewall, term, accepted), firewall, here),
            "virtual-hub",
            hub_id,
            lambda _: "it cannot be told where the virtual hub sends it (R-29)",
            Bounds.maybe(trail.space.all),
            reasons=(reason,),
        )
        targets = _around(network, here.home, there) if there is not None else []
        for target in targets:
            yield from deliver(found, target, lambda then, _: then)
        if not targets:
            yield _nobody(found, firewall, term, here), here


def _around(network: Network, hub: str, address: Address) -> list[Point]:
    owned = all_owned_addresses(network)
    keys = sorted(near_keys(network, hub))
    owners = [owner for key in keys for owner in owned.get(key, {}).get(address, ())]
    return points_of_owners(network, owners)


def translated_by_hub(network: Network, firewall: Firewall) -> list[Point]:
    """Give whom the NAT rules of an Azure Firewall of a virtual hub may send packets to."""
    hub = fold(walk.peek(walk.peek(walk.peek(firewall, "properties"), "virtual_hub"), "id") or "")
    terms = firewall_program(network, firewall, network.tags).nat
    addresses = {t.translation.address for t in terms if t.translation is not None}
    told = sorted(each for each in addresses if each is not None)
    return [point for address in told for point in _around(network, hub, address)]


def translated_to(network: Network, configuration: FirewallIpConfiguration) -> list[Point]:
    """Give whom the NAT rules of an Azure Firewall send packets to."""
    firewall = configuration.root
    place = part_in_subnet(network, Kind.FIREWALL, configuration).place
    if not isinstance(firewall, Firewall) or place is None:
        return []
    terms = firewall_program(network, firewall, network.tags).nat
    addresses = {t.translation.address for t in terms if t.translation is not None}
    return [
        point
        for address in sorted(each for each in addresses if each is not None)
        for point in perhaps_at(network, address, place)
    ]


def untold_rules(network: Network, firewall: Firewall) -> tuple[Reason, ...]:
    """Tell why a firewall may have NAT rules that the input lacks."""
    return firewall_program(network, firewall, network.tags).unknown


def _shut(trail: Trail, firewall: Firewall) -> Trail:
    """Add that a firewall without NAT rules answers nobody at its public addresses (E-20).

    Unless it may have some that are not told.
    """
    untold = untold_rules(trail.network, firewall)
    return remark(
        trail,
        "firewall-nat",
        firewall.id,
        lambda _: f"no NAT rule of {firewall.label} takes it (E-20)",
        Bounds.maybe(trail.space.all) if untold else Bounds.nothing(trail.space),
        reasons=untold,
        opening=for_ports(f"add a NAT rule for it to {firewall.label}"),
        unsure=f"it cannot be told which NAT rules {firewall.label} has",
    )


def translated(trail: Trail, firewall: Firewall, term: FirewallTerm, taken: Bounds) -> Trail:
    """Rewrite what a NAT rule takes, as far as no network rule denies it (E-21)."""
    translation = term.translation
    trail = trail.through(taken, _taking(trail, firewall, term)).by_rule()
    address = translation.address if translation is not None else None
    trail = trail.becoming(
        destination=AddressSet.from_range(address, address) if address is not None else None,
        destination_port=port_of(term),
    )
    passing = not_denied(trail.network, firewall, trail.tags, trail.space)
    if passing.must is not trail.space.all:
        denies = Reason("semantics:E-21", f"whether a network rule denies it after {term.name}")
        trail = remark(
            trail,
            "firewall",
            firewall.id,
            lambda _: f"whether a network rule of {firewall.label} denies it may be asked again",
            passing,
            reasons=(denies,),
            passed=f"no network rule of {firewall.label} denies it",
        )
    return trail


def _taking(trail: Trail, firewall: Firewall, term: FirewallTerm) -> Tell:
    """Say what a NAT rule makes of a packet, and where the rule is written."""
    to = term.translation
    where = f"{to.address}:{to.port}" if to is not None else "nowhere"
    rule = f"NAT rule {term.name} of {firewall.label}"
    says = {
        True: f"{rule} sends it to {where}",
        False: f"{rule} does not take it",
        None: f"it cannot be told whether {rule} takes it",
    }

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        return (
            Step(
                "firewall-nat",
                term.resource or firewall.id,
                says[passes],
                packet,
                passes,
                term.name,
                pointer=term.pointer,
                priority=term.priorities[-1] if term.priorities else None,
                reasons=term.reasons if passes is None else (),
                opening=add(packet) if passes is False else "",
            ),
        )

    def add(packet: Packet) -> str:
        at = coordinates(packet)
        every = translations(trail.network, firewall, trail.tags, trail.space)
        first = next((f", before {other.name}" for other, of in every if of.may.at(at)), "")
        return for_ports(f"add a NAT rule for it to {firewall.label}{first}")(packet)

    return tell


def _as_whom(trail: Trail, firewall: Firewall, here: Point) -> Trail:
    """Put the firewall's address in the place of the client's, perhaps.

    Whose source targets in networks see is in doubt (E-23).
    """
    own = possible(here.place) if here.place is not None else here.addresses
    why = Reason("semantics:E-23", f"whether {firewall.label} keeps the source", firewall.id)
    if not own:
        return trail
    return trail.perhaps_becoming(source=own, source_port=EVERY_PORT, reasons=(why,))


def _answers(trail: Trail, firewall: Firewall, here: Point) -> Trail:
    """Add that a firewall answers from its public address, straight over the internet (R-13).

    What becomes of answers that go elsewhere is told nowhere. Without a management address Azure
    makes none whose default route leads elsewhere, so that routes which nobody tells do not matter.
    """
    if here.place is None:
        return trail
    what = f"whether {firewall.label} answers when its default route leads elsewhere"
    why = Reason("semantics:R-13", what, firewall.id)
    ask = _leaves_straight(firewall)
    return replies(trail, here, trail.sources(), ask, "straight to the internet", lambda _: (why,))


def _leaves_straight(firewall: Firewall) -> Callable[[Way], bool | None]:
    """Ask whether a way of a firewall's subnet leads straight to the internet."""
    managed = walk.peek(walk.peek(firewall, "properties"), "management_ip_configuration")

    def ask(way: Way) -> bool | None:
        straight = leaves_by(way, Hop.INTERNET, Hop.SERVICE_ENDPOINT)
        return True if straight is None and managed is None else straight or None

    return ask


def _nobody(trail: Trail, firewall: Firewall, term: FirewallTerm, here: Point) -> Trail:
    translation = term.translation
    there = translation.address if translation is not None else None
    unsure = ""
    if there is not None and here.place is not None:
        unsure = locate_from(trail.network, there, here.place).unsure
    known = there is not None and here.place is not None and not unsure
    why = translation.reasons if translation is not None else ()
    who = f"who has the address in {term.name}"
    lacks = Reason("collection-gap", f"{who}: {unsure}" if unsure else who, firewall.id)
    why = (*why, *here.reasons) or (lacks,)
    return remark(
        trail,
        "firewall-nat",
        firewall.id,
        lambda _: (
            f"nobody has the address to which {term.name} sends it"
            if known
            else f"it cannot be told who has the address to which {term.name} sends it"
            if unsure
            else f"it cannot be told where {term.name} sends it"
        ),
        Bounds.nothing(trail.space) if known else Bounds.maybe(trail.space.all),
        reasons=why,
    )
