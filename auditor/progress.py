"""What is going on, on stderr, for audits that take more than a second; silent elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 1.0


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """Give a function that names the stage at hand; the name shows once a second has passed.

    Nothing is shown when stderr is no terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _name: None
        return
    current = ""
    shown = threading.Event()

    def show() -> None:
        shown.set()
        _say(current)

    timer = threading.Timer(_PATIENCE, show)
    timer.daemon = True
    timer.start()

    def stage(name: str) -> None:
        nonlocal current
        current = name
        if shown.is_set():
            _say(name)

    try:
        yield stage
    finally:
        timer.cancel()
        if shown.is_set():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _say(name: str) -> None:
    sys.stderr.write(f"\r\x1b[K{name} ...")
    sys.stderr.flush()
