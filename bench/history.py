"""Measure a history: recording 10,000 findings, and reading them back after many runs.

    python -m bench.history
    python -m bench.history --findings 50000 --history postgresql://USER@HOST/DATABASE

A first run has only new findings; the next ones lose and win a hundred each. Seconds are those on
the wall, disk included, and CPU seconds of this process; the database is made anew. What the
audit itself takes is no part of it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from auditor.finding import (
    Audit,
    Evidence,
    Judged,
    Report,
    RuleSummary,
    Severity,
    Status,
    TypeCount,
)
from auditor.history import estates, moments, reading
from auditor.history.absence import Look
from auditor.history.address import parse
from auditor.history.record import record
from auditor.history.store import Store
from auditor.history.taken import Taken
from bench.__main__ import Row

MOST = 2.0
"""Seconds that recording into SQLite may take."""
RULES = 119
_CHANGING = 100
_NETWORKS = "/subscriptions/{}/resourceGroups/rg-{}/providers/Microsoft.Network/virtualNetworks"


@dataclass(slots=True)
class Clock:
    """Seconds on the wall and of the processor."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def clock() -> Iterator[Clock]:
    """Measure a block."""
    found = Clock()
    wall, cpu = time.perf_counter(), time.process_time()
    yield found
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu


def finding(number: int) -> Judged:
    """Give one of many, as long as they are in life: ids, a sentence, evidence."""
    where = _NETWORKS.format("0b1f6471-1bf0-4dda-aec3-cb9272f09590", number % 97)
    network = f"{where}/vnet-{number // 10}"
    rule = f"BEN-{number % RULES:03}"
    return Judged(
        rule=rule,
        name="bench",
        title="A subnet of the benchmark is open to the internet",
        family="BEN",
        severity=Severity(number % 5),
        status=Status.BROKEN if number % 50 else Status.UNKNOWN,
        subject=f"{network}/subnets/snet-{number}",
        message=f"{'' if number % 50 else 'cannot tell: '}the subnet snet-{number} is open",
        remedy="close it",
        fingerprint=f"{number:032x}",
        related=(network,),
        evidence=(Evidence(f"{network}-nsg", "/properties/securityRules/0", "*"),),
    )


def report(findings: range) -> Report:
    """Give a report with so many findings."""
    rules = tuple(
        RuleSummary(f"BEN-{number:03}", "bench", "t", "BEN", Severity.HIGH, kept=500)
        for number in range(RULES)
    )
    counts = (TypeCount("Microsoft.Network/virtualNetworks", 10_000, True),)
    audit = Audit("0.1.0", date(2026, 11, 23), resources=counts)
    return Report(audit, rules, tuple(finding(number) for number in findings))


def rows(store: Store, findings: int, runs: int) -> Iterator[Row]:
    """Record runs, one a day, and read them."""
    found = []
    most = MOST if store.address.file is not None else None
    for number in range(runs):
        what = report(range(number * _CHANGING, number * _CHANGING + findings))
        at = moments.before("2026-11-23T06:00:00Z", runs - number)
        taken = Taken(what, at, str(number), "rules", lambda _: Look(True))
        with clock() as took:
            record(store, "bench", taken)
        found.append(took)
    yield Row(f"recording {findings:,} new findings", found[0].wall, "s", most)
    yield Row("- of it CPU time", found[0].cpu, "s")
    later = max(found[1:], key=lambda one: one.wall)
    name = f"recording {findings:,} findings, {_CHANGING} new, {_CHANGING} gone, the worst of"
    yield Row(f"{name} {runs - 1}", later.wall, "s", most)
    with clock() as took, store.reading() as connection:
        number, name = estates.found(connection, "bench", store.address)
        reading.past(connection, number, name)
    yield Row(f"reading the newest of {runs} runs, with trends and ages", took.wall, "s")
    with clock() as took:
        Store.for_writing(store.address)
    yield Row(f"opening, damage looked for, after {runs} runs", took.wall, "s")
    if store.address.file is not None:
        size = os.path.getsize(store.address.file) / runs / findings
        yield Row("bytes for a finding and run", size, "B")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--findings", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--history", help="an empty database; default: a new file of SQLite's")
    options = parser.parse_args()
    print("| measured | value | at most | kept |\n| --- | --- | --- | --- |", flush=True)
    kept = True
    with _place(options.history) as place:
        for row in rows(Store.for_writing(parse(place)), options.findings, options.runs):
            print(row, flush=True)
            kept &= row.most is None or row.value <= row.most
    sys.exit(0 if kept else 1)


@contextmanager
def _place(given: str | None) -> Iterator[str]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(dir=".") as folder:
        yield os.path.join(folder, "history.db")


if __name__ == "__main__":
    main()
