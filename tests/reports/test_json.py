from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from auditor.finding import Evidence, Report, Status
from auditor.schema import report_schema

from . import enemy, sample
from .named import named
from .rendering import rendered

REPORTS = ["full", "complied", "clean", "blind", "unsure", "empty", "hostile", "besieged"]
CONTRACT = [
    *("rule", "name", "severity", "status", "subject", "related", "message", "remedy"),
    *("evidence", "location", "fingerprint"),
]


def parsed(report: Report) -> Any:
    return json.loads(rendered("json", report))


def test_the_whole_report_is_as_written_down(golden: Any) -> None:
    golden(Path(__file__).parent / "golden" / "full.json", rendered("json", sample.full()))


def test_the_schema_is_one() -> None:
    schema = json.loads(report_schema())
    jsonschema.Draft202012Validator.check_schema(schema)

    assert schema["properties"]["schema"] == {"const": "auditor.report/1"}


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_valid_by_the_schema(name: str) -> None:
    report = named(name)

    jsonschema.validate(
        parsed(report), json.loads(report_schema()), cls=jsonschema.Draft202012Validator
    )


def test_the_schema_refuses_another_status() -> None:
    report = parsed(sample.full())
    report["findings"][0]["status"] = "green"

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, json.loads(report_schema()))


def test_a_finding_has_the_keys_of_the_contract_in_order() -> None:
    findings = parsed(sample.full())["findings"]

    assert [list(f) for f in findings if f["rule"] != "EXP-006"] == [CONTRACT] * 11
    (path,) = (f for f in findings if f["rule"] == "EXP-006")
    assert list(path) == [*CONTRACT, "also", "witness", "hops"]
    assert path["hops"][1]["reason"] == "nsg-allow"


def test_values_arrive_as_they_were_read() -> None:
    values: list[Any] = [1, 1.5, None, True, "é\u4e2d😀", {"a": [{}]}, []]
    finding = replace(
        sample.EXPOSED, evidence=tuple(Evidence("/x", "/y", value) for value in values)
    )
    report = replace(sample.full(), findings=(finding,))

    assert [e["value"] for e in parsed(report)["findings"][0]["evidence"]] == values


def test_numbers_that_json_lacks_become_words() -> None:
    finding = replace(sample.EXPOSED, evidence=(Evidence("/x", "/y", [float("nan")]),))
    report = replace(sample.full(), findings=(finding,))

    assert parsed(report)["findings"][0]["evidence"][0]["value"] == ["nan"]


def test_severities_count_findings_by_their_own_severity() -> None:
    high = parsed(sample.full())["summary"]["severities"]["high"]

    assert high == {"kept": 17, "broken": 3, "unknown": 2, "waived": 0, "baseline": 0}


def test_a_waiver_stands_in_the_summary_by_fingerprint() -> None:
    report = parsed(sample.full())
    (waived,) = (f for f in report["findings"] if f["status"] == Status.WAIVED)

    assert report["summary"]["waivers"] == [
        {
            "fingerprint": waived["fingerprint"],
            "reason": "moves with the new gateway",
            "owner": "network team",
            "expires": "2027-01-31",
        }
    ]


def test_hostile_names_arrive_whole_and_as_plain_ascii() -> None:
    text = rendered("json", enemy.hostile())
    subjects = [f["subject"] for f in json.loads(text)["findings"][: len(enemy.EVIL)]]

    assert text.isascii()
    assert text.endswith("}\n")
    assert "\x1b" not in text
    assert "\x7f" not in text
    assert subjects[0] == enemy.MARKUP
    assert subjects[8] == enemy.BIDI
    assert subjects[5].endswith(enemy.LINES)
    assert subjects[9].endswith("\\ud800")


def test_the_strictest_parser_takes_it() -> None:
    assert msgspec.json.decode(rendered("json", enemy.hostile()))["schema"] == "auditor.report/1"


def test_what_could_not_be_read_is_told() -> None:
    (unread,) = parsed(sample.blind())["audit"]["unread"]

    assert unread["subject"].endswith("/networkSecurityGroups")
    assert unread["reason"] == "denied: refused (403)"
    assert "unread" not in parsed(sample.clean())["audit"]
