"""Read a history: runs with their numbers, findings with their lives, ages, waivers that end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from auditor.errors import UsageError, quoted
from auditor.finding import Severity, Status
from auditor.history import moments
from auditor.history.lives import Course, Kind, State
from auditor.history.schema import ABSENCE, FINDING, MEASURE, RUN, SIGHTING, TALLY, WAIVER
from auditor.history.walk import of_run, walk
from auditor.past import SEVERITIES, Age, Changes, Ending, Entry, Life, Past

SOON = 30
"""Days before a waiver's end from which it is told."""
_BOUNDS = (7, 30, 90)


def entries(connection: Connection, estate: int) -> tuple[Entry, ...]:
    """Give every run of an estate, the oldest first."""
    rows = connection.execute(
        select(RUN).where(RUN.c.estate_id == estate).order_by(RUN.c.at, RUN.c.id)
    ).all()
    runs = select(RUN.c.id).where(RUN.c.estate_id == estate)
    measured = {
        run: (int(kept), rules)
        for run, kept, rules in connection.execute(
            select(MEASURE.c.run_id, func.sum(MEASURE.c.kept), func.count())
            .where(MEASURE.c.run_id.in_(runs))
            .group_by(MEASURE.c.run_id)
        ).all()
    }
    tallies: dict[int, dict[tuple[int, str], int]] = defaultdict(dict)
    for run, severity, status, number in connection.execute(
        select(TALLY).where(TALLY.c.run_id.in_(runs))
    ).all():
        tallies[run][severity, status] = number
    before = None
    found = []
    for row in rows:
        changed = before is not None and row.rules_mark != before
        found.append(_entry(row, measured.get(row.id, (0, 0)), tallies[row.id], changed))
        before = row.rules_mark
    return tuple(found)


def _entry(
    row: Any, measured: tuple[int, int], tally: Mapping[tuple[int, str], int], changed: bool
) -> Entry:
    by_status = {
        status: sum(number for (_, of), number in tally.items() if of == status.value)
        for status in Status
    }
    return Entry(
        number=row.id,
        at=row.at,
        as_of=row.as_of,
        version=row.version,
        failed=row.failed,
        broken={word: tally.get((int(Severity[word.upper()]), "broken"), 0) for word in SEVERITIES},
        unknown=by_status[Status.UNKNOWN],
        waived=by_status[Status.WAIVED],
        baseline=by_status[Status.BASELINE],
        kept=measured[0],
        hidden=row.hidden,
        resources=row.resources,
        ignored=row.ignored,
        rules=measured[1],
        rules_changed=changed,
        changes=Changes(**{each.name: getattr(row, each.name) for each in fields(Changes)}),
    )


