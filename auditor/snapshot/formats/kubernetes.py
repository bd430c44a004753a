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
    if not isinstance(envelope.metadata, dict):
        return None
    reading = Reading("kubectl")
    if not _object(reading, document, document.raw, document.start, document.pointer, ("", "")):
        reading.gaps.append(
            Gap("unsupported", document.name, "a Kubernetes Secret, which auditor never reads")
        )
    return reading


def _list(document: Document, parts: list[Raw], version: str, kind: str) -> Reading:
    reading = Reading("kubectl")
    starts = document.starts(parts, "items")
    inherited = (version, kind.removesuffix("List"))
    for index, (raw, start) in enumerate(zip(parts, starts, strict=True)):
        pointer = f"{document.pointer}/items/{index}"
        _object(reading, document, raw, start, pointer, inherited)
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


def _continues(document: Document) -> bool:
    try:
        return is_given(_HEADER.decode(document.raw).metadata.more)
    except msgspec.ValidationError:
        return False


def _object(
    reading: Reading,
    document: Document,
    raw: Raw,
    start: int,
    pointer: str,
    inherited: tuple[str, str],
) -> bool:
    """Take one object in; False for a Secret, of which only the place is noted, to be wiped."""
    try:
        header = _HEADER.decode(raw)
    except msgspec.ValidationError:
        where = document.where(pointer, start)
        reading.gaps.append(Gap("unsupported", document.name, "no Kubernetes object", where))
        return True
    kind = header.kind or inherited[1]
    if kind == "Secret":
        reading.secrets.append((start, start + memoryview(raw).nbytes))
        return False
    reading.kubernetes.append(
        KubernetesObject(
            api_version=header.api_version or inherited[0],
            kind=kind,
            namespace=header.metadata.namespace,
            name=header.metadata.name,
            body=raw,
            source=document.source,
            start=start,
            pointer=pointer,
        )
    )
    return True


def wiped(reading: Reading, text: Text) -> Text:
    """Give the text with the secrets blanked; offsets and lines stay what they were.

    Bodies become copies, so that nothing holds on to the text as it was.
    """
    if not reading.secrets:
        return text
    blank = bytearray(text)
    for start, end in reading.secrets:
        blank[start:end] = b"null" + re.sub(rb"[^\n]", b" ", blank[start + 4 : end])
    reading.records = [
        msgspec.structs.replace(one, body=bytes(one.body)) for one in reading.records
    ]
    reading.kubernetes = [replace(one, body=bytes(one.body)) for one in reading.kubernetes]
    return bytes(blank)
