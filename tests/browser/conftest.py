"""Pages in a real browser: headless Chromium, or a skip that says why."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from auditor.cli import main

from .estates import BEFORE, ESTATE, hostile, many, unusual
from .opened import Opened

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Open = Callable[..., Opened]


def chromium() -> str:
    """The browser of this machine: `AUDITOR_CHROMIUM`, or the first that is found."""
    given = os.environ.get("AUDITOR_CHROMIUM", "")
    return given or next((found for name in NAMES if (found := shutil.which(name))), "")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if not path:
        pytest.skip("NO CHROMIUM HERE, the pages were not opened: apt-get install chromium")
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"CHROMIUM DOES NOT START, the pages were not opened: {error}")
        yield found
        found.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def report(folder: Path) -> Path:
    """The report of the estate with everything wrong."""
    file = folder / "report.html"
    arguments = ["check", str(ESTATE), "--as-of", "2026-11-23", "--report", f"html={file}"]
    assert main(arguments) == 1
    return file


@pytest.fixture(scope="session")
def short(folder: Path) -> Path:
    """A report of every severity with few findings, with what changed and compliance."""
    file, history = folder / "short.html", folder / "history.db"
    how = ("--as-of", "2026-11-23", "--select", "ADR,EXP,K8S,OBS", "--framework", "MCSB")
    for estate, status in ((BEFORE, 0), (ESTATE, 1)):
        told = ("--history", str(history), "--report", f"html={file}")
        assert main(["report", str(estate), *how, *told]) == status
    return file


@pytest.fixture(scope="session")
def hostile_report(folder: Path) -> Path:
    """The report of an estate whose names attack."""
    export, file = folder / "hostile.json", folder / "hostile.html"
    export.write_bytes(hostile())
    arguments = ["check", str(export), "--as-of", "2026-11-23", "--report", f"html={file}"]
    assert main(arguments) == 1
    return file


@pytest.fixture(scope="session")
def large(folder: Path) -> Path:
    """A picture of more than 2,000 spots."""
    file = folder / "large.html"
    file.write_text(many(), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def wide(folder: Path) -> Path:
    """A picture with names of every width."""
    file = folder / "wide.html"
    file.write_text(unusual(), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def rules(folder: Path) -> Path:
    """The reference of the rules."""
    from auditor import registry
    from auditor.commands.rulebook import reference

    file = folder / "rules.html"
    file.write_text(reference(registry.rules().values()), encoding="utf-8")
    return file


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a file; at its end nothing may have been complained of, and nothing asked for."""
    opened: list[Opened] = []

    def open_(file: Path, *, fragment: str = "", **context: object) -> Opened:
        page = Opened(browser.new_context(**context), file, fragment)  # type: ignore[arg-type]
        opened.append(page)
        return page

    yield open_
    for each in opened:
        each.context.close()
        assert each.complaints == []
        assert each.asked == [f"file://{each.file}"]
