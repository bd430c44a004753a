"""Goldens: texts under version control that a test compares exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from .command import Command

# The suite answers alike every time; searching with new luck each time is `make fuzz`'s work.
settings.register_profile("alike", derandomize=True, deadline=None)
settings.load_profile("alike")

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="rewrite the goldens; review the diff like code"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a file, byte for byte; with `--accept`, write the file."""

    def compare(path: Path, text: str) -> None:
        written = text.encode("utf-8")
        if request.config.getoption("--accept"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written)
        expected = path.read_bytes() if path.exists() else b""
        assert written.decode() == expected.decode(), f"not as in {path}; pytest --accept rewrites"

    return compare


@pytest.fixture
def auditor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Command(tmp_path, capsys, monkeypatch)
