"""OSCAL assessment results, held against OSCAL's own models (made from NIST's schemas)."""

from __future__ import annotations

import json
import re
import warnings
from base64 import b64decode
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.finding import Report

from . import enemy, sample
from .named import named
from .rendering import rendered, renderer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what the library imports
    from trestle.oscal.assessment_results import Model

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
REPORTS = ["full", "complied", "clean", "unsure", "empty", "hostile", "besieged"]


def parsed(report: Report) -> Any:
    return json.loads(rendered("oscal", report))["assessment-results"]


def result(report: Report) -> Any:
    (found,) = parsed(report)["results"]
    return found


def states(report: Report) -> dict[str, tuple[str, str]]:
    found = {}
    for finding in result(report)["findings"]:
        status = finding["target"]["status"]
        found[finding["target"]["target-id"]] = (status["state"], status["reason"])
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_valid_by_the_models_of_oscal(name: str) -> None:
    Model.model_validate(json.loads(rendered("oscal", named(name))))


def test_the_models_of_oscal_refuse_what_is_not_oscal() -> None:
    wrong = json.loads(rendered("oscal", sample.complied()))
    wrong["assessment-results"]["results"][0]["findings"][0]["target"]["status"]["state"] = "green"

    with pytest.raises(ValueError, match="green"):
        Model.model_validate(wrong)


def test_only_what_is_satisfied_is_satisfied() -> None:
    assert states(sample.complied()) == {
        "mcsb_ns-1": ("not-satisfied", "fail"),
        "mcsb_ns-2": ("not-satisfied", "other"),
        "mcsb_ns-6": ("satisfied", "pass"),
        "mcsb_dp-3": ("not-satisfied", "fail"),
    }


def test_controls_that_no_rule_judged_were_not_reviewed() -> None:
    found = result(sample.complied())
    (selection,) = found["reviewed-controls"]["control-selections"]

    assert [each["control-id"] for each in selection["include-controls"]] == [
        *("mcsb_ns-1", "mcsb_ns-2", "mcsb_ns-6", "mcsb_dp-3")
    ]
    assert "Nothing to judge: NS-7." in found["remarks"]
    assert "Not covered: NS-8." in found["remarks"]


def test_a_finding_rests_on_observations_about_resources_that_are_listed() -> None:
    found = result(sample.complied())
    observations = {each["uuid"]: each for each in found["observations"]}
    items = {each["uuid"]: each for each in found["local-definitions"]["inventory-items"]}
    first = found["findings"][0]
    about = [observations[each["observation-uuid"]] for each in first["related-observations"]]

    assert [each["types"] for each in about] == [["control-objective"], ["finding"], ["finding"]]
    assert "9 kept, 2 broken" in about[0]["description"]
    named = [items[each["subjects"][0]["subject-uuid"]]["props"][0]["value"] for each in about[1:]]
    assert named == [each.subject for each in sample.BARE_SUBNETS]


def test_the_time_is_that_of_the_snapshot_else_the_day_of_the_audit() -> None:
    said = sample.complied()

    assert result(said)["start"] == "2026-11-22T18:30:00+00:00"
    for taken in (None, enemy.ANSI):
        audit = replace(said.audit, taken_at=taken)
        assert result(replace(said, audit=audit))["start"] == "2026-11-23T00:00:00+00:00"


def test_identifiers_are_made_of_what_they_name() -> None:
    text = rendered("oscal", sample.complied())
    found = re.findall(r'"(?:[a-z-]*uuid)": "([^"]*)"', text)

    assert all(UUID.fullmatch(each) for each in found)
    later = replace(sample.AUDIT, taken_at="2026-11-29T00:00:00Z")
    after = parsed(replace(sample.complied(), audit=later))
    before = parsed(sample.complied())
    assert after["uuid"] != before["uuid"]
    one, two = (each["results"][0]["findings"][0]["uuid"] for each in (before, after))
    assert one == two


def test_every_uuid_is_given_once_whatever_the_number_of_frameworks() -> None:
    said = sample.complied()
    (framework,) = said.compliance
    two = replace(said, compliance=(framework, replace(framework, name="Ours")))
    text = rendered("oscal", two)
    given = re.findall(r'"uuid": "([^"]*)"', text)
    named = re.findall(r'"(?:observation|subject|actor|component)-uuid": "([^"]*)"', text)

    assert len(given) == len(set(given))
    assert set(named) <= set(given)


def test_the_plan_that_is_named_is_in_the_document() -> None:
    found = parsed(sample.complied())
    (plan,) = found["back-matter"]["resources"]

    assert found["import-ap"]["href"] == f"#{plan['uuid']}"
    assert b64decode(plan["base64"]["value"]).decode() == plan["description"]


def test_no_two_controls_share_an_identifier() -> None:
    said = enemy.besieged()
    (selection,) = result(said)["reviewed-controls"]["control-selections"]
    ids = {each["control-id"] for each in selection["include-controls"]}

    assert len(ids) == len({*enemy.EVIL})


def test_without_a_framework_the_rules_are_the_controls() -> None:
    found = states(sample.full())

    assert found["auditor_nsg-001"] == ("not-satisfied", "fail")
    assert found["auditor_dep-001"] == ("not-satisfied", "fail")
    assert found["auditor_rte-002"] == ("not-satisfied", "other")
    assert found["auditor_tls-001"] == ("satisfied", "pass")
    assert "auditor_per-001" not in found


def test_it_asks_for_frameworks() -> None:
    assert renderer("oscal").needs_compliance
