"""`auditor report` and `auditor history`, as they are typed."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from auditor.testing import arm_id, resource

from ...command import Command

BROKEN = Path(__file__).parents[3] / "fixtures" / "estates" / "docker-to-aks-broken"
NSG = "Microsoft.Network/networkSecurityGroups"
RULES = ("--select", "NSG-005,NSG-003,GOV-008", "--as-of", "2026-11-23")


def group(*open_rules: str, name: str = "web") -> dict[str, Any]:
    rules = [
        {
            "name": each,
            "properties": {
                "priority": 100 + number,
                "direction": "Inbound",
                "access": "Allow",
                "protocol": "Tcp",
                "sourceAddressPrefix": "*",
                "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": "22",
            },
        }
        for number, each in enumerate(open_rules)
    ]
    return resource(NSG, name, {"securityRules": rules})


def snapshot(taken_at: str, *groups: dict[str, Any], **more: Any) -> dict[str, Any]:
    scope = [arm_id(NSG, "x").partition("/resourceGroups")[0]]
    return {
        "schema": "auditor.snapshot/1",
        "taken_at": taken_at,
        "scope": scope,
        "resources": list(groups),
        **more,
    }


DAY = ("2026-11-01T06:00:00Z", "2026-11-08T06:00:00Z", "2026-11-15T06:00:00Z")


def record(auditor: Command, what: dict[str, Any], *more: str) -> Any:
    return auditor("report", "-", *RULES, "--report", "json", *more, stdin=what)


def runs(auditor: Command) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = auditor("history", "list", "--report", "json").report["estates"]
    assert len(found) == 1
    entries: list[dict[str, Any]] = found[0]["runs"]
    return entries


def changes(auditor: Command) -> list[dict[str, int]]:
    return [{k: v for k, v in run["changes"].items() if v} for run in runs(auditor)]


def test_a_report_is_the_audit_recorded_once(auditor: Command) -> None:
    what = snapshot(DAY[0], group("ssh"))

    first, again = record(auditor, what), record(auditor, what)

    assert (first.status, again.status) == (1, 1)
    assert first.report["findings"] == again.report["findings"]
    assert "recorded as run 1 of default in auditor-history.db" in first.err
    assert "recorded before, nothing added, as run 1" in again.err
    assert [run["at"] for run in runs(auditor)] == [DAY[0]]


def test_another_name_or_order_of_files_is_the_same_snapshot(auditor: Command) -> None:
    auditor.write("one/a.json", group("ssh"))
    auditor.write("one/b.json", group(name="db"))
    auditor.write("two/b.json", group("ssh"))
    auditor.write("two/a.json", group(name="db"))

    auditor("report", "one", *RULES)
    assert "recorded before" in auditor("report", "two", *RULES).err


def test_the_same_snapshot_with_other_waivers_is_recorded(auditor: Command) -> None:
    what = snapshot(DAY[0], group("ssh"))
    record(auditor, what)
    waiver = '[[waiver]]\nrule="NSG"\nresource="*"\nreason="r"\nowner="o"\nexpires=2026-12-01\n'
    auditor.write("auditor.toml", waiver)

    record(auditor, what)

    assert [run["waived"] for run in runs(auditor)] == [0, 1]
    assert runs(auditor)[1]["rules_changed"]
    shown = auditor("history", "show").out
    assert "waiver of NSG-005 ends in 8 days, 2026-12-01 (o: r; findings behind it: 1)" in shown


def test_what_is_mended_is_fixed_and_what_is_deleted_removed(auditor: Command) -> None:
    record(auditor, snapshot(DAY[0], group("ssh"), group("ssh", name="db")))
    closed = group("ssh")
    closed["properties"]["securityRules"][0]["properties"]["sourceAddressPrefix"] = "10.0.0.0/8"
    record(auditor, snapshot(DAY[1], closed))

    assert changes(auditor) == [{"new": 2}, {"fixed": 1, "removed": 1}]


def test_a_rule_that_left_its_group_is_removed_even_of_a_plain_export(auditor: Command) -> None:
    auditor("report", "-", *RULES, stdin=[group("ssh")])
    auditor("report", "-", *RULES, stdin=[group("other", name="db"), group()])

    assert changes(auditor) == [{"new": 1}, {"new": 1, "removed": 1}]


def test_what_a_plain_export_leaves_out_is_not_fixed(auditor: Command) -> None:
    auditor("report", "-", *RULES, stdin=[group("ssh"), group(name="db")])
    auditor("report", "-", *RULES, stdin=[group(name="db")])

    assert changes(auditor) == [{"new": 1}, {"untold": 1}]
    assert "nothing tells that it was deleted" in auditor("history", "show").out


@pytest.mark.parametrize(
    "hidden",
    [
        arm_id(NSG, "web").partition("/providers")[0] + f"/providers/{NSG}",
        arm_id(NSG, "web").partition("/resourceGroups")[0] + f"/providers/{NSG}",
        arm_id(NSG, "web").partition("/resourceGroups")[0],
    ],
)
def test_what_a_gap_hides_is_not_fixed(auditor: Command, hidden: str) -> None:
    record(auditor, snapshot(DAY[0], group("ssh")))
    gap = {"kind": "denied", "subject": hidden, "detail": "403"}
    record(auditor, snapshot(DAY[1], group(name="db"), gaps=[gap]))

    assert [each.get("untold", 0) for each in changes(auditor)] == [0, 1]
    shown = auditor("history", "show").out
    assert "Not told now, and so not fixed (1)" in shown
    assert "was not read whole: 403" in shown


def test_a_rule_that_was_not_asked_fixes_nothing(auditor: Command) -> None:
    record(auditor, snapshot(DAY[0], group("ssh")))
    auditor("report", "-", "--select", "ADR", stdin=snapshot(DAY[1], group()))

    assert changes(auditor) == [{"new": 1}, {"untold": 1}]
    assert "NSG-005 did not run" in auditor("history", "show").out


@pytest.mark.parametrize(
    "file", ["application-gateways", "connections", "network-interfaces", "managed-clusters"]
)
def test_a_folder_that_lacks_a_file_fixes_nothing(auditor: Command, file: str) -> None:
    shutil.copytree(BROKEN, "exports")
    auditor("report", "exports", "--as-of", "2026-11-23")
    Path(f"exports/{file}.json").unlink()
    auditor("report", "exports", "--as-of", "2026-11-24")

    last = changes(auditor)[-1]
    assert not last.keys() & {"fixed", "removed", "answered"}
    assert last["untold"] > 0


def test_a_snapshot_of_another_subscription_is_refused(auditor: Command) -> None:
    record(auditor, snapshot(DAY[0], group("ssh")))
    other = snapshot(DAY[1], group("ssh")) | {"scope": ["/subscriptions/other"]}

    ran = record(auditor, other)

    assert ran.status == 2
    assert "the snapshot covers /subscriptions/other" in ran.err
    assert "--estate NAME" in ran.err
    assert ran.report["findings"], "it is shown all the same"
    assert record(auditor, other, "--estate", "other").status == 1
    assert "estate other" in auditor("history", "list").out
    told = auditor("history", "show")
    assert (told.status, "several estates" in told.err) == (2, True)


def test_a_report_is_not_green_when_the_history_is_damaged(auditor: Command) -> None:
    auditor.write("auditor-history.db", b"x" * 5000)

    ran = record(auditor, snapshot(DAY[0], group()))

    assert ran.status == 3
    assert ran.out == ""
    assert "the history was not read, and nothing was recorded" in ran.err
    assert "auditor-history.db: is damaged" in ran.err


def test_a_report_is_not_green_when_it_cannot_be_recorded(auditor: Command) -> None:
    ran = record(auditor, snapshot(DAY[0], group()), "--history", "absent/history.db")

    assert ran.status == 2
    assert "history" not in ran.report
    assert "absent/history.db: cannot be written" in ran.err


def test_damaged_input_leaves_the_history_as_it_is(auditor: Command) -> None:
    record(auditor, snapshot(DAY[0], group("ssh")))

    assert auditor("report", "-", *RULES, stdin=b"{").status == 3
    assert len(runs(auditor)) == 1


def test_a_history_is_asked_for_and_not_there(auditor: Command) -> None:
    for words in (("list",), ("show",), ("trend",), ("export",)):
        ran = auditor("history", *words)
        assert (ran.status, ran.out) == (3, "")
        assert "there is no history" in ran.err
        assert "auditor report PATH... begins one" in ran.err
    assert not Path("auditor-history.db").exists()


def test_the_place_comes_from_the_configuration(auditor: Command) -> None:
    auditor.write("auditor.toml", '[history]\nstore = "kept.db"\nestate = "shop"\nkeep-days = 5\n')
    record(auditor, snapshot(DAY[0], group("ssh")))
    record(auditor, snapshot(DAY[2], group()))

    assert Path("kept.db").exists()
    found = auditor("history", "export").report
    assert found["estate"] == "shop"
    assert [run["broken"]["critical"] + run["broken"]["high"] for run in found["runs"]] == [1, 0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('history = "x"', "history must be a table"),
        ("[history]\nstor = 1", "did you mean store?"),
        ("[history]\nkeep-days = 0", "keep-days must be a whole number"),
        ("[history]\nkeep-days = true", "keep-days must be a whole number"),
        ("[history]\nestate = 3", "estate must be text"),
        ("[history]\nstore = 3", "store must be the name of a file"),
        ('[history]\nestate = "a\\u001bb"', "is no name for an estate"),
        ('[history]\nstore = "postgresql://u:s3cret@h/d"', "a password does not belong"),
        ('[history]\nstore = "mysql://h/d"', "cannot be kept in"),
    ],
)
def test_a_configuration_that_cannot_be_followed_is_told(
    auditor: Command, text: str, why: str
) -> None:
    auditor.write("auditor.toml", text)

    ran = record(auditor, snapshot(DAY[0], group()))

    assert (ran.status, ran.out) == (2, "")
    assert why in ran.err
    assert "s3cret" not in ran.err


def test_the_environment_may_hold_the_address(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_HISTORY", "env.db")
    record(auditor, snapshot(DAY[0], group()))

    assert Path("env.db").exists()
    assert not Path("auditor-history.db").exists()


def test_a_password_is_not_told_when_a_server_is_out_of_reach(auditor: Command) -> None:
    auditor.write("url", "postgresql://ann:s3cret@127.0.0.1:1/history")
    for words in (("report", "-"), ("history", "list")):
        ran = auditor(*words, "--history", "@url", stdin=snapshot(DAY[0], group()))

        assert ran.status == 3
        assert "postgresql://ann:***@127.0.0.1:1/history: the server cannot be reached" in ran.err
        assert "s3cret" not in ran.out + ran.err


def test_without_its_library_a_history_tells_how_to_install_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "snapshot.json").write_text(json.dumps(snapshot(DAY[0], group())))
    program = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from auditor.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    for words in (["report", "snapshot.json"], ["history", "list"]):
        command = [sys.executable, "-c", program, *words]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)

        assert ran.returncode == 2
        assert b"a history needs SQLAlchemy, which is not installed" in ran.stderr
        assert b"uv tool install --force '.[history]'" in ran.stderr


def test_the_life_of_a_finding_is_told_run_by_run(auditor: Command) -> None:
    ssh = record(auditor, snapshot(DAY[0], group("ssh"))).report["findings"][0]["fingerprint"]
    record(auditor, snapshot(DAY[1], group()))
    record(auditor, snapshot(DAY[2], group("ssh")))

    told = auditor("history", "show", ssh[:8]).out
    found = auditor("history", "show", ssh, "--report", "json").report

    assert f"first seen {DAY[0]}, last seen {DAY[2]}" in told
    assert f"reopened 1 times, last {DAY[2]}" in told
    assert [run["state"] for run in found["runs"]] == ["open", "removed", "open"]
    assert auditor("history", "show", "zz").status == 2
    assert auditor("history", "show", "9").status == 2


def test_an_older_run_can_be_shown(auditor: Command) -> None:
    record(auditor, snapshot(DAY[0], group("ssh")))
    record(auditor, snapshot(DAY[1], group()))
    record(auditor, snapshot(DAY[2], group("ssh")))

    assert "New (1)" in auditor("history", "show", "1").out
    assert "Removed: what it was about is gone (1)" in auditor("history", "show", "2").out
    assert "Reopened (1)" in auditor("history", "show").out


def test_trends_are_drawn_and_given_as_data(auditor: Command) -> None:
    record(auditor, snapshot(DAY[0], group("ssh")))
    record(auditor, snapshot(DAY[1], group("ssh"), group("ssh", name="db")))

    lines = auditor("history", "trend").out.splitlines()
    data = auditor("history", "trend", "--report", "json").report

    assert lines[0] == "default: 2 runs, 2026-11-01 to 2026-11-08"
    assert lines[1].split() == ["critical", "▁█", "2", "from", "1", "to", "2"]
    assert data["series"][0] == {"name": "critical", "unit": "findings", "values": [1, 2]}
    assert auditor("history", "trend", "--runs", "1").out.startswith("default: 1 run,")


def test_an_export_has_everything_and_no_formula(auditor: Command) -> None:
    record(auditor, snapshot(DAY[0], group("=cmd|' /C calc'!A0")))

    ran = auditor("history", "export", "--output", "all.json")
    found = json.loads(Path("all.json").read_text())
    rows = list(csv.DictReader(auditor("history", "export", "--format", "csv").out.splitlines()))

    assert (ran.status, ran.out) == (0, "")
    assert found["schema"] == "auditor.history/1"
    assert [life["state"] for life in found["findings"]] == ["open"]
    assert rows[0]["fingerprint"] == found["findings"][0]["fingerprint"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_nothing_that_acts_gets_out(auditor: Command) -> None:
    name = "\x1b[31m##vso[task.complete]\u202e"
    record(auditor, snapshot(DAY[0], group(name)))
    record(auditor, snapshot(DAY[1], group()))

    for words in (("show",), ("show", "1"), ("list",), ("trend",), ("export",)):
        out = auditor("history", *words).out
        assert "\x1b" not in out
        assert "##vso" not in out
        assert "\u202e" not in out


def test_the_same_history_gives_the_same_bytes(auditor: Command) -> None:
    for day in DAY:
        record(auditor, snapshot(day, group("ssh"), group("ssh", name="db")))
    first = auditor("history", "export").out
    Path("auditor-history.db").unlink()
    for day in DAY:
        record(auditor, snapshot(day, group("ssh", name="db"), group("ssh")))

    assert auditor("history", "export").out == first


@pytest.mark.parametrize(
    "words",
    [("list",), ("show",), ("show", "1"), ("show", "FINDING"), ("trend",), ("export",)],
    ids=" ".join,
)
def test_what_is_written_as_json_keeps_its_schema(auditor: Command, words: tuple[str, ...]) -> None:
    ran = record(auditor, snapshot(DAY[0], group("ssh"), group("ssh", name="db")))
    mark = ran.report["findings"][0]["fingerprint"]
    record(auditor, snapshot(DAY[1], group("ssh")))
    schema = json.loads(auditor("schema", "history").out)

    form = () if words == ("export",) else ("--report", "json")
    asked = [mark if word == "FINDING" else word for word in words]
    found = auditor("history", *asked, *form)

    assert found.status == 0
    jsonschema.Draft202012Validator(schema).validate(found.report)
