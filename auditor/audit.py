"""One audit, from what was read to the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from auditor import __version__
from auditor.assemble import Policy, judged, report
from auditor.engine import RuleRun, judge
from auditor.finding import (
    Audit,
    IntentState,
    Judged,
    Report,
    SourceSummary,
    Unread,
    WaiverState,
)
from auditor.ids import fold
from auditor.network.build import Built
from auditor.network.graph import Network
from auditor.network.untold import unjudged
from auditor.rule import Rule
from auditor.selection import matches_rule
from auditor.settings import WaiverEntry, places_of_waivers_of
from auditor.snapshot.document import Snapshot
from auditor.topology import Picture

_TELLS_HOLES = "GOV-006"
_UNREAD = frozenset({"partial", "denied", "failed", "damaged", "undecided"})
"""Gaps that a rule may not be asked about (GOV-006 ignored, waived), and hide resources still."""


def audit(
    snapshot: Snapshot,
    built: Built,
    rules: Sequence[Rule[Any]],
    policy: Policy,
    parameters: Mapping[str, Any] | None = None,
    *,
    pictured: bool = False,
) -> Report:
    """Ask the rules of the network, apply the policy, and describe what was audited.

    `pictured` adds the network as a picture, for the renderers that draw it.
    """
    network = built.network
    runs = judge(network, [rule for rule in rules if not rule.after], parameters)
    if not any(rule.id == _TELLS_HOLES for rule in rules):
        _tell_unjudged(network, runs)
    findings = judged(runs, network, snapshot, policy)
    network.waivers = _states(policy.waivers, rules, findings, runs)
    after = [rule for rule in rules if rule.after]
    late = judge(network, after, parameters)
    about = _of_other_waivers(policy.waivers, after, judged(late, network, snapshot, policy))
    if about and any(matches_rule(each.rule, rule) for each in policy.waivers for rule in after):
        network.waivers = _states(policy.waivers, rules, [*findings, *about], runs)
        late = judge(network, after, parameters)
    findings += judged(late, network, snapshot, policy)
    every = [*runs, *late]
    told = report(_describe(snapshot, built), every, findings, policy, _intents(network))
    return replace(told, picture=_picture(network, told)) if pictured else told


def _tell_unjudged(network: Network, runs: Iterable[RuleRun]) -> None:
    """Let each rule say of which parts it could not be asked, where no other rule tells it."""
    for run in runs:
        said = {outcome.subject for outcome in run.outcomes}
        every = unjudged(network, run.rule.judged)
        run.outcomes.extend(one for one in every if one.subject not in said)


def _picture(network: Network, told: Report) -> Picture:
    from auditor.picture.findings import with_findings

    return with_findings(network, told.findings)


def _intents(network: Network) -> tuple[IntentState, ...]:
    if not network.intents:
        return ()
    from auditor.reach.intent_states import states

    return states(network)


def _states(
    waivers: Sequence[WaiverEntry],
    rules: Sequence[Rule[Any]],
    findings: Sequence[Judged],
    runs: Sequence[RuleRun],
) -> tuple[WaiverState, ...]:
    by_id = {rule.id: rule for rule in rules}
    return tuple(
        WaiverState(
            rule=waiver.rule,
            resource=waiver.resource,
            reason=waiver.reason,
            owner=waiver.owner,
            expires=waiver.expires,
            lacking=waiver.lacking,
            used=sum(waiver.covers(by_id[each.rule], each.subject) for each in findings),
            location=waiver.location,
            spoken_for=tuple(sorted(_speakers(waiver, runs))),
        )
        for waiver in waivers
        if any(matches_rule(waiver.rule, rule) for rule in rules)
    )


def _speakers(waiver: WaiverEntry, runs: Sequence[RuleRun]) -> set[str]:
    """Give the rules that tell what a waiver speaks of in place of its own."""
    left = ((run, subject) for run in runs for subject in run.silenced)
    told = (run.left_to[fold(subject)] for run, subject in left if waiver.covers(run.rule, subject))
    return set().union(*told)


def _of_other_waivers(
    waivers: Sequence[WaiverEntry], after: Sequence[Rule[Any]], findings: Sequence[Judged]
) -> list[Judged]:
    """Give the findings about the audit that a waiver of such findings may be there for.

    None about such a waiver itself: two that are of no use would justify each other.
    """
    places = places_of_waivers_of(after, waivers)
    return [each for each in findings if each.location not in places]


def _describe(snapshot: Snapshot, built: Built) -> Audit:
    numbers = [0] * len(snapshot.sources)
    for record in snapshot.records:
        numbers[record.source] += 1
    for found in snapshot.kubernetes:
        numbers[found.source] += 1
    return Audit(
        version=__version__,
        as_of=built.network.as_of.date(),
        sources=tuple(
            SourceSummary(source.name, source.shape, number)
            for source, number in zip(snapshot.sources, numbers, strict=True)
        ),
        scope=snapshot.scope,
        taken_at=snapshot.taken_at,
        resources=built.counts,
        unread=tuple(
            Unread(gap.subject, f"{gap.kind}: {gap.detail}")
            for gap in built.network.gaps
            if gap.kind in _UNREAD
        ),
    )


def moment(day: str | None, now: datetime | None = None) -> datetime:
    """Give the moment to judge at: a date or time in ISO 8601, UTC unless it says otherwise.

    Raises ValueError for anything else.
    """
    if day is None:
        return now or datetime.now(UTC)
    given = datetime.fromisoformat(day)
    return given if given.tzinfo else given.replace(tzinfo=UTC)
