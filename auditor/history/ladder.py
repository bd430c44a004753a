"""The versions of the tables: each step leads from one to the next, all in one transaction.

Whoever changes a table adds a step here that does the same to a history that is there already;
`tests/auditor/history/test_ladder.py` pins what each version looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection, insert, inspect, select, update

from auditor.errors import AuditorError
from auditor.history.address import Address
from auditor.history.faults import HistoryError, damaged
from auditor.history.schema import METADATA, VERSION

Step: TypeAlias = Callable[[Connection], None]


def _first(connection: Connection) -> None:
    METADATA.create_all(connection, checkfirst=False)


STEPS: tuple[Step, ...] = (_first,)
"""Step number n leads to version n, from 1."""


def version(connection: Connection, address: Address) -> int:
    """Give the version of the tables, 0 where there are none.

    Raises HistoryError when the database is something else, or of a newer auditor.
    """
    there = inspect(connection).get_table_names()
    if VERSION.name not in there:
        foreign = there if address.file is not None else [n for n in there if n in METADATA.tables]
        if foreign:
            raise damaged(address, "it holds other tables")
        return 0
    found = connection.execute(select(VERSION.c.version)).scalars().all()
    if len(found) != 1 or not isinstance(found[0], int) or found[0] < 1:
        raise damaged(address, "it does not tell its version")
    if found[0] > len(STEPS):
        raise newer(address, found[0])
    lacking = sorted(set(METADATA.tables) - set(there)) if found[0] == len(STEPS) else []
    if lacking:
        raise damaged(address, f"it lacks the table {lacking[0]}")
    return found[0]


def newer(address: Address, found: int) -> AuditorError:
    """Say that a history cannot be understood by this version."""
    return HistoryError(
        f"was written by a newer auditor: version {found}, this one knows {len(STEPS)}",
        where=address.shown,
        advice="update auditor",
    )


def climb(connection: Connection, address: Address) -> None:
    """Bring the tables to the newest version, within the caller's transaction."""
    found = version(connection, address)
    for step in STEPS[found:]:
        step(connection)
    if found == 0:
        connection.execute(insert(VERSION).values(version=len(STEPS)))
    elif found < len(STEPS):
        connection.execute(update(VERSION).values(version=len(STEPS)))
