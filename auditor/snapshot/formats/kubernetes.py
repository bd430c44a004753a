"""`kubectl get ... -o json`: a List or one object. Secrets are dropped, their text wiped."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
from msgspec import UNSET, Raw, UnsetType

from auditor.snapshot.document import Gap, KubernetesObject
from auditor.snapshot.formats.document import Document, Reading, is_given
from auditor.snapshot.scan import Text


class Metadata(msgspec.Struct, frozen=True):
    """What tells one object from another; of a list, whether more follows."""

    name: str = ""
    namespace: str = ""
    more: str | UnsetType = msgspec.field(name="continue", default=UNSET)


class Header(msgspec.Struct, frozen=True):
    """The telling part of an object."""

    api_version: str = msgspec.field(name="apiVersion", default="")
    kind: str = ""
    metadata: Metadata = Metadata()


_HEADER = msgspec.json.Decoder(Header)


def read(document: Document) -> Reading | None:
    """Read a List (`items`) or a lone object (`metadata`)."""
    envelope = document.envelope
    if envelope is None or envelope.id is not UNSET:
        return None
    if not isinstance(envelope.api_version, str) or not isinstance(envelope.kind, str):
        return None
    if isinstance(envelope.items, list):
        return _list(document, envelope.items, envelope.api_version, envelope.kind)
    if not isinstance(envelope.metadata, dict) and envelope.kind != "Secret":
        return None
    reading = Reading("kubectl")
    _all(reading, document, [(document.raw, document.start, document.pointer)], ("", ""))
    return reading


_Element = tuple[Raw, int, str]
"""The text of an object, its offset and the pointer to it."""


def _list(document: Document, parts: list[Raw], version: str, kind: str) -> Reading:
    reading = Reading("kubectl")
    starts = document.starts(parts, "items")
    elements = [
        (raw, start, f"{document.pointer}/items/{index}")
        for index, (raw, start) in enumerate(zip(parts, starts, strict=True))
    ]
    _all(reading, document, elements, (version, kind.removesuffix("List")))
    if _continues(document):
        reading.gaps.append(
            Gap(
                "partial",
                document.name,
                "only a part of the Kubernetes objects: `metadata.continue` names a next page",
                document.where("/metadata/continue"),
            )
        )
    return reading


def _all(
    reading: Reading, document: Document, elements: list[_Element], inherited: tuple[str, str]
) -> None:
    """Take objects in. Of Secrets, and of what may be one, only the place is noted, to be wiped."""
    refusals: list[tuple[str, str, str, str]] = []
    for element in elements:
        made = _object(document, element, inherited)
        if isinstance(made, KubernetesObject):
            reading.kubernetes.append(made)
            continue
        raw, start, pointer = element
        reading.secrets.append((start, start + memoryview(raw).nbytes))
        refusals.append(("unsupported", document.name, made, document.where(pointer, start)))
    reading.count_gaps(refusals)


def _continues(document: Document) -> bool:
    try:
        return is_given(_HEADER.decode(document.raw).metadata.more)
    except msgspec.ValidationError:
        return False


def _object(
    document: Document, element: _Element, inherited: tuple[str, str]
) -> KubernetesObject | str:
    """Read one object, or say why it is left out."""
    raw, start, pointer = element
    try:
        header = _HEADER.decode(raw)
    except msgspec.ValidationError:
        return "an element of a Kubernetes list that is no object of Kubernetes"
    kind = header.kind or inherited[1]
    if kind == "Secret":
        return "a Kubernetes Secret, which auditor never reads"
    return KubernetesObject(
        api_version=header.api_version or inherited[0],
        kind=kind,
        namespace=header.metadata.namespace,
        name=header.metadata.name,
        body=raw,
        source=document.source,
        start=start,
        pointer=pointer,
    )


def wiped(reading: Reading, text: Text) -> Text:
    """Give the text with the secrets blanked; offsets and lines stay what they were.

    Bodies become copies, so that nothing holds on to the text as it was.
    """
    if not reading.secrets:
        return text
    blank = bytearray(text)
    for start, end in reading.secrets:
        blank[start:end] = b"null"[: end - start] + re.sub(rb"[^\n]", b" ", blank[start + 4 : end])
    reading.records = [
        msgspec.structs.replace(one, body=bytes(one.body)) for one in reading.records
    ]
    reading.kubernetes = [replace(one, body=bytes(one.body)) for one in reading.kubernetes]
    return bytes(blank)
