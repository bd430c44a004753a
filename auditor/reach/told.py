"""What a finding tells of one packet: in words, to be tried, and hop by hop; replayed before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from auditor.finding import Evidence, Hop, Json
from auditor.network.graph import Network
from auditor.network.reasons import Reason, remedy, teller
from auditor.reach.alternatives import openings_of
from auditor.reach.answer import Answer
from auditor.reach.quoting import quoted
from auditor.reach.replay import check
from auditor.reach.wording import hops_of, packet_words, witness_of


class Told(msgspec.Struct, frozen=True):
    """One packet as a finding carries it.

    `words` name the packet, `witness` is the packet to try, `openings` are what would let it pass
    where it is stopped.
    """

    words: str
    witness: Mapping[str, Json] | None
    hops: tuple[Hop, ...]
    evidence: tuple[Evidence, ...]
    openings: tuple[str, ...]

    @property
    def aside(self) -> str:
        """The packet as an aside in a sentence; nothing where there is no path, hence no packet."""
        return f" ({self.words})" if self.words else ""


def told_of(network: Network, answer: Answer, about: str = "") -> Told:
    """Tell of the witness of an answer; `about` is quoted where no hop stands in the input.

    Raises Contradiction when the simulator says the opposite of the answer.
    """
    check(network, answer, network.tags)
    return Told(
        packet_words(answer),
        witness_of(answer),
        hops_of(answer),
        quoted(network, answer.blockers or answer.hops, about),
        tuple(openings_of(answer.blockers)),
    )


def whys(answers: Iterable[Answer], most: int | None = None) -> str:
    """Say why something is not told of some packets: `most` reasons at most."""
    found = dict.fromkeys(map(str, _reasons(answers)))
    return "; ".join(list(found)[:most]) or "which of several machines or addresses it is"


def teller_of(answers: Iterable[Answer]) -> str:
    """Give the id of who would tell what is not told of some packets, if a reason names anybody."""
    return teller(_reasons(answers))


def remedy_of(answers: Iterable[Answer]) -> str:
    """Give what to do that it is told of some packets, where a reason says so itself."""
    return remedy(_reasons(answers))


def _reasons(answers: Iterable[Answer]) -> Iterator[Reason]:
    for answer in answers:
        yield from answer.reasons or [
            reason for step in answer.hops if step.passes is None for reason in step.reasons
        ]
