"""Walk JSON text without decoding it: where values begin and end.

For text that was decoded before, hence is known to be well formed. Positions are byte offsets.
Nothing here recurses, so depth is no danger; on text that is damaged after all, positions are
meaningless but within the text, and every walk ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

Text = memoryview | bytes

_SPACE = re.compile(rb"[ \t\r\n]*")
_COMMA = re.compile(rb"[ \t\r\n]*,?[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,:\[\]{}]*")
_TOKEN = re.compile(rb'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_OPENING = b"[{"
_CLOSING = b"]}"
_STEPS = {**dict.fromkeys(_OPENING, 1), **dict.fromkeys(_CLOSING, -1)}
_NO_BRACKETS = bytes(set(range(256)) - _STEPS.keys())


def skip_space(text: Text, at: int) -> int:
    """Give the offset of the first byte at or after `at` that is no JSON white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def in_a_row(text: Text, at: int, sizes: Iterable[int]) -> list[int]:
    """Give the offsets of elements of known sizes, the first at `at`, and of what follows them."""
    found = [at]
    match, keep = _COMMA.match, found.append
    for size in sizes:
        comma = match(text, at + size)
        at = comma.end() if comma else at + size
        keep(at)
    return found


def value_end(text: Text, at: int) -> int:
    """Give the offset just past the value that begins at `at`."""
    first = text[at : at + 1]
    if first == b'"':
        return _string_end(text, at)
    if first not in (b"{", b"["):
        scalar = _SCALAR.match(text, at)
        return scalar.end() if scalar else at
    depth = 0
    for token in _TOKEN.finditer(text, at):
        byte = text[token.start()]
        if byte in _OPENING:
            depth += 1
        elif byte in _CLOSING:
            depth -= 1
            if depth == 0:
                return token.end()
    return len(text)


def _string_end(text: Text, at: int) -> int:
    found = _STRING.match(text, at)
    return found.end() if found else len(text)


def members(text: Text, at: int) -> Iterator[tuple[str, int]]:
    """Yield each key of the object that begins at `at`, with the offset of its value."""
    at = skip_space(text, at + 1)
    while text[at : at + 1] == b'"':
        end = _string_end(text, at)
        key = bytes(text[at:end])
        value = skip_space(text, skip_space(text, end) + 1)
        yield unquoted(key), value
        at = skip_space(text, value_end(text, value))
        if text[at : at + 1] != b",":
            return
        at = skip_space(text, at + 1)


def unquoted(key: bytes) -> str:
    """Give the text of a JSON string, with its quotes."""
    if b"\\" not in key:
        return key[1:-1].decode("utf-8", "replace")
    try:
        return str(json.loads(key))
    except ValueError:
        return key[1:-1].decode("utf-8", "replace")


def elements(text: Text, at: int) -> Iterator[int]:
    """Yield the offset of each element of the array that begins at `at`."""
    at = skip_space(text, at + 1)
    while text[at : at + 1] not in (b"]", b""):
        yield at
        at = skip_space(text, value_end(text, at))
        if text[at : at + 1] != b",":
            return
        at = skip_space(text, at + 1)


def member(text: Text, at: int, key: str) -> int | None:
    """Give the offset of the value of `key` in the object at `at`; of the last one, if doubled."""
    last = None
    for name, value in members(text, at):
        if name == key:
            last = value
    return last


def first_member(text: Text, at: int, key: str) -> int | None:
    """Give the offset of the first value of `key` in the object at `at`, reading no further."""
    return next((value for name, value in members(text, at) if name == key), None)


def nesting(text: Text) -> int:
    """Count how deep objects and arrays nest in `text`."""
    plain = bytes(text).replace(rb"\\", b"").replace(rb"\"", b"")  # no string holds a quote now
    brackets = b"".join(plain.split(b'"')[::2]).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)
