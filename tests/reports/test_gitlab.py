from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.finding import Location, Report, Severity

from . import enemy, sample
from .rendering import rendered


def issues(report: Report) -> Any:
    return json.loads(rendered("gitlab", report))


def test_the_whole_report_is_as_written_down(golden: Any) -> None:
    golden(Path(__file__).parent / "golden" / "full.gitlab.json", rendered("gitlab", sample.full()))


def test_an_issue_has_what_gitlab_reads() -> None:
    issue = issues(sample.full())[1]

    assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
    assert issue["check_name"] == "unapproved-public-address"
    assert issue["location"] == {"path": "exports/node group.json", "lines": {"begin": 412}}


@pytest.mark.parametrize(
    ("severity", "word"),
    [
        (Severity.CRITICAL, "blocker"),
        (Severity.HIGH, "critical"),
        (Severity.MEDIUM, "major"),
        (Severity.LOW, "minor"),
        (Severity.INFO, "info"),
    ],
)
def test_severities_have_gitlab_words(severity: Severity, word: str) -> None:
    finding = replace(sample.EXPOSED, severity=severity)

    assert issues(replace(sample.full(), findings=(finding,)))[0]["severity"] == word


def test_unknowns_say_so_and_accepted_findings_are_left_out() -> None:
    found = issues(sample.full())

    assert len(found) == 10
    assert {issue["severity"] for issue in found[7:]} == {"minor"}
    assert all(" cannot tell: " in issue["description"] for issue in found[7:])


def test_fingerprints_are_unique_even_when_findings_are_not() -> None:
    found = issues(replace(sample.full(), findings=(sample.EXPOSED,) * 3))

    assert len({issue["fingerprint"] for issue in found}) == 3


@pytest.mark.parametrize(
    ("file", "path"),
    [("./a.json", "a.json"), ("/b/a.json", "b/a.json"), ("../../x", "x"), ("..", "auditor.toml")],
)
def test_a_path_is_relative_to_the_repository(file: str, path: str) -> None:
    finding = replace(sample.EXPOSED, location=Location(file, None, ""))
    (issue,) = issues(replace(sample.full(), findings=(finding,)))

    assert issue["location"] == {"path": path, "lines": {"begin": 1}}


def test_nothing_found_is_an_empty_list() -> None:
    assert issues(sample.clean()) == []


def test_hostile_names_stay_text() -> None:
    text = rendered("gitlab", enemy.hostile())
    found = json.loads(text)

    assert text.isascii()
    assert "##vso[" not in text
    assert len(found) == 2 * len(enemy.EVIL)
    assert not any(".." in issue["location"]["path"].split("/") for issue in found)
    assert found[2]["description"].startswith(f"EXP-001 {enemy.SCRIPT} is public")
