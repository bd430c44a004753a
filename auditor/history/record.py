"""Put an audit into a history: once, whole, and with what it says of findings it has not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from auditor.errors import UsageError
from auditor.finding import Judged, Report
from auditor.history import estates, walk
from auditor.history.absence import Gone, Hearing, kind_of, related_to, types_of
from auditor.history.lives import EVENTS, PENDING, Course, Kind, State, Verdict, seen
from auditor.history.marks import return_mark
from auditor.history.retention import prune
from auditor.history.schema import ABSENCE, FINDING, MEASURE, RUN, SIGHTING, TALLY, WAIVER, storable
from auditor.history.store import Store
from auditor.history.taken import Taken

_REASON = 500
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The run's number, and whether it is new: the same is recorded once."""

    run: int
    new: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """A finding that the history has; `shown` is what of it may change while it stays itself."""

    id: int
    gone: Gone
    course: Course
    shown: tuple[Any, ...]


def record(store: Store, estate: str, taken: Taken, keep_days: int | None = None) -> Recorded:
    """Record an audit of an estate; then let go of what is older than `keep_days`.

    All of it or nothing: nothing is kept of a recording that fails. Raises UsageError when it
    cannot be written, or is older than what the history keeps; HistoryError when that is damaged.
    """
    with store.writing() as connection:
        number, horizon = estates.locked(connection, estate)
        found, mark = _same(connection, number, taken)
        if found is not None:
            return Recorded(found, False)
        taken = replace(taken, mark=mark)
        if taken.at < horizon:
            raise UsageError(
                f"the snapshot of {taken.at} is older than what is kept, since {horizon}",
                where=store.address.shown,
            )
        estates.same(connection, number, taken.report.audit.scope, store.address)
        run = _Recording(connection, number, taken).write()
        if keep_days is not None:
            prune(connection, number, keep_days)
        return Recorded(run, True)


def _same(connection: Connection, estate: int, taken: Taken) -> tuple[int | None, str]:
    """Find the run that this audit is, else the mark of a new one.

    A snapshot has one time and is one run. Exports without a time are the run before them when
    nothing else was recorded since; after something else they are a run of their own.
    """
    ids: list[int] = []
    while True:
        mark = return_mark(taken.mark, len(ids))
        same = select(RUN.c.id).where(RUN.c.estate_id == estate, RUN.c.mark == mark)
        found = connection.execute(same).scalar()
        if found is None:
            break
        if taken.timed:
            return found, mark
        ids.append(found)
    if ids:
        earlier = select(RUN.c.id).where(RUN.c.estate_id == estate, RUN.c.at <= taken.at)
        before = earlier.order_by(RUN.c.at.desc(), RUN.c.id.desc()).limit(1)
        last = connection.execute(before).scalar()
        if last in ids:
            return last, mark
    return None, mark


