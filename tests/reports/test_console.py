from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.finding import Evidence, Judged, Report, Severity, SourceSummary

from . import enemy, resources, sample
from .named import named
from .rendering import rendered, renderer

GOLDEN = Path(__file__).parent / "golden"
GREEN = re.compile("\x1b\\[[0-9;]*\\b32m")
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("width", ["80", "160"])
@pytest.mark.parametrize("report", ["full", "clean", "unsure", "empty", "hostile"])
def test_the_report_reads_as_written_down(
    report: str, width: str, golden: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)

    golden(GOLDEN / f"console-{report}-{width}.txt", rendered("console", named(report)))


@pytest.mark.parametrize("report", ["full", "clean", "unsure", "hostile"])
def test_colour_changes_nothing_but_colour(
    report: str, golden: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = rendered("console", named(report))
    monkeypatch.setenv("FORCE_COLOR", "1")
    colored = rendered("console", named(report))

    assert ESCAPE.sub("", colored) == plain
    assert colored != plain
    if report == "full":
        golden(GOLDEN / "console-full-color.txt", colored)


def test_only_a_report_without_broken_and_unknown_has_green(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert GREEN.search(rendered("console", sample.clean()))
    for report in (
        sample.full(),
        sample.blind(),
        sample.unsure(),
        sample.empty(),
        enemy.hostile(),
    ):
        assert not GREEN.search(rendered("console", report))


def test_no_color_wins_over_force_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b" not in rendered("console", sample.full())


@pytest.mark.parametrize("columns", ["", "0", "-3", "wide", "٣", "999999999999"])
def test_an_odd_width_is_no_trouble(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only while it is asked: `pytest -v` takes its own width from there, and fills it.
    with monkeypatch.context() as terminal:
        terminal.setenv("COLUMNS", columns)
        told = rendered("console", sample.full())

    assert "broken: 2 critical" in told


def test_a_terminal_gives_width_and_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((60, 20)))
    out = Terminal()
    renderer("console")(sample.full(), out)
    lines = ESCAPE.sub("", out.getvalue()).splitlines()

    assert "\x1b[" in out.getvalue()
    assert "  judged    125 resources: 96 networkInterfaces," in lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def test_every_command_stands_whole_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = rendered("console", sample.full()).splitlines()

    for finding in sample.full().findings[:7]:
        for command in re.findall(r"az .*", finding.remedy):
            assert any(line.endswith(command) for line in lines)


def test_long_titles_hang_beside_their_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    title = "A public load-balancer frontend forwards traffic from the internet to somebody."
    first = replace(sample.EXPOSED, title=title)
    two = replace(first, subject=resources.LB)
    lines = rendered("console", replace(sample.full(), findings=(first, two))).splitlines()

    assert max(map(len, (line for line in lines if " az " not in f" {line}"))) <= 80
    place = next(n for n, line in enumerate(lines) if line.startswith(" CRITICAL "))
    assert lines[place].startswith(" CRITICAL  EXP-001  A public load-balancer frontend forwards")
    assert lines[place + 1].startswith(" " * 20)
    assert lines[place + 1].endswith("somebody  (2)")


def test_the_totals_name_what_is_missing_before_the_first_finding() -> None:
    head, _, _ = rendered("console", sample.full()).partition("DB-001")

    assert "the route table rg-hub › routeTables/rt-spokes" in head
    assert "the diagnostic settings" in head
    assert "--strict" in head


def test_the_verdict_is_the_last_line() -> None:
    last = rendered("console", sample.full()).splitlines()[-1]

    assert last == (
        "broken: 2 critical, 3 high, 2 medium · unknown: 3 · waived: 1 · baseline: 1 · 1 rule kept"
    )


def sources(*names: str) -> list[str]:
    some = tuple(SourceSummary(name, "az-cli", 2) for name in names)
    report = sample.full()
    text = rendered("console", replace(report, audit=replace(report.audit, sources=some)))
    return re.findall(r"^  source    (.*)$", text, re.MULTILINE)


def test_a_few_inputs_are_named() -> None:
    assert sources("a/1.json", "b") == ["a/1.json · az-cli · 2 records", "b · az-cli · 2 records"]


def test_many_inputs_are_named_by_folder() -> None:
    assert sources(*(f"a/{n}.json" for n in range(9)), "b.json") == [
        "a · 9 files · az-cli · 18 records",
        ". · 1 file · az-cli · 2 records",
    ]


def test_very_many_folders_are_counted() -> None:
    assert sources(*(f"{n}/a.json" for n in range(9))) == [
        "9 folders · 9 files · az-cli · 18 records"
    ]


def about(*subjects: str) -> Report:
    findings = tuple(replace(sample.EXPOSED, subject=s, related=(), evidence=()) for s in subjects)
    return replace(sample.full(), findings=findings)


def shown(*subjects: str) -> list[str]:
    lines = rendered("console", about(*subjects)).splitlines()
    return [line.strip() for line in lines if line.startswith("  rg")]


PIP = "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.{}/publicIPAddresses/pip"


def test_a_short_name_is_group_type_and_name() -> None:
    assert shown(PIP.format("s1", "Network")) == ["rg › publicIPAddresses/pip"]


def test_two_providers_of_one_type_are_told_apart() -> None:
    assert shown(PIP.format("s1", "Network"), PIP.format("s1", "Web")) == [
        "rg › Microsoft.Network/publicIPAddresses/pip",
        "rg › Microsoft.Web/publicIPAddresses/pip",
    ]


def test_two_subscriptions_are_told_apart() -> None:
    text = rendered("console", about(PIP.format("s1", "Network"), PIP.format("s2", "Network")))

    assert "  s1 › rg › Microsoft.Network/publicIPAddresses/pip\n" in text
    assert "  s2 › rg › Microsoft.Network/publicIPAddresses/pip\n" in text


def test_two_spellings_of_one_id_are_one_name() -> None:
    one = PIP.format("s1", "Network")

    text = rendered("console", about(one, one.upper()))

    assert text.count("\n  rg › publicIPAddresses/pip\n") == 2


@pytest.mark.parametrize(
    ("arm_id", "short"),
    [
        ("/subscriptions/s1", "subscription s1"),
        ("/subscriptions/s1/resourceGroups/rg", "resource group rg"),
        (
            f"{PIP.format('s1', 'Network')}/providers/Microsoft.Insights/diagnosticSettings/d",
            "rg › publicIPAddresses/pip › diagnosticSettings/d",
        ),
        ("/subscriptions/s1/providers/Microsoft.Authorization/locks/l", "locks/l"),
        ("/subscriptions/s1/resourceGroups/rg/odd", "rg › odd"),
        ("internet", "internet"),
        ("auditor.toml", "auditor.toml"),
    ],
)
def test_other_subjects_have_a_name_too(arm_id: str, short: str) -> None:
    assert f"\n  {short}\n" in rendered("console", about(arm_id))


def test_ids_within_a_sentence_are_shortened_and_those_of_a_command_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "130")
    text = rendered("console", sample.full())

    assert "belongs to MC_rg-app_aks-shop_westeurope › loadBalancers/kubernetes, which" in text
    assert f"az network public-ip delete --ids {resources.PIP}\n" in text


def test_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = "/".join(["segment"] * 60) + "x" * 300
    finding: Judged = replace(
        sample.EXPOSED,
        message=f"the host {long} is public",
        evidence=(Evidence(resources.PIP, f"/{long}", long),),
    )
    text = rendered("console", replace(sample.full(), findings=(finding,)))

    assert re.sub(r"\s+", "", text).count(long) == 3


def test_findings_of_one_rule_stand_under_their_own_severity() -> None:
    milder = replace(sample.EXPOSED, severity=Severity.LOW)
    found = (sample.EXPOSED, sample.EXPOSED, sample.OVERLAP, milder)
    lines = rendered("console", replace(sample.full(), findings=found)).splitlines()

    assert [line for line in lines if re.match(r" [A-Z]+  [A-Z]", line)] == [
        " CRITICAL  EXP-001  Only approved gateways own a public address  (2)",
        " HIGH  ADR-001  Two subnets of one virtual network overlap",
        " LOW  EXP-001  Only approved gateways own a public address",
    ]


@pytest.mark.parametrize(
    ("remedy", "lines"),
    [
        ("move it", ["move it"]),
        ("az a b", ["az a b"]),
        ("$ az a b", ["az a b"]),
        ("remove it: az a b", ["remove it:", "az a b"]),
        ("first:\naz a\naz b", ["first:", "az a", "az b"]),
        ("Start-AzThing -Name x", ["Start-AzThing -Name x"]),
        ("ask az itself", ["ask az itself"]),
    ],
)
def test_a_command_stands_on_a_line_of_its_own(remedy: str, lines: list[str]) -> None:
    finding = replace(sample.EXPOSED, remedy=remedy)
    text = rendered("console", replace(sample.full(), findings=(finding,)))
    _, _, after = text.partition("    mend      ")
    shown = [line.strip() for line in after.split("\n\n")[0].splitlines()]

    assert shown == lines


def test_no_line_of_a_hostile_report_begins_or_ends_like_ours() -> None:
    lines = rendered("console", enemy.hostile()).splitlines()

    assert sum(line.startswith("broken:") for line in lines) == 1
    assert not any(line.lstrip().startswith("::") for line in lines)
    assert not any("##vso[" in line or "##[" in line for line in lines)


def test_rich_is_loaded_only_to_render() -> None:
    code = (
        "import sys; from importlib.metadata import entry_points\n"
        "[p.load() for p in entry_points(group='auditor.reports')]\n"
        "sys.exit('rich' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rules_about_the_audit_alone_judge_nothing_of_the_network() -> None:
    said = sample.clean()
    counted = tuple(replace(kind, understood=False) for kind in said.audit.resources)
    text = rendered("console", replace(said, audit=replace(said.audit, resources=counted)))

    assert "nothing was judged" in text
    assert "nothing was judged" not in rendered("console", said)


def test_what_could_not_be_read_is_told_whatever_rules_were_asked() -> None:
    text = rendered("console", sample.blind())

    assert "  not read  " in text
    assert "networkSecurityGroups" in text
    assert text.splitlines()[-1] == (
        "broken: none · unknown: none · not read: 1 part of the input · 2 rules kept"
    )


def test_a_snapshot_of_which_parts_were_not_read_is_not_said_to_hold_nothing() -> None:
    unread = sample.blind().audit.unread
    report = replace(sample.empty(), audit=replace(sample.empty().audit, unread=unread * 9))
    text = rendered("console", report)

    assert "nothing was judged: what could be read holds nothing that a rule reads" in text
    assert "not read: 9 parts of the input" in text
    assert "and 3 more" in text


def test_addresses_of_ipv6_read_as_they_are() -> None:
    packet = "2001:db8::a -> [2001:db8::20]:80"
    report = replace(sample.full(), findings=(replace(sample.EXPOSED, message=packet),))
    assert packet in rendered("console", report)
