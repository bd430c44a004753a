"""JSON lines: one document after another, each of any shape that a file may have."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from auditor.snapshot import formats
from auditor.snapshot.formats.collect import Collector
from auditor.snapshot.formats.document import Document, NotAnExport, Reading
from auditor.snapshot.scan import skip_space

_LINES = msgspec.json.Decoder(Raw)


def read_lines(document: Document) -> Reading:
    """Read a text of several JSON documents, each on a line of its own or on several."""
    parts = _LINES.decode_lines(document.text)
    collector = Collector(document, "JSON lines")
    others: list[Document] = []
    at = document.start
    for part in parts:
        if not collector.add_if_resource(part, at, ""):
            others.append(document.part(part, at, ""))
        at = skip_space(document.text, at + memoryview(part).nbytes)
    reading = collector.finish()
    refusals = [refusal for one in others for refusal in _read_into(reading, one)]
    if refusals and len(refusals) == len(parts):
        raise NotAnExport(
            f"{len(parts)} JSON documents, none of them an export; the first: {refusals[0][2]}",
            advice=formats.ADVICE,
        )
    reading.count_gaps(refusals)
    return reading


def _read_into(reading: Reading, document: Document) -> list[tuple[str, str, str, str]]:
    """Read one document; give its refusal, if it is refused."""
    try:
        reading.extend(formats.read(document))
    except NotAnExport as error:
        return [(error.kind, document.name, error.what, document.where(""))]
    return []
