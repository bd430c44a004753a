"""The second opinion: every witness is replayed by a simulator that shares nothing with the sets.

What the simulator does not model is no contradiction; a witness that certainly does not arrive, or
certainly does where it is said to be blocked, is a fault of auditor's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from auditor import ids, simulate
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, model_key
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.answer import Answer, Verdict
from auditor.reach.naming import addressed_by_name
from auditor.reach.points import Kind, Point
from auditor.simulate import Arrival, Fate


class Contradiction(AssertionError):
    """The sets of packets and the simulator say opposite things of one packet."""


def replayed(
    network: Network, answers: Iterable[Answer], tags: ServiceTags = NO_TAGS
) -> Iterator[Answer]:
    """Give answers whose witnesses stood the replay.

    One that did not is a fault of auditor's own: unknown, and the reason says so.
    """
    for answer in answers:
        try:
            check(network, answer, tags)
        except Contradiction as fault:
            why = Reason("replay", f"{fault}; this is a fault of auditor's own, report it")
            answer = replace(answer, verdict=Verdict.UNKNOWN, blockers=(), reasons=(why,))
        yield answer


def check(network: Network, answer: Answer, tags: ServiceTags = NO_TAGS) -> None:
    """Replay the witness of one answer. Raises Contradiction."""
    start = _start(answer.source)
    if answer.witness is None or not start or not _repeatable(answer):
        return
    sent = answer.witness
    packet = simulate.Packet(
        sent.source, sent.destination, sent.protocol, sent.source_port, sent.destination_port
    )
    try:
        every = simulate.replay(network, start, packet, tags, _supposed(answer))
    except Undetermined:
        return  # what the input does not tell contradicts nothing
    arrivals = [each for each in every if _is_at(each, answer)]
    if answer.verdict is Verdict.REACHABLE and arrivals and not any(map(_may_arrive, arrivals)):
        raise Contradiction(_words(answer, "reachable", arrivals))
    if answer.verdict is Verdict.BLOCKED and any(map(_arrives, arrivals)):
        raise Contradiction(_words(answer, "blocked", arrivals))


def _start(point: Point) -> str:
    if point.outside:
        return point.id
    if point.kind in (Kind.MACHINE, Kind.SUBNET):
        return point.id
    return ""


def _supposed(answer: Answer) -> frozenset[str]:
    """The subnet any machine of which is asked about: one that lists nobody, perhaps."""
    ends = (answer.target, *((answer.path.target,) if answer.path is not None else ()))
    return frozenset(fold(each.id) for each in ends if each.kind is Kind.SUBNET)


def _repeatable(answer: Answer) -> bool:
    """Whether the witness is one packet that can be sent: its target has an address, say."""
    return not addressed_by_name(answer)


def _is_at(arrival: Arrival, answer: Answer) -> bool:
    """Whether an arrival is about the target, or about the whole of the packet's way."""
    if arrival.fate is not Fate.DELIVERED:
        return answer.verdict is Verdict.REACHABLE
    target = answer.path.target if answer.path is not None else answer.target
    wanted = {fold(target.id), fold(answer.target.id)}
    if target.subnet is not None:
        wanted.add(target.subnet.key)
    if target.nic is not None:
        wanted.add(target.nic.key)
    at = fold(arrival.at)
    return any(f"{each}/".startswith(f"{end}/") for each in (at, model_key(at)) for end in wanted)


def _arrives(arrival: Arrival) -> bool:
    return arrival.fate is Fate.DELIVERED and arrival.returns is True


def _may_arrive(arrival: Arrival) -> bool:
    if arrival.fate is Fate.DELIVERED:
        return arrival.returns is not False
    return arrival.fate is Fate.UNKNOWN


def _words(answer: Answer, said: str, arrivals: Iterable[Arrival]) -> str:
    whys = "; ".join(dict.fromkeys(arrival.why for arrival in arrivals))
    ends = f"{ids.name(answer.source.id)} -> {ids.name(answer.target.id)}"
    return f"{ends} is said to be {said}, and the replay of {answer.witness} says: {whys}"
