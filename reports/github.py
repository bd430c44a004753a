"""Annotations in a GitHub Actions log: errors, warnings and notices at the line of the export.

GitHub shows ten of each level in a step, so the worst come first and the tenth counts the rest.
"""

from __future__ import annotations

from typing import TextIO

from auditor.finding import Report

from ._annotations import Annotation, annotate, conclusion
from ._text import emit, visible

SHOWN = 10


def render(report: Report, out: TextIO) -> None:
    """Write a workflow command for each annotation, then the verdict as a notice."""
    for one in annotate(report, SHOWN):
        emit(out, _command(one))
    emit(out, _command(Annotation("notice", "auditor", conclusion(report))))


def _command(one: Annotation) -> str:
    properties = []
    if one.location is not None:
        properties.append(f"file={_property(visible(one.location.file))}")
        if one.location.line is not None:
            properties.append(f"line={one.location.line}")
    properties.append(f"title={_property(one.title)}")
    return f"::{one.level} {','.join(properties)}::{_data(one.text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
