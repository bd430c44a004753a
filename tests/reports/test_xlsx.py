"""The workbook, read by another library than the one that writes it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from auditor.finding import Report

from . import enemy, sample
from .rendering import written


def sheets(report: Report) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", report)))
    return {sheet.title: [*sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


def summary(report: Report) -> dict[Any, Any]:
    return dict(row[:2] for row in sheets(report)["Summary"])


def test_the_sheets_go_from_the_whole_to_the_parts() -> None:
    assert [*sheets(sample.complied())] == ["Summary", "Controls", "Findings", "Rules"]
    assert [*sheets(sample.full())] == ["Summary", "Findings", "Rules"]


def test_the_summary_has_the_verdict_and_the_numbers() -> None:
    told = summary(sample.complied())

    assert told["verdict"].startswith("broken: 2 critical, 3 high, 2 medium")
    assert (told["broken, critical"], told["unknown, high"], told["waived"]) == (2, 2, 1)
    assert told["controls of Microsoft cloud security benchmark v1"].startswith("2 not satisfied")


def test_every_control_and_every_finding_has_a_row() -> None:
    report = sample.complied()
    found = sheets(report)

    assert [row[3] for row in found["Controls"][1:]] == [
        *("not satisfied", "not told", "satisfied", "nothing to judge", "not covered"),
        "not satisfied",
    ]
    assert len(found["Findings"]) == 1 + len(report.findings)
    head, first = found["Findings"][:2]
    row = dict(zip(head, first, strict=True))
    assert (row["status"], row["severity"], row["rule"]) == ("broken", "critical", "DB-001")
    assert [row[0] for row in found["Rules"][1:]] == [rule.rule for rule in report.rules]


def test_no_cell_is_a_formula_or_a_link() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", enemy.besieged())))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]

    assert {cell.data_type for cell in cells} == {"n", "s"}
    assert not any(cell.hyperlink for cell in cells)
    formulas = [cell for cell in cells if str(cell.value).startswith(("=", "@", "-"))]
    assert formulas
    assert all(cell.quotePrefix for cell in formulas)


def test_nothing_in_the_file_is_active_or_elsewhere() -> None:
    with zipfile.ZipFile(io.BytesIO(written("xlsx", enemy.besieged()))) as book:
        names = book.namelist()
        parts = [book.read(name).decode() for name in names if name.startswith("xl/worksheets")]

    assert not [name for name in names if "vba" in name.lower() or "external" in name.lower()]
    assert not any("<f>" in part or "hyperlink" in part for part in parts)


def test_what_looks_like_an_escape_of_the_format_stays_text() -> None:
    report = sample.full()
    name = "a_x000D_b"
    changed = (replace(report.findings[0], message=name), *report.findings[1:])
    found = sheets(replace(report, findings=changed))

    assert found["Findings"][1][7 - 1] == name


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    report = sample.full()
    changed = (replace(report.findings[0], message="x" * 40_000), *report.findings[1:])
    said = sheets(replace(report, findings=changed))["Findings"][1][6]

    assert len(said) < 32_767
    assert said.endswith("(cut: the JSON report has all of it)")


@pytest.mark.parametrize(("name", "module"), [("xlsx", "xlsxwriter"), ("pdf", "reportlab")])
def test_a_report_without_its_library_is_refused_with_the_way_to_get_it(
    name: str, module: str
) -> None:
    program = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from auditor.cli import main\n"
        f"sys.exit(main(['check', '-', '--report', '{name}=out']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], input=b"[]", capture_output=True, check=False, timeout=60
    )

    assert ran.returncode == 2
    assert f"the report {name} needs {module}".encode() in ran.stderr
    assert b"pip install '.[office]'" in ran.stderr


@pytest.mark.parametrize("wanted", ["xlsx", "pdf=-"])
def test_bytes_are_not_written_to_a_terminal(wanted: str, auditor: Any) -> None:
    ran = auditor("check", "-", "--report", wanted, stdin=[])

    assert ran.status == 2
    assert "=FILE" in ran.err


def test_the_summary_has_what_could_not_be_read() -> None:
    assert "networkSecurityGroups (denied" in summary(sample.blind())["not read"]
