"""Standard input, output and error as they are found: closed, full, or left by their reader."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO

from auditor.errors import InputError, UsageError


@contextmanager
def errors() -> Iterator[None]:
    """Stand in for a standard error that is closed."""
    if sys.stderr is not None:
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stderr = nowhere
        try:
            yield
        finally:
            sys.stderr = None


def stdin_for(paths: Sequence[str]) -> BinaryIO | None:
    """Give standard input when a path names it. Raises InputError when it is closed."""
    if "-" not in paths:
        return None
    if sys.stdin is None:
        raise InputError("standard input is closed", where="-", advice="give a file instead")
    return sys.stdin.buffer


@contextmanager
def output() -> Iterator[TextIO]:
    """Standard output that no name can break: what the terminal cannot show is escaped.

    A reader that goes away early (`| head`) is no error, and changes no verdict. Raises UsageError
    when the output cannot be written.
    """
    if sys.stdout is None:
        raise UsageError("standard output is closed", advice="write --report FORMAT=FILE")
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    except SystemExit:  # how rich leaves a broken pipe
        _discard_output()
    except OSError as error:
        _discard_output()
        raise UsageError(f"cannot be written: {error.strerror}", where="standard output") from error


def _discard_output() -> None:
    """Keep Python from writing the rest when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Write a text to standard output, whatever that can show. Raises UsageError."""
    with output() as out:
        out.write(text + "\n")
