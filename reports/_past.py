"""What a history adds to a report for people: what changed, how numbers went, what ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from auditor import trends
from auditor.finding import Judged
from auditor.past import SEVERITIES, Changes, Ending, Entry, Life, Past

from ._text import plural, visible

_SAID = (
    ("new", "new"),
    ("reopened", "reopened"),
    ("fixed", "fixed"),
    ("removed", "removed with what they were about"),
    ("retold", "told in other words"),
    ("unanswered", "no longer told"),
    ("answered", "told again"),
)


def compared(past: Past) -> str:
    """Write what changed since the run before: `since 2026-11-08: 3 new, 1 fixed`."""
    before = past.previous
    if before is None:
        return "the first run: there is nothing to compare with"
    said = ", ".join(_changed(past.current.changes)) or "nothing changed"
    why = "; the rules are others than before" if past.current.rules_changed else ""
    return f"since {before.at[:10]}: {said}{why}"


def _changed(changes: Changes) -> Iterator[str]:
    for name, word in _SAID:
        number: int = getattr(changes, name)
        if number and name in ("unanswered", "answered"):
            yield f"{plural(number, 'answer')} {word}"
        elif number:
            yield f"{number:,} {word}"


def not_told(past: Past) -> str:
    """Write how many findings were open once and are not told of now; empty when none is."""
    hidden = past.current.hidden
    if not hidden:
        return ""
    newly = past.current.changes.untold
    since = f", {newly:,} of them since this run" if newly else ""
    what = plural(hidden, "finding that was", "findings that were")
    verb = "is" if hidden == 1 else "are"
    return f"{what} open before {verb} not told now{since}: not fixed, for nothing proves it"


def ages(past: Past) -> str:
    """Write how old the oldest open finding of each severity is."""
    return ", ".join(f"{age.severity} {plural(age.oldest, 'day')}" for age in past.ages)


def ending(one: Ending) -> str:
    """Write when a waiver ends."""
    behind = plural(one.findings, "finding")
    who = f"{visible(one.owner)}: {visible(one.reason)}"
    if one.days < 0:
        return f"{visible(one.rule)} ended on {one.expires} ({behind}; {who})"
    left = "today" if one.days == 0 else f"in {plural(one.days, 'day')}"
    return f"{visible(one.rule)} ends {left}, on {one.expires} ({behind}; {who})"


def since(past: Past | None, finding: Judged) -> str:
    """Write since when a finding has been open; empty without a history, or when it is new."""
    life = past.lives.get(finding.fingerprint) if past is not None else None
    if past is None or life is None:
        return ""
    opened = life.opened_at[:10]
    if life.reopened:
        return f"{opened}, reopened; first seen {life.first_at[:10]}"
    days = (_day(past.current.at) - _day(life.opened_at)).days
    return f"{opened}, {plural(days, 'day')}" if days else ""


def _day(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def series(past: Past) -> tuple[trends.Series, ...]:
    """Give what is worth a line: nothing before there are two runs."""
    return trends.all_of(past.entries) if len(past.entries) > 1 else ()


def gone(past: Past) -> tuple[Life, ...]:
    """Give the findings that are fixed, or removed with what they were about."""
    return tuple(life for life in past.gone if life.state in ("fixed", "removed"))


def broken(entry: Entry) -> str:
    """Write `3 critical, 5 high` of a run."""
    return ", ".join(f"{entry.broken[w]:,} {w}" for w in SEVERITIES if entry.broken[w]) or "none"
