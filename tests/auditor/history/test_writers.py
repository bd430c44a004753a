"""Many writers at once lose nothing; one that is killed leaves the state before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from auditor.history.address import parse
from auditor.history.store import Store

from ...history import Book, taken

ROOT = Path(__file__).parents[3]

_BEGIN = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import sqlalchemy.dialects.sqlite, sqlalchemy.dialects.postgresql, psycopg
from sqlalchemy import Engine, event
from auditor.history.address import parse
from auditor.history.store import Store
from tests.history import Book, broken, taken
where = parse(os.environ["PLACE"])
"""

_WRITE = (
    _BEGIN
    + """
def write(who):
    for day in range(who * 4 + 1, who * 4 + 5):
        Book(Store.for_writing(where)).add(taken(day, broken("shared"), broken(f"own {day}")))
        Book(Store.for_writing(where)).add(taken(25, broken("same"), mark="the same for all"))

children = []
for who in range(5):
    child = os.fork()
    if child == 0:
        try:
            write(who)
            os._exit(0)
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""
)

_KILL = (
    _BEGIN
    + """
book = Book(Store.for_writing(where))
book.add(taken(1, broken("a"), broken("b")))
before = book.past()

def die_after(statements):
    left = statements
    def count(*_):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "after_cursor_execute", count)
    if where.file:  # pages go to the file long before the transaction ends
        event.listen(Engine, "connect", lambda raw, _: raw.execute("PRAGMA cache_size = 2"))
    book.add(taken(2, broken("a"), *(broken(f"g{n}") for n in range(200))), 0)
    os._exit(0)

spilt = False
for number in range(1, 60):
    child = os.fork()
    if child == 0:
        die_after(number)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        print("recorded after", number, spilt)
        break
    assert status == signal.SIGKILL, status
    spilt = spilt or os.path.exists(f"{where.file}-journal")
    book.store.check()
    assert book.past() == before, number
"""
)


def run(script: str, place: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", script, str(ROOT)],
        env={**os.environ, "PLACE": place},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_writers_in_many_processes_lose_nothing(place: str) -> None:
    """The history itself is made by whoever comes first."""
    assert run(_WRITE, place) == "[0, 0, 0, 0, 0]\n"

    book = Book(Store.for_reading(parse(place)))
    entries = book.past().entries
    assert [entry.at[8:10] for entry in entries] == [f"{n:02}" for n in [*range(1, 21), 25]]
    assert [entry.total for entry in entries] == [2] * 20 + [1]
    assert sum(entry.changes.new for entry in entries) == 22
    assert book.life("shared").first_at == entries[0].at
    assert {book.life(f"own {day}").first_at[8:10] for day in (1, 9, 20)} == {"01", "09", "20"}


def test_a_writer_killed_at_any_statement_leaves_the_state_before(place: str) -> None:
    said = run(_KILL, place)

    assert said.startswith("recorded after "), said
    assert int(said.split()[2]) > 10
    assert said.endswith(" True\n") or "://" in place, "no kill left a file half written"
    book = Book(Store.for_writing(parse(place)))
    assert [entry.total for entry in book.past().entries] == [2, 201]
    book.add(taken(3, *()))
    assert book.past().current.changes.fixed == 201
