"""The findings as rows of cells, for the formats that are tables."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.finding import IntentState, Judged, Report

from ._text import remedy_lines, value_text

COLUMNS = (
    *("status", "severity", "rule", "name", "title", "subject", "message", "remedy", "evidence"),
    *("related", "also", "file", "line", "pointer", "fingerprint"),
    *("waiver_reason", "waiver_owner", "waiver_expires"),
)
# What makes a cell a formula, in its full-width spelling too.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def rows(report: Report) -> Iterator[tuple[str, ...]]:
    """Give a row for each finding, then one for each intent that is kept; others are findings."""
    for finding in report.findings:
        yield _row(finding)
    for intent in report.intents:
        if intent.outcome == "kept":
            yield _kept(intent)


def _kept(intent: IntentState) -> tuple[str, ...]:
    where = intent.location
    told = {
        "status": intent.outcome,
        "name": "intent",
        "title": intent.name,
        "message": intent.message,
        "file": where.file if where else "",
        "line": str(where.line) if where and where.line else "",
        "pointer": where.pointer if where else "",
    }
    return tuple(told.get(column, "") for column in COLUMNS)


def _row(finding: Judged) -> tuple[str, ...]:
    where, waiver = finding.location, finding.waiver
    return (
        finding.status.value,
        finding.severity.word,
        finding.rule,
        finding.name,
        finding.title,
        finding.subject,
        finding.message,
        " ; ".join(remedy_lines(finding)),
        " ; ".join(f"{e.resource} {e.pointer} = {value_text(e.value)}" for e in finding.evidence),
        " ; ".join(finding.related),
        " ; ".join(finding.also),
        where.file if where else "",
        str(where.line) if where and where.line else "",
        where.pointer if where else "",
        finding.fingerprint,
        waiver.reason if waiver else "",
        waiver.owner if waiver else "",
        waiver.expires.isoformat() if waiver else "",
    )
