"""Run the benchmarks and print a table: `python -m bench`, `python -m bench S M`, `--xl`.

Estates are written below bench/out/ once and kept. Every figure is CPU time or peak memory of a
process of its own; ratios are of two processes on one machine in one run.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from bench.generate import AS_OF, CONFIG, SIZES, edition, write
from bench.measure import OUT, Cost, auditor, best, cost, least, python, ratio

PARSE = "import gc, json, sys; gc.disable(); json.loads(open(sys.argv[1], 'rb').read())"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `most` is the limit, None where there is none."""

    name: str
    value: float
    unit: str
    most: float | None = None

    def __str__(self) -> str:
        limit = "" if self.most is None else f"{self.most:g}"
        verdict = "" if self.most is None else ("yes" if self.value <= self.most else "NO")
        return f"| {self.name} | {self.value:,.3g} {self.unit} | {limit} | {verdict} |"


@dataclass(frozen=True, slots=True)
class Estate:
    """An estate on disk: its size's name, its file, how many resources it holds."""

    size: str
    file: Path
    resources: int

    @property
    def report(self) -> Path:
        """Where the JSON report of its audit goes."""
        return self.file.with_name("report.json")


def estate(size: str, resources: int | None = None) -> Estate:
    """Give the estate of a size, written unless this generator has written it before."""
    folder = OUT / size
    file = folder / "truth.json"
    truth = json.loads(file.read_bytes()) if file.exists() else {}
    if truth.get("made_by") != edition():
        print(f"writing {folder}", file=sys.stderr)
        write(resources or SIZES[size], folder)
        truth = json.loads(file.read_bytes())
    return Estate(size, folder / "estate.json", truth["resources"])


def check(target: Estate) -> Cost:
    """Measure a full audit with a JSON report."""
    report = f"json={target.report}"
    options = ("--config", str(CONFIG), "--as-of", AS_OF, "--report", report)
    return cost(auditor("check", str(target.file), *options), allowed=(0, 1))


_OFTEN = 9
"""So often, at least, a command of less than a second is run: the machine slows for as long."""


def start_up(times: int) -> Iterator[Row]:
    """Measure what a person feels before anything happens."""
    times = max(times, _OFTEN)
    cost(auditor("--help"))  # compiles what an installed command has compiled
    yield Row("`auditor --help`", best(auditor("--help"), times=times).cpu, "s", 0.3)
    small = estate("100", 100)
    name = f"check of {small.resources} resources"
    check(small)
    yield Row(name, least([check(small) for _ in range(times)]).cpu, "s", 0.5)


def audits(sizes: list[str], times: int) -> Iterator[Row]:
    """Measure P1, P4, P5 and P6, as far as the sizes allow."""
    costs: dict[str, tuple[Estate, Cost]] = {}
    for size in sizes:
        target = estate(size)
        runs = _in_turn(target, times)
        costs[size] = target, least([audit for audit, _ in runs])
        yield from _audit(target, runs)
    for small, large in pairwise(sizes):
        limit = 1.05 if (small, large) == ("L", "XL") else None
        growth = _exponent(costs[small], costs[large])
        yield Row(f"P5 {small} to {large}: exponent", growth, "", limit)


_Runs: TypeAlias = list[tuple[Cost, Cost | None]]


def _in_turn(target: Estate, times: int) -> _Runs:
    """Audit an estate and parse it, in turn; XL is not parsed, its objects would need 13 GB."""
    if target.size == "XL":
        return [(check(target), None) for _ in range(times)]
    parse = python(PARSE, str(target.file))
    return [(check(target), cost(parse)) for _ in range(times)]


def _audit(target: Estate, runs: _Runs) -> Iterator[Row]:
    size, large = target.size, target.size == "L"
    audit = least([audit for audit, _ in runs])
    yield Row(f"{size}: {target.resources:,} resources, check", audit.cpu, "s")
    pairs = [(audit, parse) for audit, parse in runs if parse is not None]
    if pairs:
        told = least([parse for _, parse in pairs]).cpu
        name = f"P1 {size}: check : json.loads ({told:.3g} s), median of {len(pairs)}"
        yield Row(name, ratio(pairs), "", 3.0 if large else None)
    name = f"P4 {size}: peak memory a resource"
    yield Row(name, audit.memory / target.resources, "B", 6000 if large else None)
    name = f"P6 {size}: peak memory"
    yield Row(name, audit.memory / 1e9, "GB", 8.5 if size == "XL" else None)


def _exponent(small: tuple[Estate, Cost], large: tuple[Estate, Cost]) -> float:
    growth = large[0].resources / small[0].resources
    return math.log(large[1].cpu / small[1].cpu) / math.log(growth)


def prefixes(times: int) -> Iterator[Row]:
    """Measure P7; what making the texts costs is taken off both sides."""
    command = [sys.executable, "-m", "bench.prefixes"]
    base, ours, stdlib = (
        best([*command, kind], times=times).cpu for kind in ("neither", "ours", "stdlib")
    )
    name = f"P7: overlap of 1 M prefixes ({ours - base:.3g} s) : stdlib ({stdlib - base:.3g} s)"
    yield Row(name, (ours - base) / (stdlib - base), "", 0.5)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sizes", nargs="*", metavar="SIZE", help="S, M, L, XL (default: S M L)")
    parser.add_argument("--xl", action="store_true", help="XL as well: minutes, 2.5 GB of disk")
    parser.add_argument("--times", type=int, default=3, help="runs of each (default: 3)")
    options = parser.parse_args()
    asked = [size.upper() for size in options.sizes] or ["S", "M", "L"]
    if unknown := [size for size in asked if size not in SIZES]:
        parser.error(f"no such size: {', '.join(unknown)}; sizes are {', '.join(SIZES)}")
    sizes = [size for size in SIZES if size in asked or (size == "XL" and options.xl)]
    print("| measured | value | at most | kept |\n| --- | --- | --- | --- |", flush=True)
    kept = True
    for rows in (start_up(options.times), audits(sizes, options.times), prefixes(options.times)):
        for row in rows:
            print(row, flush=True)
            kept &= row.most is None or row.value <= row.most
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
