"""The command line as a test sees it: arguments in, exit status and texts out."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import main

NO_CONFIG = "empty.toml"


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run gave."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The JSON report on standard output."""
        return json.loads(self.out)


class Stdin:
    """A standard input that holds bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


@dataclass(frozen=True, slots=True)
class Command:
    """Runs `auditor` in this process, in an empty folder of its own."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def __call__(self, *arguments: str | Path, stdin: Any = None) -> Ran:
        """Run it; `stdin` is bytes, or JSON to be written out."""
        content = stdin if isinstance(stdin, bytes) else json.dumps(stdin).encode()
        self.patch.setattr(sys, "stdin", Stdin(content))
        self.capture.readouterr()
        status = main([str(argument) for argument in arguments])
        out, err = self.capture.readouterr()
        return Ran(status, out, err)

    def check(self, what: Any, *arguments: str | Path) -> Ran:
        """Audit JSON given on standard input, and tell the outcome as JSON."""
        return self("check", "-", "--report", "json", *arguments, stdin=what)

    def write(self, name: str, text: str | bytes | Any) -> Path:
        """Write a file below the folder: text, bytes, or JSON."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text if isinstance(text, str) else json.dumps(text, indent=1))
        return path


def apart(
    *arguments: str,
    python: str = "",
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m auditor`, or a Python text, in a process of its own."""
    what = ["-c", python] if python else ["-m", "auditor"]
    return subprocess.run(
        [sys.executable, *what, *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=60,
        check=False,
    )
