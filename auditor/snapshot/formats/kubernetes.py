"""`kubectl get ... -o json`: a List or one object. Secrets are dropped, their text wiped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import replace

from auditor.ids import fold
from auditor.snapshot.document import Gap, KubernetesObject
from auditor.snapshot.formats.document import FOREIGN, Document, Reading, Refusals, is_given
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
    cluster: object = ""


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
    take(reading, document, [(document.raw, document.start, document.pointer)], ("", ""))
    return reading


Element = tuple[Raw, int, str]
"""The text of an object, its offset and the pointer to it."""


def _list(document: Document, parts: list[Raw], version: str, kind: str) -> Reading:
    reading = Reading("kubectl")
    starts = document.starts(parts, "items")
    elements = [
        (raw, start, f"{document.pointer}/items/{index}")
        for index, (raw, start) in enumerate(zip(parts, starts, strict=True))
    ]
    take(reading, document, elements, (version, kind.removesuffix("List")))
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


def take(
    reading: Reading,
    document: Document,
    elements: list[Element],
    inherited: tuple[str, str] = ("", ""),
    *,
    told: bool = False,
) -> None:
    """Take objects in. Of Secrets, and of what may be one, only the place is noted, to be wiped.

    `inherited` are the apiVersion and kind of elements that do not tell theirs. `told` means that
    `cluster` beside them says whose they are, as in a snapshot; kubectl writes no such key.
    """
    refusals: Refusals = []
    for element in elements:
        made = _object(document, element, inherited, told)
        if isinstance(made, KubernetesObject):
            reading.kubernetes.append(made)
            continue
        raw, start, pointer = element
        reading.secrets.append((start, start + memoryview(raw).nbytes))
        refusals.append((FOREIGN, document.name, made, document.where(pointer, start)))
    reading.count_gaps(refusals)


def _continues(document: Document) -> bool:
    try:
        return is_given(_HEADER.decode(document.raw).metadata.more)
    except msgspec.ValidationError:
        return False


def _object(
    document: Document, element: Element, inherited: tuple[str, str], told: bool
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
        cluster=header.cluster if told and isinstance(header.cluster, str) else "",
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
    reading.effective = [
        msgspec.structs.replace(one, body=bytes(one.body)) for one in reading.effective
    ]
    return bytes(blank)


def labelled(objects: Iterable[KubernetesObject]) -> tuple[KubernetesObject, ...]:
    """Let objects say of which cluster they are, where they are told to be of several.

    By the cluster's name; by all that is told when two have the same. Objects of one cluster, or
    of nobody knows which, are called what kubectl calls them.
    """
    objects = tuple(objects)
    spelled = sorted({each.cluster for each in objects if each.cluster}, reverse=True)
    told = {fold(cluster): cluster for cluster in spelled}
    if len(told) < 2:
        return objects
    short = {key: _short(cluster) for key, cluster in told.items()}
    often = Counter(name.casefold() for name in short.values())
    names = {
        key: name if often[name.casefold()] == 1 else told[key].strip("/")
        for key, name in short.items()
    }
    return tuple(
        replace(each, label=names[fold(each.cluster)]) if each.cluster else each for each in objects
    )


def told_apart(
    objects: Iterable[KubernetesObject], inputs: Sequence[str]
) -> tuple[KubernetesObject, ...]:
    """Let objects that share a name, and do not say whose they are, say where they come from.

    By what the input is called, and by a number within one: two exports of kubectl are mostly
    those of two clusters.
    """
    objects = tuple(objects)
    often = Counter(each.id for each in objects)
    alike = [each for each in objects if often[each.id] > 1 and not each.cluster]
    if not alike:
        return objects
    starts: dict[tuple[str, int], list[int]] = {}
    for each in sorted(alike, key=lambda each: each.start):
        starts.setdefault((each.id, each.source), []).append(each.start)
    labels = {
        (source, start): inputs[source] if len(found) == 1 else f"{inputs[source]}#{number}"
        for (_, source), found in starts.items()
        for number, start in enumerate(found, 1)
    }
    return tuple(
        replace(each, label=labels.get((each.source, each.start), each.label)) for each in objects
    )


def _short(cluster: str) -> str:
    return cluster.rstrip("/").rpartition("/")[2]
