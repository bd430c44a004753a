from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from junitparser import JUnitXml, TestCase, TestSuite
from msgspec.structs import replace

from auditor.finding import Location, Report

from . import enemy, resources, sample
from .rendering import rendered


def cases(report: Report) -> list[ET.Element]:
    return list(ET.fromstring(rendered("junit", report)).iter("testcase"))


def test_the_whole_report_is_as_written_down(golden: Any) -> None:
    golden(Path(__file__).parent / "golden" / "full.junit.xml", rendered("junit", sample.full()))


def test_another_reader_counts_the_same() -> None:
    xml = JUnitXml.fromstring(rendered("junit", sample.full()).encode())
    suites = [suite for suite in xml if isinstance(suite, TestSuite)]
    found = [case for suite in suites for case in suite if isinstance(case, TestCase)]

    assert (xml.tests, xml.failures, xml.skipped, xml.errors) == (13, 7, 5, 0)
    assert len(found) == 13
    assert [suite.name for suite in suites][:3] == [
        "ADR address plan",
        "DB databases",
        *(["DEP retirements"]),
    ]
    assert sum(suite.tests for suite in suites) == 13
    assert sum(case.is_passed for case in found) == 1
    assert sum(case.is_failure for case in found) == 7
    assert sum(case.is_skipped for case in found) == 5


def test_a_kept_rule_is_one_passed_test_and_an_idle_one_none() -> None:
    names = {(case.get("classname"), case.get("name")) for case in cases(sample.clean())}

    assert names == {
        (
            "ADR-001 overlapping-subnets",
            "Two subnets of one virtual network overlap: kept by 12 subjects",
        ),
        (
            "TLS-001 expiring-certificate",
            "Certificate has expired or ends soon: kept by 2 subjects",
        ),
    }


def test_unknown_waived_and_known_are_skipped_with_the_reason() -> None:
    reasons = [
        skipped.get("message", "")
        for case in cases(sample.full())
        for skipped in case.iter("skipped")
    ]

    assert len(reasons) == 5
    assert sum(reason.startswith("cannot tell: the") for reason in reasons) == 3
    assert sum(reason.startswith("waived until 2027-01-31, network") for reason in reasons) == 1
    assert sum(reason.startswith("known from the baseline: ") for reason in reasons) == 1


def test_an_unknown_that_fails_the_audit_is_no_skipped_test() -> None:
    strict = replace(sample.full(), strict=True)
    errors = [case.get("classname") for case in cases(strict) if case.find("error") is not None]

    assert errors == ["RTE-002 route-to-missing-next-hop"] * 2


def test_a_failure_tells_severity_place_evidence_and_remedy() -> None:
    (case,) = (c for c in cases(sample.full()) if c.get("name") == resources.PIP)
    failure = case.find("failure")

    assert (case.get("file"), case.get("line")) == ("exports/node group.json", "412")
    assert failure is not None
    assert failure.get("type") == "critical"
    assert "20.73.14.9" in (failure.text or "")
    assert f"az network public-ip delete --ids {resources.PIP}" in (failure.text or "")


def test_a_place_without_a_line_has_none() -> None:
    finding = replace(sample.EXPOSED, location=Location("live", None, ""))
    (case,) = cases(replace(sample.full(), rules=(), findings=(finding,)))

    assert case.get("file") == "live"
    assert case.get("line") is None


def test_two_findings_about_one_subject_have_two_names() -> None:
    both = replace(sample.full(), rules=(), findings=(sample.EXPOSED, sample.EXPOSED))

    assert [case.get("name") for case in cases(both)] == [resources.PIP, f"{resources.PIP} (2)"]


def test_hostile_names_stay_text() -> None:
    text = rendered("junit", enemy.hostile())
    root = ET.fromstring(text)
    tags = {element.tag for element in root.iter()}

    assert tags == {"testsuites", "testsuite", "testcase", "failure", "skipped"}
    assert text.isascii()
    assert len(list(root.iter("testcase"))) == 4 * len(enemy.EVIL)
    assert root.findall(".//testcase")[2].get("name") == enemy.SCRIPT
    assert "##vso[" not in text
