"""Progress bars on stderr, one for each type at hand; none when it is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE = 1.0
"""Seconds before anything is shown."""

_MOST = 12
"""How many types are shown at once, besides the sum."""

States: TypeAlias = Sequence[tuple[str, int, int]]
"""Of each type, how many lists are known of, and how many of them have ended."""


@contextmanager
def bars() -> Iterator[Callable[[States], None]]:
    """Give a function that is told how far the run has come."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _states: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    words = TextColumn("{task.description}", markup=False)
    console = Console(stderr=True)
    progress = Progress(words, BarColumn(), MofNCompleteColumn(), console=console, transient=True)
    started = time.monotonic()
    showing = False

    def tell(states: States) -> None:
        nonlocal showing
        if not showing and time.monotonic() - started > _PATIENCE:
            progress.start()
            showing = True
        if showing:
            _show(progress, at_hand(states))

    try:
        yield tell
    finally:
        if showing:
            progress.stop()


def _show(progress: Progress, states: States) -> None:
    shown = {name for name, _, _ in states}
    for task in progress.tasks:
        if task.description not in shown:
            progress.remove_task(task.id)
    known = {task.description: task.id for task in progress.tasks}
    for name, total, ended in states:
        if name in known:
            progress.update(known[name], total=total, completed=ended)
        else:
            progress.add_task(name, total=total, completed=ended)


def at_hand(states: States) -> States:
    """Give the sum of all, and the types that are not done, those with most to do first."""
    left = sorted((row for row in states if row[2] < row[1]), key=lambda row: row[2] - row[1])
    return [("all lists", sum(r[1] for r in states), sum(r[2] for r in states)), *left[:_MOST]]
