"""A list with each element on a line of its own, as `auditor snapshot` and many tools write it.

No string of JSON holds a raw line break. So the lines of such a text give its elements, and what
is read of every element proves them sound: the text is gone through once, not twice. Any doubt is
settled by reading it as a whole.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import msgspec
from msgspec import Raw

from auditor.snapshot.document import Lines
from auditor.snapshot.formats.header import Header, read_header
from auditor.snapshot.scan import Text, members, skip_space

_BESIDE = 1 << 16
"""How much text there may be before the list and after it."""
_OPENING, _CLOSING, _COMMA, _RETURN = b"{},\r"
_LISTS = ("value", "data", "items", "resources")
_KEYS = msgspec.json.Decoder(dict[str, Raw])


class Rows(msgspec.Struct, frozen=True):
    """The elements of a list, and `outline`, the text without them.

    `key` is the list's in the object around it, None where the whole text is a list.
    """

    key: str | None
    outline: bytes
    parts: list[Raw]
    starts: list[int]
    headers: list[Header]


def rows_of(text: Text, at: int, lines: Lines) -> Rows | None:
    """Find the list of the JSON value that begins at `at` and ends with the text, if it is so."""
    begun = lines.begun
    found = _list(text, at) if begun else None
    if found is None:
        return None
    key, opened = found
    number = bisect_right(begun, opened)
    parts, starts, end = _cut(text, begun[number:])
    if not parts or len(text) - end > _BESIDE:
        return None
    outline = bytes(text[at : starts[0]]) + bytes(text[end:])
    try:
        if not _is_outline(outline, key):
            return None
        headers = [read_header(part) for part in parts]
    except (msgspec.DecodeError, RecursionError):
        return None
    return Rows(key, outline, parts, starts, headers)


def _list(text: Text, at: int) -> tuple[str | None, int] | None:
    """Give the first list at the top whose first element begins a line: its key, where it opens."""
    head = text[at : at + _BESIDE]
    if head[:1] == b"[":
        return None, at
    for key, value in members(head, 0):
        first = skip_space(head, value + 1)
        if key in _LISTS and b"\n" in bytes(head[value:first]):
            return key, at + value
    return None


def _is_outline(text: bytes, key: str | None) -> bool:
    """Tell whether a text is an empty list, or an object that has one under a key, and once."""
    if key is None:
        return bool(msgspec.json.decode(text) == [])
    found = _KEYS.decode(text).get(key, Raw(b""))
    once = [name for name, _ in members(text, 0)].count(key) == 1
    return once and bool(msgspec.json.decode(found) == [])


def _cut(text: Text, begun: list[int]) -> tuple[list[Raw], list[int], int]:
    """Cut lines off until one ends without a comma, which is the last of the list.

    Give the elements, where each begins, and where the last ends.
    """
    parts: list[Raw] = []
    for start, following in pairwise(begun):
        end = following - 1
        if text[end - 1] == _RETURN:
            end -= 1
        more = text[end - 1] == _COMMA
        end -= more
        if text[start] != _OPENING or text[end - 1] != _CLOSING:
            break
        parts.append(Raw(text[start:end]))
        if not more:
            return parts, begun[: len(parts)], end
    return [], [], 0
