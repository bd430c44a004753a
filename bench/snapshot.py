"""Measure `auditor snapshot` of a large tenant that a stand-in of Azure serves on loopback.

    python -m bench.snapshot
    python -m bench.snapshot --resources 10000 --subscriptions 20 --sweep graph

The estate is that of `bench.generate` with its landing zones in so many subscriptions. The
snapshot is audited, and has to give what the audit of the estate itself gives. The stand-in and
the collector share the machine, so seconds on the wall say little of Azure; calls, CPU time and
memory do.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.snapshot.pace import BURST, REFILL
from bench.__main__ import Row
from bench.generate import AS_OF, CONFIG, edition, write
from bench.measure import OUT, Cost, auditor, cost, python

_CLIENTS = "import azure.identity, azure.mgmt.containerservice, azure.mgmt.network, kubernetes"

MOST_MEMORY = 0.5
"""Gigabytes."""

_SUBSCRIPTION = re.compile(rb"(?<=/subscriptions/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def tenant(resources: int, subscriptions: int) -> Path:
    """Give the file of an estate with so many subscriptions, written unless it is there."""
    folder = OUT / f"tenant-{resources}-{subscriptions}"
    made_by = folder / "made_by"
    if not made_by.exists() or made_by.read_text() != edition():
        print(f"writing {folder}", file=sys.stderr)
        write(resources, folder)
        _gather(folder / "estate.json", subscriptions)
        made_by.write_text(edition())
    return folder / "estate.json"


def _gather(file: Path, subscriptions: int) -> None:
    """Put the landing zones, each in a subscription of its own, into fewer."""
    names: dict[bytes, bytes] = {}

    def gathered(found: re.Match[bytes]) -> bytes:
        number = len(names) % subscriptions
        return names.setdefault(found[0], f"00000000-0000-4000-8000-{number:012}".encode())

    scratch = file.with_suffix(".tmp")
    with file.open("rb") as lines, scratch.open("wb") as out:
        for line in lines:
            out.write(_SUBSCRIPTION.sub(gathered, line))
    scratch.replace(file)


@dataclass(slots=True)
class Served:
    """A stand-in in a process of its own; `told` is what it counted, once it has ended."""

    base: str
    environment: Mapping[str, str]
    told: Mapping[str, Any]


@contextmanager
def serving(file: Path) -> Iterator[Served]:
    """Serve an estate."""
    command = [sys.executable, "-m", "tests.standin", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        hello = json.loads(process.stdout.readline())
        served = Served(hello["base"], hello["environment"], {})
        try:
            yield served
        finally:
            process.stdin.close()
            served.told = json.loads(process.stdout.readline())


def take(file: Path, sweep: str) -> tuple[Path, Cost, float, Mapping[str, Any]]:
    """Take a snapshot; give it, what it cost, the seconds it took, what the stand-in counted."""
    output = file.with_name(f"{sweep}.json")
    with serving(file) as served:
        own = ("--arm-endpoint", served.base, "--authority", served.base)
        command = auditor("snapshot", *own, "--sweep", sweep, "--output", str(output))
        start = time.monotonic()
        spent = cost(command, environment=served.environment)
        seconds = time.monotonic() - start
    return output, spent, seconds, served.told


def findings(file: Path) -> list[Any]:
    """Audit a file; give its findings without the places in it."""
    report = file.with_name(f"{file.stem}.report.json")
    options = ("--config", str(CONFIG), "--as-of", AS_OF, "--report", f"json={report}")
    cost(auditor("check", str(file), *options), allowed=(0, 1))
    found = json.loads(report.read_bytes())["findings"]
    return [{name: one[name] for name in one if name != "location"} for one in found]


def rows(file: Path, sweep: str, expected: list[Any]) -> Iterator[Row]:
    """Measure one sweep."""
    output, spent, seconds, told = take(file, sweep)
    resources = output.read_bytes().count(b"\n{")
    calls, most = told["calls"], told["most_in_a_subscription"]
    yield Row(f"{sweep}: resources read", resources, "")
    yield Row(f"{sweep}: calls", calls, "")
    yield Row(f"{sweep}: calls in the subscription with most", most, "")
    yield Row(f"{sweep}: questions to Resource Graph", told["graph"], "")
    needed = max(0.0, most - BURST) / REFILL
    yield Row(f"{sweep}: seconds that Azure's limit on one subscription takes", needed, "s")
    yield Row(f"{sweep}: CPU time", spent.cpu, "s")
    yield Row(f"{sweep}: CPU time a call", 1000 * spent.cpu / calls, "ms")
    yield Row(f"{sweep}: seconds, stand-in on the same machine", seconds, "s")
    yield Row(f"{sweep}: peak memory", spent.memory / 1e9, "GB", MOST_MEMORY)
    yield Row(f"{sweep}: peak memory a resource", spent.memory / resources, "B")
    yield Row(f"{sweep}: answers that were errors", told["errors"], "", 0)
    different = int(findings(output) != expected)
    yield Row(f"{sweep}: findings that are not those of the estate", different, "", 0)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.snapshot", description=__doc__)
    parser.add_argument("--resources", type=int, default=125_000, help="with disks, a fifth")
    parser.add_argument("--subscriptions", type=int, default=100)
    parser.add_argument("--sweep", choices=("arm", "graph"), action="append")
    options = parser.parse_args()
    file = tenant(options.resources, options.subscriptions)
    cost(python(_CLIENTS))  # compiles what an installed command has compiled
    expected = findings(file)
    print("| measured | value | at most | kept |\n| --- | --- | --- | --- |", flush=True)
    kept = True
    for sweep in options.sweep or ("arm", "graph"):
        for row in rows(file, sweep, expected):
            print(row, flush=True)
            kept &= row.most is None or row.value <= row.most
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
