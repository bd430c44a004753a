"""Where a history is: a file of SQLite's, or the URL of a PostgreSQL database.

An address may hold a password. It is never shown: `Address.shown` has none, and `Address.hide`
takes it out of what a driver says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from auditor.errors import UsageError, quoted
from auditor.extras import lacking

if TYPE_CHECKING:
    from sqlalchemy import URL

VARIABLE = "AUDITOR_HISTORY"
DEFAULT = "auditor-history.db"

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SERVER = ("postgresql", "postgres", "postgresql+psycopg")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Address:
    """A place for a history. `file` is None for a server; `shown` is fit for people and logs."""

    url: URL = field(repr=False)
    shown: str
    file: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def hide(self, text: str) -> str:
        """Take every secret of the address out of a text."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text


def wanted(option: str | None, configured: str | None, environment: Mapping[str, str]) -> str:
    """Choose the address: the option, else the environment, else the configuration.

    `@FILE` stands for what is in a file, so that a password need not be on a command line.
    Raises UsageError when that cannot be read.
    """
    given = option or environment.get(VARIABLE) or configured or DEFAULT
    return _from_file(given[1:]) if given.startswith("@") else given


def _from_file(name: str) -> str:
    try:
        text = Path(name).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no text"
        raise UsageError(f"cannot be read: {why}", where=name) from None
    if not text or "\n" in text:
        raise UsageError("holds no single line with the address of a history", where=name)
    return text


def needed() -> None:
    """Look for the library of histories before anything imports it. Raises UsageError."""
    try:
        import sqlalchemy  # noqa: F401
    except ImportError:
        raise lacking("a history", "SQLAlchemy", "history") from None


def parse(text: str) -> Address:
    """Read a file's path or a URL. Raises UsageError, without a word of what may be secret."""
    needed()
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _file(text)
    name = scheme[1].lower()
    if name == "sqlite":
        return _sqlite(text[scheme.end() :])
    if name not in _SERVER:
        raise UsageError(
            f"a history cannot be kept in {quoted(name)}",
            where="--history",
            advice="give a file, or a URL: postgresql://USER@HOST/DATABASE",
        )
    return _server(text, scheme.end())


def _sqlite(rest: str) -> Address:
    if not rest.startswith("/") or rest == "/":
        raise UsageError(
            "a URL of SQLite has three slashes, four for an absolute path", where="--history"
        )
    return _file(rest[1:])


def _file(text: str) -> Address:
    from sqlalchemy import URL

    if "\0" in text:
        raise UsageError("a file's name has no NUL", where="--history")
    path = os.path.abspath(text)
    return Address(URL.create("sqlite", database=path), text, Path(path))


def _server(text: str, start: int) -> Address:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    secrets = _secrets(text[start:])
    try:
        url = make_url("postgresql://" + text[start:])
    except (ArgumentError, ValueError):
        raise _unreadable() from None
    if any(secret in f"{url.host}{url.database}" for secret in secrets) or "@" in (url.host or ""):
        raise _unreadable()
    if url.password:
        secrets = (*secrets, str(url.password))
    shown = url.set(password=None, query={}).render_as_string(hide_password=True)
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise lacking("a history in PostgreSQL", "psycopg", "postgresql") from None
    longest_first = tuple(sorted({each for each in secrets if each}, key=len, reverse=True))
    return Address(url.set(drivername="postgresql+psycopg"), shown, secrets=longest_first)


def _unreadable() -> UsageError:
    return UsageError(
        "the URL cannot be read",
        where="--history",
        advice="percent-encode what is special in user and password: postgresql://USER@HOST/NAME",
    )


def _secrets(rest: str) -> tuple[str, ...]:
    """What of a URL may be secret, however badly it is written."""
    query = rest.partition("?")[2]
    login, at, _ = rest.rpartition("@")
    found = [login.partition(":")[2]] if at else []
    found += [
        value
        for key, _, value in (pair.partition("=") for pair in query.split("&"))
        if "password" in key.lower()
    ]
    return tuple(form for each in found if each for form in (each, unquote(each)))


def has_password(text: str) -> bool:
    """Whether an address holds a password in plain sight."""
    scheme = _SCHEME.match(text)
    return scheme is not None and bool(_secrets(text[scheme.end() :]))
