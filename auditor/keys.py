"""Keys that people write: what nobody knows is an error that names the nearest valid one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from auditor.errors import UsageError, quoted


def nearest(word: str, known: Iterable[str]) -> str:
    """Give a hint at what was meant, empty when nothing is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise UsageError for a key that is not among those known."""
    known = tuple(known)
    for key in table:
        if key not in known:
            hint = nearest(key, known) or "valid keys: " + ", ".join(known)
            raise UsageError(f"unknown key {quoted(key)}", where=where, advice=hint)
