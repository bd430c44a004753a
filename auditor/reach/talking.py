"""Whether some machines can talk to a service on one port, whichever of its ends they use."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import PortSet
from auditor.network.graph import Network
from auditor.reach.answer import Answer, Verdict, answers
from auditor.reach.points import Point
from auditor.reach.replay import check

_RANK = {Verdict.REACHABLE: 0, Verdict.UNKNOWN: 1, Verdict.BLOCKED: 2}


def talk(
    network: Network, sources: Iterable[Point], targets: Iterable[Point], port: int
) -> Answer | None:
    """Give the answer of the pair that gets furthest over TCP; None when there is no pair.

    Blocked: no source reaches any target. The witness has stood the replay.
    """
    best: Answer | None = None
    for answer in _every(network, sources, tuple(targets), port):
        if best is None or _order(answer) < _order(best):
            best = answer
            if answer.verdict is Verdict.REACHABLE:
                break
    if best is not None:
        check(network, best, network.tags)
    return best


def _every(
    network: Network, sources: Iterable[Point], targets: tuple[Point, ...], port: int
) -> Iterable[Answer]:
    for source in sources:
        for target in targets:
            if source.id != target.id:
                yield from answers(
                    network,
                    source,
                    target,
                    protocols=("tcp",),
                    ports=PortSet.of(port),
                    tags=network.tags,
                )


def _order(answer: Answer) -> tuple[int, int]:
    return _RANK[answer.verdict], len(answer.blockers)
