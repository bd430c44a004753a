"""Azure Resource Graph: `{"data": rows}` of `az graph query` and of the REST call.

Rows are ARM REST resources with the type in small letters and three keys more. A query may have
projected them; without an id they are no resources. The default page is 100 rows, the largest
1,000: an answer of exactly that many that names no total is taken as one page of more.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

from auditor.snapshot.document import Gap
from auditor.snapshot.formats.collect import Collector
from auditor.snapshot.formats.document import (
    Document,
    NotAnExport,
    Page,
    Reading,
    element_starts,
    is_given,
    keys_of,
)
from auditor.snapshot.scan import member

SHAPE = "Resource Graph"
PAGES = (100, 1000)
_ADVICE = "query whole rows: `Resources | where type startswith 'microsoft.network'`, no `project`"


class Totals(msgspec.Struct, frozen=True):
    """The signs by which an answer tells whether it is whole, in both spellings."""

    count: int | UnsetType = UNSET
    total_records: int | UnsetType = UNSET
    total_records_rest: int | UnsetType = msgspec.field(name="totalRecords", default=UNSET)
    skip_token: str | UnsetType | None = UNSET
    skip_token_rest: str | UnsetType | None = msgspec.field(name="$skipToken", default=UNSET)
    truncated: str | bool | UnsetType = msgspec.field(name="resultTruncated", default=UNSET)


class Column(msgspec.Struct, frozen=True):
    """A column of the table format."""

    name: str


class Table(msgspec.Struct, frozen=True):
    """The answer's table format."""

    columns: list[Column]
    rows: list[list[Raw]]


_TOTALS = msgspec.json.Decoder(Totals)
_TABLE = msgspec.json.Decoder(Table)
_RAWS = msgspec.json.Decoder(list[Raw])


def read(document: Document) -> Reading | None:
    """Read an answer of Resource Graph, as objects or as a table."""
    envelope = document.envelope
    if envelope is None or envelope.data is UNSET or is_given(envelope.id):
        return None
    if isinstance(envelope.data, list):
        rows, starts = envelope.data, document.starts(envelope.data, "data")
        prefix = f"{document.pointer}/data/"
    elif isinstance(envelope.data, dict) and {"columns", "rows"} <= envelope.data.keys():
        rows, starts = _table(document)
        prefix = f"{document.pointer}/data/rows/"
    else:
        return None
    reading = _rows(document, rows, starts, prefix)
    reading.pages.append(_page(document, reading, len(rows)))
    return reading


def _rows(document: Document, rows: list[Raw], starts: list[int], prefix: str) -> Reading:
    collector = Collector(document, SHAPE, graph=True)
    collector.add_all(rows, starts, prefix)
    reading = collector.finish()
    if rows and not reading.records:
        raise NotAnExport(
            f"a Resource Graph answer whose {len(rows)} rows are projections or sums, "
            "not resources: they have no id",
            advice=_ADVICE,
        )
    return reading


def read_rows(document: Document) -> Reading | None:
    """Read bare rows, as older versions of `az graph query` and `--query data` print them."""
    parts = document.items
    if not parts or not _is_row(parts[0]):
        return None
    starts = document.starts(parts, None)
    reading = _rows(document, parts, starts, f"{document.pointer}/")
    if len(parts) in PAGES:
        gap = _page_gap(document, len(parts))
        reading.pages.append(Page(reading.records, len(parts), more=True, gap=gap))
    return reading


def _is_row(raw: Raw) -> bool:
    """Tell a row by the keys that Resource Graph alone adds."""
    text = bytes(raw)
    return all(key in text for key in (b'"tenantId"', b'"subscriptionId"', b'"id"')) and (
        {"tenantId", "subscriptionId", "id", "type"} <= keys_of(raw).keys()
    )


def _table(document: Document) -> tuple[list[Raw], list[int]]:
    """Turn the rows of a table into objects; a row's offset is that of its array."""
    try:
        table = _TABLE.decode(document.keys["data"])
        rows = _RAWS.decode(msgspec.json.decode(document.keys["data"], type=dict[str, Raw])["rows"])
    except msgspec.ValidationError:
        raise NotAnExport(
            "a Resource Graph table whose columns and rows are not as they should be",
            advice="export it with resultFormat objectArray",
        ) from None
    names = [column.name for column in table.columns]
    objects = [Raw(msgspec.json.encode(dict(zip(names, row, strict=False)))) for row in table.rows]
    data = member(document.text, document.start, "data") or document.start
    at = member(document.text, data, "rows") or data
    starts = element_starts(document.text, at, rows) or [document.start] * len(rows)
    return objects, starts


def _page(document: Document, reading: Reading, rows: int) -> Page:
    try:
        totals = _TOTALS.decode(document.outline)
    except msgspec.ValidationError:
        unread = _gap(document, "its totals cannot be read")
        return Page(reading.records, rows, more=True, gap=unread)
    told = totals.total_records
    told = totals.total_records_rest if told is UNSET else told
    total = told if isinstance(told, int) else None
    more = _goes_on(totals) or _is_cut(totals)
    gap = _incomplete(document, totals, rows, total)
    return Page(reading.records, rows, total, more, gap=gap)


def _incomplete(document: Document, totals: Totals, rows: int, total: int | None) -> Gap | None:
    if _goes_on(totals):
        told = f" of {total}" if total is not None else ""
        return _gap(document, f"only {rows} rows{told}: a skip token names a next page")
    if total is not None and rows < total:
        return _gap(document, f"only {rows} rows of {total}")
    if _is_cut(totals):
        return _gap(document, f"the answer was truncated at {rows} rows")
    return _page_gap(document, rows) if total is None and rows in PAGES else None


def _goes_on(totals: Totals) -> bool:
    return is_given(totals.skip_token) or is_given(totals.skip_token_rest)


def _is_cut(totals: Totals) -> bool:
    return str(totals.truncated).lower() == "true"


def _page_gap(document: Document, rows: int) -> Gap:
    return _gap(document, f"exactly {rows} rows, which is a full page, and no total")


def _gap(document: Document, detail: str) -> Gap:
    advice = "; page through with `az graph query --first 1000 --skip-token`"
    return Gap("partial", document.name, detail + advice, document.where(document.pointer))
