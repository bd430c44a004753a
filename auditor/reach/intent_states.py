"""Judged intents in words, for findings and reports."""

from __future__ import annotations

from auditor.finding import IntentState
from auditor.intent import Expect
from auditor.network.graph import Network
from auditor.reach.answer import Answer
from auditor.reach.intents import Judgement, Outcome, judgements
from auditor.reach.wording import hops_of, name_of, packet_words, witness_of

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
