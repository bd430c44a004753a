"""A certificate cannot be renewed: the way of its HTTP-01 challenge is closed.

## Why it matters
A certificate authority proves that a name is yours by asking it for a token over plain HTTP:
`http://NAME/.well-known/acme-challenge/TOKEN`. It asks when the certificate is renewed, weeks
before it expires; a gateway that sends the question elsewhere goes on working until then.

## What fails
A public listener in use has a path rule for `/.well-known/acme-challenge/`: somebody renews
certificates that way. And

- the path of the rule has no `*` at its end, so that no token fits it;
- the rule's listener is not for HTTP on port 80, and nothing on port 80 answers for its names; or
  what does sends the path to another pool;
- a redirect on the way drops the path (`includePath`); one that keeps it is followed;
- the security group of the gateway's subnet keeps at least half of the internet from port 80: the
  authority does not tell from where it asks;
- a custom rule of the WAF policy in effect, in prevention mode, blocks the path, or all clients but
  a few addresses.

*Unknown* when several path rules take the path and lead to different places, when custom rules ask
for what is not told (countries, headers), and when the gateway's parts are not in the snapshot.
Names that no gateway has such a path for are not judged, nor is what the managed rules of a WAF do.

## What to do
Send `/.well-known/acme-challenge/*` on port 80, unredirected, to the backend that answers
challenges, and let the internet in.

## References
- https://learn.microsoft.com/azure/application-gateway/url-route-overview
- https://learn.microsoft.com/azure/application-gateway/redirect-overview
- Facts T-1, A-10, A-11, A-23, A-24
"""

from __future__ import annotations

from msgspec.structs import replace

from auditor.network.challenge_paths import (
    CHALLENGES,
    challenge_rules,
    label_of,
    spoken_for_by,
)
from auditor.network.doubt import Doubt, settled
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network
from auditor.reach.challenges import Asked, Obstacle, questions
from auditor.resources.gateway_routing import PathRule
from auditor.rule import Finding, Outcomes, Severity, Unknown, apart, rule


@rule("TLS-018", severity=Severity.HIGH, since="0.1.0", of=challenge_rules)
def closed_challenge(network: Network, subject: PathRule | Doubt) -> Outcomes:
    """Follow challenges to one path rule; the first of a map speaks for those beside it."""
    path_rule = settled(subject)
    beside = spoken_for_by(network, path_rule)
    told: set[str] = set()

    def judge(asked: Asked) -> Outcomes:
        for obstacle in asked():
            if obstacle.key in told:
                continue  # of another host
            told.add(obstacle.key)
            yield _finding(network, path_rule, obstacle)

    for outcome in _each_gap_once(apart(path_rule.id, questions(network, path_rule), judge)):
        covers = (("TLS-018", other.id, outcome.key) for other in beside)
        yield replace(outcome, covers=(*outcome.covers, *covers))


def _each_gap_once(outcomes: Outcomes) -> Outcomes:
    """What is not told of a listener keeps several questions open, of each of its hosts too."""
    told: set[tuple[str, ...]] = set()
    for outcome in outcomes:
        if isinstance(outcome, Unknown):
            said = (outcome.missing, *outcome.related)
            if said in told:
                continue
            told.add(said)
        yield outcome


def _finding(network: Network, path_rule: PathRule, obstacle: Obstacle) -> Finding:
    gateway = gateway_of(network, path_rule)
    return Finding(
        subject=path_rule.id,
        message=f"challenges under {CHALLENGES} do not arrive by {label_of(path_rule)} of "
        f"{gateway.label}: {obstacle.says}",
        remedy=obstacle.remedy,
        related=(gateway.id, *(one.id for one in obstacle.related)),
        evidence=obstacle.evidence,
        key=obstacle.key,
        covers=obstacle.covers,
        hops=obstacle.hops,
    )
