"""ARM REST: one resource, `{"value": [...]}`, or a plain array of resources.

Arrays also hold what az CLI flattened and what PSRule exported: each element tells for itself.
"""

from __future__ import annotations

from msgspec import UNSET, Raw

from auditor.snapshot.document import Dialect, Gap
from auditor.snapshot.formats.collect import Collector, is_arm_id
from auditor.snapshot.formats.document import Document, NotAnExport, Page, Reading, is_given
from auditor.snapshot.formats.refused import objects_of_powershell
from auditor.snapshot.scan import member

NEXT_PAGE = "only one page: `nextLink` names another that is not here; follow it to the end"


def read_list(document: Document) -> Reading | None:
    """Read `{"value": [...], "nextLink": ...}`; a further page that is not here is a Gap."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.value, list) or is_given(envelope.id):
        return None
    parts = envelope.value
    collector = Collector(document, "ARM REST list")
    collector.add_all(parts, document.starts(parts, "value"), f"{document.pointer}/value/")
    reading = _finish(collector, parts)
    reading.pages.append(_page(document, reading, len(parts), envelope.next_link))
    return reading


def read_array(document: Document) -> Reading | None:
    """Read an array of resources, in any dialect."""
    if document.first != b"[":
        return None
    parts = document.items
    collector = Collector(document, "array of resources", lift=True)
    collector.add_all(parts, document.starts(parts, None), f"{document.pointer}/")
    reading = _finish(collector, parts)
    reading.shape = "PSRule export" if collector.lifted else _array_shape(reading)
    return reading


def _finish(collector: Collector, parts: list[Raw]) -> Reading:
    """Refuse a list of things none of which is a resource; an empty list is a true answer."""
    reading = collector.finish()
    if parts and not reading.records:
        refusal = objects_of_powershell(parts)
        if refusal is not None:
            raise refusal
        first = reading.gaps[0] if reading.gaps else None
        reason = first.detail.rpartition(": ")[2] if first else "no id"
        raise NotAnExport(
            f"a list of {len(parts)} elements, none of them an Azure resource: {reason}",
            advice="export resources with their ids: without `--query`, without `project`",
            kind=first.kind if first else "unsupported",
        )
    return reading


def _array_shape(reading: Reading) -> str:
    """Name the array after the dialect of its records."""
    dialects = {record.dialect for record in reading.records}
    if dialects == {Dialect.FLAT}:
        return "az CLI list"
    return "ARM REST array" if dialects <= {Dialect.ARM} else "array of resources"


def read_single(document: Document) -> Reading | None:
    """Read one resource: ARM REST, or as `az ... show` flattens it, or as PSRule exports it."""
    envelope = document.envelope
    if envelope is None or not _has_id(envelope.id, envelope.resource_id):
        return None
    collector = Collector(document, "ARM REST resource", lift=envelope.resource_id is not UNSET)
    collector.add(document.raw, document.start, document.pointer)
    reading = collector.finish()
    if not reading.records:
        return None
    if reading.records[0].dialect is Dialect.FLAT:
        reading.shape = "az CLI resource"
    if reading.records[0].dialect is Dialect.LOOSE:
        reading.shape = "PSRule export"
    if is_given(envelope.next_link):
        reading.pages.append(_page(document, reading, 1, envelope.next_link))
    return reading


def _page(document: Document, reading: Reading, rows: int, link: object) -> Page:
    if not is_given(link):
        return Page(reading.records, rows)
    where = document.where("/nextLink", member(document.text, document.start, "nextLink"))
    gap = Gap("partial", document.name, NEXT_PAGE, where)
    told = link if isinstance(link, str) else ""
    return Page(reading.records, rows, more=True, link=told, gap=gap)


def _has_id(arm_id: object, resource_id: object) -> bool:
    return isinstance(resource_id, str) or (isinstance(arm_id, str) and is_arm_id(arm_id))
