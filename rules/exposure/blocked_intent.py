"""A pair that must reach one another cannot.

## Why it matters
An intent of the configuration says who must be able to reach whom: the gateway the cluster, the
cluster the database. If no packet arrives, the application does not work, and people find out after
go-live, one timeout at a time.

## What fails
An `[[intent]]` with `expect = "reachable"` for which some source has no path to some target, or not
to every port that the intent names. The finding names what stops the packet on the way, and the
smallest change that would let it pass. What an application gateway sends on counts as a path.

## What to do
Make the change that the finding names, and audit again: another hop may be next. If the pair need
not talk, correct the intent.
"""

from __future__ import annotations

from auditor.intent import Expect
from auditor.network.graph import question
from auditor.reach.intent_states import message_of
from auditor.reach.intents import Judgement, Outcome, judgements
from auditor.reach.told import told_of
from auditor.reach.wording import about
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@question
def promises(network: Network) -> tuple[Judgement, ...]:
    """Every intent that demands a path."""
    return tuple(
        judgement
        for judgement in judgements(network)
        if judgement.intent.expect is Expect.REACHABLE
    )


@rule("EXP-011", severity=Severity.HIGH, since="0.1.0", of=promises)
def blocked_intent(network: Network, judgement: Judgement) -> Outcomes:
    """Tell of every pair that has no path."""
    intent = judgement.intent
    if judgement.outcome is Outcome.UNKNOWN:
        yield Unknown(
            str(intent.targets[0]), f"{intent.name}: {message_of(judgement)}", key=intent.name
        )
    for answer in judgement.answers if judgement.outcome is Outcome.BROKEN else ():
        lone = Judgement(intent, Outcome.BROKEN, (answer,))
        told = told_of(network, answer, about(answer))
        yield Finding(
            subject=about(answer),
            message=f"the intent {intent.name} is broken: {message_of(lone)}",
            remedy="; then ".join(told.openings)
            or f"give the target a path, or correct the intent in {intent.location.file} line "
            f"{intent.location.line}",
            evidence=told.evidence,
            key=f"{intent.name} {answer.source.id.lower()} {answer.protocol}",
            witness=told.witness,
            hops=told.hops,
        )
