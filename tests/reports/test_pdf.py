"""The page to print, read by another library than the one that writes it."""

from __future__ import annotations

import io

import pypdf
import pytest
from msgspec.structs import replace

from auditor.finding import Report

from . import enemy, sample
from .named import named
from .rendering import written


def text(report: Report) -> str:
    pages = pypdf.PdfReader(io.BytesIO(written("pdf", report))).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_the_page_tells_verdict_controls_findings_and_waivers() -> None:
    said = text(sample.complied())

    assert "broken: 2 critical, 3 high, 2 medium" in said
    assert "As of 2026-11-23, snapshot taken 2026-11-22T18:30:00Z" in said
    assert "Microsoft cloud security benchmark v1 2 not satisfied, 1 not told" in said
    assert "no rule looks at NS-8" in said
    assert "critical · EXP-001 · Only approved gateways own a public address" in said
    assert "Cannot tell (3)" in said
    assert "Waived (1)" in said
    assert "until 20" in said


def test_the_page_tells_what_could_not_be_read() -> None:
    said = text(sample.blind())

    assert "not read: 1 part of the input" in said
    assert "networkSecurityGroups (denied: refused (403))" in said


@pytest.mark.parametrize("name", ["clean", "unsure", "empty"])
def test_reports_with_little_in_them_are_pages_too(name: str) -> None:
    assert "Azure network audit" in text(named(name))


def test_hostile_names_are_drawn_and_nothing_acts() -> None:
    content = written("pdf", enemy.besieged())
    reader = pypdf.PdfReader(io.BytesIO(content))
    said = text(enemy.besieged())

    assert "<img src=x onerror=alert(1)>" in said
    assert "[red]x[/red]" in said
    assert "\\u202e" in said
    assert not any("/Annots" in page for page in reader.pages)
    root = reader.root_object
    assert not [key for key in ("/OpenAction", "/AA", "/Names") if key in root]
    assert b"/JavaScript" not in content


def test_characters_that_the_fonts_lack_are_shown_by_their_codes() -> None:
    report = sample.full()
    findings = (replace(report.findings[0], message="Łódź 日本 ü"), *report.findings[1:])

    assert "\\u0141ód\\u017a \\u65e5\\u672c ü" in text(replace(report, findings=findings))


def test_a_text_as_long_as_a_book_fits_a_page() -> None:
    report = sample.complied()
    control = replace(report.compliance[0].controls[0], title="y" * 100_000, reason="z z" * 9000)
    framework = replace(report.compliance[0], controls=(control,))
    findings = (replace(report.findings[0], message="x" * 100_000),)

    assert len(text(replace(report, compliance=(framework,), findings=findings))) < 5_000


def test_more_findings_than_one_reads_are_counted() -> None:
    report = sample.full()
    many = tuple(replace(report.findings[0], fingerprint=str(number)) for number in range(250))
    said = text(replace(report, findings=many))

    assert "Broken (250)" in said
    assert "and 50 more" in said
