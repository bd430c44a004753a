from __future__ import annotations

import io
import sys
import time

import pytest

from auditor import progress


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, patience: float) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_PATIENCE", patience)
    waiting = patience == 0 and stream.isatty()
    with progress.stages() as stage:
        stage("reading")
        until = time.monotonic() + 5
        while waiting and "reading" not in stream.getvalue() and time.monotonic() < until:
            time.sleep(0.001)
        stage("joining")
    return stream.getvalue()


def test_nothing_is_shown_to_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO(), 0) == ""


def test_nothing_is_shown_of_what_is_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, Terminal(), 60) == ""


def test_stages_are_shown_and_wiped_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, Terminal(), 0)

    assert "reading ..." in text
    assert "joining ..." in text
    assert text.endswith("\r\x1b[K")
