"""The database of a history: opened, brought up to date, written whole or not at all.

SQLite keeps its rollback journal: a history is one file, and a process that dies while it writes
leaves the state before. One writer at a time; the others wait. On PostgreSQL the same holds for
the writers of one estate.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from auditor.history import ladder
from auditor.history.address import Address
from auditor.history.faults import HistoryError, damaged, translated

__all__ = ["Connection", "Store"]

PATIENCE = 60
"""Seconds to wait for another writer."""
_CONNECTING = 10
_LADDER_LOCK = 0x61756469
"""A number of our own among the server's advisory locks."""
_WRITES = "auditor_writes"


class Store:
    """A history's database. Make one with `for_writing` or `for_reading`."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._engine = _engine(address.url, address)

    @classmethod
    def for_writing(cls, address: Address) -> Store:
        """Open a history, made or brought up to date where needed.

        Raises HistoryError when it is damaged, newer or out of reach, UsageError when it cannot
        be written.
        """
        if address.file is not None:
            _make(address, address.file)
        store = cls(address)
        store.check()
        with store.writing() as connection:
            if address.file is None:
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LADDER_LOCK})
            ladder.climb(connection, address)
            if address.file is not None:  # writes a page: what cannot be written is told now
                connection.exec_driver_sql("PRAGMA user_version = 1")
        return store

    @classmethod
    def for_reading(cls, address: Address) -> Store:
        """Open a history. Raises HistoryError when there is none, or none that may be read."""
        if address.file is not None:
            if not os.path.exists(address.file):
                raise _none(address)
            if not os.access(address.file, os.R_OK):
                raise HistoryError("cannot be read: permission denied", where=address.shown)
        store = cls(address)
        store.check()
        with store.reading() as connection:
            found = ladder.version(connection, address)
        if found == 0:
            raise _none(address) if address.file is None else damaged(address, "it is empty")
        if found < len(ladder.STEPS):
            return cls.for_writing(address)
        return store

    def check(self) -> None:
        """Look for damage in a file; what it looks for is not looked for again when reading."""
        if self.address.file is None:
            return
        with self.reading() as connection:
            said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if said != "ok":
            raise damaged(self.address, str(said))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that writes: kept when the block ends, undone when it raises."""
        with translated(self.address), self._engine.connect() as raw:
            connection = raw.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the history."""
        with translated(self.address), self._engine.connect() as raw:
            if self.address.file is None:
                raw.execution_options(isolation_level="REPEATABLE READ")
            with raw.begin():
                yield raw

    def __repr__(self) -> str:
        return f"Store({self.address.shown!r})"


def _none(address: Address) -> HistoryError:
    return HistoryError(
        "there is no history", where=address.shown, advice="auditor report PATH... begins one"
    )


def _engine(url: URL, address: Address) -> Engine:
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
    if address.file is None:
        engine = create_engine(url, connect_args=_server_arguments(url), **options)
        event.listen(engine, "begin", _begin_on_server)
        return engine
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _server_arguments(url: URL) -> dict[str, Any]:
    return {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECTING}


def _begin_on_server(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")


def _prepare(connection: Any, _record: Any) -> None:
    """Leave transactions to us: sqlite3 would begin them late, and not for tables."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _make(address: Address, file: Path) -> None:
    """Make a history beside its place and put it there whole, unless something is there.

    So an empty file is no new history, but what a full disk or a broken copy left of one.
    """
    if os.path.lexists(file):
        if os.path.isfile(file) and os.path.getsize(file) == 0:
            raise damaged(address, "it is empty")
        if not os.path.isfile(file) and os.path.exists(file):
            raise damaged(address, "it is no file")
        return
    try:
        folder = tempfile.mkdtemp(dir=file.parent, prefix=f".{file.name[:100]}.")
    except OSError as error:
        from auditor.errors import UsageError

        raise UsageError(f"cannot be written: {error.strerror}", where=address.shown) from None
    try:
        _make_in(address, file, Path(folder) / "new.db")
    finally:
        for name in os.listdir(folder):
            with suppress(OSError):
                os.unlink(os.path.join(folder, name))
        with suppress(OSError):
            os.rmdir(folder)


def _make_in(address: Address, file: Path, new: Path) -> None:
    engine = _engine(address.url.set(database=str(new)), address)
    with translated(address):
        with engine.connect() as raw:
            connection = raw.execution_options(**{_WRITES: True})
            with connection.begin():
                ladder.climb(connection, address)
        engine.dispose()
    try:
        os.link(new, file)
    except FileExistsError:
        pass  # another process was first, with the same
    except OSError:  # no links on this file system
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o666))
            os.replace(new, file)
