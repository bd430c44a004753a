"""Let go of what is old: which findings a run had, and findings that were settled long ago.

The numbers of every run stay, so that trends do not end; and so do findings that are open, or
that nobody has told of since: when they were first seen is kept with them.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, update

from auditor.history import moments
from auditor.history.lives import PENDING
from auditor.history.schema import ABSENCE, ESTATE, FINDING, RUN, SIGHTING, WAIVER
from auditor.history.walk import walk


def prune(connection: Connection, estate: int, keep_days: int) -> None:
    """Keep so many days before the newest run, within the caller's transaction."""
    newest = connection.execute(
        select(func.max(RUN.c.at)).where(RUN.c.estate_id == estate)
    ).scalar_one()
    horizon = moments.before(newest, keep_days)
    old = select(RUN.c.id).where(RUN.c.estate_id == estate, RUN.c.at < horizon)
    was = connection.execute(select(ESTATE.c.horizon).where(ESTATE.c.id == estate)).scalar_one()
    if horizon <= was or connection.execute(old.where(RUN.c.at >= was).limit(1)).first() is None:
        return
    _keep_states(connection, estate, horizon)
    for table in (SIGHTING, ABSENCE, WAIVER):
        connection.execute(delete(table).where(table.c.run_id.in_(old)))
    settled = FINDING.c.state.not_in([state.value for state in PENDING])
    connection.execute(
        delete(FINDING).where(
            FINDING.c.estate_id == estate, settled, FINDING.c.changed_at < horizon
        )
    )
    connection.execute(update(ESTATE).where(ESTATE.c.id == estate).values(horizon=horizon))


def _keep_states(connection: Connection, estate: int, horizon: str) -> None:
    """Keep beside each finding what the runs before the horizon made of it."""
    walked, _ = walk(connection, estate, (horizon, 0))
    rows = [
        {"b_id": number, "base": msgspec.json.encode(course).decode()}
        for number, course in walked.courses.items()
    ]
    if rows:
        connection.execute(
            update(FINDING).where(FINDING.c.id == bindparam("b_id")).values(base=bindparam("base")),
            rows,
        )
