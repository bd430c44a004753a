"""A workbook for people who work in spreadsheets: summary, controls, findings, rules.

Every text is written as text, never as formula or link; what a spreadsheet would take for a
formula, were it typed, carries the mark that says otherwise. The same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from auditor.finding import Report, RuleSummary, Severity
from auditor.rendering import needs

from ._compliance import outcomes
from ._table import COLUMNS, FORMULA, rows
from ._text import visible
from ._totals import Totals, consequence, unread_lines, verdict

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

Cell: TypeAlias = str | int

LONGEST = 32_767
"""Characters that a cell holds."""
LAST_ROW = 1_048_575
"""The last row of a sheet, counted from 0."""
_CUT = "… (cut: the JSON report has all of it)"
_WIDTHS = {"title": 40, "subject": 60, "message": 80, "remedy": 60, "reason": 60, "evidence": 60}


@needs(compliance=True, binary=True, extra="office", modules=("xlsxwriter",))
def render(report: Report, out: BinaryIO) -> None:
    """Write the workbook."""
    import xlsxwriter

    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False})
    made = datetime.combine(report.audit.as_of, time())
    book.set_properties({"title": "Azure network audit", "created": made})
    writer = _Writer(book)
    writer.sheet("Summary", ("what", "value"), _summary(report))
    if report.compliance:
        writer.sheet("Controls", _CONTROLS, _controls(report))
    writer.sheet("Findings", COLUMNS, rows(report))
    names = RuleSummary.__struct_fields__
    writer.sheet("Rules", names, (_rule(rule, names) for rule in report.rules))
    book.close()


class _Writer:
    """Sheets of a workbook, each a table with a heading that stays and a filter."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.heading: Any = book.add_format({"bold": True, "bottom": 1})
        self.text: Any = book.add_format({"text_wrap": True, "valign": "top"})
        self.guarded: Any = book.add_format(
            {"text_wrap": True, "valign": "top", "quote_prefix": True}
        )

    def sheet(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Write one sheet, as many rows as it holds."""
        sheet = self.book.add_worksheet(name)
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, self.heading)
            sheet.set_column(column, column, _WIDTHS.get(head, 18))
        last = 0
        for last, row in enumerate(rows, 1):
            if last == LAST_ROW:
                sheet.write_string(last, 0, "more are in the JSON report", self.heading)
                break
            for column, cell in enumerate(row):
                self._write(sheet, last, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, last, len(heads) - 1)

    def _write(self, sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        if isinstance(cell, int):
            sheet.write_number(row, column, cell, self.text)
            return
        shown = visible(cell)
        if len(shown.encode("utf-16-le")) > 2 * LONGEST:
            shown = shown[: LONGEST // 2 - len(_CUT)] + _CUT
        guarded = self.guarded if cell.startswith(FORMULA) else self.text
        sheet.write_string(row, column, shown, guarded)


def _summary(report: Report) -> Iterable[tuple[Cell, ...]]:
    audit, totals = report.audit, Totals.of(report)
    yield "verdict", verdict(totals)
    yield "outcome", consequence(report)
    yield "as of", audit.as_of.isoformat()
    yield "snapshot taken", audit.taken_at or "not told"
    yield "auditor", audit.version
    for severity in reversed(Severity):
        yield f"broken, {severity.word}", totals.broken[severity]
    for severity in reversed(Severity):
        yield f"unknown, {severity.word}", totals.unknown[severity]
    yield "waived", totals.waived
    yield "baseline", totals.baseline
    yield "gone from the baseline", report.fixed
    yield "rules asked", totals.rules
    yield "rules kept by every subject", totals.kept
    yield "rules with nothing to judge", totals.idle
    for framework in report.compliance:
        yield f"controls of {framework.title}", outcomes(framework)
        if framework.note:
            yield "note", framework.note
    for line in unread_lines(report, 20):
        yield "not read", line
    for scope in audit.scope:
        yield "scope", scope
    for source in audit.sources:
        yield "source", f"{source.name} ({source.shape}, {source.records} records)"


_CONTROLS = (
    *("framework", "control", "title", "outcome", "reason", "rules", "intents"),
    *("broken", "unknown", "accepted"),
)


def _controls(report: Report) -> Iterable[tuple[Cell, ...]]:
    for framework in report.compliance:
        for control in framework.controls:
            yield (
                *(framework.name, control.id, control.title, control.outcome.value),
                *(control.reason, ", ".join(control.rules), ", ".join(control.intents)),
                *(control.broken, control.unknown, control.accepted),
            )


def _rule(rule: RuleSummary, names: Sequence[str]) -> tuple[Cell, ...]:
    values = (getattr(rule, name) for name in names)
    return tuple(value.word if isinstance(value, Severity) else value for value in values)
