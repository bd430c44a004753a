"""What holds for every format."""

from __future__ import annotations

import io
import os
from importlib.metadata import entry_points
from pathlib import Path
from unittest import mock

import pytest

from . import enemy, sample
from .named import named
from .rendering import rendered, renderer, written

REPORTS = ["full", "complied", "clean", "unsure", "empty", "hostile", "besieged"]
NAMES = sorted({point.name for point in entry_points(group="auditor.reports")})
BINARY = [name for name in NAMES if getattr(renderer(name), "is_binary", False)]
FORMATS = [name for name in NAMES if name not in BINARY]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("report", REPORTS)
def test_the_same_report_gives_the_same_text(name: str, report: str) -> None:
    first, second = (rendered(name, named(report)) for _ in range(2))

    assert first == second
    assert first


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("report", REPORTS)
def test_the_same_report_gives_the_same_bytes(
    name: str, report: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = written(name, named(report))
    with mock.patch("time.time", return_value=2e9):
        second = written(name, named(report))

    assert first == second
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_written_but_to_the_stream(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    rendered(name, enemy.hostile())

    assert os.listdir(tmp_path) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", FORMATS)
def test_a_stream_that_knows_only_ascii_is_no_trouble(name: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    renderer(name)(sample.full(), out)
    renderer(name)(enemy.besieged(), out)
    out.flush()

    assert raw.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_no_character_of_the_input_acts(name: str) -> None:
    text = rendered(name, enemy.besieged())

    assert not set(text) & set("\x1b\x07\x00\x85\u2028\u202e\u2066\ud800")
    text.encode("utf-8")
