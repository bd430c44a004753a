"""`auditor diff`, and `auditor check --since`, as typed."""

from __future__ import annotations

import json
from typing import Any

from ...command import Command
from ...exposed import deny, pip, rule
from .test_reach_commands import HTTPS, estate, written


def diff(auditor: Command, old: list[Any], new: list[Any], *words: str) -> Any:
    paths = [written(auditor.folder, *old, name="old.json"),
             written(auditor.folder, *new, name="new.json")]  # fmt: skip
    return auditor("diff", *paths, "--as-of", "2026-11-23", *words)


def test_a_diff_tells_packets_in_markdown_too(auditor: Command) -> None:
    intent = '[[intent]]\nname = "a|b"\nfrom = "internet"\nto = "name:typo"\nexpect = "reachable"\n'
    (auditor.folder / "auditor.toml").write_text(intent)
    lines = diff(auditor, estate(), estate(HTTPS), "--report", "markdown").out.splitlines()
    assert lines[2] == (
        "| gained | internet | web/primary | &#43; tcp 443, "
        "as tcp 203.0.113.10 -&#62; 20.50.1.2:443 -&#62; 10.0.0.4:443 | no |"
    )
    assert lines[-1] == "Of the intent a&#124;b it cannot be told."


def test_a_diff_of_the_same_is_empty(auditor: Command) -> None:
    ran = diff(auditor, estate(HTTPS), estate(HTTPS))
    assert ran.status == 0
    assert ran.out.splitlines() == ["Paths: 0 changes", "Findings: 0 new", "Findings: 0 gone"]


def test_a_path_that_opened_to_the_world_fails(auditor: Command) -> None:
    ran = diff(auditor, estate(), estate(HTTPS))
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[1].split() == ["!", "gained", "internet", "->", "web/primary"]
    assert lines[2].strip() == "+ tcp 443, as tcp 203.0.113.10 -> 20.50.1.2:443 -> 10.0.0.4:443"
    told = json.loads(diff(auditor, estate(), estate(HTTPS), "--report", "json").out)
    assert told["schema"] == "auditor.diff/1"
    assert told["failed"] is True
    first = told["paths"][0]
    assert (first["change"], first["certain"], first["allowed"]) == ("gained", True, False)
    assert first["gained"]["witness"]["destinationPort"] == 443
    assert first["to"].endswith("/networkInterfaces/web/ipConfigurations/primary")
    assert "/providers/Microsoft.Network/publicIPAddresses/" in first["entrance"]


def test_one_that_closed_does_not(auditor: Command) -> None:
    ran = diff(auditor, estate(HTTPS), estate(deny("no", 90), HTTPS))
    assert ran.status == 0
    assert "lost     internet -> web/primary" in ran.out
    assert "- tcp 443" in ran.out


def test_one_that_moved_to_another_address_is_open_there_now(auditor: Command) -> None:
    elsewhere = [pip("pip", address="20.50.1.99") if each == pip("pip") else each
                 for each in estate(HTTPS)]  # fmt: skip
    ran = diff(auditor, estate(HTTPS), elsewhere)
    assert ran.status == 1
    assert ran.out.splitlines()[1].split() == ["!", "moved", "internet", "->", "web/primary"]


def test_what_is_allowed_to_be_public_may_open(auditor: Command) -> None:
    (auditor.folder / "auditor.toml").write_text('[params.EXP-001]\nallow = ["*/web"]\n')
    ran = diff(auditor, estate(), estate(HTTPS))
    assert ran.status == 0
    assert "  gained   internet -> web/primary" in ran.out


def test_a_broken_intent_fails(auditor: Command) -> None:
    (auditor.folder / "auditor.toml").write_text(
        '[params.EXP-001]\nallow = ["*"]\n[[intent]]\nname = "shut"\nfrom = "internet"\n'
        'to = "name:web"\nexpect = "unreachable"\n'
    )
    ran = diff(auditor, estate(), estate(HTTPS))
    assert ran.status == 1
    assert "the intent shut is broken" in ran.out
    assert diff(auditor, estate(HTTPS), estate()).status == 0


ANY = rule("any", 100, "*", "*", protocol="*")
UNREAD = [each for each in estate(ANY) if each["name"] != "nsg"]
"""The same estate, of which the security group was not exported."""


