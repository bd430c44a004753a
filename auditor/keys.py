"""Keys and tables that people write: an error names the nearest valid key, and the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from auditor.errors import UsageError, quoted


def nearest(word: str, known: Iterable[str]) -> str:
    """Give a hint at what was meant, empty when nothing is near."""
    import difflib  # nothing is misspelt, as a rule

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""


def nearest_rule(word: str, known: Iterable[str]) -> str:
    """Give a hint at which rule was meant: one whose number was written short, else a near one."""
    ids, written = list(known), word.upper()
    short = re.fullmatch(r"([A-Z0-9]*[A-Z])-?(\d{1,3})", written)
    whole = f"{short[1]}-{int(short[2]):03}" if short else ""
    return f"did you mean {whole}?" if whole in ids else nearest(written, ids)


def refuse_unknown(
    table: Mapping[str, Any], known: Iterable[str], where: str | Callable[[str], str]
) -> None:
    """Raise UsageError for a key that is not among those known; `where` may tell it for a key."""
    known = tuple(known)
    for key in table:
        if key not in known:
            hint = nearest(key, known) or "valid keys: " + ", ".join(known)
            at = where if isinstance(where, str) else where(key)
            raise UsageError(f"unknown key {quoted(key)}", where=at, advice=hint)


def place(file: str, *keys: str) -> str:
    """Name the place of a key, `FILE:LINE`; of the table it is in where the file shows no more."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return file
    line = _line_of(text, [key.lower() for key in keys])
    return f"{file}:{line}" if line else file


_TABLE = re.compile(r"\s*\[+([^\[\]]+)\]+\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w.\s-]|"[^"]*"|'[^']*')+?)\s*=""")
_WORD = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def _line_of(text: str, keys: list[str]) -> int:
    """Give the line, from 1, that shows most of the way to a key; 0 where none does."""
    best = length = 0
    inside: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if table := _TABLE.match(line):
            way = inside = _words(table[1])
        elif key := _KEY.match(line):
            way = inside + _words(key[1])
        else:
            continue
        shared = min(len(way), len(keys))
        if way[:shared] == keys[:shared] and shared > length:
            best, length = number, shared
    return best


def _words(way: str) -> list[str]:
    words = [each.strip("\"'").lower() for each in _WORD.findall(way)]
    return words[2:] if words[:2] == ["tool", "auditor"] else words


def table_lines(key: str, text: str) -> list[int]:
    """Give the lines, from 1, in which the tables `[[key]]` of a TOML text begin."""
    header = re.compile(rf"\s*\[\[\s*(?:tool\.auditor\.)?{key}\s*\]\]")
    return [number for number, line in enumerate(text.split("\n"), 1) if header.match(line)]
