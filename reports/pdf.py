"""A page to print and to forward: the verdict, the controls, what is broken, what is accepted.

Text is drawn as text. Characters that the standard fonts of PDF lack are shown by their codes. The
same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.sax.saxutils import escape

from auditor.finding import ControlOutcome, FrameworkResult, Judged, Report, Severity, Status
from auditor.rendering import needs

from ._compliance import outcomes, told, uncovered
from ._names import Names
from ._text import place, plural, remedy_lines, sentence, title, visible
from ._totals import Totals, by_rule, consequence, of_status, unread_lines, verdict

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable

MOST = 200
"""Findings of one status that are told; a page is read, the JSON report is complete."""
_LONGEST = 600
"""Characters of one text: a cell of a table must fit a page."""
_COLORS = {
    ControlOutcome.NOT_SATISFIED: "#a4262c",
    ControlOutcome.NOT_TOLD: "#8a3ffc",
    ControlOutcome.SATISFIED: "#0b6a0b",
    ControlOutcome.NOTHING: "#555555",
    ControlOutcome.NOT_COVERED: "#555555",
}


@needs(compliance=True, binary=True, extra="office", modules=("reportlab",))
def render(report: Report, out: BinaryIO) -> None:
    """Write the document."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title="Azure network audit",
        author="auditor",
        lang="en",
        invariant=1,
    )
    story = list(_Page(report).story())
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)


