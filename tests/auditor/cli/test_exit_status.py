"""What the exit status says, and what stands beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.snapshot import load as loading

from ...command import Command
from ..snapshot.templates import resource, template
from .own_rules import HUB, UNSURE, network, own, statuses


def test_kept_is_0(auditor: Command) -> None:
    own(auditor, body="yield from ()")

    ran = auditor.check(network())

    assert ran.status == 0
    assert ran.report["findings"] == []
    assert ran.report["summary"]["rules"][0]["kept"] == 1
    assert ran.err == ""


def test_broken_is_1(auditor: Command) -> None:
    own(auditor)

    ran = auditor.check(network())

    assert ran.status == 1
    (finding,) = ran.report["findings"]
    assert (finding["rule"], finding["status"], finding["subject"]) == ("OWN-001", "broken", HUB)
    assert finding["location"] == {"file": "-", "line": 1, "pointer": ""}


@pytest.mark.parametrize(
    ("severity", "threshold", "status"),
    [
        ("HIGH", "high", 1),
        ("HIGH", "critical", 0),
        ("MEDIUM", None, 0),
        ("MEDIUM", "medium", 1),
        ("INFO", "info", 1),
        ("INFO", "LOW", 0),
    ],
)
def test_what_is_below_the_threshold_does_not_fail(
    severity: str, threshold: str | None, status: int, auditor: Command
) -> None:
    own(auditor, severity=severity)
    given = ["--fail-on", threshold] if threshold else []

    ran = auditor.check(network(), *given)

    assert ran.status == status
    assert statuses(ran) == ["broken"]


@pytest.mark.parametrize(("given", "status"), [([], 0), (["--strict"], 1)])
def test_what_cannot_be_told_fails_when_strict(
    given: list[str], status: int, auditor: Command
) -> None:
    own(auditor, body=UNSURE)

    ran = auditor.check(network(), *given)

    assert ran.status == status
    assert statuses(ran) == ["unknown"]
    assert auditor.check(network(), *given, "--fail-on", "critical").status == 0


def test_the_configuration_sets_threshold_strictness_and_parameters(auditor: Command) -> None:
    own(auditor, body=UNSURE, severity="LOW")
    own(auditor, 2, severity="INFO")
    auditor.write(
        "auditor.toml",
        'rules = ["own"]\nselect = ["OWN"]\nfail-on = "low"\nstrict = true\n'
        '[params.OWN-002]\nword = "boat"\n',
    )

    ran = auditor.check(network())

    assert ran.status == 1
    assert ran.report["summary"]["threshold"] == "low"
    assert ran.report["findings"][0]["message"] == "a boat"
    assert auditor.check(network(), "--fail-on", "high").status == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Usage"),
        (["chekc"], "No such command"),
        (["check"], "Missing argument"),
        (["check", "--nonsense", "-"], "No such option"),
        (["check", "-", "--report", "xml"], "there is no report called 'xml'"),
        (["check", "-", "--report", "json", "--report", "sarif"], "two reports go to standard"),
        (["check", "-", "--report", "json=-", "--report", "sarif"], "two reports go to standard"),
        (["check", "-", "--report", "json=a", "--report", "csv=./a"], "two reports go to"),
        (["check", "-", "--select", "ZZZ-999"], 'no rule matches "ZZZ-999"'),
        (["check", "-", "--select", "OWN", "--ignore", "OWN"], "no rule is left"),
        (["check", "-", "--fail-on", "bad"], '"bad" is no severity'),
        (["check", "-", "--as-of", "soon"], "--as-of"),
        (["check", "-", "--config", "gone.toml"], "gone.toml: cannot be read"),
        (["check", "-", "--baseline", "gone.json"], "gone.json: cannot be read"),
        (["check", "-", "--baseline", "a", "--write-baseline", "b"], "exclude each other"),
        (["check", "-", "--rules", "gone"], "gone is no folder"),
        (["check", "-", "--report", "json=gone/out.json"], "gone/out.json: cannot be written"),
        (["check", "-", "--write-baseline", "gone/out.json"], "gone/out.json: cannot be written"),
        (["explain", "NSG-999"], "there is no rule 'NSG-999'"),
        (["completion", "tcsh"], "Invalid value"),
        (["rules", "--report", "xml"], "Invalid value"),
    ],
)
def test_a_command_line_that_cannot_be_followed_is_2(
    arguments: list[str], told: str, auditor: Command
) -> None:
    own(auditor)

    ran = auditor(*arguments, stdin=network())

    assert ran.status == 2
    assert told in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    "option",
    [("--report", "json=exports/../exports/hub.json"), ("--write-baseline", "exports/hub.json")],
)
def test_an_export_is_not_written_over(option: tuple[str, str], auditor: Command) -> None:
    own(auditor)
    export = auditor.write("exports/hub.json", json.dumps(network()))
    before = export.read_bytes()

    ran = auditor("check", "exports", *option)

    assert ran.status == 2
    assert "hub.json is audited here: it would be lost" in ran.err
    assert export.read_bytes() == before


@pytest.mark.parametrize("name", ["auditor.toml", "known.json", "older.json", "tags.json"])
def test_what_an_audit_is_told_besides_is_not_written_over(name: str, auditor: Command) -> None:
    own(auditor)
    older = auditor.write("older.json", json.dumps(network()))
    tags = auditor.write("tags.json", json.dumps({"values": []}))
    auditor.write("auditor.toml", 'fail-on = "high"\n')
    auditor("check", "-", "--write-baseline", "known.json", stdin=network())
    place = older.parent / name
    before = place.read_bytes()

    told = ("--baseline", "known.json", "--since", str(older), "--service-tags", str(tags))
    ran = auditor("check", "-", *told, "--report", f"json={name}", stdin=network())

    assert (ran.status, ran.out) == (2, "")
    assert f"{name} is read here: it would be lost" in ran.err
    assert place.read_bytes() == before


def test_a_report_and_the_baseline_do_not_go_to_one_file(auditor: Command) -> None:
    own(auditor)

    ran = auditor(
        *("check", "-", "--report", "json=x.json", "--write-baseline", "./x.json"), stdin=network()
    )

    assert (ran.status, ran.out) == (2, "")
    assert "a report and the baseline go to" in ran.err


@pytest.mark.parametrize(
    "option", ["--baseline", "--write-baseline", "--since", "--config", "--service-tags"]
)
def test_an_option_that_wants_a_file_refuses_an_empty_name(option: str, auditor: Command) -> None:
    own(auditor)

    ran = auditor("check", "-", option, "", stdin=network())

    assert (ran.status, ran.out) == (2, "")
    assert f"{option}: names no file" in ran.err


def test_a_report_refuses_an_empty_name(auditor: Command) -> None:
    own(auditor)

    ran = auditor("check", "-", "--report", "json=", stdin=network())

    assert (ran.status, ran.out) == (2, "")
    assert "--report: json= names no file" in ran.err


def test_a_parameter_file_is_not_written_over(auditor: Command) -> None:
    own(auditor)
    auditor.write("main/main.json", json.dumps(template(resource(), parameters={"x": {}})))
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
    told = {"$schema": schema, "parameters": {"x": {"value": 1}}}
    values = auditor.write("main/main.parameters.json", json.dumps(told))

    ran = auditor("check", "main", "--report", "json=main/main.parameters.json")

    assert "main.parameters.json is audited here" in ran.err
    assert json.loads(values.read_text()) == told


def test_the_report_of_last_time_beside_the_exports_is(auditor: Command) -> None:
    own(auditor)
    auditor.write("exports/hub.json", json.dumps(network()))

    for _ in range(2):
        assert auditor("check", "exports", "--report", "json=exports/report.json").status == 1


@pytest.mark.parametrize("text", ["fail-on = 'x'", "nonsense = 1", "[params.ZZZ-001]\n", "x ="])
def test_a_configuration_that_cannot_be_followed_is_2(text: str, auditor: Command) -> None:
    path = auditor.write("auditor.toml", text)

    ran = auditor.check(network())

    assert ran.status == 2
    assert str(path) in ran.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"value": []}',
        b'{"a": 1}',
        b"\xff\xfe\x00",
        b"\x1f\x8b\x08broken",
        b"[" * 5000,
        json.dumps(network(subnets=5)).encode(),
        json.dumps(network(addressSpace={"addressPrefixes": ["10.0.0.0/99"]})).encode(),
    ],
)
def test_no_audit_is_3(content: bytes, auditor: Command) -> None:
    own(auditor, body="yield from ()")

    ran = auditor("check", "-", "--report", "json", stdin=content)

    assert ran.status == 3
    assert ran.out == ""
    assert ran.err.startswith("auditor: no audit was performed\nauditor: ")
    assert "\n  help: " in ran.err
    assert "fault of auditor's own" not in ran.err


def test_a_path_that_is_not_there_is_3(auditor: Command) -> None:
    own(auditor)

    ran = auditor("check", "gone")

    assert ran.status == 3
    assert "gone: cannot be read: No such file" in ran.err


def test_one_bad_file_stops_the_audit_unless_told_to_keep_going(auditor: Command) -> None:
    own(auditor, body="yield from ()")
    auditor.write("in/good.json", network())
    bad = auditor.write("in/bad.json", "{")

    stopped = auditor("check", "in")
    went_on = auditor("check", "in", "--keep-going", "--select", "OWN,GOV-006", "--report", "json")

    assert stopped.status == 3
    assert f"in/{bad.name}:1:2" in stopped.err
    assert went_on.status == 1
    (finding,) = went_on.report["findings"]
    assert finding["rule"] == "GOV-006"
    assert "in/bad.json is damaged" in finding["message"]


def test_a_damaged_value_is_unknown_when_told_to_keep_going(auditor: Command) -> None:
    own(auditor, body="vnet.subnets; yield from ()")

    ran = auditor.check(network(subnets=5), "--keep-going", "--strict")

    assert ran.status == 1
    assert ran.report["findings"][0]["message"] == "cannot tell: subnets of hub"


def test_a_rule_that_fails_is_unknown_never_green(auditor: Command) -> None:
    own(auditor, body="yield 1 / 0")

    ran = auditor.check(network(), "--strict")

    assert ran.status == 1
    assert "a fault of the rule itself" in ran.report["findings"][0]["message"]


def test_our_own_fault_is_3_and_says_so(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    own(auditor)

    def boom(*_: Any, **__: Any) -> None:
        raise KeyError("subnets\x1b[31m")

    monkeypatch.setattr(loading, "load", boom)
    ran = auditor.check(network())

    assert ran.status == 3
    assert "a fault of auditor's own, not of the input: KeyError" in ran.err
    assert "Traceback" not in ran.err
    assert "\x1b" not in ran.err


def test_an_interrupt_is_130(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    own(auditor)

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "load", interrupted)

    assert auditor.check(network()).status == 130


def test_a_framework_that_is_no_option_is_not_called_one(auditor: Command) -> None:
    ran = auditor("compliance", "nope")

    assert ran.status == 2
    assert ran.err.startswith('auditor: there is no framework "nope"')


def test_an_input_without_a_name_is_shown_as_one(auditor: Command) -> None:
    own(auditor)

    ran = auditor("check", "")

    assert ran.status == 3
    assert 'auditor: "": cannot be read: ' in ran.err
