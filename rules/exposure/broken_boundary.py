"""A pair that must not reach one another does.

## Why it matters
An intent of the configuration says who must never reach whom: the internet the database, the test
network the production one. A packet that arrives all the same shows that the network is not what
its architecture says, whatever each single security group looks like.

## What fails
An `[[intent]]` with `expect = "unreachable"` for which some packet from one of its sources arrives
at one of its targets, or with `expect = "only"` for which some packet arrives anywhere but at its
targets. The finding carries the packet and every hop on its way, each with the rule that lets it
pass. A connection that an application gateway opens towards its backends is the gateway's own, and
breaks no intent about its clients.

## What to do
Close the hop that should be closed: the finding names the rules and routes that let the packet
pass. If the path is wanted, correct the intent.
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
def boundaries(network: Network) -> tuple[Judgement, ...]:
    """Every intent that forbids something."""
    return tuple(
        judgement
        for judgement in judgements(network)
        if judgement.intent.expect is not Expect.REACHABLE
    )


@rule("EXP-010", severity=Severity.CRITICAL, since="0.1.0", of=boundaries)
def broken_boundary(network: Network, judgement: Judgement) -> Outcomes:
    """Tell of every packet that crosses, one for each target."""
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
            remedy="close one of the hops that let the packet pass, or correct the intent in "
            f"{intent.location.file} line {intent.location.line}",
            evidence=told.evidence,
            key=f"{intent.name} {answer.source.id.lower()} {answer.protocol}",
            witness=told.witness,
            hops=told.hops,
        )
