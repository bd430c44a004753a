"""`auditor reach --matrix`, as typed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.commands.matrix import numbers

from ...command import Command
from ...exposed import deny, nsg
from ...networks import vnet
from ...reaching import ref
from .test_reach_commands import written

GROUP = ref("Microsoft.Network/networkSecurityGroups", "nsg")


@pytest.fixture
def export(auditor: Command) -> str:
    guarded = {"addressPrefix": "10.0.2.0/24", "networkSecurityGroup": GROUP}
    return written(
        auditor.folder,
        nsg(deny("nothing", 4000)),
        vnet("hub", "10.0.0.0/16",
             subnets={"one": "10.0.0.0/24", "two": "10.0.1.0/24", "db": guarded}),
        vnet("far", "10.9.0.0/16", subnets={"alone": "10.9.0.0/24"}),
    )  # fmt: skip


def matrix(auditor: Command, path: str, *words: str) -> Any:
    return auditor("reach", path, "--matrix", *words)


@pytest.mark.parametrize("report", ["text", "json", "markdown"])
def test_what_is_told_does_not_depend_on_how_much_is_written_at_a_time(
    auditor: Command, export: str, report: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = matrix(auditor, export, "--report", report).out
    monkeypatch.setattr("auditor.commands.matrix._AT_A_TIME", 2)
    assert matrix(auditor, export, "--report", report).out == whole
    assert whole.count("\n") > 2


def test_the_text_has_a_number_for_subnets_that_behave_alike(auditor: Command, export: str) -> None:
    ran = matrix(auditor, export)
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "subnets, those that behave alike under one number",
        "   1  far/alone",
        "   2  hub/db",
        "   3  hub/one, hub/two",
        "",
        "from 1  far/alone",
        "  BLOCKED    to 2-3",
        "    stop   route: 10.0.0.0/8 of far",
        "",
        "from 2  hub/db",
        "  BLOCKED    to 1",
        "    stop   route: 10.0.0.0/8 of hub",
        "  REACHABLE  to 3  every protocol",
        "",
        "from 3  hub/one, hub/two",
        "  BLOCKED    to 1",
        "    stop   route: 10.0.0.0/8 of hub",
        "  BLOCKED    to 2",
        "    stop   nsg-inbound: securityRules/nothing of nsg",
        "  REACHABLE  to 3  every protocol",
    ]


def test_the_json_is_the_published_form(auditor: Command, export: str) -> None:
    ran = matrix(auditor, export, "--report", "json", "--port", "443", "--protocol", "tcp")
    told = json.loads(ran.out)
    assert told["schema"] == "auditor.matrix/1"
    assert [each["number"] for each in told["classes"]] == [1, 2, 3]
    assert [len(each["subnets"]) for each in told["classes"]] == [1, 1, 2]
    assert told["classes"][1]["securityGroup"] == GROUP["id"]
    assert told["blocks"][2:] == [
        {"from": 2, "to": "3", "version": 4, "verdict": "reachable",
         "reachable": [{"protocol": "tcp", "ports": "443"}]},
        {"from": 3, "to": "1", "version": 4, "verdict": "blocked",
         "blocker": {"reason": "route", "at": "from", "rule": "10.0.0.0/8",
                     "resource": told["classes"][2]["network"]}},
        {"from": 3, "to": "2", "version": 4, "verdict": "blocked",
         "blocker": {"reason": "nsg-inbound", "at": "to", "rule": "securityRules/nothing",
                     "resource": ""}},
        {"from": 3, "to": "3", "version": 4, "verdict": "reachable",
         "reachable": [{"protocol": "tcp", "ports": "443"}]},
    ]  # fmt: skip


def test_markdown_is_two_tables(auditor: Command, export: str) -> None:
    lines = matrix(auditor, export, "--report", "markdown").out.splitlines()
    assert lines[0] == "| Number | Subnets |"
    assert lines[6] == "| From | To | IP | Verdict | Packets | Why |"
    assert "| 2 | 3 | 4 | reachable | every protocol |  |" in lines


@pytest.mark.parametrize(
    ("words", "status", "rows"),
    [
        (["--from", "subnet:hub/one", "--to", "subnet:hub/db"], 1, [(2, "1")]),
        (["--from", "subnet:hub/db", "--to", "name:hub"], 0, [(1, "2")]),
        (["--from", "name:far"], 1, [(1, "2-3")]),
        (["--from", "10.9.0.7"], 1, [(1, "2-3")]),
    ],
)
def test_rows_and_columns_can_be_chosen(
    auditor: Command, export: str, words: list[str], status: int, rows: list[tuple[int, str]]
) -> None:
    ran = matrix(auditor, export, "--report", "json", *words)
    blocks = json.loads(ran.out)["blocks"]
    assert ran.status == status
    assert [(block["from"], block["to"]) for block in blocks] == rows


@pytest.mark.parametrize("end", ["internet", "name:nsg", "subnet:hub/none"])
def test_what_is_no_subnet_is_a_mistake(auditor: Command, export: str, end: str) -> None:
    ran = matrix(auditor, export, "--from", end)
    assert ran.status == 2
    assert ran.out == ""


def test_one_subnet_alone_has_no_matrix(auditor: Command, export: str) -> None:
    alone = ("--from", "subnet:hub/db", "--to", "subnet:hub/db")
    ran = matrix(auditor, export, *alone)
    assert (ran.status, ran.out) == (2, "")
    assert "hub/db is the only subnet" in ran.err


def test_what_cannot_be_told_is_status_4(auditor: Command) -> None:
    lost = {"addressPrefix": "10.0.2.0/24", "networkSecurityGroup": GROUP}
    path = written(auditor.folder, vnet("hub", "10.0.0.0/16",
                                        subnets={"one": lost, "two": {**lost, "addressPrefix":
                                                                      "10.0.3.0/24"}}))  # fmt: skip
    ran = matrix(auditor, path)
    assert ran.status == 4
    assert "(collection-gap)" in ran.out


def test_without_a_matrix_the_source_is_needed(auditor: Command, export: str) -> None:
    ran = auditor("reach", export)
    assert ran.status == 2
    assert "--from is missing" in ran.err


@pytest.mark.parametrize(
    ("mask", "said"),
    [(0, ""), (0b1, "1"), (0b1011, "1-2, 4"), (0b1111_0000, "5-8"), (1 << 99, "100")],
)
def test_numbers_of_a_mask(mask: int, said: str) -> None:
    assert numbers(mask) == said
