"""Standard streams that are closed, full, or go away."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from auditor import cli

from ...command import Command
from .own_rules import BROKEN, network, own


def test_a_closed_standard_input_is_3_only_when_it_is_read(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(auditor)
    path = auditor.write("in.json", network())
    monkeypatch.setattr(sys, "stdin", None)

    assert cli.main(["check", str(path)]) == 1
    assert cli.main(["check", "-"]) == 3


def test_closed_standard_outputs_change_no_verdict(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(auditor)
    path = auditor.write("in.json", network())

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        assert cli.main(["check", str(path), "--report", "json=out.json"]) == 1
        assert sys.stderr is None
        assert cli.main(["check", "gone"]) == 3
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["check", str(path)]) == 2


class Broken(io.StringIO):
    """A stream whose reader has gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, _: str) -> int:
        raise self.error


@pytest.mark.parametrize("body", [BROKEN, "yield from ()"])
@pytest.mark.parametrize("form", ["json", "console", "markdown"])
def test_a_reader_that_goes_away_changes_no_verdict(
    form: str, body: str, auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(auditor, body=body)
    path = auditor.write("in.json", network())
    monkeypatch.setattr(sys, "stdout", Broken(BrokenPipeError(32, "Broken pipe")))

    reports = ["--report", form, "--report", "json=out.json"]
    status = cli.main(["check", str(path), *reports])

    assert status == (body == BROKEN)
    assert json.loads((auditor.folder / "out.json").read_text())["findings"] or body != BROKEN


def test_an_output_that_is_full_is_2(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))

    assert cli.main(["schema"]) == 2


def test_a_real_pipe_that_closes_early_leaves_no_trace() -> None:
    command = [sys.executable, "-m", "auditor", "rules"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


@pytest.mark.parametrize("command", [("check",), ("check", "--report", "json"), ("diff", "all")])
def test_files_of_a_folder_that_are_not_read_are_told_once(
    auditor: Command, command: tuple[str, ...]
) -> None:
    own(auditor)
    auditor.write("all/in.json", network())
    for name in ("main.bicep", "\x1b[31m.txt", "c", "d", "e", "f"):
        auditor.write(f"all/{name}", "")

    ran = auditor(*command, "all")

    times = command.count("all") + 1
    told = "auditor: 6 files passed over: all/\\x1b[31m.txt, all/c, all/d, all/e, all/f and 1 more"
    assert ran.err.count(told) == ran.err.count("passed over") == times
    assert "bicep" not in ran.out + ran.err
    assert "passed over" not in ran.out


def test_where_everything_is_read_nothing_is_said(auditor: Command) -> None:
    own(auditor)
    auditor.write("all/in.json", network())
    auditor.write("all/.hidden", "")

    assert auditor("check", "all").err == ""
