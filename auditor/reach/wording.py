"""Points, packets and hops in words, and as findings carry them."""

from __future__ import annotations

from collections.abc import Mapping

from auditor import ids
from auditor.finding import Hop, Json
from auditor.reach.answer import Answer
from auditor.reach.frame import Packet
from auditor.reach.naming import addressed_by_name
from auditor.reach.points import Kind, Point
from auditor.reach.space import PORTED


def name_of(point: Point) -> str:
    """Name a point for a sentence."""
    if point.outside:
        return {Kind.INTERNET: "the internet", Kind.ON_PREMISES: "on premises"}[point.kind]
    if point.kind in (Kind.SUBNET, Kind.NOBODY):
        vnet = ids.segment(point.id, "virtualNetworks")
        return f"{vnet}/{ids.name(point.id)}" if vnet else ids.name(point.id)
    return ids.known_as(point.node.root.id) if point.node is not None else ids.name(point.id)


def one_or_many(count: int, one: str, many: str) -> str:
    """Give the verb that goes with so many."""
    return one if count == 1 else many


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
