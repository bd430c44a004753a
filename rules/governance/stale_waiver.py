"""A waiver is expired, unused, or without owner, reason or end.

## Why it matters
A waiver turns a finding off. One without an owner or an end is a decision nobody can be asked
about and nobody revisits; one that matches nothing is a typing error that hides no fault today
and another one tomorrow.

## What fails
A `[[waiver]]` of the configuration that

- is past its `expires` day (it no longer waives anything),
- lacks `reason`, `owner` or `expires` (it never waived anything),
- speaks of no finding of this audit, although the rule it names ran; so does one of what a more
  special rule tells in the place of its own.

A waiver of a rule that did not run (because of `select` or `ignore`) is not judged. What is told of
a waiver of this rule itself no waiver takes back.

## What to do
Mend the finding and delete the waiver, or renew it: a reason, an owner, and a new last day.
A waiver that matches nothing: correct its `rule` or `resource`, or delete it.
"""

from __future__ import annotations

from auditor.finding import WaiverState
from auditor.rule import Finding, Network, Outcomes, Severity, rule


def waivers(network: Network) -> tuple[WaiverState, ...]:
    """Every waiver of the configuration whose rule ran."""
    return network.waivers


@rule(
    "GOV-008",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=waivers,
    after=True,
    peers=("PSR:Policy.WaiverExpiry",),
)
def stale_waiver(network: Network, waiver: WaiverState) -> Outcomes:
    """Judge one waiver at the day of the audit."""
    fault = _fault(network, waiver)
    if fault is not None:
        message, remedy = fault
        yield Finding(
            subject=waiver.resource,
            message=f"the waiver of {waiver.rule} for {waiver.resource} {message}",
            remedy=f"{remedy}, in {waiver.location.file} line {waiver.location.line}",
            key=waiver.rule,
            location=waiver.location,
        )


def _fault(network: Network, waiver: WaiverState) -> tuple[str, str] | None:
    if waiver.lacking:
        missing = " and ".join(waiver.lacking)
        return f"has no {missing}, so it waives nothing", f"add {missing}"
    if waiver.expires is not None and waiver.expires < network.as_of.date():
        owner = f"ask {waiver.owner} to "
        return f"expired on {waiver.expires}", owner + "mend the finding, or renew the waiver"
    if not waiver.used and waiver.spoken_for:
        special = " and ".join(waiver.spoken_for)
        return (
            f"matches no finding: {special} speaks for it",
            f"waive {special} if that is meant, or delete it",
        )
    if not waiver.used:
        return "matches no finding", "correct its rule or resource, or delete it"
    return None
