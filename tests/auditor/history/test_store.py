"""A history that is damaged, newer, unwritable or full is a clear error, and never an empty one."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.errors import AuditorError, UsageError
from auditor.history import ladder, store
from auditor.history.address import parse
from auditor.history.faults import HistoryError
from auditor.history.store import Store

from ...history import Book, Server, broken, report, taken


def made(file: Path) -> Book:
    book = Book(Store.for_writing(parse(str(file))))
    book.add(taken(1, *(broken(f"f{number}") for number in range(300))))
    return book


def open_both(file: Path) -> list[AuditorError]:
    found = []
    for opened in (Store.for_reading, Store.for_writing):
        with pytest.raises(AuditorError) as error:
            opened(parse(str(file)))
        found.append(error.value)
    return found


def test_a_new_history_is_one_file(file: Path) -> None:
    made(file)

    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_reading_makes_no_history(file: Path) -> None:
    with pytest.raises(HistoryError, match="no history") as error:
        Store.for_reading(parse(str(file)))

    assert error.value.exit_status == 3
    assert not file.exists()


def test_reading_makes_no_history_on_a_server(database: str) -> None:
    with pytest.raises(HistoryError, match="no history"):
        Store.for_reading(parse(database))


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"not a database, but long enough" * 99])
def test_a_file_that_is_no_database_is_damaged(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    errors = open_both(file)

    assert {error.exit_status for error in errors} == {3}
    assert all("damaged" in str(error) and str(file) in str(error) for error in errors)
    assert all("move it aside" in error.advice for error in errors)
    assert file.read_bytes() == content


def test_a_folder_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(AuditorError):
        Store.for_writing(parse(str(tmp_path)))


def test_a_history_that_was_cut_off_is_damaged(file: Path) -> None:
    made(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2 // 4096 * 4096])

    assert {error.exit_status for error in open_both(file)} == {3}


@pytest.mark.parametrize("page", [1, 3, 5, 9, 12])
def test_a_history_with_a_spoilt_page_is_damaged(file: Path, page: int) -> None:
    made(file)
    content = bytearray(file.read_bytes())
    content[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
    file.write_bytes(content)

    assert {error.exit_status for error in open_both(file)} == {3}


def test_another_programs_database_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE accounts (name TEXT)")
    other.close()
    before = file.read_bytes()

    assert all("other tables" in str(error) for error in open_both(file))
    assert file.read_bytes() == before


def test_a_history_without_one_of_its_tables_is_damaged(file: Path) -> None:
    book = made(file)
    with sqlite3.connect(file) as other:
        other.execute("DROP TABLE auditor_sighting")
    other.close()

    with pytest.raises(HistoryError, match="damaged"):
        book.past()
    assert all("lacks the table auditor_sighting" in str(error) for error in open_both(file))


@pytest.mark.parametrize(
    "change",
    [
        "auditor_finding SET state = 'opem'",
        "auditor_finding SET kind = 'broke'",
        "auditor_finding SET severity = 77",
        "auditor_finding SET related = '['",
        "auditor_run SET types = '{'",
        "auditor_run SET scope = '{'",
        "auditor_run SET as_of = 'never'",
        "auditor_run SET at = 'once'",
    ],
)
def test_a_value_that_cannot_be_is_damage(book: Book, change: str) -> None:
    book.add(taken(1, broken("a")))
    with book.store.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {change}")

    with pytest.raises(HistoryError, match="it holds what cannot be"):
        _ = book.past(), book.add(taken(2, of=report(rules=())))


def test_a_file_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    made(tmp_path / os.fsdecode(b"\xff.db"))

    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [b"\xff.db"]


def test_a_newer_history_is_not_touched(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.add(taken(1, broken("a")))
    with book.store.writing() as connection:
        connection.exec_driver_sql("UPDATE auditor_history SET version = 99")

    for opened in (Store.for_reading, Store.for_writing):
        with pytest.raises(HistoryError, match="newer auditor: version 99") as error:
            opened(book.store.address)
        assert error.value.advice == "update auditor"
        assert error.value.exit_status == 3


@pytest.mark.parametrize("version", ["0", "-1", "'two'", "NULL"])
def test_a_history_that_does_not_tell_its_version_is_damaged(file: Path, version: str) -> None:
    made(file)
    with sqlite3.connect(file) as other:
        other.execute("DROP TABLE auditor_history")
        other.execute("CREATE TABLE auditor_history (version)")
        other.execute(f"INSERT INTO auditor_history VALUES ({version})")
    other.close()

    assert {error.exit_status for error in open_both(file)} == {3}


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file") as error:
        Store.for_writing(parse(str(tmp_path / "absent" / "history.db")))

    assert error.value.exit_status == 2


def test_a_file_that_may_not_be_written_is_told(file: Path) -> None:
    """Root may write all: the test goes on as nobody."""
    made(file)
    os.chmod(file, 0o444)
    os.chmod(file.parent, 0o555)
    os.umask(os.umask(0))
    ran = subprocess.run(
        [sys.executable, "-c", _OPEN, str(file)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_as_nobody if os.getuid() == 0 else None,
        cwd="/",
    )
    os.chmod(file.parent, 0o755)

    assert "read 300" in ran.stdout, ran.stderr
    assert "2 cannot be written: " in ran.stdout
    assert "read-only" in ran.stdout


def test_a_file_that_may_not_be_read_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read all, so the answer for nobody is put in its place."""
    made(file)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)
    with pytest.raises(HistoryError, match="cannot be read: permission denied") as error:
        Store.for_reading(parse(str(file)))

    assert error.value.exit_status == 3


