"""`auditor snapshot` that was cut off, and resumed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from ....command import Command
from ....standin import Fault, StandIn, identity
from ....standin.identity import SECRET
from .taking import LISTS, gaps, names, options, taken, untimed

pytest.importorskip("azure.identity")


def begun(azure: StandIn, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "auditor", *options(azure), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_heeding_interrupts,
    )


def _heeding_interrupts() -> None:
    """Undo what a shell does to all that it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(test: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not test():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_half_file_and_resumes_to_the_same_bytes(
    auditor: Command, azure: StandIn, by: signal.Signals
) -> None:
    taken(auditor, azure)
    whole = (auditor.folder / "s.json").read_bytes()
    (auditor.folder / "s.json").unlink()
    azure.calls.clear()
    slow = Fault(f"{LISTS}/virtualWans", delay=60, times=None)
    azure.faults.append(slow)
    running = begun(azure, "--output", "s.json", "--concurrency", "3")
    until(lambda: slow.met > 0 and len(azure.calls) > 20)
    running.send_signal(by)
    _, err = running.communicate(timeout=20)

    if by is signal.SIGKILL:
        assert running.returncode == -by
    else:
        assert running.returncode == 130
        assert b"--resume" in err
    assert [each.name for each in auditor.folder.iterdir()] == ["s.json.part"]
    azure.faults.clear()
    before = {call.path for call in azure.calls if call.status == 200} - {
        f"{LISTS}/virtualwans".lower()
    }
    azure.calls.clear()
    taken(auditor, azure, "--resume", "--concurrency", "5")

    assert untimed((auditor.folder / "s.json").read_bytes()) == untimed(whole)
    again = {call.path for call in azure.calls} & before
    assert len(again) <= 4, again
    assert [each.name for each in auditor.folder.iterdir()] == ["s.json"]


def test_a_new_run_says_that_it_leaves_an_old_one_aside(auditor: Command, azure: StandIn) -> None:
    auditor.write("s.json.part/journal", "")
    ran, _ = taken(auditor, azure)

    assert "begun anew; --resume would go on with s.json.part" in ran.err


def test_a_run_whose_credential_ends_can_be_resumed(
    auditor: Command, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="eyJhIjp7fX0="'}

    def revoke() -> None:
        monkeypatch.setattr(identity, "SECRET", "another")

    where = f"{LISTS}/virtualWans"
    azure.faults.append(Fault(where, status=401, headers=challenge, times=None, then=revoke))
    ran = auditor(*options(azure), "--output", "s.json", "--concurrency", "1")

    assert ran.status == 3, ran.err
    assert "help: give the same command with --resume" in ran.err
    assert "eyJ" not in ran.err
    azure.faults.clear()
    monkeypatch.setattr(identity, "SECRET", SECRET)
    _, snapshot = taken(auditor, azure, "--resume")

    assert (names(snapshot), gaps(snapshot)) == (["nsg-app", "rt-app", "rt-db"], [])
