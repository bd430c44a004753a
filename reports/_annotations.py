"""What annotations in GitHub and Azure Pipelines have in common: a few, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.finding import Judged, Location, Report, Severity, Status

from ._text import plural, remedy_lines, sentence, subject, title, visible
from ._totals import Totals, at, verdict

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark at a place in a file; `text` may have several lines."""

    level: str
    title: str
    text: str
    code: str = ""
    location: Location | None = None


def annotate(report: Report, most: int) -> Iterator[Annotation]:
    """Give at most `most` of each level; the last of too many says how many it stands for."""
    levels: dict[str, list[Judged]] = {"error": [], "warning": [], "notice": []}
    for finding in report.findings:
        if finding.status is Status.UNKNOWN:
            levels["warning"].append(finding)
        elif finding.status is Status.BROKEN:
            levels[LEVELS[finding.severity]].append(finding)
    for level, findings in levels.items():
        shown = findings if len(findings) <= most else findings[: most - 1]
        yield from (_annotation(level, finding) for finding in shown)
        if left := findings[len(shown) :]:
            yield Annotation(level, "auditor", f"and {_number(left)}; see the report")


def conclusion(report: Report) -> str:
    """Say how the audit ended, in one line."""
    said = verdict(Totals.of(report))
    if report.intents:
        outcomes = Counter(intent.outcome for intent in report.intents)
        counts = ", ".join(f"{number:,} {word}" for word, number in sorted(outcomes.items()))
        said += f"; intents: {counts}"
    return f"{said} (failed {at(report.threshold)})" if report.failed else said


def _annotation(level: str, finding: Judged) -> Annotation:
    lines = [sentence(finding), subject(finding), *remedy_lines(finding)]
    code = visible(finding.rule)
    return Annotation(
        level, f"{code} {title(finding.title)}", "\n".join(lines), code, finding.location
    )


def _number(findings: Iterable[Judged]) -> str:
    counts = Counter(finding.status for finding in findings)
    said = [f"{number:,} {status.value}" for status, number in sorted(counts.items())]
    return f"{plural(counts.total(), 'more', 'more')} ({', '.join(said)})"
