"""Issues in an Azure Pipelines log, at the line of the export.

The agent knows errors and warnings only; what is low or info stays a line of text.
"""

from __future__ import annotations

from typing import TextIO

from auditor.finding import Report

from ._annotations import Annotation, annotate, conclusion
from ._text import emit, visible
from ._totals import Totals

SHOWN = 50


def render(report: Report, out: TextIO) -> None:
    """Write a logging command for each issue; a run with issues that passes is marked as such."""
    for one in annotate(report, SHOWN):
        emit(out, _line(one))
    emit(out, f"auditor: {conclusion(report)}\n")
    totals = Totals.of(report)
    if not (report.failed or totals.spotless):
        emit(out, "##vso[task.complete result=SucceededWithIssues;]\n")


def _line(one: Annotation) -> str:
    if one.level == "notice":
        return f"{one.title}: {' / '.join(one.text.splitlines())}\n"
    properties = [f"type={one.level}"]
    if one.location is not None:
        properties.append(f"sourcepath={_property(visible(one.location.file))}")
        if one.location.line is not None:
            properties.append(f"linenumber={one.location.line}")
    if one.code:
        properties.append(f"code={_property(one.code)}")
    return f"##vso[task.logissue {';'.join(properties)};]{_data(f'{one.title}: {one.text}')}\n"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