def _foot(canvas: Canvas, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(document.pagesize[0] - 51, 30, f"page {canvas.getPageNumber()}")
    canvas.restoreState()


def text_of(text: str) -> str:
    """Write text as reportlab's markup takes it for text, with the characters that fonts have."""
    shown = visible(text)
    if len(shown) > _LONGEST:
        shown = shown[: _LONGEST - 1] + "…"
    known = shown.encode("cp1252", "backslashreplace").decode("cp1252")
    return escape(known)


class _Page:
    """The parts of the document, from top to bottom."""

    def __init__(self, report: Report) -> None:
        from reportlab.lib.colors import HexColor
        from reportlab.lib.styles import ParagraphStyle

        self.report = report
        self.names = Names.of(report)
        dim = HexColor("#444444")
        base = ParagraphStyle("base", fontName="Helvetica", fontSize=9, leading=12, spaceAfter=3)
        self.styles = {
            "text": base,
            "small": ParagraphStyle("small", base, fontSize=8, leading=10, textColor=dim),
            "title": ParagraphStyle("title", base, fontSize=18, leading=22, spaceAfter=6),
            "heading": ParagraphStyle(
                "heading", base, fontName="Helvetica-Bold", fontSize=12, leading=16,
                spaceBefore=10, keepWithNext=1,
            ),
            "rule": ParagraphStyle(
                "rule", base, fontName="Helvetica-Bold", spaceBefore=6, keepWithNext=1
            ),
            "inner": ParagraphStyle("inner", base, leftIndent=12),
            "mend": ParagraphStyle(
                "mend", base, leftIndent=12, fontSize=8, leading=10, textColor=dim
            ),
        }  # fmt: skip

    def story(self) -> Iterator[Flowable]:
        """Give the parts."""
        yield from self._head()
        yield from self._numbers()
        for framework in self.report.compliance:
            yield from self._framework(framework)
        yield from self._intents()
        yield from self._findings("Broken", Status.BROKEN)
        yield from self._findings("Cannot tell", Status.UNKNOWN)
        yield from self._accepted("Waived", Status.WAIVED)
        yield from self._accepted("Known from the baseline", Status.BASELINE)

    def _said(self, style: str, markup: str) -> Flowable:
        from reportlab.platypus import Paragraph

        return Paragraph(markup, self.styles[style])

    def _head(self) -> Iterator[Flowable]:
        audit, totals = self.report.audit, Totals.of(self.report)
        yield self._said("title", "Azure network audit")
        yield self._said("text", f"<b>{text_of(verdict(totals))}</b>")
        yield self._said("text", f"{text_of(consequence(self.report))}.")
        taken = f", snapshot taken {audit.taken_at}" if audit.taken_at else ""
        when = f"As of {audit.as_of.isoformat()}{taken}, auditor {audit.version}."
        yield self._said("small", text_of(when))
        scopes = [self._said("small", f"scope: {text_of(each)}") for each in audit.scope]
        records = plural(sum(source.records for source in audit.sources), "record")
        sources = f"{plural(len(audit.sources), 'source')}, {records}"
        yield from [*scopes[:20], self._said("small", text_of(sources))]
        for line in unread_lines(self.report, 20):
            yield self._said("small", f"not read: {text_of(line)}")

    def _numbers(self) -> Iterator[Flowable]:
        totals = Totals.of(self.report)
        rows = [["", *(severity.word for severity in reversed(Severity))]]
        for name, counts in (("broken", totals.broken), ("cannot tell", totals.unknown)):
            rows.append([name, *(f"{counts[severity]:,}" for severity in reversed(Severity))])
        said = (
            f"{totals.kept:,} of {plural(totals.rules, 'rule')} kept by every subject,"
            f" {totals.idle:,} with nothing to judge; {totals.waived:,} findings waived,"
            f" {totals.baseline:,} known from the baseline."
        )
        yield self._table(rows, (90, 60, 60, 60, 60, 60))
        yield self._said("text", said)

    def _framework(self, framework: FrameworkResult) -> Iterator[Flowable]:
        yield self._said("heading", text_of(framework.title))
        yield self._said("text", text_of(outcomes(framework)))
        if framework.note:
            yield self._said("small", text_of(framework.note))
        rows: list[list[Any]] = [["control", "", "outcome", "why"]]
        for control in told(framework):
            color = _COLORS[control.outcome]
            rules = ", ".join((*control.rules, *control.intents))
            cells = (
                text_of(control.id),
                text_of(control.title),
                f'<font color="{color}"><b>{control.outcome}</b></font>',
                text_of(f"{control.reason} ({rules})"),
            )
            rows.append([self._said("small", cell) for cell in cells])
        yield self._table(rows, (55, 170, 75, 190))
        missing = uncovered(framework)
        if missing:
            yield self._said("small", f"no rule looks at {text_of(missing)}")

    def _intents(self) -> Iterator[Flowable]:
        if self.report.intents:
            yield self._said("heading", "Intents")
        for intent in self.report.intents:
            said = f"{text_of(intent.name)}: {text_of(intent.message)}"
            yield self._said("text", f"<b>{text_of(intent.outcome)}</b> {said}")

    def _findings(self, heading: str, status: Status) -> Iterator[Flowable]:
        findings = of_status(self.report, status)
        if not findings:
            return
        yield self._said("heading", f"{heading} ({len(findings):,})")
        for group in by_rule(findings[:MOST]):
            first = group[0]
            said = f"{first.severity.word} · {first.rule} · {title(first.title)}"
            yield self._said("rule", text_of(said))
            for finding in group:
                yield from self._finding(finding)
        yield from self._rest(findings)

    def _finding(self, finding: Judged) -> Iterator[Flowable]:
        where = place(finding.location)
        said = f"<b>{text_of(self.names.short(finding.subject))}</b>"
        yield self._said("inner", said + (f" ({text_of(where)})" if where else ""))
        yield self._said("inner", text_of(self.names.shorten(sentence(finding))))
        for line in remedy_lines(finding):
            yield self._said("mend", text_of(line))

    def _accepted(self, heading: str, status: Status) -> Iterator[Flowable]:
        findings = of_status(self.report, status)
        if not findings:
            return
        yield self._said("heading", f"{heading} ({len(findings):,})")
        for finding in findings[:MOST]:
            said = f"{finding.rule} · {self.names.short(finding.subject)}"
            if finding.waiver is not None:
                waiver = finding.waiver
                said += f" · until {waiver.expires.isoformat()}, {waiver.owner}: {waiver.reason}"
            yield self._said("text", text_of(said))
        yield from self._rest(findings)

    def _rest(self, findings: list[Judged]) -> Iterator[Flowable]:
        if len(findings) > MOST:
            more = f"and {len(findings) - MOST:,} more; the JSON report has all of them"
            yield self._said("small", more)

    def _table(self, rows: list[list[Any]], widths: Iterable[int]) -> Flowable:
        from reportlab.platypus import Table, TableStyle

        style = TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), "Helvetica", 8),
                ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 8),
                ("LINEBELOW", (0, 0), (-1, 0), 0.5, "#444444"),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, "#cccccc"),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
        return Table(rows, list(widths), repeatRows=1, style=style, hAlign="LEFT", spaceAfter=6)
