"""Time and size of the HTML report: `python -m bench.html`.

An estate of 10 k resources with a planted fault in every 20 of them, some 500 findings: the check
with an HTML report, against the same check that writes JSON. CPU time, the best of some runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from bench.__main__ import Row
from bench.generate import AS_OF, CONFIG, edition, write
from bench.measure import OUT, auditor, best

RESOURCES, EVERY = 10_000, 20


def rows(times: int) -> Iterator[Row]:
    """Measure; the estate is written unless this generator has written it before."""
    folder = OUT / "html"
    truth = folder / "truth.json"
    told = json.loads(truth.read_bytes()) if truth.exists() else {}
    if told.get("made_by") != edition():
        write(RESOURCES, folder, every=EVERY)
    costs = {}
    for form in ("json", "html"):
        options = ("--config", str(CONFIG), "--as-of", AS_OF)
        report = ("--report", f"{form}={folder / f'report.{form}'}")
        command = auditor("check", str(folder / "estate.json"), *options, *report)
        costs[form] = best(command, times=times, allowed=(0, 1)).cpu
    findings = len(json.loads((folder / "report.json").read_bytes())["findings"])
    yield Row("findings", findings, "")
    yield Row("check with JSON", costs["json"], "s")
    yield Row("HTML report beyond the check", costs["html"] - costs["json"], "s", 2.0)
    yield Row("its size", (folder / "report.html").stat().st_size / 1e6, "MB", 5.0)


def main() -> None:
    """Read the command line, measure, print; end with 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.html", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="runs of each, the best one counts")
    options = parser.parse_args()
    print("| measured | value | at most | kept |\n| --- | --- | --- | --- |", flush=True)
    kept = True
    for row in rows(options.times):
        print(row, flush=True)
        kept &= row.most is None or row.value <= row.most
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