def past(
    connection: Connection,
    estate: int,
    name: str,
    *,
    run: int | None = None,
    day: date | None = None,
    soon: int = SOON,
    recorded: bool = True,
) -> Past:
    """Give the history of an estate as of a run (the newest when none is named).

    `day` is when waivers are about to end within `soon` days; the run's own day when not given.
    Raises UsageError when there is no such run.
    """
    every = entries(connection, estate)
    chosen = _upto(every, run)
    current = chosen[-1]
    lives = of_estate(connection, estate, every[-1].at)
    newest = current.number == every[-1].number
    if newest:
        told = _now(connection, chosen, lives)
    else:
        told = _back_then(connection, estate, current, lives)
    return Past(
        estate=name,
        entries=chosen,
        lives={life.fingerprint: life for life in told.had},
        new=sorted_lives(told.new),
        reopened=sorted_lives(told.reopened),
        gone=sorted_lives(told.gone),
        untold=sorted_lives(e for e in lives.values() if e.state == State.UNTOLD) if newest else (),
        ages=_ages(told.had, current.at),
        endings=_endings(connection, current, day or date.fromisoformat(current.as_of), soon),
        recorded=recorded,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What a run had, which of it was new or reopened, and what was gone with it."""

    had: Sequence[Life]
    new: Sequence[Life]
    reopened: Sequence[Life]
    gone: Sequence[Life]


def _now(connection: Connection, runs: Sequence[Entry], lives: Mapping[int, Life]) -> _Told:
    """Tell the newest run from the states that are kept, and from the run before."""
    at = runs[-1].at
    there, absent = of_run(connection, runs[-1].number)
    before, missed = of_run(connection, runs[-2].number) if len(runs) > 1 else ({}, {})
    had = {number: lives[number] for number in there if number in lives}
    came = [life for number, life in had.items() if number not in before and life.opened_at == at]
    return _Told(
        list(had.values()),
        [life for life in came if not life.reopened and life.kind == Kind.BROKEN],
        [life for life in came if life.reopened],
        [
            lives[number]
            for number, verdict in absent.items()
            if number in lives
            and lives[number].changed_at == at
            and (number not in missed or missed[number].state is not verdict.state)
        ],
    )


def _back_then(connection: Connection, estate: int, run: Entry, lives: Mapping[int, Life]) -> _Told:
    """Tell an older run, as things stood then, from all that the runs before it said."""
    walked, _ = walk(connection, estate, (run.at, run.number))
    before = dict(walked.courses)
    there, absent = of_run(connection, run.number)
    walked.step(run.at, there, absent)

    def then(number: int) -> Life:
        course = walked.courses[number]
        severity, status = there.get(number, (None, lives[number].status))
        told = {name: getattr(course, name) for name in Course.__dataclass_fields__}
        return replace(
            lives[number],
            **{**told, "state": course.state.value},
            status=status,
            severity=lives[number].severity if severity is None else Severity(severity).word,
        )

    had = {number: then(number) for number in there if number in lives}
    return _Told(
        list(had.values()),
        [e for n, e in had.items() if n not in before and e.kind == Kind.BROKEN],
        [
            e
            for n, e in had.items()
            if n in before and before[n].state in (State.FIXED, State.REMOVED)
        ],
        [
            then(number)
            for number, old in before.items()
            if number not in there and walked.courses[number].state is not old.state
        ],
    )


def _upto(every: Sequence[Entry], run: int | None) -> tuple[Entry, ...]:
    if run is None:
        return tuple(every)
    for place, entry in enumerate(every):
        if entry.number == run:
            return tuple(every[: place + 1])
    raise UsageError(f"there is no run {run}", advice="see: auditor history list")


def of_estate(connection: Connection, estate: int, newest: str) -> dict[int, Life]:
    """Give the life of every finding of an estate; `newest` is when the last run was."""
    rows = connection.execute(select(FINDING).where(FINDING.c.estate_id == estate)).all()
    return {row.id: _life(row, newest) for row in rows}


def _life(row: Any, newest: str) -> Life:
    return Life(
        fingerprint=row.fingerprint,
        rule=row.rule,
        title=row.title,
        severity=Severity(row.severity).word,
        subject=row.subject,
        message=row.message,
        kind=Kind(row.kind).value,
        status=Status(row.status).value,
        state=State(row.state).value,
        reason=row.reason,
        first_at=row.first_at,
        opened_at=row.opened_at,
        last_at=newest if row.state == State.OPEN else row.last_at,
        changed_at=row.changed_at,
        reopened=row.reopened,
    )


def life(
    connection: Connection, estate: int, beginning: str
) -> tuple[Life, tuple[tuple[int, str, str, str], ...]]:
    """Find a finding by the beginning of its fingerprint; give it and the runs that spoke of it.

    Of each run: its number, its time, the finding's state after it, and what it said. Raises
    UsageError when no finding begins so, or several do.
    """
    newest = entries(connection, estate)[-1].at
    every = of_estate(connection, estate, newest)
    found = [number for number, each in every.items() if each.fingerprint.startswith(beginning)]
    if len(found) != 1:
        how = "no finding begins" if not found else f"{len(found):,} findings begin"
        raise UsageError(
            f"{how} with {quoted(beginning)}",
            advice="give a run's number, latest, or the fingerprint of a finding",
        )
    return every[found[0]], _told_of(connection, found[0])


def _told_of(connection: Connection, finding: int) -> tuple[tuple[int, str, str, str], ...]:
    there = (
        select(RUN.c.at, RUN.c.id, SIGHTING.c.status)
        .join(SIGHTING, SIGHTING.c.run_id == RUN.c.id)
        .where(SIGHTING.c.finding_id == finding)
    )
    absent = (
        select(RUN.c.at, RUN.c.id, ABSENCE.c.state, ABSENCE.c.reason)
        .join(ABSENCE, ABSENCE.c.run_id == RUN.c.id)
        .where(ABSENCE.c.finding_id == finding)
    )
    told = [(at, run, "open", status) for at, run, status in connection.execute(there).all()]
    told += [(at, run, state, why) for at, run, state, why in connection.execute(absent).all()]
    return tuple((run, at, state, word) for at, run, state, word in sorted(told))


def sorted_lives(lives: Iterable[Life]) -> tuple[Life, ...]:
    """Put the worst first, then by rule and subject."""
    order = {word: place for place, word in enumerate(SEVERITIES)}
    return tuple(
        sorted(lives, key=lambda e: (order[e.severity], e.rule, e.subject.lower(), e.fingerprint))
    )


def _ages(lives: Iterable[Life], at: str) -> tuple[Age, ...]:
    days: dict[str, list[int]] = defaultdict(list)
    for life in lives:
        if life.state == State.OPEN and life.kind == Kind.BROKEN and life.status == Status.BROKEN:
            days[life.severity].append(moments.days_between(life.opened_at, at))
    return tuple(_age(word, sorted(days[word])) for word in SEVERITIES if days[word])


def _age(severity: str, days: Sequence[int]) -> Age:
    counts = [
        sum(1 for each in days if low <= each and (high is None or each < high))
        for low, high in zip((0, *_BOUNDS), (*_BOUNDS, None), strict=True)
    ]
    return Age(
        severity,
        len(days),
        days[(len(days) - 1) // 2],
        days[-1],
        (counts[0], counts[1], counts[2], counts[3]),
    )


def _endings(connection: Connection, current: Entry, day: date, soon: int) -> tuple[Ending, ...]:
    rows = connection.execute(
        select(WAIVER)
        .where(WAIVER.c.run_id == current.number)
        .order_by(WAIVER.c.expires, WAIVER.c.rule, WAIVER.c.owner, WAIVER.c.reason)
    ).all()
    found = []
    for row in rows:
        left = (date.fromisoformat(row.expires) - day).days
        if left <= soon:
            ending = Ending(row.rule, row.owner, row.reason, row.expires, left, row.number)
            found.append(ending)
    return tuple(found)
