"""Judged intents in words, for findings and reports."""

from __future__ import annotations

from collections.abc import Mapping

from auditor import ids
from auditor.finding import Hop, IntentState, Json
from auditor.intent import Expect
from auditor.network.graph import Network
from auditor.reach.answer import Answer, addressed_by_name, destination_name
from auditor.reach.frame import Packet
from auditor.reach.intents import Judgement, Outcome, judgements
from auditor.reach.paths import Path
from auditor.reach.points import Kind, Point
from auditor.reach.space import PORTED

_SHOWN = 3
"""How many counterexamples one sentence names."""


def states(network: Network) -> tuple[IntentState, ...]:
    """Give every intent of the configuration with what became of it, in its order."""
    return tuple(state_of(judgement) for judgement in judgements(network))


def state_of(judgement: Judgement) -> IntentState:
    """Give one intent with what became of it."""
    intent = judgement.intent
    broken = judgement.outcome is Outcome.BROKEN
    first = judgement.answers[0] if judgement.answers else None
    return IntentState(
        name=intent.name,
        expect=intent.expect.value,
        outcome=judgement.outcome.value,
        message=message_of(judgement),
        location=intent.location,
        witness=witness_of(first) if broken and first is not None else None,
        hops=hops_of(first) if broken and first is not None else (),
    )


def message_of(judgement: Judgement) -> str:
    """Say in one sentence what became of an intent."""
    intent = judgement.intent
    ends = f"{_listed(intent.sources)} to {_listed(intent.targets)}"
    what = _packets(judgement)
    if judgement.outcome is Outcome.KEPT:
        words = {
            Expect.REACHABLE: f"{what} from {ends} arrives",
            Expect.UNREACHABLE: f"no {what} from {ends} arrives",
            Expect.ONLY: f"{what} from {_listed(intent.sources)} arrives at "
            f"{_listed(intent.targets)} at most",
        }
        return words[intent.expect]
    if judgement.outcome is Outcome.UNKNOWN:
        whys = "; ".join(dict.fromkeys(map(str, judgement.reasons))) or "see the answers"
        return f"it cannot be told of {what} from {ends}: {whys}"
    shown = [_counterexample(answer) for answer in judgement.answers[:_SHOWN]]
    more = len(judgement.answers) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _listed(selectors: object) -> str:
    return " and ".join(str(each).strip() for each in selectors)  # type: ignore[attr-defined]


def _packets(judgement: Judgement) -> str:
    intent = judgement.intent
    if intent.protocol == "any":
        return "packet"
    from auditor.addresses import EVERY_PORT

    ports = "" if intent.ports == EVERY_PORT else f" {intent.ports}"
    return f"{intent.protocol.upper()}{ports}"


def _counterexample(answer: Answer) -> str:
    ends = f"{name_of(answer.source)} to {name_of(answer.target)}"
    packet = f" ({packet_words(answer)})" if answer.witness is not None else ""
    if answer.blockers:
        return f"{ends} is blocked{packet}: {answer.blockers[0].says}"
    return f"{ends} is reachable{packet}"


def name_of(point: Point) -> str:
    """Name a point for a sentence."""
    if point.outside:
        return {Kind.INTERNET: "the internet", Kind.ON_PREMISES: "on premises"}[point.kind]
    if point.kind is Kind.SUBNET:
        vnet = ids.segment(point.id, "virtualNetworks")
        return f"{vnet}/{ids.name(point.id)}" if vnet else ids.name(point.id)
    return ids.name(point.node.root.id) if point.node is not None else ids.name(point.id)


def packet_words(answer: Answer) -> str:
    """Say the witness of an answer, and as what it arrives: `tcp 52.1.0.4 to 20.1.1.1:443 -> ...`.

    The latter only where it is told and differs from what was sent.
    """
    packet, there = answer.witness, answer.arrives_as
    if packet is None:
        return ""
    name = addressed_by_name(answer)
    words = f"{packet.protocol} {packet.source} to {name or packet.destination}{_port(packet)}"
    if there is None or answer.target.kind is Kind.SERVICE:
        return words
    arrives = f"{there.destination}{_port(there)}"
    return words if words.endswith(f" {arrives}") else f"{words} -> {arrives}"


def _port(packet: Packet) -> str:
    return f":{packet.destination_port}" if packet.protocol in PORTED else ""


def sent_words(packet: Packet, told: Mapping[str, Json]) -> str:
    """Say a packet as findings carry it: `tcp 1.0.0.4 to 20.1.1.1:443`."""
    port = f":{packet.destination_port}" if packet.protocol in PORTED else ""
    return f"{packet.protocol} {packet.source} to {told['destination']}{port}"


def witness_of(answer: Answer) -> dict[str, Json] | None:
    """Give the witness of an answer as findings carry it."""
    packet = answer.witness
    return None if packet is None else packet_values(packet, addressed_by_name(answer))


def packet_of(packet: Packet, path: Path) -> dict[str, Json]:
    """Give a packet on a path as findings carry it."""
    return packet_values(packet, destination_name(path, path.target))


def packet_values(packet: Packet, name: str = "") -> dict[str, Json]:
    """Give a packet as findings carry it; `name` stands in for the destination's address."""
    found: dict[str, Json] = {
        "source": str(packet.source),
        "destination": name or str(packet.destination),
        "protocol": packet.protocol,
    }
    if packet.protocol in PORTED:
        found["sourcePort"] = packet.source_port
        found["destinationPort"] = packet.destination_port
    return found


def hops_of(answer: Answer) -> tuple[Hop, ...]:
    """Give what happens to the witness of an answer, as findings carry it."""
    return tuple(Hop(step.resource, step.rule or step.says, step.code) for step in answer.hops)


def about(answer: Answer) -> str:
    """Give the ARM id that an answer is about: of the end that is in Azure."""
    for point in (answer.target, answer.source):
        if point.node is not None:
            return subject_of(point)
    return ""


def subject_of(point: Point) -> str:
    """Give the id of the resource, or of the subnet, that a point stands for."""
    if point.node is None or point.kind is Kind.SUBNET:
        return point.id
    return point.node.root.id
