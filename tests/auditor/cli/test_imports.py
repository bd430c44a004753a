"""What a command imports, and that it runs apart from the tests."""

from __future__ import annotations

import json

from ...command import Command, apart
from .own_rules import network, own

HEAVY = (
    "msgspec",
    "rich",
    "netaddr",
    "cryptography",
    "hypothesis",
    "zstandard",
    "importlib.resources",
    "tomllib",
    "traceback",
)


def test_the_command_line_imports_nothing_heavy() -> None:
    told = "import sys, auditor.cli; auditor.cli.main(['--help']); print(*sys.modules)"

    ran = apart(python=told)

    loaded = set(ran.stdout.decode().splitlines()[-1].split())
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


UNASKED = (
    "auditor.past",
    "cryptography",
    "difflib",
    "gzip",
    "netaddr",
    "rich",
    "traceback",
    "zstandard",
)


def test_an_audit_imports_nothing_that_it_does_not_ask(auditor: Command) -> None:
    own(auditor)
    auditor.write("export.json", network())
    check = "auditor.cli.main(['check', 'export.json', '--report', 'json=out.json'])"
    there = f"import os, sys; os.chdir({str(auditor.folder)!r})"

    ran = apart(python=f"{there}; import auditor.cli; {check}; print(*sys.modules)")

    loaded = set(ran.stdout.decode().splitlines()[-1].split())
    assert (auditor.folder / "out.json").exists()
    assert "auditor.rules" in loaded
    assert loaded & set(UNASKED) == set()


def test_an_audit_apart_from_the_tests(auditor: Command) -> None:
    own(auditor)

    ran = apart("check", "-", "--report", "json", stdin=json.dumps(network()).encode())

    assert ran.returncode == 1
    assert json.loads(ran.stdout)["schema"] == "auditor.report/1"
    assert ran.stderr == b""
