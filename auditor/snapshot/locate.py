"""From a pointer inside an ARM resource to the line of the export that says it."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec
from msgspec import Raw

from auditor.snapshot.document import KubernetesObject, Record, Source
from auditor.snapshot.scan import elements, members, skip_space, unquoted, value_end

_KEYS = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])
_KEY = re.compile(rb'[\s{,]*("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*', re.DOTALL)
_COMMA = re.compile(rb"[\s,]*")


_Part = tuple[str, int, int]
"""A key or index as spelled, and where its value begins and ends."""

Opened = dict[tuple[int, int], list[_Part]]
"""The parts of long values, by source and place: for those who look many places up."""

_LONG = 10_000
"""Values of so many bytes are opened once: one list may hold the place of every finding."""


def locate(
    source: Source,
    record: Record | KubernetesObject,
    pointer: str,
    opened: Opened | None = None,
) -> tuple[int, str]:
    """Give the line, from 1, and the pointer inside the file of a place in a resource.

    `pointer` is an RFC 6901 pointer in the resource's ARM REST form. The file may spell it
    otherwise: keys match without case, a `properties` that the file does not write (az CLI) is
    stepped over, and where the rest does not exist the answer is its deepest existing ancestor.
    """
    start = skip_space(source.text, record.start)
    text = _own_text(source, record, start)
    steps = [_unescaped(step) for step in pointer.split("/")[1:]]
    at, spelled = _descend(_Text(text, record.source, start, opened), steps)
    path = record.pointer + "".join("/" + escaped(step) for step in spelled)
    return source.line(start + at), path


def _own_text(source: Source, record: Record | KubernetesObject, start: int) -> bytes:
    """Give what the file says of the record; most bodies are a slice of it, which tells its end."""
    body = bytes(record.body)
    if bytes(source.text[start : start + len(body)]) == body:  # a view compares byte by byte
        return body
    return bytes(source.text[start : value_end(source.text, start)])


class _Text(NamedTuple):
    """What the file says of a record, from where on, and what of it is opened already."""

    text: bytes
    source: int
    start: int
    opened: Opened | None

    def parts(self, at: int, end: int) -> list[_Part]:
        """Open the object or array that begins and ends somewhere."""
        if self.opened is None or end - at < _LONG:
            return _parts(self.text, at, end)
        key = self.source, self.start + at
        known = self.opened.get(key)
        if known is None:
            known = self.opened[key] = _parts(self.text, at, end)
        return known


def _descend(text: _Text, steps: list[str]) -> tuple[int, list[str]]:
    spelled: list[str] = []
    at, end = 0, len(text.text)
    for step in steps:
        inner = _step(text, at, end, step)
        if inner is not None:
            key, at, end = inner
            spelled.append(key)
        elif step.lower() != "properties":
            break
    return at, spelled


def _step(text: _Text, at: int, end: int, step: str) -> _Part | None:
    first = text.text[at : at + 1]
    if first == b"{":
        return _chosen(text.parts(at, end), step)
    if first == b"[" and step.isascii() and step.isdigit() and len(step) < 10:
        parts = text.parts(at, end)
        return parts[int(step)] if int(step) < len(parts) else None
    return None


def _parts(text: bytes, at: int, end: int) -> list[_Part]:
    opens = _object_parts if text[at : at + 1] == b"{" else _array_parts
    return opens(text, at, end)


def _chosen(parts: list[_Part], step: str) -> _Part | None:
    """Choose a key: as spelled if it is there, else whatever its letter case; the last one wins."""
    exact = [part for part in parts if part[0] == step]
    folded = step.lower()
    found = exact or [part for part in parts if part[0].lower() == folded]
    return found[-1] if found else None


def _object_parts(text: bytes, at: int, end: int) -> list[_Part]:
    """Open an object: its decoded members tell how far to jump, if no key is doubled."""
    parts: list[_Part] = []
    here = at
    try:
        for key, value in _KEYS.decode(text[at:end]).items():
            begin = _value_of(key, text, here)
            if begin is None:
                return _object_parts_scanned(text, at)
            here = begin + memoryview(value).nbytes
            parts.append((key, begin, here))
    except (msgspec.DecodeError, RecursionError):
        return _object_parts_scanned(text, at)
    return parts if _closes(text, here) else _object_parts_scanned(text, at)


def _value_of(key: str, text: bytes, at: int) -> int | None:
    """Give where the value of the next key begins, if that is the one expected.

    `at` is where the object opens, or the value before ends.
    """
    plain = b'"%b":' % key.encode()
    begin = at + 1 + len(plain)
    if text.startswith(plain, at + 1) and not text[begin : begin + 1].isspace():
        return begin  # as where nothing is indented
    spelled = _KEY.match(text, at)
    return spelled.end() if spelled is not None and unquoted(spelled.group(1)) == key else None


def _closes(text: bytes, at: int) -> bool:
    at = skip_space(text, at)
    return text[at : at + 1] == b"}" or text[at - 1 : at] == b"{"


def _object_parts_scanned(text: bytes, at: int) -> list[_Part]:
    return [(key, value, value_end(text, value)) for key, value in members(text, at)]


def _array_parts(text: bytes, at: int, end: int) -> list[_Part]:
    try:
        items = _ITEMS.decode(text[at:end])
    except (msgspec.DecodeError, RecursionError):
        return [(str(i), v, value_end(text, v)) for i, v in enumerate(elements(text, at))]
    parts: list[_Part] = []
    here = at + 1
    for index, item in enumerate(items):
        comma = _COMMA.match(text, here)
        begin = comma.end() if comma else here
        here = begin + memoryview(item).nbytes
        parts.append((str(index), begin, here))
    return parts


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def escaped(step: str) -> str:
    """Write a key as a step of an RFC 6901 pointer."""
    return step.replace("~", "~0").replace("/", "~1")
