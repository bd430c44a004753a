"""Measure a command in a process of its own: CPU seconds and peak memory."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OUT = Path(__file__).parent / "out"
"""Where everything that benchmarks write goes."""


class Failed(Exception):
    """A command that did not do what it should."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds (user and system) and peak resident memory in bytes."""

    cpu: float
    memory: int


def cost(
    command: Sequence[str],
    *,
    allowed: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command to its end, its output thrown away, and tell what it took.

    `environment` is what it gets besides. Raises Failed for an exit status that is not allowed.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    reading, writing = os.pipe()
    moves = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, writing, _TOLD)]
    variables = {**_environment(), **(environment or {})}
    between = [sys.executable, "-I", "-S", "-c", _BETWEEN, *command]
    try:
        child = os.posix_spawn(between[0], between, variables, file_actions=moves)
    finally:
        os.close(null)
        os.close(writing)
    with open(reading, "rb") as told:
        text = told.read()
    os.waitpid(child, 0)
    code, cpu, memory = json.loads(text or b"[127, 0, 0]")
    if code not in allowed:
        raise Failed(f"{' '.join(command)} ended with {code}")
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(cpu, memory * unit)


_TOLD = 9
_BETWEEN = f"""
import json, os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
                        file_actions=[(os.POSIX_SPAWN_CLOSE, {_TOLD})])
_, status, usage = os.wait4(child, 0)
told = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss
os.write({_TOLD}, json.dumps(told).encode())
"""
"""A small process between this one and the command: a child's peak counts what its parent had."""


def _environment() -> dict[str, str]:
    """Let Python keep compiled modules, as an installed command has them; in a place of ours."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(OUT / "pycache")}


def best(command: Sequence[str], *, times: int, allowed: Sequence[int] = (0,)) -> Cost:
    """Give the smallest of several costs: what else the machine does can only add."""
    return least([cost(command, allowed=allowed) for _ in range(times)])


def least(costs: Sequence[Cost]) -> Cost:
    """Give the smallest CPU time and the smallest memory of several runs."""
    return Cost(min(c.cpu for c in costs), min(c.memory for c in costs))


def ratio(pairs: Sequence[tuple[Cost, Cost]]) -> float:
    """Give the median of the ratios of CPU times of two commands that were run in turn.

    Where a machine's speed changes from minute to minute, the best runs of two commands seldom
    fall into the same minute; two that follow one another mostly do.
    """
    return statistics.median(first.cpu / second.cpu for first, second in pairs)


def auditor(*arguments: str) -> list[str]:
    """Give the command line of this environment's auditor."""
    return [str(Path(sys.executable).with_name("auditor")), *arguments]


def python(code: str, *arguments: str) -> list[str]:
    """Give the command line that runs a piece of Python."""
    return [sys.executable, "-c", code, *arguments]