class _Recording:
    """The steps of one recording, within its transaction."""

    def __init__(self, connection: Connection, estate: int, taken: Taken) -> None:
        self._connection = connection
        self._estate = estate
        self._taken = taken
        self._findings = _unique(taken.report.findings)
        newest = select(func.max(RUN.c.at)).where(RUN.c.estate_id == estate)
        self._newest = connection.execute(newest).scalar() or ""
        self._late = self._newest > taken.at
        """Whether a later snapshot was recorded before: then the rest is worked out anew."""

    def write(self) -> int:
        """Write all; give the run's number."""
        known = self._known()
        before = self._before(known)
        absent = self._judge(known, before)
        run = self._run()
        ids = self._write_findings(known)
        there = {ids[mark]: finding for mark, finding in self._findings.items()}
        self._write_sightings(run, there, absent)
        if self._late:
            self._work_out_anew()
        else:
            self._go_on(run, before, there, absent)
        return run

    def _known(self) -> dict[str, _Known]:
        rows = self._connection.execute(
            select(FINDING).where(FINDING.c.estate_id == self._estate)
        ).all()
        return {row.fingerprint: _known(row) for row in rows}

    def _before(self, known: Mapping[str, _Known]) -> walk.Walk:
        if self._late:
            return walk.walk(self._connection, self._estate, walk.through(self._taken.at))[0]
        return walk.Walk(
            {each.id: each.gone.kind for each in known.values()},
            {each.id: each.course for each in known.values()},
            self._newest,
        )

    def _judge(self, known: Mapping[str, _Known], before: walk.Walk) -> dict[int, Verdict]:
        """Ask the run about what was open, or untold, and is not there."""
        pending = {
            mark: each
            for mark, each in known.items()
            if (course := before.courses.get(each.id)) is not None and course.state in PENDING
        }
        new = self._findings.keys() - pending.keys()
        taken = self._taken
        hearing = Hearing(taken.report, new, taken.sight, taken.about_audit)
        types = self._types()
        verdicts = {}
        for mark, each in pending.items():
            if mark not in self._findings:
                course = before.courses[each.id]
                last = before.at if course.state is State.OPEN else course.last_at
                gone = replace(each.gone, types=types.get(last, frozenset()))
                verdicts[each.id] = hearing.verdict(gone)
        return {
            number: replace(verdict, reason=storable(verdict.reason, _REASON))
            for number, verdict in verdicts.items()
        }

    def _types(self) -> dict[str, frozenset[str]]:
        """The types of resources that each run had, by its time."""
        rows = self._connection.execute(
            select(RUN.c.at, RUN.c.types).where(RUN.c.estate_id == self._estate).order_by(RUN.c.id)
        )
        return {at: frozenset(json.loads(types)) for at, types in rows}

    def _run(self) -> int:
        report, taken = self._taken.report, self._taken
        counts = report.audit.resources
        values = {
            "estate_id": self._estate,
            "mark": taken.mark,
            "rules_mark": taken.rules_mark,
            "at": taken.at,
            "as_of": report.audit.as_of.isoformat(),
            "version": storable(report.audit.version, 40),
            "failed": report.failed,
            "scope": json.dumps([storable(each) for each in report.audit.scope]),
            "types": json.dumps(sorted(types_of(report))),
            "resources": sum(kind.count for kind in counts if kind.understood),
            "ignored": sum(kind.count for kind in counts if not kind.understood),
            "hidden": 0,
            **dict.fromkeys(EVENTS, 0),
        }
        run: int = self._connection.execute(
            insert(RUN).values(values).returning(RUN.c.id)
        ).scalar_one()
        _write_numbers(self._connection, run, report)
        return run

    def _write_findings(self, known: Mapping[str, _Known]) -> dict[str, int]:
        """Add those not known, and tell anew what others say; give every id by fingerprint."""
        new = [
            _row(self._estate, finding, seen(None, self._taken.at), self._related(finding))
            for mark, finding in self._findings.items()
            if mark not in known
        ]
        ids = {mark: each.id for mark, each in known.items()}
        if new:
            self._connection.execute(insert(FINDING), new)
            query = select(FINDING.c.fingerprint, FINDING.c.id)
            query = query.where(FINDING.c.estate_id == self._estate)
            if ids:
                query = query.where(FINDING.c.id > max(ids.values()))
            ids.update((mark, number) for mark, number in self._connection.execute(query).all())
        if not self._late:
            self._tell_anew(known)
        return ids

    def _related(self, finding: Judged) -> str:
        return json.dumps(related_to(finding, self._taken.sight))

    def _tell_anew(self, known: Mapping[str, _Known]) -> None:
        changed = []
        for mark, finding in self._findings.items():
            old = known.get(mark)
            if old is not None and old.shown != (now := _shown(finding, self._related(finding))):
                changed.append({"b_id": old.id, **dict(zip(_SHOWN, now, strict=True))})
        if changed:
            self._connection.execute(
                _UPDATE.values({key: bindparam(key) for key in _SHOWN}), changed
            )

    def _write_sightings(
        self, run: int, there: Mapping[int, Judged], absent: Mapping[int, Verdict]
    ) -> None:
        sightings = [
            {
                "run_id": run,
                "finding_id": number,
                "severity": int(finding.severity),
                "status": finding.status.value,
            }
            for number, finding in sorted(there.items())
        ]
        absences = [
            {
                "run_id": run,
                "finding_id": number,
                "state": verdict.state.value,
                "reason": verdict.reason,
            }
            for number, verdict in sorted(absent.items())
        ]
        for table, rows in ((SIGHTING, sightings), (ABSENCE, absences)):
            if rows:
                self._connection.execute(insert(table), rows)

    def _go_on(
        self,
        run: int,
        before: walk.Walk,
        there: Mapping[int, Judged],
        absent: Mapping[int, Verdict],
    ) -> None:
        """Bring the states on by this run."""
        old = dict(before.courses)
        for number, finding in there.items():
            before.kinds.setdefault(number, kind_of(finding))
        outcome = before.step(self._taken.at, there, absent)
        changed = {
            number: course
            for number, course in before.courses.items()
            if number in old and course is not old[number]
        }
        self._save(changed, {run: outcome})

    def _work_out_anew(self) -> None:
        walked, outcomes = walk.walk(self._connection, self._estate)
        self._save(walked.courses, outcomes)

    def _save(self, courses: Mapping[int, Course], outcomes: Mapping[int, walk.Outcome]) -> None:
        if courses:
            rows = [{"b_id": number, **_course(course)} for number, course in courses.items()]
            columns: dict[str, Any] = {key: bindparam(key) for key in rows[0] if key != "b_id"}
            self._connection.execute(_UPDATE.values(columns), rows)
        none = dict.fromkeys(EVENTS, 0)
        for run, outcome in outcomes.items():
            self._connection.execute(
                update(RUN)
                .where(RUN.c.id == run)
                .values({**none, **outcome.events, "hidden": outcome.hidden})
            )


