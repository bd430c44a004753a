"""What a firewall's rules say of one packet, and as rules over sets of packets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, Version
from auditor.network.firewalling.terms import (
    WITH_PORTS,
    Cell,
    FirewallProgram,
    FirewallTerm,
    Translation,
)
from auditor.network.reasons import Reason
from auditor.packets.intervals import Intervals, contains, intersection, whole
from auditor.packets.rule import Rule
from auditor.packets.space import Box, Shape

NOT_TOLD = -1
"""The label of packets of which nothing is told, because a part of the rules is missing."""


class Answer(Enum):
    """What becomes of a packet."""

    ALLOW = "Allow"
    DENY = "Deny"
    UNKNOWN = "Unknown"


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a packet, and why.

    `term` is the rule that decides, unless a doubtful one before it decides the same; None when
    no rule matches, and for *unknown*. `translation` tells where a NAT rule sends the packet.
    `reasons` are those of an *unknown*.
    """

    answer: Answer
    term: FirewallTerm | None = None
    translation: Translation | None = None
    reasons: tuple[Reason, ...] = ()


class _Packet(msgspec.Struct, frozen=True):
    source: Address
    destination: Address
    protocol: int
    port: int | None


def decide(
    program: FirewallProgram,
    source: Address,
    destination: Address,
    protocol: int,
    port: int | None = None,
) -> Verdict:
    """Tell what becomes of one packet: NAT rules, network rules, application rules, or denied.

    `protocol` is a number, `port` the destination's: None for protocols without ports, and for no
    other (ValueError). Threat intelligence is not asked. An allowed packet of an application rule
    is allowed as far as it carries HTTP or HTTPS.
    """
    if (port is None) == contains(WITH_PORTS, protocol):
        raise ValueError(f"protocol {protocol} and port {port} do not go together")
    if program.unknown:
        return Verdict(Answer.UNKNOWN, reasons=program.unknown)
    packet = _Packet(source, destination, protocol, port)
    verdicts: list[Verdict] = []
    doubts: list[Reason] = []
    for term, reasons in _candidates(program.nat, packet):
        doubts += reasons
        if term is None:
            verdicts.append(_filtered(program, packet))
        else:
            verdicts.append(_translated(program, packet, term))
    return _agreed(verdicts, doubts)


def _candidates(
    terms: Iterable[FirewallTerm], packet: _Packet
) -> Iterator[tuple[FirewallTerm | None, tuple[Reason, ...]]]:
    """Give the rules that may be the first to match, with why each may not; None for no rule."""
    for term in terms:
        reasons = _why_not(term, packet)
        if reasons is not None:
            yield term, reasons
            if not reasons:
                return
    yield None, ()


def _why_not(term: FirewallTerm, packet: _Packet) -> tuple[Reason, ...] | None:
    """Give why it is not certain that a rule matches a packet; None when it does not."""
    cell = next((c for c in term.cells if contains(c.protocols, packet.protocol)), None)
    if cell is None:
        return None
    if packet.port is not None and not contains(cell.destination_ports, packet.port):
        return None
    found = {*term.doubts, *((cell.reason,) if cell.reason else ())}
    for extent, address in (
        (term.sources, packet.source),
        (term.destinations, packet.destination),
    ):
        if address not in extent.must:
            reasons = extent.reasons(address)
            if not reasons:
                return None
            found.update(reasons)
    return tuple(sorted(found))


def _filtered(program: FirewallProgram, packet: _Packet) -> Verdict:
    """Ask network rules, then application rules, then Azure's own."""
    verdicts: list[Verdict] = []
    doubts: list[Reason] = []
    for term, reasons in _candidates(program.filters, packet):
        doubts += reasons
        allow = term is not None and term.allow
        verdicts.append(Verdict(Answer.ALLOW if allow else Answer.DENY, term))
    return _agreed(verdicts, doubts)


