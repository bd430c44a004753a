"""Keys and tables that people write: an error names the nearest valid key, and the line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from auditor.errors import UsageError, quoted


def nearest(word: str, known: Iterable[str]) -> str:
    """Give a hint at what was meant, empty when nothing is near."""
    import difflib  # nothing is misspelt, as a rule

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise UsageError for a key that is not among those known."""
    known = tuple(known)
    for key in table:
        if key not in known:
            hint = nearest(key, known) or "valid keys: " + ", ".join(known)
            raise UsageError(f"unknown key {quoted(key)}", where=where, advice=hint)


def table_lines(key: str, text: str) -> list[int]:
    """Give the lines, from 1, in which the tables `[[key]]` of a TOML text begin."""
    header = re.compile(rf"\s*\[\[\s*(?:tool\.auditor\.)?{key}\s*\]\]")
    return [number for number, line in enumerate(text.split("\n"), 1) if header.match(line)]
