"""JSON lines: one document after another, each of any shape that a file may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec
from msgspec import Raw

from auditor.errors import InputError
from auditor.snapshot import depth, doubled, formats
from auditor.snapshot.document import Gap
from auditor.snapshot.faults import malformed
from auditor.snapshot.formats.collect import Collector
from auditor.snapshot.formats.document import Document, NotAnExport, Reading, Refusals
from auditor.snapshot.scan import Text, skip_space

_LINES = msgspec.json.Decoder(Raw)

_Part: TypeAlias = tuple[Raw, int]
"""A JSON document of the text, and its offset."""


def read_lines(document: Document) -> Reading:
    """Read a text of several JSON documents, each on a line of its own or on several."""
    parts = _LINES.decode_lines(document.text)
    placed = [*_placed(document.text, document.start, parts)]
    reading = _read(document, placed)
    _check_keys(document, placed)
    return reading


def read_sound_lines(document: Document) -> Reading | None:
    """Read the lines that are sound, of a text of which others are not; each of those is a gap.

    None when the text is no JSON lines but a document on several, which has more lines that only
    a longer document has (`_is_inside`) than objects and arrays on lines of their own.
    """
    sound: list[_Part] = []
    faults: list[Gap] = []
    good = inside = 0
    for number, start, line in _lines(document.text):
        try:
            depth.check(document.name, line)
            parts = _LINES.decode_lines(line)
            placed = [*_placed(document.text, skip_space(document.text, start), parts)]
            _check_keys(document, placed)
        except (msgspec.DecodeError, RecursionError, InputError) as error:
            faults.append(_fault(document.name, number, line, error))
            inside += _is_inside(line)
            continue
        good += line.lstrip()[:1] in (b"{", b"[")
        sound += placed
    if inside > good or not good:
        return None
    reading = _read(document, sound, spare=True)
    reading.gaps.extend(faults)
    return reading


def _is_inside(line: bytes) -> bool:
    """Tell a line of a document that goes on before or after it from a torn one of JSON lines."""
    return line[:1] in (b" ", b"\t", b'"', b"]", b"}") or line.rstrip().endswith(
        (b"{", b"[", b"},", b"],")
    )


def _check_keys(document: Document, parts: Iterable[_Part]) -> None:
    for part, at in parts:
        doubled.check(document.part(part, at, ""))


def _lines(text: Text) -> Iterator[tuple[int, int, bytes]]:
    """Give number, offset and text of each line."""
    start = 0
    for number, line in enumerate(bytes(text).split(b"\n"), 1):
        yield number, start, line
        start += len(line) + 1


def _fault(name: str, number: int, line: bytes, error: Exception) -> Gap:
    fault = error if isinstance(error, InputError) else malformed(name, line, error)
    column = fault.where.removeprefix(f"{name}:1:")
    where = f"{name}:{number}:{column if column.isdecimal() else 1}"
    return Gap("damaged", name, f"line {number}: {fault.what}", where)


def _placed(text: Text, start: int, parts: Iterable[Raw]) -> Iterator[_Part]:
    at = start
    for part in parts:
        yield part, at
        at = skip_space(text, at + memoryview(part).nbytes)


def _read(document: Document, parts: Sequence[_Part], *, spare: bool = False) -> Reading:
    """Read some documents of a text; with `spare`, one that is damaged spoils no other."""
    collector = Collector(document, "JSON lines")
    others: list[Document] = []
    for part, at in parts:
        if not collector.add_if_resource(part, at, ""):
            others.append(document.part(part, at, ""))
    reading = collector.finish()
    refusals = [refusal for one in others for refusal in _read_into(reading, one, spare)]
    if refusals and len(refusals) == len(parts):
        what = f"{len(parts)} JSON documents, none of them an export"
        raise NotAnExport.of_all(what, refusals, advice=formats.ADVICE)
    reading.count_gaps(refusals)
    return reading


def _read_into(reading: Reading, document: Document, spare: bool) -> Refusals:
    """Read one document; give its refusal, if it is refused."""
    try:
        reading.extend(formats.read(document))
    except NotAnExport as error:
        return [(error.kind, document.name, error.what, document.where(""))]
    except InputError as error:
        if not spare:
            raise
        return [("damaged", document.name, error.what, error.where or document.where(""))]
    return []
