"""From what rules said to the report: waivers, baseline, locations, order, verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from auditor import baseline as known
from auditor.engine import RuleRun, fingerprints, severity_of
from auditor.finding import (
    Audit,
    IntentState,
    Judged,
    Location,
    Report,
    RuleSummary,
    Severity,
    Status,
    Unknown,
    Waiver,
)
from auditor.ids import fold
from auditor.network.graph import Network
from auditor.network.holes import naming
from auditor.resources.base import Node
from auditor.rule import Outcome
from auditor.settings import WaiverEntry, places_of_waivers_of
from auditor.snapshot.document import KubernetesObject, Record, Snapshot
from auditor.snapshot.locate import Locator

_LOCATED = 8
"""After how many findings the text read to tell their places is given back to the system.

Few: of a file that was written lately, the system may map megabytes for one place.
"""

_ORDER = {Status.BROKEN: 0, Status.UNKNOWN: 1, Status.WAIVED: 2, Status.BASELINE: 3}


class Policy(msgspec.Struct, frozen=True):
    """How outcomes become a verdict."""

    day: date
    threshold: Severity = Severity.HIGH
    strict: bool = False
    waivers: tuple[WaiverEntry, ...] = ()
    baseline: known.Baseline | None = None


def judged(
    runs: Iterable[RuleRun], network: Network, snapshot: Snapshot, policy: Policy
) -> list[Judged]:
    """Give every outcome its status, fingerprint and location.

    Nobody waives what a rule about the audit says of a waiver of such findings: it would hide that
    it is of no use itself.
    """
    runs = tuple(runs)
    about_itself = places_of_waivers_of((r.rule for r in runs if r.rule.after), policy.waivers)
    active = tuple(waiver for waiver in policy.waivers if waiver.holds(policy.day))
    old = policy.baseline.fingerprints if policy.baseline else frozenset()
    places = _Places(snapshot)
    found = []
    for run in runs:
        for outcome, mark in zip(run.outcomes, fingerprints(run.rule, run.outcomes), strict=True):
            where = _location(outcome, network, places)
            finding = _judged(run, outcome, mark, where)
            waiver = next((w for w in active if w.covers(run.rule, outcome.subject)), None)
            if where in about_itself:
                waiver = None
            if waiver is not None and waiver.expires is not None:
                accepted = Waiver(waiver.reason, waiver.owner, waiver.expires)
                finding = replace(finding, status=Status.WAIVED, waiver=accepted)
            elif mark in old:
                finding = replace(finding, status=Status.BASELINE)
            found.append(finding)
            if len(found) % _LOCATED == 0:
                snapshot.release()
    return found


def _judged(
    run: RuleRun,
    outcome: Outcome,
    mark: str,
    where: Location | None,
) -> Judged:
    rule = run.rule
    common: dict[str, Any] = {
        "rule": rule.id,
        "name": rule.name,
        "title": rule.title,
        "family": rule.family,
        "severity": severity_of(rule, outcome),
        "subject": outcome.subject,
        "remedy": outcome.remedy,
        "fingerprint": mark,
        "location": where,
        "related": outcome.related,
        "evidence": outcome.evidence,
    }
    if isinstance(outcome, Unknown):
        message = f"cannot tell: {outcome.missing}"
        return Judged(status=Status.UNKNOWN, message=message, untold=True, **common)
    return Judged(
        status=Status.BROKEN,
        message=outcome.message,
        also=run.general(outcome),
        witness=outcome.witness,
        hops=outcome.hops,
        **common,
    )


def _order(finding: Judged) -> tuple[Any, ...]:
    return (
        _ORDER[finding.status],
        -finding.severity,
        finding.rule,
        fold(finding.subject),
        finding.fingerprint,
    )


class _Places:
    """Where the input tells what: rules often speak of one place."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known: dict[tuple[str, str], Location] = {}
        self._last: Locator | None = None

    def of(self, record: Record | KubernetesObject, pointer: str) -> Location:
        """Give the place of what a pointer into a record leads to."""
        known = self._known.get((record.id, pointer))
        if known is None:
            source = self._snapshot.sources[record.source]
            if self._last is None or self._last.record is not record:
                self._last = Locator(source, record)
            line, spelled = self._last.locate(pointer)
            known = Location(source.name, line, spelled)
            self._known[record.id, pointer] = known
        return known


def _location(outcome: Outcome, network: Network, places: _Places) -> Location | None:
    """Give the place in the input of the first evidence, else of the subject or a relation.

    A subject that the input lacks is where somebody names it.
    """
    if outcome.location is not None:
        return outcome.location
    for resource, pointer in (
        *((each.resource, each.pointer) for each in outcome.evidence[:1]),
        (outcome.subject, None),
        *((each, None) for each in outcome.related),
    ):
        node = network.find(resource)
        if isinstance(node, Node) and node.root.record is not None:
            where = node.pointer if pointer is None else pointer
            return places.of(node.root.record, where)
        for found in network.kubernetes:
            if found.id == resource:
                return places.of(found, pointer or "")
    named = naming(network, outcome.subject)
    if named is None or named.source.root.record is None:
        return None
    return places.of(named.source.root.record, f"{named.source.pointer}{named.pointer}")


def report(
    audit: Audit,
    runs: Sequence[RuleRun],
    findings: Sequence[Judged],
    policy: Policy,
    intents: tuple[IntentState, ...] = (),
) -> Report:
    """Put it together; `findings` as given by `judged`, in any order."""
    findings = sorted(findings, key=_order)
    speaking = {finding.rule for finding in findings}
    return Report(
        audit=audit,
        rules=_summaries(runs, findings),
        findings=tuple(findings),
        threshold=policy.threshold,
        strict=policy.strict,
        failed=any(_fails(finding, policy) for finding in findings),
        fixed=_fixed(runs, findings, policy),
        intents=intents,
        pages={run.rule.id: run.rule.page for run in runs if run.rule.id in speaking},
        controls={run.rule.id: run.rule.controls for run in runs if run.rule.controls},
        silenced=frozenset((run.rule.id, subject) for run in runs for subject in run.silenced),
    )


def _fails(finding: Judged, policy: Policy) -> bool:
    counted = (Status.BROKEN, Status.UNKNOWN) if policy.strict else (Status.BROKEN,)
    return finding.status in counted and finding.severity >= policy.threshold


def _fixed(runs: Sequence[RuleRun], findings: Sequence[Judged], policy: Policy) -> int:
    if policy.baseline is None:
        return 0
    return known.fixed(policy.baseline, findings, frozenset(run.rule.id for run in runs))


def _summaries(runs: Sequence[RuleRun], findings: Iterable[Judged]) -> tuple[RuleSummary, ...]:
    numbers = Counter((finding.rule, finding.status) for finding in findings)
    return tuple(
        RuleSummary(
            rule=run.rule.id,
            name=run.rule.name,
            title=run.rule.title,
            family=run.rule.family,
            severity=run.rule.severity,
            kept=run.kept,
            **{status.value: numbers[run.rule.id, status] for status in Status},
        )
        for run in sorted(runs, key=lambda run: run.rule.id)
    )
