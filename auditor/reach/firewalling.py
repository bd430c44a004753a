"""What an Azure Firewall lets through, and what its packets look like then (E-20 to E-25)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, EVERYTHING, Address, AddressSet, PortSet
from auditor.network.firewalling import (
    Answer,
    FirewallProgram,
    FirewallTerm,
    decide,
    filter_rules,
    firewall_program,
    nat_rules,
)
from auditor.network.firewalling.filtering import boxes
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.network.service_tags import ServiceTags
from auditor.network.symbols import PROTOCOL_NUMBERS
from auditor.packets.compile import bounds as bounds_of
from auditor.packets.rule import Rule
from auditor.reach.bounds import Bounds
from auditor.reach.egress import as_whom, firewall_addresses
from auditor.reach.frame import Packet
from auditor.reach.into_networks import leads_into
from auditor.reach.leading import leads_by, leaves_by
from auditor.reach.points import Kind, Point, vnet_of
from auditor.reach.space import PORTED, FlowSpace
from auditor.reach.stages import Reply, remark, replies
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Step, Tell, Trail
from auditor.reach.ways import Way, ways_from
from auditor.resources.firewalls import Firewall
from auditor.resources.virtual_networks import VirtualNetwork


def filtered(trail: Trail, firewall: Firewall, here: Point, to: AddressSet) -> Iterator[Trail]:
    """Add what a firewall's rules let through to some destinations, as it looks when it leaves.

    Network rules keep the source towards private ranges; application rules never do (E-24). So the
    packets of the two go different ways from here.
    """
    program = firewall_program(trail.network, firewall, trail.tags)
    network, application = passing(trail.network, firewall, trail.tags, trail.space)
    own = possible(here.place) if here.place is not None else EVERYTHING
    why = Reason("firewall-instances", f"which address {firewall.label} uses", firewall.id)
    by_network = trail.through(network, _teller(trail, firewall, program, applied=False))
    by_name = trail.through(application, _teller(trail, firewall, program, applied=True))
    # Each shows what stops its own packets; those that no rule allows ask for a network rule.
    applied = by_name.stages[-1].bounds
    by_network = replace(by_network, sent=by_network.sent - applied.must)
    kept = program.private_ranges
    if not program.unknown and to <= kept.must:
        yield by_network
    elif not to.overlaps(kept.may):
        yield by_network.becoming(source=own, source_port=EVERY_PORT, reasons=(why,))
    else:
        yield by_network.perhaps_becoming(source=own, source_port=EVERY_PORT, reasons=(why,))
    by_name = replace(by_name, sent=by_name.sent & applied.may)
    if not by_name.sent.is_empty:
        yield by_name.becoming(source=own, source_port=EVERY_PORT, reasons=(why,))


def translated_for_internet(trail: Trail, firewall: Firewall, here: Point) -> Trail:
    """Add that what keeps its source never gets out to the internet (E-24).

    Of what a firewall let through: network rules keep the source towards private ranges, even if
    these are public addresses.
    """
    if bears_own(trail, here) and not trail.others:
        whom = as_whom(*firewall_addresses(trail.network, firewall))
        says = f"{firewall.label} takes it to the internet{whom} (E-24)"
        return remark(trail, "egress", firewall.id, lambda _: says)
    program = firewall_program(trail.network, firewall, trail.tags)
    kept = program.private_ranges
    reasons = (*kept.reasons(), *program.unknown)
    space = trail.space
    out = Bounds(
        space.having(destination=EVERYTHING - kept.must),
        space.having(destination=EVERYTHING - kept.may),
    )
    return remark(
        trail,
        "egress",
        firewall.id,
        lambda packet: (
            f"{firewall.label} keeps the source of what it sends to {packet.destination} (E-24)"
            if out.may.is_empty
            else f"{firewall.label} translates what it sends to the internet (E-24)"
        ),
        out,
        reasons=reasons,
        opening=f"take the internet out of the private ranges of {firewall.label}",
    )


@question_about
def passing(
    network: Network, firewall: Firewall, tags: ServiceTags, space: FlowSpace
) -> tuple[Bounds, Bounds]:
    """Give what passes by network rules, and what by application rules."""
    program = firewall_program(network, firewall, tags)
    may, must = bounds_of(space, _network_rules(program, space))
    every_may, every_must = bounds_of(space, filter_rules(program, space))
    taken, _ = bounds_of(space, nat_rules(program, space))
    sure, rest = must - taken, every_must - taken - may
    return Bounds(may, sure), Bounds(every_may - must, rest)


@question_about
def not_denied(network: Network, firewall: Firewall, tags: ServiceTags, space: FlowSpace) -> Bounds:
    """Give what no network rule denies outright, of packets that a NAT rule has let in (E-21).

    The rest may pass: whether a denial comes after the translation is in doubt.
    """
    program = firewall_program(network, firewall, tags)
    return Bounds(space.all, bounds_of(space, _network_rules(program, space), True)[1])


def _network_rules(program: FirewallProgram, space: FlowSpace) -> list[Rule[int]]:
    if program.unknown:
        return filter_rules(program, space)
    return [
        rule for place, term in enumerate(program.network) for rule in boxes(place, term, space)
    ]


def _teller(trail: Trail, firewall: Firewall, program: FirewallProgram, *, applied: bool) -> Tell:
    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        verdict = decide(
            program,
            packet.source,
            packet.destination,
            PROTOCOL_NUMBERS[packet.protocol][0][0],
            packet.destination_port if packet.protocol in PORTED else None,
        )
        term = verdict.term
        kind = "application" if applied else "network"
        if term is not None and (verdict.answer is Answer.ALLOW) == (passes is True):
            word = "allows" if verdict.answer is Answer.ALLOW else "denies"
            says = f"{kind} rule {term.name} of {firewall.label} {word} it"
        elif passes is None:
            says = f"it cannot be told whether {firewall.label} lets it through"
        else:
            says = f"no {kind} rule of {firewall.label} allows it (E-22)"
        port = f" to port {packet.destination_port}" if packet.protocol in PORTED else ""
        denied = term is not None and verdict.answer is Answer.DENY
        first = f", before {term.name}" if denied and term is not None else ""
        return (
            Step(
                "firewall",
                term.resource if term is not None and term.resource else firewall.id,
                says,
                packet,
                passes,
                term.name if term is not None else "",
                "",
                term.pointer if term is not None else "",
                term.priorities[-1] if term is not None and term.priorities else None,
                (verdict.reasons or program.unknown) if passes is None else (),
                ""
                if passes is not False
                else f"allow {packet.protocol.upper()} from {packet.source} to "
                f"{packet.destination}{port} in a network rule of {firewall.label}{first}",
            ),
        )

    return tell


Homes: TypeAlias = tuple[str, ...]
"""The keys of networks."""


def by_firewall(here: Point, appliance: Address, source: Point, homes: Homes = ()) -> Reply:
    """Give the reply of a packet that came through a firewall: it must come by it again (P-11).

    `homes` are the networks in which it was before it came to that of `source`.
    """

    def reply(then: Trail, responder: Point) -> Trail:
        vnet = vnet_of(then.network, responder)

        def ask(way: Way) -> bool | None:
            to_firewall = leads_into(then.network, way, here.home, vnet)
            again = leads_by(way, appliance)
            if again is False and to_firewall is not False and bears_own(then, here):
                return to_firewall
            if again and responder.kind is Kind.GATEWAY:
                return None  # of a gateway only routes to the internet are supported
            straight = leads_into(then.network, way, source.home, vnet)
            if again is False and (straight is not False or goes_round(then, way, vnet, homes)):
                return None  # round the firewall: whether it minds is told nowhere
            return again

        to = then.sources()
        whys = [
            Reason("semantics:P-11", "what becomes of replies that go round the firewall", here.id)
        ]
        if responder.kind is Kind.GATEWAY:
            unsupported = "whether a gateway works whose replies go another way"
            whys.append(Reason("semantics:A-14", unsupported, responder.id))
        return replies(then, responder, to, ask, "back by the firewall", lambda _: tuple(whys))

    return reply


def goes_round(trail: Trail, way: Way, vnet: VirtualNetwork | None, homes: Homes = ()) -> bool:
    """Whether a reply may get from a VNet past a firewall to where the packet was before.

    To whoever sent it, or into one of the networks (their keys) of firewalls that had it earlier.
    """
    source = trail.source
    if source.kind is Kind.ON_PREMISES and leaves_by(way, Hop.GATEWAY) is not False:
        return True
    known = {*homes, "" if source.outside else source.home} - {""}
    return any(leads_into(trail.network, way, home, vnet) is not False for home in known)


def may_go_round(trail: Trail, responder: Point, homes: Homes = ()) -> bool:
    """Whether some reply of a responder may go so."""
    if responder.place is None:
        return False
    ways = ways_from(trail.network, responder.place, trail.space.version, trail.tags)
    vnet = vnet_of(trail.network, responder)
    return any(goes_round(trail, way, vnet, homes) for way in ways.towards(trail.sources()))


def bears_own(trail: Trail, here: Point) -> bool:
    """Whether the packet bears an address of the firewall itself, so that the reply goes there."""
    own = possible(here.place) if here.place is not None else EVERYTHING
    frames = (trail.frame, *trail.others)
    return any(frame.source is not None and frame.source <= own for frame in frames)


def translations(
    network: Network, firewall: Firewall, tags: ServiceTags, space: FlowSpace
) -> tuple[tuple[FirewallTerm, Bounds], ...]:
    """Give the packets that each NAT rule of a firewall takes (E-21)."""
    program = firewall_program(network, firewall, tags)
    rules = nat_rules(program, space)
    found = []
    for place, term in enumerate(program.nat):
        here = [i for i, r in enumerate(rules) if r.label == place]
        if not here:
            continue
        earlier = rules[: here[0]]
        own = [rules[i] for i in here]
        may = bounds_of(space, [Rule(0, False, r.must, r.must) for r in earlier] + own)[0]
        must = bounds_of(space, [Rule(0, False, r.may, r.may) for r in earlier] + own)[1]
        found.append((term, Bounds(may, must)))
    return tuple(found)


def port_of(term: FirewallTerm) -> PortSet | None:
    """Give the port that a NAT rule puts in place; None when it is not told."""
    translation = term.translation
    return PortSet.of(translation.port) if translation is not None and translation.port else None
