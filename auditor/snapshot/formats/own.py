"""auditor's own snapshot: ARM REST resources with scope, time and what could not be read."""

from __future__ import annotations

import msgspec

from auditor.errors import InputError
from auditor.snapshot.document import Gap
from auditor.snapshot.faults import shown
from auditor.snapshot.formats.collect import Collector
from auditor.snapshot.formats.document import Document, NotAnExport, Reading

SCHEMA = "auditor.snapshot/1"


class Told(msgspec.Struct, frozen=True):
    """The members of a snapshot document beside its resources."""

    taken_at: str | None = None
    scope: tuple[str, ...] = ()
    gaps: tuple[GapTold, ...] = ()


class GapTold(msgspec.Struct, frozen=True):
    """A Gap as the document spells it."""

    kind: str
    subject: str
    detail: str
    where: str = ""


_TOLD = msgspec.json.Decoder(Told)


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
    collector = Collector(document, "auditor snapshot", flat=False)
    starts = document.starts(parts, "resources")
    for index, (raw, start) in enumerate(zip(parts, starts, strict=True)):
        collector.add(raw, start, f"{document.pointer}/resources/{index}")
    reading = collector.finish()
    try:
        told = _TOLD.decode(document.raw)
    except msgspec.ValidationError as error:
        raise _spoilt(document, str(error)) from None
    reading.scope, reading.taken_at = told.scope, told.taken_at
    reading.gaps.extend(Gap(gap.kind, gap.subject, gap.detail, gap.where) for gap in told.gaps)
    return reading


def _foreign(schema: str) -> NotAnExport:
    if schema.startswith("auditor.snapshot/"):
        return NotAnExport(
            f"a snapshot in the form {shown(schema)}; this version reads {SCHEMA}",
            advice="update auditor, or take the snapshot with this version",
        )
    return NotAnExport(
        f"an output of auditor itself ({shown(schema)}), not an export",
        advice="give the snapshot or the exports that it was made from",
    )


def _spoilt(document: Document, why: str) -> InputError:
    return InputError(
        f"a damaged snapshot: {shown(why, 120)}",
        where=document.where(document.pointer),
        advice="take it again with `auditor snapshot`",
    )
