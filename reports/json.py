"""The report for programs, `auditor.report/1`; its JSON Schema is what `auditor schema` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

from auditor.finding import (
    Audit,
    ControlResult,
    FrameworkResult,
    Hop,
    IntentState,
    Judged,
    Location,
    Report,
    RuleSummary,
    Severity,
    Status,
)
from auditor.schema import REPORT

from ._json import dumps

if TYPE_CHECKING:
    from auditor.past import Past


def render(report: Report, out: TextIO) -> None:
    """Write the whole report as one JSON object."""
    written: dict[str, Any] = {
        "schema": REPORT,
        "audit": _audit(report.audit),
        "summary": _summary(report),
    }
    if report.intents:
        written["intents"] = [_intent(intent) for intent in report.intents]
    if report.compliance:
        written["compliance"] = [_framework(framework) for framework in report.compliance]
    if report.history is not None:
        written["history"] = _history(report.history)
    written["findings"] = [_finding(finding) for finding in report.findings]
    out.write(dumps(written))


def _history(past: Past) -> dict[str, Any]:
    before = past.previous
    return {
        "estate": past.estate,
        "run": past.current.number,
        "recorded": past.recorded,
        "previous": None if before is None else before.number,
        "runs": [{**asdict(entry), "coverage": entry.coverage} for entry in past.entries],
        "lives": [
            {
                "fingerprint": life.fingerprint,
                "first_at": life.first_at,
                "opened_at": life.opened_at,
                "reopened": life.reopened,
            }
            for life in past.lives.values()
        ],
        "new": [life.fingerprint for life in past.new],
        "reopened": [life.fingerprint for life in past.reopened],
        "gone": [asdict(life) for life in past.gone],
        "untold": [asdict(life) for life in past.untold],
        "ages": [asdict(age) for age in past.ages],
        "endings": [asdict(ending) for ending in past.endings],
    }


def _audit(audit: Audit) -> dict[str, Any]:
    told: dict[str, Any] = {
        "version": audit.version,
        "as_of": audit.as_of.isoformat(),
        "taken_at": audit.taken_at,
        "scope": list(audit.scope),
        "sources": [
            {"name": source.name, "shape": source.shape, "records": source.records}
            for source in audit.sources
        ],
        "resources": {
            "understood": _counts(audit, understood=True),
            "counted": _counts(audit, understood=False),
        },
    }
    if audit.unread:
        told["unread"] = [{"subject": each.subject, "reason": each.reason} for each in audit.unread]
    return told


def _counts(audit: Audit, *, understood: bool) -> list[dict[str, Any]]:
    return [
        {"type": kind.type, "count": kind.count}
        for kind in audit.resources
        if kind.understood is understood
    ]


def _summary(report: Report) -> dict[str, Any]:
    return {
        "failed": report.failed,
        "threshold": report.threshold.word,
        "strict": report.strict,
        "fixed": report.fixed,
        "severities": _severities(report),
        "rules": [_rule(rule) for rule in report.rules],
        "waivers": [
            {
                "fingerprint": finding.fingerprint,
                "reason": finding.waiver.reason,
                "owner": finding.waiver.owner,
                "expires": finding.waiver.expires.isoformat(),
            }
            for finding in report.findings
            if finding.waiver is not None
        ],
    }


def _severities(report: Report) -> dict[str, dict[str, int]]:
    kept: Counter[Severity] = Counter()
    for rule in report.rules:
        kept[rule.severity] += rule.kept
    found = Counter((finding.severity, finding.status) for finding in report.findings)
    return {
        severity.word: {
            "kept": kept[severity],
            **{status.value: found[severity, status] for status in Status},
        }
        for severity in reversed(Severity)
    }


def _rule(rule: RuleSummary) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "name": rule.name,
        "title": rule.title,
        "family": rule.family,
        "severity": rule.severity.word,
        "kept": rule.kept,
        "broken": rule.broken,
        "unknown": rule.unknown,
        "waived": rule.waived,
        "baseline": rule.baseline,
    }


def _intent(intent: IntentState) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": intent.name,
        "expect": intent.expect,
        "outcome": intent.outcome,
        "message": intent.message,
        "location": _location(intent.location),
    }
    if intent.witness is not None:
        written["witness"] = dict(intent.witness)
    if intent.hops:
        written["hops"] = _hops(intent.hops)
    return written


def _framework(framework: FrameworkResult) -> dict[str, Any]:
    return {
        "framework": framework.name,
        "title": framework.title,
        "note": framework.note,
        "controls": [_control(control) for control in framework.controls],
    }


def _control(control: ControlResult) -> dict[str, Any]:
    return {
        "id": control.id,
        "title": control.title,
        "outcome": control.outcome.value,
        "reason": control.reason,
        "rules": list(control.rules),
        "intents": list(control.intents),
        "broken": control.broken,
        "unknown": control.unknown,
        "accepted": control.accepted,
        "findings": list(control.fingerprints),
    }


def _location(where: Location | None) -> dict[str, Any] | None:
    if where is None:
        return None
    return {"file": where.file, "line": where.line, "pointer": where.pointer}


def _hops(hops: Iterable[Hop]) -> list[dict[str, Any]]:
    return [{"resource": hop.resource, "rule": hop.rule, "reason": hop.reason} for hop in hops]


def _finding(finding: Judged) -> dict[str, Any]:
    written: dict[str, Any] = {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.word,
        "status": finding.status.value,
        "subject": finding.subject,
        "related": list(finding.related),
        "message": finding.message,
        "remedy": finding.remedy,
        "evidence": [
            {"resource": read.resource, "pointer": read.pointer, "value": read.value}
            for read in finding.evidence
        ],
        "location": _location(finding.location),
        "fingerprint": finding.fingerprint,
    }
    if finding.also:
        written["also"] = list(finding.also)
    if finding.witness is not None:
        written["witness"] = dict(finding.witness)
    if finding.hops:
        written["hops"] = _hops(finding.hops)
    return written