_OPEN = """
import sys
from auditor.errors import AuditorError
from auditor.history import estates, reading
from auditor.history.address import parse
from auditor.history.store import Store
with Store.for_reading(parse(sys.argv[1])).reading() as connection:
    print("read", len(reading.past(connection, 1, "default").lives))
try:
    Store.for_writing(parse(sys.argv[1]))
except AuditorError as error:
    print(error.exit_status, error.what)
"""


def _as_nobody() -> None:
    """Keep what may be read (the interpreter may be root's alone), give up what may be written."""
    import ctypes

    libc = ctypes.CDLL(None)
    # CAP_DAC_OVERRIDE (1) lets root write where nobody may; CAP_DAC_READ_SEARCH stays.
    pr_capbset_drop = 24
    libc.prctl(pr_capbset_drop, 1, 0, 0, 0)


_FILL = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from auditor.errors import AuditorError
from auditor.history.address import parse
from auditor.history.store import Store
from tests.history import Book, broken, taken
book = Book(Store.for_writing(parse(sys.argv[1])))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
most = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    book.add(taken(2, *(broken(f"g{number}") for number in range(3000))))
    print("recorded")
except AuditorError as error:
    print(error.exit_status, error.what)
"""


def test_a_full_disk_is_told_and_nothing_is_recorded(file: Path) -> None:
    book = made(file)
    root = Path(__file__).parents[3]
    most = file.stat().st_size + 64 * 1024
    ran = subprocess.run(
        [sys.executable, "-c", _FILL, str(file), str(root), str(most)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout.startswith("2 cannot be written: the disk"), ran.stderr
    assert len(book.past().entries) == 1
    assert len(book.past().lives) == 300


def test_a_database_that_is_full_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = made(file)
    prepare = store._prepare

    def small(connection: sqlite3.Connection, record: object) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA max_page_count = 60")

    monkeypatch.setattr(store, "_prepare", small)
    narrow = Book(Store.for_writing(parse(str(file))))

    with pytest.raises(UsageError, match="the disk is full; nothing was recorded"):
        narrow.add(taken(2, *(broken(f"g{number}") for number in range(3000))))

    assert len(book.past().entries) == 1


def test_a_history_that_stays_locked_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(file)
    monkeypatch.setattr(store, "PATIENCE", 0)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(UsageError, match="keeps it locked; nothing was recorded"):
            Store.for_writing(parse(str(file)))
    finally:
        holder.close()


def test_a_server_that_is_not_there_is_told_without_the_password(postgresql: Server) -> None:
    url = postgresql.url("postgres").replace(f":{postgresql.port}/", ":1/")

    with pytest.raises(HistoryError, match="cannot be reached") as error:
        Store.for_writing(parse(url))

    assert error.value.exit_status == 3
    assert postgresql.password not in f"{error.value} {error.value.advice}"


def test_a_wrong_password_is_told_and_not_shown(postgresql: Server) -> None:
    with pytest.raises(HistoryError, match="refuses") as error:
        Store.for_writing(parse(postgresql.url("postgres", password="s3cret-wrong")))

    assert "s3cret-wrong" not in f"{error.value!r} {error.value} {error.value.advice}"
    assert error.value.__cause__ is None


def test_a_database_that_is_not_there_is_told(postgresql: Server) -> None:
    with pytest.raises(HistoryError, match='database "nowhere" does not exist'):
        Store.for_writing(parse(postgresql.url("nowhere")))


@pytest.mark.parametrize(
    ("right", "why"), [("CREATE", "no right to do this"), ("ALL", "may use no schema")]
)
def test_a_user_without_rights_is_told(
    database: str, postgresql: Server, right: str, why: str
) -> None:
    import psycopg

    name = database.rpartition("/")[2]
    guest = f"without_{right.lower()}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {guest} LOGIN PASSWORD 'guest'")
        connection.execute(f"REVOKE {right} ON SCHEMA public FROM PUBLIC")

    with pytest.raises(UsageError, match=why) as error:
        Store.for_writing(parse(postgresql.url(name, user=guest, password="guest")))

    assert error.value.exit_status == 2


def test_a_server_that_may_only_be_read_is_told(database: str) -> None:
    book = Book(Store.for_writing(parse(database)))
    book.add(taken(1, broken("a")))
    with book.store.writing() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    with pytest.raises(UsageError, match="read-only"):
        book.add(taken(2))
    assert len(book.past().entries) == 1


def test_a_step_that_fails_leaves_the_version_before(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.add(taken(1, broken("a")))
    before = ladder.STEPS

    def spoilt(connection: object) -> None:
        _second(connection)
        raise UsageError("power cut")

    monkeypatch.setattr(ladder, "STEPS", (*before, spoilt))
    with pytest.raises(UsageError, match="power cut"):
        Store.for_writing(book.store.address)
    monkeypatch.setattr(ladder, "STEPS", before)

    assert book.life("a").state == "open"
    assert len(Book(Store.for_writing(book.store.address)).past().entries) == 1


def test_a_history_of_an_older_auditor_is_brought_up_to_date(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.add(taken(1, broken("a")))
    monkeypatch.setattr(ladder, "STEPS", (*ladder.STEPS, _second))

    for opened in (Store.for_reading, Store.for_writing):
        later = opened(book.store.address)
        with later.reading() as connection:
            assert connection.exec_driver_sql("SELECT extra FROM auditor_run").scalar() == 7
            found = connection.exec_driver_sql("SELECT version FROM auditor_history").scalars()
            assert list(found) == [2]


def _second(connection: object) -> None:
    connection.exec_driver_sql(  # type: ignore[attr-defined]
        "ALTER TABLE auditor_run ADD COLUMN extra INTEGER DEFAULT 7"
    )
