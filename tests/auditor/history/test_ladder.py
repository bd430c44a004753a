"""What each version of the tables looks like: a history that is out there is never changed."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, Dialect, inspect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from auditor.history import ladder
from auditor.history.schema import METADATA

from ...history import Book

VERSIONS = {1: "b097b7bfab27b235"}
"""The digest of each version's tables. A new one is added with its step; none is ever edited."""


def digest() -> str:
    text = []
    dialects: tuple[Dialect, ...] = (SQLiteDialect(), PGDialect())  # type: ignore[no-untyped-call]
    for dialect in dialects:
        for table in METADATA.sorted_tables:
            text.append(str(CreateTable(table).compile(dialect=dialect)))
            text += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    said = " ".join(" ".join(text).split()).replace(" ,", ",").replace(" )", ")")
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def test_the_tables_are_those_of_the_newest_version() -> None:
    assert VERSIONS[len(ladder.STEPS)] == digest(), "a change of a table needs a step, see ladder"


def test_a_new_history_has_all_tables_and_their_columns(book: Book) -> None:
    def columns(connection: Connection) -> dict[str, list[str]]:
        there = inspect(connection)
        return {
            name: sorted(column["name"] for column in there.get_columns(name))
            for name in there.get_table_names()
        }

    with book.store.reading() as connection:
        assert columns(connection) == {
            name: sorted(column.name for column in table.columns)
            for name, table in METADATA.tables.items()
        }
