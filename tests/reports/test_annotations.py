"""GitHub and Azure Pipelines: what the log's reader will obey, parsed as it parses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.finding import Location, Report, Severity, Status

from . import enemy, resources, sample
from .named import named
from .rendering import rendered

GITHUB = re.compile(r"::([a-z]+) ([^:]*)::(.*)")
AZURE = re.compile(r"##vso\[([a-z]+\.[a-z]+) ([^\]]*)\](.*)")


def github(report: Report) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in rendered("github", report).splitlines():
        match = GITHUB.fullmatch(line)
        assert match, line
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        found.append((match[1], {k: unescaped(v) for k, v in pairs.items()}, unescaped(match[3])))
    return found


def unescaped(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def azure(report: Report) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in rendered("azure-devops", report).splitlines():
        if match := AZURE.search(line):
            pairs = dict(pair.split("=", 1) for pair in match[2].split(";") if pair)
            found.append((match[1], pairs, match[3]))
    return found


@pytest.mark.parametrize("name", ["github", "azure-devops"])
def test_the_whole_report_is_as_written_down(name: str, golden: Any) -> None:
    golden(Path(__file__).parent / "golden" / f"full.{name}.txt", rendered(name, sample.full()))


def test_github_severities_become_levels() -> None:
    levels = [level for level, _, _ in github(sample.full())]

    assert levels == [*["error"] * 5, *["warning"] * 5, "notice"]


@pytest.mark.parametrize("severity", [Severity.LOW, Severity.INFO])
def test_what_is_low_is_a_notice(severity: Severity) -> None:
    mild = replace(sample.EXPOSED, severity=severity)

    assert github(replace(sample.full(), findings=(mild,)))[0][0] == "notice"


def test_a_github_annotation_has_file_line_title_and_message() -> None:
    _, properties, text = github(sample.full())[1]

    assert properties == {
        "file": "exports/node group.json",
        "line": "412",
        "title": "EXP-001 Only approved gateways own a public address",
    }
    assert text.splitlines()[0].startswith("20.73.14.9 is public")
    assert text.splitlines()[-1] == f"az network public-ip delete --ids {resources.PIP}"


def test_unknowns_are_warnings_whatever_their_severity() -> None:
    texts = [text for level, _, text in github(sample.unsure()) if level == "warning"]

    assert len(texts) == 2
    assert all(text.startswith("cannot tell: ") for text in texts)


def test_the_tenth_of_too_many_counts_the_rest() -> None:
    unknown = replace(sample.EXPOSED, status=Status.UNKNOWN)
    medium = replace(sample.EXPOSED, severity=Severity.MEDIUM)
    found = github(replace(sample.full(), findings=(medium,) * 12 + (unknown,) * 3))

    assert [level for level, _, _ in found] == [*["warning"] * 10, "notice"]
    assert found[9][2] == "and 6 more (3 broken, 3 unknown); see the report"


def test_special_characters_of_a_path_are_escaped() -> None:
    odd = replace(sample.EXPOSED, location=Location("a:b,c%d\n.json", 3, ""))
    line = rendered("github", replace(sample.full(), findings=(odd,))).splitlines()[0]

    assert line.startswith("::error file=a%3Ab%2Cc%25d\\n.json,line=3,title=")


def test_the_verdict_is_the_last_notice() -> None:
    level, properties, text = github(sample.clean())[-1]

    assert (level, properties) == ("notice", {"title": "auditor"})
    assert text == "broken: none · unknown: none · 2 rules kept"


def test_azure_issues_have_path_line_and_code() -> None:
    _, properties, text = azure(sample.full())[1]

    assert properties == {
        "type": "error",
        "sourcepath": "exports/node group.json",
        "linenumber": "412",
        "code": "EXP-001",
    }
    assert text.startswith("EXP-001 Only approved gateways own a public address: 20.73.14.9")


def test_azure_escapes_what_ends_a_property() -> None:
    odd = replace(sample.EXPOSED, location=Location("a;b]c%d.json", 3, ""), message="100%")
    line = rendered("azure-devops", replace(sample.full(), findings=(odd,))).splitlines()[0]

    assert ";sourcepath=a%3Bb%5Dc%AZP25d.json;" in line
    assert ": 100%AZP25%0A" in line


def test_azure_has_no_notices_and_so_gets_a_line_of_text() -> None:
    mild = replace(sample.EXPOSED, severity=Severity.LOW)
    first = rendered("azure-devops", replace(sample.full(), findings=(mild,))).splitlines()[0]

    assert first.startswith("EXP-001 Only approved gateways")


@pytest.mark.parametrize(
    ("report", "marked"), [("unsure", True), ("empty", True), ("clean", False), ("full", False)]
)
def test_an_azure_task_that_passes_with_unknowns_is_not_green(report: str, marked: bool) -> None:
    commands = [command for command, _, _ in azure(named(report))]

    assert ("task.complete" in commands) is marked


@pytest.mark.parametrize("name", ["github", "azure-devops"])
def test_hostile_names_give_no_command_of_their_own(name: str) -> None:
    lines = rendered(name, enemy.hostile()).splitlines()
    ours = {
        "github": re.compile(r"::(error|warning|notice) "),
        "azure-devops": re.compile(r"##vso\[task\.logissue |auditor: "),
    }[name]

    assert all(ours.match(line) for line in lines)
    assert all(line.count("##vso[") <= 1 and "##[" not in line for line in lines)
    assert not any(line.count("::") > 2 and "::error::" in line for line in lines)


def test_hostile_properties_stay_in_their_property() -> None:
    for _, properties, _ in github(enemy.hostile()):
        assert set(properties) <= {"file", "line", "title"}
    for command, issue, _ in azure(enemy.hostile()):
        assert command == "task.logissue"
        assert set(issue) <= {"type", "sourcepath", "linenumber", "code"}
