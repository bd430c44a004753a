"""A table for spreadsheets: a row for each finding, and no cell that a spreadsheet would run.

Intents that are kept have a row each, at the end.
"""

from __future__ import annotations

import csv
import io
from typing import TextIO

from auditor.finding import Report

from ._table import COLUMNS, FORMULA, rows
from ._text import emit, visible


def render(report: Report, out: TextIO) -> None:
    """Write UTF-8 with a byte order mark, by which Excel knows it."""
    text = io.StringIO()
    if (getattr(out, "encoding", None) or "utf-8").lower().startswith("utf"):
        out.write("\ufeff")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows(report):
        writer.writerow([_cell(cell) for cell in row])
    emit(out, text.getvalue())


def _cell(text: str) -> str:
    return "'" + visible(text) if text.startswith(FORMULA) else visible(text)