def _translated(program: FirewallProgram, packet: _Packet, term: FirewallTerm) -> Verdict:
    """Let a translated packet pass; whether a network rule can still deny it is not certain."""
    translation = term.translation
    assert translation is not None
    denying = [rule for rule in _next(program, packet, translation) if rule and not rule.allow]
    if not denying:
        return Verdict(Answer.ALLOW, term, translation)
    detail = f"whether {denying[0].name} denies what {term.name} lets in"
    reason = Reason("semantics:E-21", detail, denying[0].resource)
    return Verdict(Answer.UNKNOWN, translation=translation, reasons=(reason,))


def _next(
    program: FirewallProgram, packet: _Packet, translation: Translation
) -> Iterable[FirewallTerm | None]:
    """Give the network rules that may be the first to match a packet once it is translated."""
    if translation.address is None or translation.port is None:
        return program.network
    after = replace(packet, destination=translation.address, port=translation.port)
    return (term for term, _ in _candidates(program.network, after))


def _agreed(verdicts: list[Verdict], doubts: Iterable[Reason]) -> Verdict:
    """Give what all say; *unknown* when they differ, or send the packet to different places."""
    if len({(each.answer, each.translation) for each in verdicts}) == 1:
        return verdicts[-1]
    reasons = {*doubts, *(reason for each in verdicts for reason in each.reasons)}
    return Verdict(Answer.UNKNOWN, reasons=tuple(sorted(reasons)))


def filter_rules(program: FirewallProgram, space: Shape) -> list[Rule[int]]:
    """Give what filters a packet that no NAT rule takes, in order; by default it is denied (E-22).

    The space has the dimensions `source`, `destination`, `protocol` and `destination_port`, and
    perhaps others, which no rule restricts. Its addresses are IPv4 when they have 32 bits or
    fewer. The label is the place among `program.filters`; a rule may give two boxes in a row.
    When a part of the rules is missing, one rule labelled `NOT_TOLD` may allow everything.
    """
    return _rules(program, program.filters, space)


def nat_rules(program: FirewallProgram, space: Shape) -> list[Rule[int]]:
    """Give the packets that NAT rules take, in order; those of none are not translated.

    The space is as for `filter_rules`, the label the place among `program.nat`.
    """
    return _rules(program, program.nat, space)


def _rules(
    program: FirewallProgram, terms: Sequence[FirewallTerm], space: Shape
) -> list[Rule[int]]:
    if program.unknown:
        return [_perhaps(NOT_TOLD, True, space.box())]
    return [rule for place, term in enumerate(terms) for rule in boxes(place, term, space)]


def boxes(place: int, term: FirewallTerm, space: Shape) -> Iterator[Rule[int]]:
    """Give a rule as boxes of packets; none when it can match nothing in the space."""
    version: Version = 4 if _size(space, "source") <= 1 << 32 else 6
    may_sources = term.sources.may.intervals(version)
    may_destinations = term.destinations.may.intervals(version)
    for cell in term.cells:
        may = _box(space, may_sources, may_destinations, cell)
        if not all(may):
            continue
        if term.doubts or cell.reason is not None:
            yield _perhaps(place, term.allow, may)
            continue
        must = _box(
            space,
            term.sources.must.intervals(version),
            term.destinations.must.intervals(version),
            cell,
        )
        yield Rule(place, term.allow, may, may if must == may else must)


def _perhaps(label: int, allow: bool, may: Box) -> Rule[int]:
    return Rule(label, allow, may, ((), *may[1:]))


def _box(space: Shape, sources: Intervals, destinations: Intervals, cell: Cell) -> Box:
    sides = {
        "source": sources,
        "destination": destinations,
        "protocol": cell.protocols,
        "destination_port": cell.destination_ports,
    }
    return space.box(
        **{name: intersection(side, whole(_size(space, name))) for name, side in sides.items()}
    )


def _size(space: Shape, name: str) -> int:
    return space.dimensions[space.place(name)].size
