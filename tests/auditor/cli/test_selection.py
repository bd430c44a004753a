"""Which rules run, and what they are told: options and configuration."""

from __future__ import annotations

import pytest

from ...command import Command
from .own_rules import network, own


def test_select_and_ignore_take_lists_families_and_globs(auditor: Command) -> None:
    for number in (1, 2, 3):
        own(auditor, number)

    def ran(*arguments: str) -> list[str]:
        rules = auditor.check(network(), *arguments).report["summary"]["rules"]
        return [rule["rule"] for rule in rules]

    assert ran() == ["OWN-001", "OWN-002", "OWN-003"]
    assert ran("--select", "OWN-001,own-2", "--select", "OWN-003") == [
        "OWN-001",
        "OWN-002",
        "OWN-003",
    ]
    assert ran("--select", "OWN-00?", "--ignore", "OWN-002, OWN-003") == ["OWN-001"]


def test_rules_of_a_folder_given_on_the_command_line(auditor: Command) -> None:
    auditor.write("auditor.toml", "")
    own(auditor)

    ran = auditor.check(network(), "--rules", "own", "--select", "OWN")

    assert ran.status == 1
    assert "OWN-001" in auditor("rules", "--rules", "own").out
    assert "Own." in auditor("explain", "own-001", "--rules", "own").out


def test_a_folder_named_in_the_configuration_and_on_the_command_line(auditor: Command) -> None:
    own(auditor)

    assert auditor.check(network(), "--rules", "own").status == 1


SAYS_WHAT_IT_KNOWS = """\
\"\"\"Knows.

## Why it matters
A test.

## What fails
Everything.

## What to do
Nothing.
\"\"\"

from auditor.network.graph import whole
from auditor.rule import Finding, Severity, rule


@rule("OWN-009", severity=Severity.HIGH, since="0.1.0", of=whole)
def knows(network, _):
    intents = ",".join(intent.name for intent in network.intents)
    yield Finding("/x", message=f"{intents}: {network.tags('Storage')}", remedy="none")
"""
TAGS = {"values": [{"name": "Storage", "properties": {"addressPrefixes": ["20.60.0.0/16"]}}]}
INTENT = """
[[intent]]
name = "closed"
from = "internet"
to = "rg:rg"
expect = "unreachable"
"""


def known(auditor: Command, *arguments: str) -> str:
    ran = auditor.check(network(), "--select", "OWN-009", *arguments)
    (finding,) = ran.report["findings"]
    return str(finding["message"])


def test_rules_know_what_is_intended_and_what_tags_stand_for(auditor: Command) -> None:
    auditor.write("own/knows.py", SAYS_WHAT_IT_KNOWS)
    auditor.write("conf/tags.json", TAGS)
    auditor.write("other.json", {"values": []})
    told = 'rules = ["../own"]\nservice-tags = "tags.json"\n'
    conf = auditor.write("conf/auditor.toml", told + INTENT)

    assert known(auditor) == ": None"
    assert known(auditor, "--service-tags", "conf/tags.json") == ": 20.60.0.0/16"
    assert known(auditor, "--config", str(conf)) == "closed: 20.60.0.0/16"
    assert known(auditor, "--config", str(conf), "--service-tags", "other.json") == "closed: None"


@pytest.mark.parametrize("content", [b"{}", b"not json", b"\xff", None])
def test_a_tag_file_that_is_none_ends_the_audit(content: bytes | None, auditor: Command) -> None:
    auditor.write("auditor.toml", "")
    if content is not None:
        auditor.write("tags.json", content)
    ran = auditor("check", "-", "--service-tags", "tags.json", stdin=network())
    assert ran.status == 3
    assert "tags.json" in ran.err
    assert ran.out == ""


def test_a_configuration_given_by_name_comes_before_the_one_found(auditor: Command) -> None:
    own(auditor)
    auditor.write("other/it.toml", 'rules = ["../own"]\nselect = ["OWN"]\nfail-on = "critical"\n')

    assert auditor.check(network(), "--config", "other/it.toml").status == 0
