"""Intents whose packets would have to go by a virtual hub that keeps the two ends apart (R-29)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from auditor.intent import Expect
from auditor.network.graph import Network, question
from auditor.network.hub_routing import Spoke, branches, governed, learns, spokes
from auditor.reach.answer import Answer, Verdict
from auditor.reach.intents import judgements
from auditor.reach.wording import name_of


class Apart(msgspec.Struct, frozen=True):
    """A connection over which an intent's packets cannot go to another one, nor come back.

    `why` says what may teach the hub another way, empty when nothing does.
    """

    here: Spoke
    there: Spoke
    intent: str
    ends: str
    why: str


@question
def kept_apart(network: Network) -> dict[str, tuple[Apart, ...]]:
    """Give the broken promises of each connection, by its key."""
    found: dict[str, dict[tuple[str, str], Apart]] = defaultdict(dict)
    if not spokes(network):
        return {}
    for judgement in judgements(network):
        if judgement.intent.expect is not Expect.REACHABLE:
            continue
        for answer in judgement.answers:
            for apart in _of_answer(network, judgement.intent.name, answer):
                key = (apart.intent, apart.there.connection.key)
                found[apart.here.connection.key].setdefault(key, apart)
    return {key: tuple(each.values()) for key, each in found.items()}


def _of_answer(network: Network, intent: str, answer: Answer) -> Iterator[Apart]:
    if answer.verdict is Verdict.REACHABLE or answer.source.home == answer.target.home:
        return
    ends = f"{name_of(answer.source)} to {name_of(answer.target)}"
    for here in _at(network).get(answer.source.home, ()):
        for there in _at(network).get(answer.target.home, ()):
            if here.wan != there.wan or governed(network, here, there):
                continue
            ways = learns(network, here, there), learns(network, there, here)
            if all(way.answer is False for way in ways):
                yield Apart(here, there, intent, ends, branches(network, here.wan))


@question
def _at(network: Network) -> dict[str, list[Spoke]]:
    found: dict[str, list[Spoke]] = defaultdict(list)
    for spoke in spokes(network).values():
        if spoke.vnet:
            found[spoke.vnet].append(spoke)
    return found
