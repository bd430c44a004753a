from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from msgspec.structs import replace

from auditor.finding import Audit, Evidence, Location, Report, Severity

from . import enemy, resources, sample
from .named import named
from .rendering import rendered, renderer

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-2.1.0.json"


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def run(report: Report) -> Any:
    (only,) = json.loads(rendered("sarif", report))["runs"]
    return only


def result(**changes: Any) -> Any:
    finding = replace(sample.EXPOSED, **changes)
    return run(replace(sample.full(), findings=(finding,)))["results"][0]


def test_the_whole_report_is_as_written_down(golden: Any) -> None:
    golden(Path(__file__).parent / "golden" / "full.sarif", rendered("sarif", sample.full()))


@pytest.mark.parametrize("name", ["full", "clean", "unsure", "empty", "hostile"])
def test_every_report_is_valid_by_the_official_schema(
    name: str, schema: jsonschema.Draft202012Validator
) -> None:
    log = json.loads(rendered("sarif", named(name)))

    assert [error.message for error in schema.iter_errors(log)] == []


def test_the_official_schema_would_notice(schema: jsonschema.Draft202012Validator) -> None:
    log = json.loads(rendered("sarif", sample.full()))
    del log["runs"][0]["results"][0]["message"]["text"]

    assert list(schema.iter_errors(log))


def test_a_result_points_at_its_line_and_its_resource() -> None:
    location = result()["locations"][0]

    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "exports/node%20group.json", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 412},
    }
    assert location["logicalLocations"][0]["fullyQualifiedName"] == resources.PIP


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a/./b.json", "a/b.json"),
        ("../../etc/passwd", "etc/passwd"),
        ("/home/me/a.json", "file:///home/me/a.json"),
        ("C:\\me\\a.json", "file:///C%3A/me/a.json"),
        ("ünï\n.json", "%C3%BCn%C3%AF%0A.json"),
        ("http://x/y", "http%3A/x/y"),
        ("", "auditor.toml"),
    ],
)
def test_a_file_is_a_relative_uri_that_stays_in_the_repository(file: str, uri: str) -> None:
    where = result(location=Location(file, 1, ""))["locations"][0]["physicalLocation"]

    assert where["artifactLocation"]["uri"] == uri


def test_a_result_always_has_a_file_and_a_line() -> None:
    bare = replace(sample.EXPOSED, location=None)
    live = replace(sample.full(), findings=(bare,))
    (first,) = run(live)["results"]
    (second,) = run(replace(live, audit=Audit("0.1.0", live.audit.as_of)))["results"]

    physical = [r["locations"][0]["physicalLocation"] for r in (first, second)]
    assert [p["artifactLocation"]["uri"] for p in physical] == ["exports/app.json", "auditor.toml"]
    assert [p["region"]["startLine"] for p in physical] == [1, 1]


def test_an_unknown_is_to_be_reviewed_and_never_a_pass() -> None:
    unsure = run(sample.unsure())

    assert {(r["kind"], r["level"]) for r in unsure["results"]} == {("review", "none")}
    assert all(r["message"]["text"].startswith("cannot tell: ") for r in unsure["results"])
    (note,) = unsure["invocations"][0]["toolExecutionNotifications"]
    assert note["level"] == "warning"
    assert note["message"]["text"].startswith("2 answers are unknown")


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        (Severity.CRITICAL, "error", 9.5),
        (Severity.HIGH, "error", 8.0),
        (Severity.MEDIUM, "warning", 5.5),
        (Severity.LOW, "note", 2.0),
        (Severity.INFO, "note", 0.1),
    ],
)
def test_severities_become_levels_and_scores(severity: Severity, level: str, score: float) -> None:
    finding = replace(sample.EXPOSED, severity=severity)
    only = run(replace(sample.full(), rules=(), findings=(finding,)))

    assert only["results"][0]["level"] == level
    assert float(only["tool"]["driver"]["rules"][0]["properties"]["security-severity"]) == score


def test_waived_and_known_findings_are_suppressed_with_the_reason() -> None:
    results = run(sample.full())["results"]
    reasons = [s["justification"] for r in results for s in r.get("suppressions", ())]

    assert reasons == [
        "moves with the new gateway (until 2027-01-31, network team)",
        "known from the baseline",
    ]
    assert [r["baselineState"] for r in results] == ["new"] * 10 + ["unchanged"] * 2


def test_without_a_baseline_nothing_is_compared() -> None:
    assert all("baselineState" not in r for r in run(sample.unsure())["results"])


def test_every_result_names_its_rule_by_index() -> None:
    full = run(sample.full())
    rules = full["tool"]["driver"]["rules"]

    assert len(rules) == len(sample.full().rules)
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in full["results"])


def test_the_page_is_the_help_and_controls_are_tags() -> None:
    rules = {rule["id"]: rule for rule in run(sample.full())["tool"]["driver"]["rules"]}

    assert rules["EXP-001"]["help"]["markdown"] == sample.PAGE
    assert rules["EXP-001"]["fullDescription"]["text"].startswith("Whatever owns a public")
    assert rules["EXP-001"]["properties"]["tags"] == [
        *("security", "exposure", "MCSB/NS-2", "CIS 5.0/7.1")
    ]


def test_no_rule_has_more_tags_than_are_shown() -> None:
    many = tuple(f"CIS 5.0/{n}" for n in range(30))
    only = run(replace(sample.full(), controls={"EXP-001": many}))

    assert max(len(r["properties"]["tags"]) for r in only["tool"]["driver"]["rules"]) == 10


def test_text_that_looks_like_a_link_is_none() -> None:
    text = result(message="see [x](javascript:alert(1)) and [1, 2]")["message"]["text"]

    assert "see \\[x\\](javascript:alert(1)) and [1, 2]" in text


def test_the_limits_are_those_of_code_scanning() -> None:
    limits = renderer("sarif").__globals__

    assert (limits["RESULTS"], limits["COMPRESSED"]) == (25_000, 10_000_000)


def test_more_results_than_code_scanning_takes_are_cut_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(renderer("sarif").__globals__, "RESULTS", 9)
    cut = run(sample.full())

    assert [r["properties"]["status"] for r in cut["results"]] == ["broken"] * 7 + ["unknown"] * 2
    notes = cut["invocations"][0]["toolExecutionNotifications"]
    assert notes[1]["message"]["text"].startswith("3 results left out")


def test_a_log_that_compresses_badly_is_cut_until_it_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(renderer("sarif").__globals__, "COMPRESSED", 40_000)
    noise = random.Random(1).randbytes(20_000).hex()
    finding = replace(sample.EXPOSED, evidence=(Evidence("/x", "/y", noise),))
    text = rendered("sarif", replace(sample.full(), findings=(finding,) * 4))

    assert len(json.loads(text)["runs"][0]["results"]) == 1
    assert "3 results left out" in text


def test_hostile_names_stay_text() -> None:
    text = rendered("sarif", enemy.hostile())
    results = json.loads(text)["runs"][0]["results"]
    uris = [
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for r in results[: len(enemy.EVIL)]
    ]

    assert text.isascii()
    assert not any(set(uri) & set(" <>[]|'\"`\n\r\x1b:") for uri in uris)
    assert unquote(uris[1]) == "\x1b[31mred\x1b]0;title\x07"
    assert all("\n::" not in r["message"]["text"] for r in results)
    assert "##vso[" not in text
