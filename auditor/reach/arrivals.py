"""What arrives from the internet through one public address, in words and with a packet to try."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from auditor.addresses import PortSet
from auditor.finding import Hop, Json
from auditor.ids import fold
from auditor.network.graph import Network, question, question_about
from auditor.network.openings import ports_in_words
from auditor.packets.measure import values
from auditor.reach.along import furthest
from auditor.reach.answer import Verdict, answer_on
from auditor.reach.entrances import Entrance, entrances
from auditor.reach.openings import Opening, openings, openings_by, takes_nothing
from auditor.reach.path import Path
from auditor.reach.samples import numbers_of, some_packet
from auditor.reach.space import PORTED
from auditor.reach.told import told_of, whys


class Arrivals(msgspec.Struct, frozen=True):
    """What the internet reaches at an address: `words` end a sentence after a colon.

    `witness` and `hops` are those of a packet that certainly arrives and is answered, if one is;
    `why_not` tells what stops all packets, when something certainly does.
    """

    words: str
    why_not: str = ""
    witness: dict[str, Json] | None = None
    hops: tuple[Hop, ...] = ()


@question_about
def arrivals(network: Network, arm_id: str) -> Arrivals:
    """Give what arrives through a public IP, or at the ip configuration or frontend with one.

    Any source, and sources of which only some get in, are told apart; so is what only may arrive.
    """
    found = _openings(network, fold(arm_id))
    sure = _united(opening.certain for opening in found)
    some = _less(_united(map(_let_in, found)), sure)
    perhaps = _less(_united(opening.possible for opening in found), sure)
    words = [
        f"{ports_in_words(ports)} from {who}"
        for ports, who in ((sure, "anywhere"), (some, "some addresses"))
        if ports
    ]
    if perhaps:
        shown = (o.shown(o.possible, certain=False) for o in found if o.possible)
        why = whys((answer for answer in shown if answer is not None), most=1)
        words.append(f"perhaps {ports_in_words(perhaps)} ({why})")
    if not words:
        why = _why_not(found)
        if not why:
            return Arrivals("nothing: it leads to no machine of the input")
        return Arrivals(f"nothing, since {why}", f"since {why}")
    shown_sure = (o.shown(o.certain, certain=True) for o in found if o.certain)
    first = next((answer for answer in shown_sure if answer is not None), None)
    if first is None:
        return Arrivals(", ".join(words))
    told = told_of(network, first)
    witness = dict(told.witness) if told.witness is not None else None
    return Arrivals(", ".join(words), witness=witness, hops=told.hops)


@question_about
def _openings(network: Network, key: str) -> tuple[Opening, ...]:
    """The openings of an address, or of a node that carries some; those too that take nothing."""
    here = _entrances(network).get(key, ())
    if any(takes_nothing(network, each) for each in here):
        return openings_by(network, here)
    return _by_id(network).get(key, ())


@question
def _entrances(network: Network) -> dict[str, list[Entrance]]:
    """The entrances by the ids of their addresses and of the nodes that carry these."""
    found: dict[str, list[Entrance]] = defaultdict(list)
    for entrance in entrances(network):
        for key in {entrance.address.lower(), entrance.node.key}:
            found[key].append(entrance)
    return found


@question
def _by_id(network: Network) -> dict[str, tuple[Opening, ...]]:
    """The openings by the ids of their addresses and of the nodes that carry these."""
    found: dict[str, list[Opening]] = defaultdict(list)
    for opening in openings(network):
        for key in {opening.key, opening.entrance.node.key}:
            found[key].append(opening)
    return {key: tuple(each) for key, each in found.items()}


def _united(every: Iterable[dict[str, PortSet]]) -> dict[str, PortSet]:
    total: dict[str, PortSet] = {}
    for ports in every:
        for protocol, found in ports.items():
            total[protocol] = total.get(protocol, PortSet()) | found
    return total


def _less(ports: dict[str, PortSet], others: dict[str, PortSet]) -> dict[str, PortSet]:
    left = {name: found - others.get(name, PortSet()) for name, found in ports.items()}
    return {name: found for name, found in left.items() if found}


def _let_in(opening: Opening) -> dict[str, PortSet]:
    """The ports, by protocol, on which anybody at all gets in for certain."""
    space = opening.paths[0].trail.space
    found = {
        protocol: PortSet(
            values(
                opening.bounds.must & space.having(protocols=numbers_of(protocol, space.version)),
                "destination_port",
            )
        )
        for protocol in PORTED
    }
    return {protocol: ports for protocol, ports in found.items() if ports}


def why_not_by(network: Network, arm_id: str, rule: str) -> str:
    """Say what stops all that one rule (its key) would forward at an address; empty if some pass.

    `since NSG denies it`. So it is where the rule leads to no machine of the input.
    """
    found = _openings(network, fold(arm_id))
    # A port that is one machine's makes a choice of its own, named after the rule (E-18).
    paths = [
        path for each in found for path in each.paths if path.trail.choice.split()[:1] == [rule]
    ]
    if any(not path.bounds.may.is_empty for path in paths):
        return ""
    why = _stopped(paths)
    return f"since {why}" if why else ""


def _why_not(found: tuple[Opening, ...]) -> str:
    return _stopped(path for opening in found for path in opening.paths)


def _stopped(paths: Iterable[Path]) -> str:
    for path in paths:
        packet = some_packet(furthest(path, path.trail.sent))
        if packet is not None:
            answer = answer_on(path, packet, Verdict.BLOCKED)
            if answer.blockers:
                return answer.blockers[0].says
    return ""
