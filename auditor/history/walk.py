"""The state of every finding after some run, worked out from what the runs said."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, select

from auditor.history.lives import Course, Kind, State, Verdict, event, missed, seen
from auditor.history.schema import ABSENCE, ESTATE, FINDING, RUN, SIGHTING


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run changed: how many findings by event, and how many it does not tell of."""

    events: Mapping[str, int]
    hidden: int


@dataclass(slots=True)
class Walk:
    """Findings on their way through the runs, in the order of time.

    `kinds` and `courses` are by the finding's id; `at` is when the last run was.
    """

    kinds: dict[int, Kind]
    courses: dict[int, Course] = field(default_factory=dict)
    at: str = ""

    def step(self, at: str, there: Mapping[int, object], absent: Mapping[int, Verdict]) -> Outcome:
        """Go on by a run that had the findings `there` and said something of those `absent`."""
        events: Counter[str] = Counter()
        hidden = 0
        for finding in there:
            before = self.courses.get(finding)
            after = self.courses[finding] = seen(before, at)
            events[event(self.kinds[finding], before, after)] += 1
        for finding, before in self.courses.items():
            if finding not in there:
                after = missed(before, absent.get(finding), self.at, at)
                hidden += after.state is State.UNTOLD
                if after is not before:
                    self.courses[finding] = after
                    events[event(self.kinds[finding], before, after)] += 1
        del events[""]
        self.at = at
        return Outcome(dict(events), hidden)


def walk(
    connection: Connection, estate: int, until: tuple[str, int] = ("~", 0)
) -> tuple[Walk, dict[int, Outcome]]:
    """Walk through the runs of an estate before `until`, a time and a run's id.

    Gives the walk, and what each run changed by its id. Of runs before the estate's horizon only
    what they led to is kept; the walk begins there.
    """
    walked = _begin(connection, estate)
    horizon = connection.execute(select(ESTATE.c.horizon).where(ESTATE.c.id == estate)).scalar_one()
    outcomes = {}
    query = select(RUN.c.id, RUN.c.at).where(RUN.c.estate_id == estate)
    for run, at in connection.execute(query.order_by(RUN.c.at, RUN.c.id)).all():
        if (at, run) >= until:
            break
        if at < horizon:
            walked.at = at
        else:
            outcomes[run] = walked.step(at, *of_run(connection, run))
    return walked, outcomes


def through(at: str) -> tuple[str, int]:
    """Give the `until` that takes in the runs at a time."""
    return at, sys.maxsize


def _begin(connection: Connection, estate: int) -> Walk:
    walked = Walk({})
    query = select(FINDING.c.id, FINDING.c.kind, FINDING.c.base)
    for number, kind, base in connection.execute(query.where(FINDING.c.estate_id == estate)):
        walked.kinds[number] = Kind(kind)
        if base is not None:
            walked.courses[number] = msgspec.json.decode(base, type=Course)
    return walked


def of_run(
    connection: Connection, run: int
) -> tuple[dict[int, tuple[int, str]], dict[int, Verdict]]:
    """Give what a run had, each with severity and status, and what it said of what it had not."""
    columns = (SIGHTING.c.finding_id, SIGHTING.c.severity, SIGHTING.c.status)
    there = connection.execute(select(*columns).where(SIGHTING.c.run_id == run)).all()
    query = select(ABSENCE.c.finding_id, ABSENCE.c.state, ABSENCE.c.reason)
    absent = connection.execute(query.where(ABSENCE.c.run_id == run)).all()
    return (
        {number: (severity, status) for number, severity, status in there},
        {number: Verdict(State(state), reason) for number, state, reason in absent},
    )
