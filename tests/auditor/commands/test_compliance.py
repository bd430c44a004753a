"""Compliance on the command line."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from auditor.snapshot.always import ALWAYS_LISTED
from auditor.testing import arm_id, resource

from ...command import Command

NSG = "Microsoft.Network/networkSecurityGroups"
VNET = "Microsoft.Network/virtualNetworks"
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _no_configuration_from_above(auditor: Command) -> None:
    auditor.write("auditor.toml", "")


def network(*, guarded: bool = True) -> list[Json]:
    group = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}} if guarded else {}
    subnet = {"name": "web", "properties": {"addressPrefix": "10.0.0.0/24", **group}}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    parts: Json = {"subnets": [subnet], "virtualNetworkPeerings": []}
    return [resource(VNET, "v", {**space, **parts}), resource(NSG, "nsg", {"securityRules": []})]


def outcomes(report: Any, number: int = 0) -> dict[str, str]:
    controls = report["compliance"][number]["controls"]
    return {control["id"]: control["outcome"] for control in controls}


def test_a_check_tells_of_a_shipped_framework(auditor: Command) -> None:
    told = outcomes(auditor.check(network(), "--framework", "cis-6.0").report)

    assert told["7.11"] == "satisfied"
    assert told["7.12"] == "nothing to judge"
    assert told["7.13"] == "not covered"
    assert told["6.1.1.6"] == "not told"
    told = outcomes(auditor.check(network(guarded=False), "--framework", "cis-6.0").report)
    assert told["7.11"] == "not satisfied"


def test_a_group_that_is_not_in_the_snapshot_leaves_its_controls_untold(auditor: Command) -> None:
    told = outcomes(auditor.check(network()[:1], "--framework", "cis-6.0").report)

    assert told["7.1"] == "not told"


GATEWAYS = "Microsoft.Network/applicationGateways"
EMPTY: Json = {key: [] for key in ALWAYS_LISTED[GATEWAYS.lower()]}


@pytest.mark.parametrize(("settings", "told"), [({}, "not told"), (EMPTY, "nothing to judge")])
def test_a_gateway_that_tells_no_listeners_leaves_its_controls_untold(
    auditor: Command, settings: Json, told: str
) -> None:
    gateway = resource(GATEWAYS, "agw", {"sku": {"tier": "Standard_v2"}, **settings})
    found = outcomes(auditor.check([gateway], "--framework", "cis-6.0").report)

    assert found["7.10"] == told
    assert found["7.12"] == told


def test_a_network_that_tells_no_subnets_leaves_its_controls_untold(auditor: Command) -> None:
    bare = resource(VNET, "v", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})

    assert outcomes(auditor.check([bare], "--framework", "cis-6.0").report)["7.11"] == "not told"


def test_a_rule_left_out_leaves_its_control_untold(auditor: Command) -> None:
    ran = auditor.check(network(), "--framework", "cis-6.0", "--ignore", "NSG-001")

    assert outcomes(ran.report)["7.11"] == "not told"


def test_no_framework_no_compliance(auditor: Command) -> None:
    assert "compliance" not in auditor.check(network()).report


def test_the_configuration_names_frameworks_and_files_beside_it(auditor: Command) -> None:
    auditor.write(
        "auditor.toml",
        """
        [compliance]
        frameworks = ["MCSB", "maps/ours.toml"]
        [[intent]]
        name = "no way in"
        from = "internet"
        to = "name:v"
        expect = "unreachable"
        """,
    )
    auditor.write(
        "maps/ours.toml",
        "name = 'Ours'\n[[control]]\nid = '1'\nintents = ['no way in']\n"
        "[[control]]\nid = '2'\nrules = ['subnet-without-nsg']",
    )
    report = auditor.check(network()).report

    assert [each["framework"] for each in report["compliance"]] == ["MCSB", "Ours"]
    assert outcomes(report, 1)["2"] == "satisfied"
    assert {each["name"]: each["outcome"] for each in report["intents"]}["no way in"] == "kept"
    assert outcomes(report, 1)["1"] == "satisfied"


def test_the_command_line_goes_before_the_configuration(auditor: Command) -> None:
    auditor.write("auditor.toml", "[compliance]\nframeworks = ['MCSB']")
    report = auditor.check(network(), "--framework", "CIS 2.0").report

    assert [each["framework"] for each in report["compliance"]] == ["CIS 2.0"]


def test_a_baseline_does_not_satisfy_a_control(auditor: Command) -> None:
    bare = network(guarded=False)
    auditor.check(bare, "--write-baseline", "known.json")
    ran = auditor.check(bare, "--baseline", "known.json", "--framework", "cis-6.0")

    assert outcomes(ran.report)["7.11"] == "not satisfied"
    again = auditor.check(bare, "--write-baseline", "b.json", "--framework", "cis-6.0")
    assert outcomes(again.report)["7.11"] == "not satisfied"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("compliance = ['MCSB']", "compliance must be a table"),
        ("[compliance]\nframework = ['MCSB']", "did you mean frameworks?"),
        ("[compliance]\nframeworks = 'MCSB'", "frameworks must be a list"),
        ("[compliance]\nframeworks = ['MCBS']", "did you mean MCSB?"),
        ("[compliance]\nframeworks = ['gone.toml']", "gone.toml: cannot be read"),
    ],
)
def test_a_configuration_that_is_wrong_is_refused(auditor: Command, text: str, said: str) -> None:
    auditor.write("auditor.toml", text)
    ran = auditor.check(network())

    assert ran.status == 2
    assert said in ran.err


def test_frameworks_are_listed(auditor: Command) -> None:
    ran = auditor("compliance")

    assert (ran.status, ran.err) == (0, "")
    assert [line.partition("  ")[0] for line in ran.out.splitlines()] == [
        *("CIS 2.0", "CIS 2.1", "CIS 3.0", "CIS 4.0", "CIS 5.0", "CIS 6.0"),
        "MCSB",
    ]
    listed = json.loads(auditor("compliance", "--report", "json").out)
    assert [each["name"] for each in listed] == [line[:7].strip() for line in ran.out.splitlines()]


def test_the_controls_of_a_framework_are_shown_with_their_rules(auditor: Command) -> None:
    text = auditor("compliance", "mcsb").out

    assert "NS-6   Web applications have a web application firewall\n       WAF-001" in text
    assert "NS-5   Public addresses are protected against floods\n       no rule looks" in text


def test_a_framework_is_written_as_a_mapping_file_that_can_be_used(auditor: Command) -> None:
    text = auditor("compliance", "CIS 6.0", "--report", "toml").out
    auditor.write("mine.toml", text)
    table = tomllib.loads(text)

    assert table["name"] == "our CIS 6.0"
    shipped = auditor.check(network(), "--framework", "CIS 6.0").report
    mine = auditor.check(network(), "--framework", "mine.toml").report
    assert outcomes(mine) == outcomes(shipped)


def test_all_frameworks_are_no_mapping_file(auditor: Command) -> None:
    assert auditor("compliance", "--report", "toml").status == 2
    assert auditor("compliance", "nist").status == 2
