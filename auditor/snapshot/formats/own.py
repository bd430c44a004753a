"""auditor's own snapshot: ARM REST resources with scope, time and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from auditor.errors import InputError
from auditor.snapshot.document import OWN_SHAPE, EffectiveAnswer, Gap, KubernetesList
from auditor.snapshot.faults import shown
from auditor.snapshot.formats import kubernetes
from auditor.snapshot.formats.collect import Collector
from auditor.snapshot.formats.document import FOREIGN, Document, NotAnExport, Reading
from auditor.snapshot.formats.kubernetes import Element
from auditor.snapshot.scan import members

SCHEMA = "auditor.snapshot/1"


class Told(msgspec.Struct, frozen=True):
    """The members of a snapshot document beside its resources."""

    taken_at: str | None = None
    scope: tuple[str, ...] = ()
    gaps: tuple[GapTold, ...] = ()
    kubernetes_lists: tuple[ListTold, ...] = ()


class ListTold(msgspec.Struct, frozen=True, rename="camel"):
    """A KubernetesList as the document spells it."""

    cluster: str
    api_version: str
    kind: str


class AnswerTold(msgspec.Struct, frozen=True):
    """What tells one answer under `effective` from another."""

    id: str


class GapTold(msgspec.Struct, frozen=True):
    """A Gap as the document spells it."""

    kind: str
    subject: str
    detail: str
    where: str = ""


_TOLD = msgspec.json.Decoder(Told)
_ANSWER = msgspec.json.Decoder(AnswerTold)


def read(document: Document) -> Reading | None:
    """Read `{"schema": "auditor.snapshot/1", "resources": [...], ...}`."""
    envelope = document.envelope
    schema = envelope.schema if envelope is not None else None
    if envelope is None or not isinstance(schema, str) or not schema.startswith("auditor."):
        return None
    if schema != SCHEMA:
        raise _foreign(schema)
    parts = envelope.resources
    if not isinstance(parts, list):
        raise _spoilt(document, "`resources` is no list")
    collector = Collector(document, OWN_SHAPE, flat=False)
    collector.add_all(parts, document.starts(parts, "resources"), f"{document.pointer}/resources/")
    reading = collector.finish()
    try:
        told = _TOLD.decode(document.outline)
        kubernetes.take(reading, document, _elements(document, "kubernetes"), told=True)
        reading.kubernetes_lists.extend(
            KubernetesList(each.cluster, each.api_version, each.kind)
            for each in told.kubernetes_lists
        )
        reading.effective.extend(_answers(document))
    except msgspec.ValidationError as error:
        raise _spoilt(document, str(error)) from None
    reading.scope, reading.taken_at = told.scope, told.taken_at
    reading.taken_where = _where_taken(document) if told.taken_at else ""
    reading.gaps.extend(Gap(gap.kind, gap.subject, gap.detail, gap.where) for gap in told.gaps)
    return reading


_LISTS = frozenset({"resources", "kubernetes", "effective"})


def _where_taken(document: Document) -> str:
    """Say where the time stands; where the snapshot begins, when that is behind the long lists."""
    for name, value in members(document.text, document.start):
        if name == "taken_at":
            return document.where(f"{document.pointer}/taken_at", value)
        if name in _LISTS:
            break
    return document.where(document.pointer)


def _elements(document: Document, key: str) -> list[Element]:
    """Give the elements of a list beside the resources; none when the snapshot has no such list."""
    parts = getattr(document.envelope, key)
    if parts is UNSET:
        return []
    if not isinstance(parts, list):
        raise _spoilt(document, f"`{key}` is no list")
    starts = document.starts(parts, key)
    return [
        (raw, start, f"{document.pointer}/{key}/{index}")
        for index, (raw, start) in enumerate(zip(parts, starts, strict=True))
    ]


def _answers(document: Document) -> Iterator[EffectiveAnswer]:
    for raw, start, pointer in _elements(document, "effective"):
        nic, _, question = _ANSWER.decode(raw).id.rpartition("/")
        yield EffectiveAnswer(nic, question, raw, document.source, start, pointer)


def _foreign(schema: str) -> NotAnExport:
    if schema.startswith("auditor.snapshot/"):
        return NotAnExport(
            f"a snapshot in the form {shown(schema)}; this version reads {SCHEMA}",
            advice="update auditor, or take the snapshot with this version",
        )
    return NotAnExport(
        f"an output of auditor itself ({shown(schema)}), not an export",
        advice="give the snapshot or the exports that it was made from",
        kind=FOREIGN,
    )


def _spoilt(document: Document, why: str) -> InputError:
    return InputError(
        f"a damaged snapshot: {shown(why, 120)}",
        where=document.where(document.pointer),
        advice="take it again with `auditor snapshot`",
    )
