"""Secrets: read from the environment or a file when they are needed, and shown to nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.errors import UsageError, quoted


@dataclass(frozen=True, slots=True)
class Source:
    """Where a secret is: the name of a variable of the environment, or a file."""

    kind: str
    name: str
    where: str

    def value(self) -> str:
        """Read it. Raises UsageError, which names the place and never the secret."""
        text = os.environ.get(self.name, "") if self.kind == "env" else self._of_file()
        text = text.strip()
        if not text:
            what = "the environment has no" if self.kind == "env" else "there is nothing in"
            raise UsageError(f"{what} {quoted(self.name)}", where=self.where, advice=_ADVICE)
        if not text.isprintable():
            raise UsageError(f"{quoted(self.name)} holds more than one line", where=self.where)
        return text

    def _of_file(self) -> str:
        try:
            return Path(self.name).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise UsageError(
                f"{quoted(self.name)} cannot be read: {why}", where=self.where, advice=_ADVICE
            ) from None


_ADVICE = "set it where the job runs; a secret has no place on a command line or in a repository"


def source(table: Mapping[str, Any], key: str, where: str, folder: Path) -> Source | None:
    """Read `KEY-env` or `KEY-file` of a table, a file relative to `folder`. Raises UsageError."""
    given = [each for each in ("env", "file") if f"{key}-{each}" in table]
    if len(given) > 1:
        raise UsageError(f"{key}-env and {key}-file exclude each other", where=where)
    for kind in given:
        value = table[f"{key}-{kind}"]
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise UsageError(f"{key}-{kind} must name a variable or a file", where=where)
        return Source(kind, value if kind == "env" else str(folder / value), where)
    return None