_UPDATE = update(FINDING).where(FINDING.c.id == bindparam("b_id"))
_SHOWN = ("title", "message", "severity", "status", "related")


def _unique(findings: Iterable[Judged]) -> dict[str, Judged]:
    return {finding.fingerprint: finding for finding in findings}


def _known(row: Any) -> _Known:
    course = Course(
        State(row.state),
        row.first_at,
        row.opened_at,
        row.last_at,
        row.changed_at,
        row.reason,
        row.reopened,
    )
    shown = tuple(getattr(row, name) for name in _SHOWN)
    related = tuple(json.loads(row.related))
    return _Known(row.id, Gone(row.rule, row.subject, Kind(row.kind), related), course, shown)


def _shown(finding: Judged, related: str) -> tuple[Any, ...]:
    return (
        storable(finding.title),
        storable(finding.message),
        int(finding.severity),
        finding.status.value,
        related,
    )


def _row(estate: int, finding: Judged, course: Course, related: str) -> dict[str, Any]:
    return {
        "estate_id": estate,
        "fingerprint": finding.fingerprint,
        "kind": kind_of(finding).value,
        "rule": finding.rule,
        "subject": storable(finding.subject),
        **dict(zip(_SHOWN, _shown(finding, related), strict=True)),
        **_course(course),
    }


def _course(course: Course) -> dict[str, Any]:
    return {**asdict(course), "state": course.state.value}


def _write_numbers(connection: Connection, run: int, report: Report) -> None:
    measures = [
        {
            "run_id": run,
            "rule": rule.rule,
            "kept": rule.kept,
            "broken": rule.broken,
            "unknown": rule.unknown,
            "waived": rule.waived,
            "baseline": rule.baseline,
        }
        for rule in report.rules
    ]
    tally = Counter((int(each.severity), each.status.value) for each in report.findings)
    tallies = [
        {"run_id": run, "severity": severity, "status": status, "number": number}
        for (severity, status), number in sorted(tally.items())
    ]
    waivers = [{"run_id": run, **each} for each in _waivers(report)]
    for table, rows in ((MEASURE, measures), (TALLY, tallies), (WAIVER, waivers)):
        if rows:
            connection.execute(insert(table), rows)


def _waivers(report: Report) -> list[dict[str, Any]]:
    accepted = Counter(
        (each.rule, each.waiver.owner, each.waiver.reason, each.waiver.expires.isoformat())
        for each in report.findings
        if each.waiver is not None
    )
    return [
        {
            "rule": rule,
            "owner": storable(owner),
            "reason": storable(reason),
            "expires": expires,
            "number": number,
        }
        for (rule, owner, reason, expires), number in sorted(accepted.items())
    ]
