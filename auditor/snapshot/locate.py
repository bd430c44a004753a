"""From a pointer inside an ARM resource to the line of the export that says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec import Raw

from auditor.snapshot.document import KubernetesObject, Record, Source
from auditor.snapshot.scan import elements, members, skip_space, unquoted, value_end

_KEYS = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])
_KEY = re.compile(rb'[\s{,]*("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*', re.DOTALL)
_COMMA = re.compile(rb"[\s,]*")


def locate(source: Source, record: Record | KubernetesObject, pointer: str) -> tuple[int, str]:
    """Give the line, from 1, and the pointer inside the file of a place in a resource.

    `pointer` is an RFC 6901 pointer in the resource's ARM REST form. The file may spell it
    otherwise: keys match without case, a `properties` that the file does not write (az CLI) is
    stepped over, and where the rest does not exist the answer is its deepest existing ancestor.
    """
    return Locator(source, record).locate(pointer)


_Part: TypeAlias = tuple[str, int, int]
"""A key or index as spelled, and where its value begins and ends."""


class Locator:
    """Locates many places in one record, and reads what is on the way to several of them once."""

    def __init__(self, source: Source, record: Record | KubernetesObject) -> None:
        self.record = record
        self._source = source
        self._start = skip_space(source.text, record.start)
        self._text = _own_text(source, record, self._start)
        self._parts: dict[int, list[_Part]] = {}

    def locate(self, pointer: str) -> tuple[int, str]:
        """Give the line and the pointer inside the file, as `locate` does."""
        spelled: list[str] = []
        at, end = 0, len(self._text)
        for step in map(_unescaped, pointer.split("/")[1:]):
            inner = self._step(at, end, step)
            if inner is not None:
                key, at, end = inner
                spelled.append(key)
            elif step.lower() != "properties":
                break
        path = self.record.pointer + "".join("/" + escaped(step) for step in spelled)
        return self._source.line(self._start + at), path

    def _step(self, at: int, end: int, step: str) -> _Part | None:
        first = self._text[at : at + 1]
        if first == b"{":
            return _chosen(self._opened(at, end, _object_parts), step)
        if first == b"[" and step.isascii() and step.isdigit() and len(step) < 10:
            parts = self._opened(at, end, _array_parts)
            return parts[int(step)] if int(step) < len(parts) else None
        return None

    def _opened(
        self, at: int, end: int, parts_of: Callable[[bytes, int, int], list[_Part]]
    ) -> list[_Part]:
        found = self._parts.get(at)
        if found is None:
            found = self._parts[at] = parts_of(self._text, at, end)
        return found


def _own_text(source: Source, record: Record | KubernetesObject, start: int) -> bytes:
    """Give what the file says of the record; most bodies are a slice of it, which tells its end."""
    body = bytes(record.body)
    if bytes(source.text[start : start + len(body)]) == body:  # a view compares byte by byte
        return body
    return bytes(source.text[start : value_end(source.text, start)])


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
