"""The tables, as of the newest version of the ladder.

Texts are stored as `storable` makes them. Times are ISO 8601 in UTC. A run's place in time is
(`at`, `id`). `sighting` says what a run had; `absence` what it said of findings that were open
before and that it had not. The state of a finding follows from those, and is kept beside it.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()


def _owner(table: str) -> ForeignKey:
    return ForeignKey(f"{table}.id", ondelete="CASCADE")


VERSION = Table("auditor_history", METADATA, Column("version", Integer, nullable=False))

ESTATE = Table(
    "auditor_estate",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("horizon", String(20), nullable=False),
)
"""What is compared with itself. Of runs before `horizon` only the numbers are kept."""

RUN = Table(
    "auditor_run",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("estate_id", Integer, _owner("auditor_estate"), nullable=False),
    Column("mark", String(64), nullable=False),
    Column("rules_mark", String(64), nullable=False),
    Column("at", String(20), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("version", String(40), nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("scope", Text, nullable=False),
    Column("types", Text, nullable=False),
    Column("resources", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("hidden", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("fixed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("untold", Integer, nullable=False),
    Column("retold", Integer, nullable=False),
    Column("unanswered", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    UniqueConstraint("estate_id", "mark"),
)

MEASURE = Table(
    "auditor_measure",
    METADATA,
    Column("run_id", Integer, _owner("auditor_run"), primary_key=True),
    Column("rule", String(20), primary_key=True),
    Column("kept", Integer, nullable=False),
    Column("broken", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("waived", Integer, nullable=False),
    Column("baseline", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How each rule fared in each run: subjects kept, findings by status."""

TALLY = Table(
    "auditor_tally",
    METADATA,
    Column("run_id", Integer, _owner("auditor_run"), primary_key=True),
    Column("severity", Integer, primary_key=True),
    Column("status", String(10), primary_key=True),
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)

WAIVER = Table(
    "auditor_waiver",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, _owner("auditor_run"), nullable=False, index=True),
    Column("rule", String(20), nullable=False),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires", String(10), nullable=False),
    Column("number", Integer, nullable=False),
)

FINDING = Table(
    "auditor_finding",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("estate_id", Integer, _owner("auditor_estate"), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("rule", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("related", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("status", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("first_at", String(20), nullable=False),
    Column("opened_at", String(20), nullable=False),
    Column("last_at", String(20), nullable=False),
    Column("changed_at", String(20), nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("base", Text),
    UniqueConstraint("estate_id", "fingerprint"),
)
"""`related` is a JSON list of ids. `last_at` of an open finding is when it came to its state: the
newest run has it still.

`base` is its state at the horizon, as JSON, when that was before.
"""

# No foreign key: to let go of a finding would look through all sightings, which are gone by then.
SIGHTING = Table(
    "auditor_sighting",
    METADATA,
    Column("run_id", Integer, _owner("auditor_run"), primary_key=True),
    Column("finding_id", Integer, primary_key=True),
    Column("severity", Integer, nullable=False),
    Column("status", String(10), nullable=False),
    sqlite_with_rowid=False,
)

ABSENCE = Table(
    "auditor_absence",
    METADATA,
    Column("run_id", Integer, _owner("auditor_run"), primary_key=True),
    Column("finding_id", Integer, primary_key=True),
    Column("state", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)


def storable(text: str, limit: int | None = None) -> str:
    """Give a text as every database takes it: no lone surrogates, no NUL, at most `limit` long."""
    safe = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return safe if limit is None else safe[:limit]
