"""Histories in files and on a server: every test about recording runs on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.history.address import Address, parse
from auditor.history.store import Store

from ...history import Book, NoServer, Server, server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of our own; the test is skipped, and says so, where none can be had."""
    try:
        with server() as found:
            yield found
    except NoServer as why:
        pytest.skip(str(why))


@pytest.fixture
def database(postgresql: Server) -> Iterator[str]:
    """The URL of an empty database."""
    with postgresql.lent() as name:
        yield postgresql.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What `--history` is given, of each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    url: str = request.getfixturevalue("database")
    return url


@pytest.fixture
def address(place: str) -> Address:
    """The place, parsed."""
    return parse(place)


@pytest.fixture
def book(address: Address) -> Book:
    """An empty history."""
    return Book(Store.for_writing(address))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a history in a file may be."""
    return tmp_path / "history.db"
