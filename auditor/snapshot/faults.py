"""What to say of an input that cannot be read: what was found, where, and what to do.

Messages quote keys, types and offsets, never values: an export may hold passwords.
"""

from __future__ import annotations

import re
import unicodedata

from auditor.errors import InputError
from auditor.snapshot.scan import Text

_BYTE = r" \(byte (\d+)\)$"
_LONE_SURROGATE = rb"(?<!\\)(?:\\\\)*\\u(?:[dD][89abAB]..(?!\\u[dD][c-fC-F])|[dD][c-fC-F])"
AGAIN = "export it again, or leave the file out"
MAX_DEPTH = 256
"""The deepest nesting accepted. ARM itself stays below 20; `az` output below 30."""


def shown(text: str, limit: int = 40) -> str:
    """Give `text` in a form that is safe to print: short, one line, no control characters."""
    clean = "".join(c if _printable(c) else "\N{REPLACEMENT CHARACTER}" for c in text[: limit + 1])
    return clean if len(text) <= limit else clean[:limit] + "…"


def _printable(character: str) -> bool:
    return unicodedata.category(character)[0] != "C"


def place(name: str, text: Text, offset: int) -> str:
    """Give `file:line:column`, both from 1; a column counts bytes."""
    before = bytes(text[:offset])
    return f"{name}:{before.count(10) + 1}:{offset - before.rfind(10)}"


def malformed(name: str, text: Text, error: Exception, base: int = 0) -> InputError:
    """Turn a decoder's complaint about `text` (which begins at byte `base`) into an InputError."""
    if isinstance(error, RecursionError):
        return too_deep(name)
    message = str(error)
    found = re.search(_BYTE, message)
    lone = re.search(_LONE_SURROGATE, text) if found or "truncated" in message else None
    if lone and (not found or "escape" in message or "surrogate" in message):
        return InputError(
            "a \\u escape names half a character (a lone UTF-16 surrogate)",
            where=place(name, text, base + lone.end()),
            advice=AGAIN,
        )
    if "truncated" in message:
        return InputError(
            f"the JSON text ends in the middle of a value, after {len(text)} bytes",
            where=place(name, text, len(text)),
            advice="the export was cut off (full disk, interrupted download): export it again",
        )
    if not found:
        return InputError(f"the JSON cannot be read: {message}", where=name, advice=AGAIN)
    offset = base + int(found.group(1))
    for suffix, (what, command) in _SOURCES.items():
        if name.lower().endswith(suffix):
            return InputError(f"is {what}, not JSON", where=name, advice=command)
    for pattern, what, command in _INSTEAD:
        if pattern.match(bytes(text[:_HEAD])):
            return InputError(what, where=place(name, text, offset), advice=command)
    return InputError(
        f"{_why(text, offset) or message[: found.start()]} (byte {offset})",
        where=place(name, text, offset),
        advice="correct that place by hand, or " + AGAIN,
    )


_SOURCES = {
    ".bicep": ("Bicep source", "compile it: `az bicep build --file`, or `bicep snapshot`"),
    ".csv": ("CSV", "write it as JSON: `-o json`"),
    ".bicepparam": ("a Bicep parameter file", "evaluate it: `bicep snapshot`"),
    ".tf": ("Terraform source", "plan it: `terraform plan -out p`, `terraform show -json p`"),
    ".tfplan": ("a Terraform plan", "write it as JSON: `terraform show -json`"),
    ".yaml": ("YAML", "write it as JSON: `-o json`"),
    ".yml": ("YAML", "write it as JSON: `-o json`"),
}
"""What files are that people give in the place of JSON, by how their names end, and the remedy."""

_HEAD = 512
_JSON = "export it again with `-o json`"
_INSTEAD = (
    (
        re.compile(rb"\s*[\[{]?\s*\x1b\["),
        "the colours of a terminal stand in the text (`-o jsonc`)",
        _JSON,
    ),
    (
        re.compile(rb"\s*(?:WARNING|ERROR): "),
        "a message of az stands where JSON should",
        "keep messages apart from the answer (`2> messages.txt`), and export it again",
    ),
    (re.compile(rb"\s*[^\n]*\r?\n-{3,}[- \t]*\r?\n"), "a table, not JSON (`-o table`)", _JSON),
    (re.compile(rb"\s*(?:---\s|- [\w'\"]|\w+:[ \r\n])"), "YAML, not JSON (`-o yaml`)", _JSON),
)
"""What stands in files in the place of JSON, by how they begin, and the remedy."""


def too_deep(name: str) -> InputError:
    """Give the refusal of text that nests deeper than `MAX_DEPTH` or than the decoder can go."""
    return InputError(
        f"the JSON nests deeper than {MAX_DEPTH} levels",
        where=name,
        advice="no export of Azure does: leave the file out",
    )


def _why(text: Text, offset: int) -> str | None:
    """Name the usual mistakes by their true name."""
    found = bytes(text[offset : offset + 10])
    if found.startswith((b"NaN", b"Infinity", b"aN")) or bytes(
        text[max(offset - 1, 0) : offset + 8]
    ).startswith((b"-Infinity", b"-NaN")):
        return "NaN and Infinity are not JSON"
    if found.startswith((b"//", b"/*")):
        return "comments are not JSON"
    if found.startswith(b"'"):
        return "a single quote is not JSON: keys and strings take double quotes"
    if found.startswith(b"<"):
        return "this looks like HTML or XML, not JSON"
    return None
