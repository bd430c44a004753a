"""What the command line tells about itself and about rules."""

from __future__ import annotations

import json

import pytest

from auditor import __version__, cli, registry

from ...command import Command, apart
from .own_rules import network, own


def test_rules_lists_every_rule(auditor: Command) -> None:
    lines = auditor("rules").out.splitlines()

    assert [line.split()[0] for line in lines] == list(registry.rules())
    off = [rule.id for rule in registry.rules().values() if not rule.on]
    assert [line.split()[0] for line in lines if "only when selected" in line] == off


def test_rules_as_a_page(auditor: Command) -> None:
    page = auditor("rules", "--report", "html").out

    assert page.startswith("<!doctype html>")
    assert '<li class="finding critical" id="GW-002"' in page
    assert "<h2>What fails</h2>" in page


def test_the_report_as_a_page_has_the_picture_and_other_reports_have_not(auditor: Command) -> None:
    own(auditor)
    ran = auditor.check(network(), "--report", "html=r.html")
    page = (auditor.folder / "r.html").read_text(encoding="utf-8")

    assert "picture" not in ran.report
    assert 'id="picture-section"' in page


def test_rules_as_json(auditor: Command) -> None:
    told = json.loads(auditor("rules", "--report", "json").out)

    assert [rule["id"] for rule in told] == list(registry.rules())
    assert all(rule["title"] and rule["severity"] for rule in told)


@pytest.mark.parametrize("name", ["GOV-008", "gov-008", "stale-waiver"])
def test_explain_shows_the_page(name: str, auditor: Command) -> None:
    ran = auditor("explain", name)

    assert ran.status == 0
    assert ran.out.startswith("# GOV-008 ")
    assert "## What to do" in ran.out


def test_every_page_can_be_shown(auditor: Command) -> None:
    for rule in registry.rules().values():
        ran = auditor("explain", rule.id)
        assert ran.status == 0
        assert all(f"`{name}`" in ran.out for name in (rule.name,))


def test_explain_hints_at_the_nearest_rule(auditor: Command) -> None:
    assert "did you mean GOV-0" in auditor("explain", "GOV-00").err


def test_the_schema_is_json(auditor: Command) -> None:
    told = json.loads(auditor("schema").out)

    assert told["properties"]["schema"] == {"const": "auditor.report/1"} or told["$schema"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, auditor: Command) -> None:
    ran = auditor("completion", shell)

    assert ran.status == 0
    assert "_AUDITOR_COMPLETE" in ran.out


def test_completion_answers() -> None:
    words = {"COMP_WORDS": "auditor ch", "COMP_CWORD": "1"}
    ran = apart(environment={"_AUDITOR_COMPLETE": "bash_complete", **words})

    assert ran.stdout.split() == [b"plain,check"]
    assert ran.returncode == 0


def test_version_and_help(auditor: Command) -> None:
    assert auditor("--version").out == f"auditor, version {__version__}\n"
    for arguments in (["--help"], ["-h"], ["check", "--help"]):
        ran = auditor(*arguments)
        assert ran.status == 0
        assert ran.out.startswith("Usage: auditor")


def test_every_option_is_told_in_help() -> None:
    for command in cli.cli.commands.values():
        assert command.help
        for option in command.params:
            assert getattr(option, "help", "") or option.param_type_name == "argument", option.name
