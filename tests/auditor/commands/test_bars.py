"""Progress: bars on a terminal, after a second, for what is not done."""

from __future__ import annotations

import io

import pytest

from auditor.commands import bars


class Terminal(io.StringIO):
    """What says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_what_has_most_to_do_comes_first_below_the_sum() -> None:
    states = [("a", 10, 10), ("b", 10, 9), ("c", 10, 1)]

    assert bars.at_hand(states) == [("all lists", 30, 20), ("c", 10, 1), ("b", 10, 9)]


def test_there_are_bars_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setattr(bars, "_PATIENCE", -1.0)
        with bars.bars() as tell:
            tell([("[bold]x", 3, 1)])
            tell([("[bold]x", 3, 3), ("y", 2, 1)])

        assert ("[bold]x" in stream.getvalue()) == shown


def test_a_short_run_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with bars.bars() as tell:
        tell([("x", 3, 1)])

    assert stream.getvalue() == ""
