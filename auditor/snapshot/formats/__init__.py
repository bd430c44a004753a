"""A reader per export shape, tried by content and never by file name."""

from __future__ import annotations

from importlib import import_module

import msgspec
from msgspec import UNSET

from auditor.snapshot.faults import shown
from auditor.snapshot.formats import graph, kubernetes, own, refused, rest
from auditor.snapshot.formats.document import Document, NotAnExport, Reader, Reading, TooLarge
from auditor.snapshot.formats.foreign import kind_of
from auditor.snapshot.formats.pages import read_pages


class Rare(msgspec.Struct, frozen=True):
    """A reader of a rare shape, imported when a document has the key without which it reads none.

    Templates and plans bring an evaluator with them, which most audits never need.
    """

    module: str
    function: str
    key: str

    def __call__(self, document: Document) -> Reading | None:
        """Read the document, or give None, as every reader does."""
        if document.envelope is None or getattr(document.envelope, self.key) is UNSET:
            return None
        reader: Reader = getattr(import_module(f"{__name__}.{self.module}"), self.function)
        return reader(document)


READERS: tuple[Reader, ...] = (
    own.read,
    graph.read_rows,
    Rare("template", "read", key="resources"),
    Rare("whatif", "read", key="changes"),
    Rare("whatif", "read_bicep", key="predicted_resources"),
    Rare("terraform", "read", key="format_version"),
    kubernetes.read,
    Rare("whatif", "read_answer", key="status"),
    graph.read,
    refused.read,
    rest.read_list,
    rest.read_array,
    rest.read_single,
)
"""In the order in which they are asked; the first that knows the shape reads it."""


def read(document: Document) -> Reading:
    """Read one JSON document of whatever shape.

    Raises NotAnExport, saying what was found, when no reader can make resources of it.
    """
    try:
        reading = read_pages(document, read)
        for reader in READERS:
            reading = reading if reading is not None else reader(document)
    except TooLarge:
        raise NotAnExport(
            "a template that unfolds to more values than any deployment has",
            advice="look for variables that refer to one another in a doubling chain",
        ) from None
    if reading is None:
        raise NotAnExport(_described(document), advice=ADVICE, kind=kind_of(document))
    return reading


ADVICE = (
    "give ARM REST JSON (`az rest`), `az ... list -o json`, `az graph query`, an ARM template, "
    "or a snapshot of auditor"
)


def _described(document: Document) -> str:
    if document.envelope is None:
        kind = {b'"': "string", b"t": "boolean", b"f": "boolean", b"n": "null"}
        return f"a JSON {kind.get(document.first, 'number')}, not an export"
    keys = list(document.keys)
    if not keys:
        return "an empty object, not an export"
    named = ", ".join(shown(key, 24) for key in keys[:4]) + (", …" if len(keys) > 4 else "")
    return f"an object with the keys {named}: no export of Azure that auditor knows"
