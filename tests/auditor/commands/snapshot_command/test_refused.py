"""`auditor snapshot` that cannot be followed, or reads nothing."""

from __future__ import annotations

import sys

import pytest

from ....command import Command, apart
from ....standin import StandIn
from ....standin.faults import denied
from .taking import options

pytest.importorskip("azure.identity")


def test_an_output_that_stood_there_stays_when_nothing_can_be_read(
    auditor: Command, azure: StandIn
) -> None:
    auditor.write("s.json", "before")
    azure.faults.append(denied("/subscriptions"))
    ran = auditor(*options(azure), "--output", "s.json")

    assert ran.status == 3
    assert ran.err.startswith("auditor: no snapshot was taken\n")
    assert "help: " in ran.err
    assert [each.name for each in auditor.folder.iterdir()] == ["s.json"]
    assert (auditor.folder / "s.json").read_text() == "before"


def test_a_wrong_secret_is_told_in_a_few_lines(
    auditor: Command, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")
    ran = auditor(*options(azure), "--output", "s.json")

    assert ran.status == 3
    assert len(ran.err.splitlines()) == 3
    assert "AZURE_CLIENT_SECRET" in ran.err
    assert "hunter2" not in ran.err
    assert list(auditor.folder.iterdir()) == []


def test_no_credential_at_all_is_told_in_a_few_lines(
    auditor: Command, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    ran = auditor(*options(azure), "--output", "s.json")

    assert (ran.status, len(ran.err.splitlines())) == (3, 3)
    assert "help: set AZURE_TENANT_ID" in ran.err


OWN = ("--authority", "https://y")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--arm-endpoint", "https://x"), "--authority together"),
        (
            ("--cloud", "china", "--arm-endpoint", "https://x", "--authority", "https://y"),
            "--cloud",
        ),
        (("--arm-endpoint", "http://x", *OWN), "https://"),
        (("--resume",), "--resume needs --output"),
        (("--output", "absent/s.json"), "no such folder"),
        (("--output", "."), "is a folder"),
        (("--resume", "--output", "s.json"), "nothing to resume"),
        (("--concurrency", "0"), "0 is not in the range"),
    ],
)
def test_a_command_line_that_cannot_be_followed(
    auditor: Command, arguments: tuple[str, ...], said: str
) -> None:
    ran = auditor("snapshot", *arguments)

    assert ran.status == 2
    assert said in ran.err


def test_a_snapshot_is_not_for_a_terminal(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    ran = auditor("snapshot")

    assert ran.status == 2
    assert "auditor snapshot | auditor check -" in ran.err


def test_without_the_libraries_it_is_told_how_to_get_them(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.mgmt.network", None)
    ran = auditor("snapshot", "--output", "s.json")

    assert ran.status == 2
    assert "uv tool install --force '.[azure]'" in ran.err


def test_other_commands_do_not_wait_for_azures_libraries() -> None:
    told = "import sys, auditor.cli; auditor.cli.main(['snapshot', '--help'])\n"
    ran = apart(python=told + "assert not [m for m in sys.modules if m.startswith('azure')]")

    assert ran.returncode == 0, ran.stderr
