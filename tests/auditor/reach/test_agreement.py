"""A short run of `tests.agreement`; the long one is for a night."""

from __future__ import annotations

from collections import Counter

import pytest

from ...agreement import main, quarrels


@pytest.mark.parametrize("seed", range(12))
def test_where_sets_and_replay_are_sure_they_agree(seed: int) -> None:
    known: Counter[tuple[bool | None, bool | None]] = Counter()
    assert list(quarrels(seed, known)) == []
    assert known[False, False]


def test_the_run_tells_how_much_was_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--estates", "2", "--seed", "100"]) == 0
    assert "0 quarrels" in capsys.readouterr().out