def test_what_can_no_longer_be_told_is_shown_with_the_reason(auditor: Command) -> None:
    ran = diff(auditor, estate(ANY), UNREAD)
    assert ran.status == 0
    lines = ran.out.splitlines()
    at = next(n for n, line in enumerate(lines) if "internet -> web/primary" in line)
    assert lines[at].split()[0] == "doubted"
    assert lines[at + 1].strip().startswith("? tcp *; udp *; icmp *")
    assert "cannot tell" in lines[at + 2]
    assert "nsg" in lines[at + 2]
    told = json.loads(diff(auditor, estate(ANY), UNREAD, "--report", "json").out)
    first = told["paths"][0]
    assert (first["change"], first["certain"], first["allowed"]) == ("doubted", False, True)
    assert (first["gained"], first["lost"]) == (None, None)
    assert first["doubted"]["reasons"][0]["label"] == "collection-gap"
    markdown = diff(auditor, estate(ANY), UNREAD, "--report", "markdown").out
    assert "| doubted | internet | web/primary | ? tcp" in markdown.replace("&#63;", "?")


def test_what_only_may_have_been_open_and_surely_is_fails(auditor: Command) -> None:
    ran = diff(auditor, UNREAD, estate(ANY))
    assert ran.status == 1
    lines = ran.out.splitlines()
    at = next(n for n, line in enumerate(lines) if "internet -> web/primary" in line)
    assert lines[at].split()[:2] == ["!", "confirmed"]
    assert lines[at + 1].strip().startswith("* tcp *; udp *; icmp *")
    first = json.loads(diff(auditor, UNREAD, estate(ANY), "--report", "json").out)["paths"][0]
    assert (first["change"], first["certain"], first["allowed"]) == ("confirmed", True, False)
    assert first["confirmed"]["ports"].startswith("tcp *")
    markdown = diff(auditor, UNREAD, estate(ANY), "--report", "markdown").out
    assert "| confirmed | internet | web/primary | &#42; tcp" in markdown


def test_what_only_may_have_opened_fails_with_strict_alone(auditor: Command) -> None:
    ran = diff(auditor, estate(), UNREAD, "--report", "json")
    first = json.loads(ran.out)["paths"][0]
    assert (first["change"], first["certain"], first["allowed"]) == ("gained", False, False)
    assert (ran.status, json.loads(ran.out)["failed"]) == (0, False)
    assert diff(auditor, estate(), UNREAD, "--strict").status == 1


def test_with_strict_what_cannot_be_told_fails(auditor: Command) -> None:
    assert diff(auditor, estate(ANY), UNREAD, "--strict").status == 1
    assert diff(auditor, UNREAD, UNREAD, "--strict").status == 0
    (auditor.folder / "auditor.toml").write_text("strict = true\n")
    assert diff(auditor, estate(ANY), UNREAD).status == 1
    assert diff(auditor, estate(ANY), estate(ANY)).status == 0
    intent = 'strict = true\n[[intent]]\nname = "a"\nfrom = "internet"\nto = "name:typo"\n'
    (auditor.folder / "auditor.toml").write_text(intent + 'expect = "reachable"\n')
    assert diff(auditor, estate(ANY), estate(ANY)).status == 1


def test_findings_new_and_gone(auditor: Command) -> None:
    ssh = rule("ssh", 110, "Internet", "22")
    told = json.loads(diff(auditor, estate(HTTPS), estate(HTTPS, ssh), "--report", "json").out)
    assert "NSG-005" in {finding["rule"] for finding in told["findings"]["gained"]}
    back = json.loads(diff(auditor, estate(HTTPS, ssh), estate(HTTPS), "--report", "json").out)
    assert "NSG-005" in {finding["rule"] for finding in back["findings"]["lost"]}
    markdown = diff(auditor, estate(HTTPS), estate(HTTPS, ssh), "--report", "markdown").out
    assert "| Path | From | To | Packets | Allowed |" in markdown


def test_check_since_an_older_snapshot(auditor: Command) -> None:
    old = written(auditor.folder, *estate(), name="old.json")
    new = written(auditor.folder, *estate(HTTPS), name="new.json")
    words = ("--select", "GOV-010", "--as-of", "2026-11-23", "--report", "json")
    told = json.loads(auditor("check", new, "--since", old, *words).out)
    assert [finding["rule"] for finding in told["findings"]][:1] == ["GOV-010"]
    assert json.loads(auditor("check", new, *words).out)["findings"] == []
