"""An array of answers (`jq --slurp` of several pages or files): each is read for itself."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET, Raw

from auditor.snapshot.formats.document import Document, NotAnExport, Reading, Refusals
from auditor.snapshot.formats.envelope import read_envelope

_MAX_NESTED = 3


def read_pages(document: Document, read: Callable[[Document], Reading]) -> Reading | None:
    """Read an array whose first element is an answer itself: a list, or lists under a key."""
    parts = document.items
    if not parts or document.pointer.count("/") >= _MAX_NESTED or not _is_answer(parts[0]):
        return None
    reading = Reading("array of answers")
    refusals: Refusals = []
    for index, (part, start) in enumerate(zip(parts, document.starts(parts, None), strict=True)):
        pointer = f"{document.pointer}/{index}"
        page = document.part(part, start, pointer)
        try:
            reading.extend(read(page))
        except NotAnExport as error:
            refusals.append((error.kind, document.name, error.what, page.where(pointer)))
    if len(refusals) == len(parts):
        raise NotAnExport.of_all(
            f"{len(parts)} answers, none of them an export",
            refusals,
            advice="give each answer as a file of its own to see what is wrong with it",
        )
    reading.count_gaps(refusals)
    return reading


def _is_answer(raw: Raw) -> bool:
    first = bytes(memoryview(raw)[:1])
    if first == b"[":
        return True
    if first != b"{":
        return False
    envelope = read_envelope(raw)
    lists = (envelope.value, envelope.data, envelope.items, envelope.resources)
    return (
        envelope.id is UNSET
        and any(isinstance(value, list) for value in lists)
        and (envelope.resource_id is UNSET)
    )
