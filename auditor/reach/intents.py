"""Intents and what became of them; `judging` asks."""

from __future__ import annotations

from enum import Enum

import msgspec

from auditor.intent import Intent
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.reach.answer import Answer


class Outcome(Enum):
    """What became of an intent."""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Judgement(msgspec.Struct, frozen=True):
    """An intent and what became of it.

    `answers` are the counterexamples of a broken one, and what is in doubt of an unknown one.
    `reasons` tell what is missing.
    """

    intent: Intent
    outcome: Outcome
    answers: tuple[Answer, ...] = ()
    reasons: tuple[Reason, ...] = ()


@question
def judgements(network: Network) -> tuple[Judgement, ...]:
    """Judge every intent of the configuration, in its order."""
    if not network.intents:
        return ()
    from auditor.reach.judging import judge  # not read by audits that nothing is expected of

    return tuple(judge(network, intent) for intent in network.intents)
