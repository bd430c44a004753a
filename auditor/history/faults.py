"""What a database says when something is wrong, in words of ours: what, where, what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from auditor.errors import AuditorError, UsageError
from auditor.history.address import Address

_ASIDE = "move it aside, and restore it from a copy or begin a new one"


class HistoryError(AuditorError):
    """A history cannot be read: damaged, of a newer auditor, or out of reach. Exit status 3."""

    headline = "the history was not read, and nothing was recorded"


# https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_FULL: "the disk is full; nothing was recorded",
    sqlite3.SQLITE_READONLY: "it is read-only; nothing was recorded",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: it or its folder is absent, or may not be used",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_BUSY: "another process keeps it locked; nothing was recorded",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked; nothing was recorded",
    sqlite3.SQLITE_IOERR: "the disk gives an error or is full; nothing was recorded",
    sqlite3.SQLITE_AUTH: "it may not be opened",
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html, by class
_POSTGRESQL = {
    "3F000": "the user may use no schema of the database; nothing was recorded",
    "25": "the server is read-only; nothing was recorded",
    "42501": "the user has no right to do this; nothing was recorded",
    "53": "the server is out of space, memory or connections; nothing was recorded",
    "55": "another process keeps it locked; nothing was recorded",
    "57014": "the server cut the statement off; nothing was recorded",
}


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn what a database raises into UsageError (cannot be written) or HistoryError."""
    try:
        yield
    except DBAPIError as error:
        raise _told(error, address) from None
    except SQLAlchemyError as error:
        raise HistoryError(
            f"cannot be read: {type(error).__name__}: {address.hide(_line(error))}",
            where=address.shown,
        ) from None
    except ValueError as error:  # of an enumeration, of JSON, of a day
        raise damaged(address, f"it holds what cannot be: {' '.join(str(error).split())}") from None


def _told(error: DBAPIError, address: Address) -> AuditorError:
    if address.file is not None:
        return _of_file(error, address)
    return _of_server(error, address)


def _of_file(error: DBAPIError, address: Address) -> AuditorError:
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _SQLITE:
        return UsageError(f"cannot be written: {_SQLITE[code]}", where=address.shown)
    return damaged(address, _line(error))


def _of_server(error: DBAPIError, address: Address) -> AuditorError:
    state = getattr(error.orig, "sqlstate", None) or ""
    said = address.hide(_line(error))
    for begin, why in _POSTGRESQL.items():
        if state.startswith(begin):
            return UsageError(f"cannot be written: {why}", where=address.shown)
    if not state or state[:2] in ("08", "28", "3D", "57"):
        return HistoryError(
            f"the server cannot be reached, or refuses: {said}",
            where=address.shown,
            advice="the password may come from PGPASSWORD, ~/.pgpass, or a URL in a file: @FILE",
        )
    return damaged(address, said)


def damaged(address: Address, why: str) -> HistoryError:
    """Say that what is there is no history, or one that is broken."""
    return HistoryError(
        f"is damaged, or is no history of auditor: {why}", where=address.shown, advice=_ASIDE
    )


def _line(error: SQLAlchemyError) -> str:
    """What the driver says, on one line."""
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    return " ".join(said.split())[:300]
