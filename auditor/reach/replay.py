"""The second opinion: every witness is replayed by a simulator that shares nothing with the sets.

What the simulator does not model is no contradiction; a witness that certainly does not arrive, or
certainly does where it is said to be blocked, is a fault of auditor's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from auditor import ids, simulate
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, model_key, question_about
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

    One that did not is a fault of auditor's own: unknown, and the reason says so. A packet that
    stands for several answers, one for each member of a balancer, is sent once.
    """
    every = list(answers)
    alike: dict[_Sent, list[int]] = defaultdict(list)
    for number, answer in enumerate(every):
        sent = _sent(answer)
        if sent is not None:
            alike[sent].append(number)
    faults: dict[int, Contradiction] = {}
    for sent, numbers in alike.items():
        ends = _ends_of(network, sent, tags)
        for number in numbers:
            try:
                _compare(every[number], ends)
            except Contradiction as fault:
                faults[number] = fault
    for number, answer in enumerate(every):
        yield _refuted(answer, faults[number]) if number in faults else answer


def _refuted(answer: Answer, fault: Contradiction) -> Answer:
    why = Reason("replay", f"{fault}; this is a fault of auditor's own, report it")
    return replace(answer, verdict=Verdict.UNKNOWN, blockers=(), reasons=(why,))


def check(network: Network, answer: Answer, tags: ServiceTags = NO_TAGS) -> None:
    """Replay the witness of one answer. Raises Contradiction."""
    sent = _sent(answer)
    if sent is not None:
        _compare(answer, _ends_of(network, sent, tags))


class _Sent(NamedTuple):
    """What is replayed: a packet, from where, and in which subnets somebody is supposed to be."""

    start: str
    packet: simulate.Packet
    supposed: frozenset[str]


def _sent(answer: Answer) -> _Sent | None:
    """Give what stands for an answer; None where nothing can be sent."""
    start, sent = _start(answer.source), answer.witness
    if sent is None or not start or not _repeatable(answer):
        return None
    packet = simulate.Packet(
        sent.source, sent.destination, sent.protocol, sent.source_port, sent.destination_port
    )
    return _Sent(start, packet, _supposed(answer))


@question_about
def _ends_of(network: Network, sent: _Sent, tags: ServiceTags) -> _Ends:
    """Give where it ends; what the input does not tell contradicts nothing.

    Remembered: of the machines behind one frontend, each is told of with the same packet.
    """
    try:
        return _Ends(simulate.replay(network, sent.start, sent.packet, tags, sent.supposed))
    except Undetermined:
        return _Ends(())


class _Ends:
    """Where a packet ends, by every id that holds the place: a pool may have many members."""

    def __init__(self, arrivals: Iterable[Arrival]) -> None:
        self._all = tuple(arrivals)
        self._lost: list[int] = []
        self._at: dict[str, list[int]] = defaultdict(list)
        for number, arrival in enumerate(self._all):
            if arrival.fate is not Fate.DELIVERED:
                self._lost.append(number)
                continue
            at = fold(arrival.at)
            for key in {*_holders(at), *_holders(model_key(at))}:
                self._at[key].append(number)

    def about(self, answer: Answer) -> list[Arrival]:
        """Give those that are about the target, or about the whole of the packet's way."""
        target = answer.path.target if answer.path is not None else answer.target
        wanted = {fold(target.id), fold(answer.target.id)}
        if target.subnet is not None:
            wanted.add(target.subnet.key)
        if target.nic is not None:
            wanted.add(target.nic.key)
        found = {number for end in wanted for number in self._at.get(end, ())}
        if answer.verdict is Verdict.REACHABLE:
            found.update(self._lost)
        return [self._all[number] for number in sorted(found)]


def _holders(key: str) -> Iterator[str]:
    """Give a folded id, and those that it is a part of."""
    yield key
    at = key.rfind("/")
    while at > 0:
        yield key[:at]
        at = key.rfind("/", 0, at)


def _compare(answer: Answer, ends: _Ends) -> None:
    arrivals = ends.about(answer)
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
