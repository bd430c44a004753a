from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.finding import Report

from . import enemy, resources, sample
from .rendering import rendered, renderer


def rows(report: Report) -> list[dict[str, str]]:
    text = rendered("csv", report)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_the_whole_report_is_as_written_down(golden: Any) -> None:
    golden(Path(__file__).parent / "golden" / "full.csv", rendered("csv", sample.full()))


def test_there_is_a_row_for_each_finding() -> None:
    found = rows(sample.full())

    assert [row["status"] for row in found] == [
        *["broken"] * 7,
        *["unknown"] * 3,
        *("waived", "baseline"),
    ]
    assert found[1]["subject"] == resources.PIP
    assert (found[1]["file"], found[1]["line"]) == ("exports/node group.json", "412")
    assert found[10]["waiver_expires"] == "2027-01-31"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1"],  # noqa: RUF001
)
def test_no_cell_is_a_formula(text: str) -> None:
    (row,) = rows(replace(sample.full(), findings=(replace(sample.EXPOSED, message=text),)))

    assert row["message"].startswith("'")


def test_plain_text_is_left_alone() -> None:
    (row,) = rows(replace(sample.full(), findings=(replace(sample.EXPOSED, message='a "b", c'),)))

    assert row["message"] == 'a "b", c'


def test_hostile_names_stay_text() -> None:
    found = rows(enemy.hostile())
    cells = [cell for row in found for cell in row.values()]

    assert len(found) == 4 * len(enemy.EVIL)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)
    assert not any("\n" in cell or "\r" in cell for cell in cells)
    assert found[4]["subject"] == "'" + enemy.FORMULA
    assert len(rendered("csv", enemy.hostile()).splitlines()) == 1 + len(found)


def test_a_stream_without_unicode_gets_no_mark() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    renderer("csv")(sample.full(), out)
    out.flush()

    assert raw.getvalue().startswith(b'"status","severity"')
