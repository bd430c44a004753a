"""A history in words, in JSON (`auditor.history/1`) and as a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from auditor import trends
from auditor.commands.asking import columns, inert_json, plain
from auditor.past import SEVERITIES, Entry, Life, Past

SCHEMA = "auditor.history/1"
_HEADS = (
    *("run", "snapshot", *SEVERITIES, "unknown", "new", "reopened", "fixed", "removed"),
    *("not told", "coverage", ""),
)
_CHANGES = (
    ("new", "New"),
    ("reopened", "Reopened"),
    ("fixed", "Fixed: the rule finds nothing any more"),
    ("removed", "Removed: what it was about is gone"),
    ("untold", "Not told now, and so not fixed"),
    ("retold", "Told in other words or by another rule"),
    ("answered", "Unknown before, answered now"),
)


def runs_as_lines(estates: Sequence[tuple[str, Sequence[Entry]]]) -> Iterator[str]:
    """List the runs of estates."""
    for place, (name, entries) in enumerate(estates):
        if len(estates) > 1:
            yield from ([] if place == 0 else [""])
            yield plain(f"estate {name}")
        yield from columns([_HEADS, *(_run(entry) for entry in entries)])


def _run(entry: Entry) -> tuple[str, ...]:
    changes = entry.changes
    return (
        str(entry.number),
        entry.at,
        *(_count(entry.broken[word]) for word in SEVERITIES),
        _count(entry.unknown),
        *map(_count, (changes.new, changes.reopened, changes.fixed, changes.removed)),
        _count(entry.hidden),
        trends.number(trends.coverage([entry])),
        "rules changed" if entry.rules_changed else "",
    )


def _count(number: int) -> str:
    return f"{number:,}" if number else "."


def past_as_lines(past: Past) -> Iterator[str]:
    """Tell a run by what changed since the one before."""
    entry, before = past.current, past.previous
    yield plain(f"run {entry.number} of {past.estate}, snapshot of {entry.at}")
    since = f"since run {before.number} of {before.at}" if before else "the first run"
    yield f"  {since}{', with other rules' if entry.rules_changed else ''}"
    listed = ", ".join(f"{entry.broken[w]:,} {w}" for w in SEVERITIES if entry.broken[w])
    yield f"  broken: {listed or 'none'}; unknown: {entry.unknown:,}; waived: {entry.waived:,}"
    yield f"  coverage: {trends.number(trends.coverage([entry]))} of answers could be told"
    for word, heading in _CHANGES:
        lives = list(_of(past, word))
        if lives:
            yield ""
            yield f"{heading} ({len(lives):,})"
            yield from (plain(f"  {_life(life)}") for life in lives)
    waiting = [life for life in past.untold if life.changed_at != entry.at]
    if waiting:
        yield ""
        yield f"Not told since an earlier run ({len(waiting):,})"
        yield from (plain(f"  {_life(life)}") for life in waiting)
    if past.ages or past.endings:
        yield ""
    yield from ages_as_lines(past)
    yield from endings_as_lines(past)


def _of(past: Past, change: str) -> Iterable[Life]:
    if change == "new":
        return past.new
    if change == "reopened":
        return past.reopened
    return (e for e in past.gone if e.state == change)


def _life(life: Life) -> str:
    why = f" ({life.reason})" if life.reason and life.state != "open" else ""
    since = f", since {life.opened_at[:10]}" if life.state != "open" else ""
    return f"{life.severity} {life.rule} {life.subject or 'the network as a whole'}{since}{why}"


def ages_as_lines(past: Past) -> Iterator[str]:
    """Tell how long findings have been open."""
    if past.ages:
        head = ("open for", "findings", "median", "oldest", "< 7 d", "< 30 d", "< 90 d", "older")
        rows = [
            (e.severity, str(e.number), f"{e.median} d", f"{e.oldest} d", *map(_count, e.buckets))
            for e in past.ages
        ]
        yield from columns([head, *rows])


def endings_as_lines(past: Past) -> Iterator[str]:
    """Tell which waivers end soon."""
    for each in past.endings:
        when = "ended" if each.days < 0 else "ends"
        days = f"{abs(each.days)} day{'' if abs(each.days) == 1 else 's'}"
        left = f"{days} ago" if each.days < 0 else "today" if not each.days else f"in {days}"
        yield plain(
            f"waiver of {each.rule} {when} {left}, {each.expires} "
            f"({each.owner}: {each.reason}; findings behind it: {each.findings})"
        )


def trend_as_lines(past: Past, most: int) -> Iterator[str]:
    """Draw the series of the last runs."""
    entries = past.entries[-most:]
    first, last = entries[0].at[:10], entries[-1].at[:10]
    runs = f"{len(entries):,} run{'' if len(entries) == 1 else 's'}"
    yield plain(f"{past.estate}: {runs}, {first} to {last}")
    rows = [
        (series.name, trends.sparkline(series.values), trends.number(series), _extent(series))
        for series in trends.all_of(entries)
    ]
    yield from columns(rows)
    yield from ages_as_lines(past)
    yield from endings_as_lines(past)


def _extent(series: trends.Series) -> str:
    known = [value for value in series.values if value is not None]
    least, most = (trends.written(each, series.unit) for each in (min(known), max(known)))
    return f"from {least} to {most}"


def life_as_lines(life: Life, runs: Sequence[tuple[int, str, str, str]]) -> Iterator[str]:
    """Tell what became of a finding, run by run."""
    yield plain(f"{life.severity} {life.rule} {life.title}")
    yield plain(f"  {life.subject or 'the network as a whole'}")
    yield plain(f"  {life.message}")
    yield plain(f"  fingerprint {life.fingerprint}")
    yield f"  first seen {life.first_at}, last seen {life.last_at}"
    if life.reopened:
        yield f"  reopened {life.reopened:,} times, last {life.opened_at}"
    since = "" if life.state == "open" else f" since {life.changed_at}"
    why = f": {life.reason}" if life.reason and life.state != "open" else ""
    yield plain(f"  {life.state}{since}{why}")
    yield from (f"  {line}" for line in columns([(f"run {n}", a, s, w) for n, a, s, w in runs]))


def runs_as_json(estates: Sequence[tuple[str, Sequence[Entry]]]) -> dict[str, Any]:
    """Give the runs of estates."""
    return {
        "schema": SCHEMA,
        "estates": [
            {"name": name, "runs": [entry_as_json(entry) for entry in entries]}
            for name, entries in estates
        ],
    }


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """Give a run as data."""
    return {**asdict(entry), "coverage": entry.coverage}


def past_as_json(past: Past) -> dict[str, Any]:
    """Give a run with its findings and what is gone."""
    return {
        "schema": SCHEMA,
        "estate": past.estate,
        "run": entry_as_json(past.current),
        "findings": [asdict(life) for life in past.lives.values()],
        "new": [life.fingerprint for life in past.new],
        "reopened": [life.fingerprint for life in past.reopened],
        "gone": [asdict(life) for life in past.gone],
        "untold": [asdict(life) for life in past.untold],
        "ages": [asdict(age) for age in past.ages],
        "endings": [asdict(ending) for ending in past.endings],
    }


def trend_as_json(past: Past, runs: int) -> dict[str, Any]:
    """Give the series of the last runs."""
    entries = past.entries[-runs:]
    return {
        "schema": SCHEMA,
        "estate": past.estate,
        "at": [entry.at for entry in entries],
        "series": [
            {"name": each.name, "unit": each.unit, "values": list(each.values)}
            for each in trends.all_of(entries)
        ],
        "ages": [asdict(age) for age in past.ages],
        "endings": [asdict(ending) for ending in past.endings],
    }


def life_as_json(
    estate: str, life: Life, runs: Sequence[tuple[int, str, str, str]]
) -> dict[str, Any]:
    """Give a finding and the runs that spoke of it."""
    told = [
        {"run": number, "at": at, "state": state, "told": word} for number, at, state, word in runs
    ]
    return {"schema": SCHEMA, "estate": estate, "finding": asdict(life), "runs": told}


def export_as_json(estate: str, entries: Iterable[Entry], lives: Iterable[Life]) -> dict[str, Any]:
    """Give all that is recorded of an estate."""
    return {
        "schema": SCHEMA,
        "estate": estate,
        "runs": [entry_as_json(entry) for entry in entries],
        "findings": [asdict(life) for life in lives],
    }


def dump(what: Any) -> str:
    """Write JSON, indented, in ASCII, with nothing that acts in a log."""
    return inert_json(json.dumps(what, indent=2))


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def lives_as_csv(lives: Iterable[Life]) -> str:
    """Write a row for each finding, with no cell that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(Life.__dataclass_fields__)
    for life in lives:
        cells = (plain(str(value)) for value in asdict(life).values())
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()
