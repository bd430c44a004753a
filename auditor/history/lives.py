"""The life of a finding: what it becomes, run by run."""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields, replace

from auditor.past import Changes


class Kind(enum.StrEnum):
    """Whether a finding says that something is wrong, or that it cannot be told."""

    BROKEN = "broken"
    UNKNOWN = "unknown"


class State(enum.StrEnum):
    """Where a finding stands; see `auditor.past.Life`."""

    OPEN = "open"
    UNTOLD = "untold"
    FIXED = "fixed"
    REMOVED = "removed"
    ANSWERED = "answered"
    RETOLD = "retold"


PENDING = (State.OPEN, State.UNTOLD)
"""States about which the next run has to say something."""

UNJUDGED = "the run was recorded after a later one, which was not asked about it"


@dataclass(frozen=True, slots=True)
class Course:
    """A finding's state after some run.

    `last_at` is, while it is open, when it came to its state; the newest run has it still.
    """

    state: State
    first_at: str
    opened_at: str
    last_at: str
    changed_at: str
    reason: str = ""
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run that has not a finding says of it."""

    state: State
    reason: str = ""


def seen(course: Course | None, at: str) -> Course:
    """Go on with a run that has the finding."""
    if course is None:
        return Course(State.OPEN, at, at, at, at)
    if course.state is State.OPEN:
        return course
    if course.state in (State.FIXED, State.REMOVED):
        return replace(
            course,
            state=State.OPEN,
            opened_at=at,
            last_at=at,
            changed_at=at,
            reason="",
            reopened=course.reopened + 1,
        )
    return replace(course, state=State.OPEN, last_at=at, changed_at=at, reason="")


def missed(course: Course, verdict: Verdict | None, before: str, at: str) -> Course:
    """Go on with a run that has it not; `before` is when the run before was.

    A run that says nothing of a finding that was not settled leaves it untold.
    """
    if course.state not in PENDING:
        return course
    told = verdict or Verdict(State.UNTOLD, UNJUDGED)
    if told.state is course.state:
        return course if told.reason == course.reason else replace(course, reason=told.reason)
    last = before if course.state is State.OPEN else course.last_at
    return replace(course, state=told.state, reason=told.reason, last_at=last, changed_at=at)


_COUNTED = {
    State.FIXED: "fixed",
    State.REMOVED: "removed",
    State.UNTOLD: "untold",
    State.RETOLD: "retold",
    State.ANSWERED: "answered",
}


def event(kind: Kind, before: Course | None, after: Course) -> str:
    """Name the change between two runs by the field of `Changes` that counts it; else empty."""
    if before is None:
        return "new" if kind is Kind.BROKEN else "unanswered"
    if before.state is after.state:
        return ""
    if after.state is not State.OPEN:
        return _COUNTED[after.state]
    if before.state in (State.FIXED, State.REMOVED):
        return "reopened"
    if before.state is State.ANSWERED:
        return "unanswered"
    return ""


EVENTS = tuple(each.name for each in fields(Changes))
