"""A table for spreadsheets: a row for each finding, and no cell that a spreadsheet would run.

Intents that are kept have a row each, at the end.
"""

from __future__ import annotations

import csv
import io
from typing import TextIO

from auditor.finding import IntentState, Judged, Report

from ._text import emit, remedy_lines, value_text, visible

COLUMNS = (
    *("status", "severity", "rule", "name", "title", "subject", "message", "remedy", "evidence"),
    *("related", "also", "file", "line", "pointer", "fingerprint"),
    *("waiver_reason", "waiver_owner", "waiver_expires"),
)
# What makes a cell a formula, in its full-width spelling too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def render(report: Report, out: TextIO) -> None:
    """Write UTF-8 with a byte order mark, by which Excel knows it."""
    text = io.StringIO()
    if (getattr(out, "encoding", None) or "utf-8").lower().startswith("utf"):
        out.write("\ufeff")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in report.findings:
        writer.writerow([_cell(cell) for cell in _row(finding)])
    for intent in report.intents:
        if intent.outcome == "kept":  # the others are findings
            writer.writerow([_cell(cell) for cell in _kept(intent)])
    emit(out, text.getvalue())


def _cell(text: str) -> str:
    return "'" + visible(text) if text.startswith(_FORMULA) else visible(text)


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
