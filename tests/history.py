"""Audits to record, in two lines, and the histories that tests record them in."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote

import psycopg

from auditor.finding import Audit, Judged, Report, RuleSummary, Severity, Status, TypeCount, Waiver
from auditor.history import estates, reading
from auditor.history.absence import Look, Sight, in_a_table
from auditor.history.record import Recorded, record
from auditor.history.store import Store
from auditor.history.taken import Taken
from auditor.past import Life, Past

_NUMBERS = itertools.count(1)

RULE = "NSG-001"
HUB = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub"
HERE = Look(True)
HIDDEN = Look(None, "the list was denied")
REMOVED = Look(False, "it is gone")


def subnet(name: str) -> str:
    """The id of a subnet of the hub."""
    return f"{HUB}/subnets/{name}"


def broken(
    name: str,
    rule: str = RULE,
    *,
    subject: str | None = None,
    severity: Severity = Severity.HIGH,
    status: Status = Status.BROKEN,
    message: str = "is open",
    waiver: Waiver | None = None,
    related: tuple[str, ...] = (),
) -> Judged:
    """A finding with a name: the name is its fingerprint, and that of its subnet."""
    return Judged(
        rule=rule,
        name="open-subnet",
        title="A subnet is open",
        family=rule.partition("-")[0],
        severity=severity,
        status=status,
        subject=subnet(name) if subject is None else subject,
        message=message,
        remedy="close it",
        fingerprint=f"{rule} {name}",
        waiver=waiver,
        related=related,
    )


def unknown(name: str, rule: str = RULE, *, subject: str | None = None) -> Judged:
    """A missing answer about a subnet."""
    where = subnet(name) if subject is None else subject
    return broken(
        f"unknown {name}",
        rule,
        subject=where,
        status=Status.UNKNOWN,
        message="cannot tell: the rules of the group",
    )


def waived(name: str, until: date, owner: str = "ann") -> Judged:
    """A finding that is accepted."""
    return broken(name, status=Status.WAIVED, waiver=Waiver("for now", owner, until))


def report(
    *findings: Judged,
    rules: Sequence[str] = (RULE,),
    kept: int = 5,
    as_of: date = date(2026, 11, 23),
    silenced: frozenset[tuple[str, str]] = frozenset(),
    types: Sequence[str] = ("Microsoft.Network/x",),
) -> Report:
    """What an audit says that had these findings."""
    summaries = tuple(
        RuleSummary(
            rule,
            "open-subnet",
            "A subnet is open",
            "NSG",
            Severity.HIGH,
            kept,
            sum(each.rule == rule and each.status is Status.BROKEN for each in findings),
        )
        for rule in rules
    )
    counts = (*(TypeCount(each, 9, True) for each in types), TypeCount("a/b", 3, False))
    audit = Audit("0.1.0", as_of, resources=counts)
    return Report(audit, summaries, findings, silenced=silenced)


def day(number: int) -> str:
    """The moment a snapshot of that day of November is taken."""
    return f"2026-11-{number:02}T06:00:00Z"


def taken(
    number: int,
    *findings: Judged,
    of: Report | None = None,
    sight: Sight | dict[str, Look] | None = None,
    mark: str = "",
    rules_mark: str = "rules",
    about_audit: frozenset[str] = frozenset(),
    timed: bool = True,
) -> Taken:
    """An audit of that day, ready to be recorded."""
    look = in_a_table(sight) if isinstance(sight, dict) else sight or in_a_table({})
    what = report(*findings) if of is None else of
    mark = mark or f"day {number}"
    return Taken(what, day(number), mark, rules_mark, look, about_audit, timed)


@dataclass(frozen=True, slots=True)
class Book:
    """A history of one estate."""

    store: Store
    estate: str = "default"

    def add(self, what: Taken, keep_days: int | None = None) -> Recorded:
        """Record an audit."""
        return record(self.store, self.estate, what, keep_days)

    def past(self, run: int | None = None, day: date | None = None) -> Past:
        """Read the history."""
        with self.store.reading() as connection:
            number, name = estates.found(connection, self.estate, self.store.address)
            return reading.past(connection, number, name, run=run, day=day)

    def life(self, name: str, rule: str = RULE) -> Life:
        """Read what became of a finding."""
        with self.store.reading() as connection:
            number, _ = estates.found(connection, self.estate, self.store.address)
            newest = reading.entries(connection, number)[-1].at
            lives = reading.of_estate(connection, number, newest).values()
        return next(life for life in lives if life.fingerprint == f"{rule} {name}")


class NoServer(Exception):
    """PostgreSQL is not installed here; says why."""


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    if there is None:
        raise NoServer("PostgreSQL is not installed: apt-get install postgresql")
    return Path(there).resolve().parent


def _user() -> str | None:
    """Whom the server runs as: root may not, and the package makes a user."""
    return "postgres" if os.getuid() == 0 else None


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server of our own, with a user `auditor` whose password is hard to spell."""

    port: int
    password: str = "p@ss:w/rd?#"
    idle: list[str] = field(default_factory=list)

    def url(self, database: str, *, password: str | None = None, user: str = "auditor") -> str:
        """The URL of a database, with the password."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The name of an empty database, emptied and lent again afterwards: making one is dear."""
        name = self.idle.pop() if self.idle else self._made()
        yield name
        with self._connected(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute(f"ALTER DATABASE {name} RESET ALL")
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        self.idle.append(name)

    def _made(self) -> str:
        name = f"history{next(_NUMBERS)}"
        with self._connected("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def _connected(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        options = "-c default_transaction_read_only=off"
        return psycopg.connect(self.url(database), autocommit=True, options=options)


@contextmanager
def server() -> Iterator[Server]:
    """Run a PostgreSQL server in a folder of its own. Raises NoServer where there is none."""
    programs, user = _programs(), _user()
    folder = Path(tempfile.mkdtemp(prefix="auditor-pg-", dir="/tmp"))
    found = Server(_free_port())
    secret = folder / "password"
    secret.write_text(found.password)
    if user is not None:
        for path in (folder, secret):
            shutil.chown(path, user)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), *arguments],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            timeout=120,
        )

    options = (
        f"-c port={found.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
        "-c fsync=off -c full_page_writes=off -c max_connections=60"
    )
    try:
        run("initdb", f"--pgdata={data}", "--username=auditor", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync")  # fmt: skip
        run("pg_ctl", "start", f"--pgdata={data}", "-w", f"--log={folder}/log", f"-o{options}")
        try:
            yield found
        finally:
            run("pg_ctl", "stop", f"--pgdata={data}", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
