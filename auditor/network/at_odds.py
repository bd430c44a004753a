"""Records whose id names one type and whose `type` is another: one of the two is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor import ids
from auditor.errors import quoted
from auditor.resources.base import TYPES
from auditor.snapshot.document import Gap, Record, Snapshot


def contradictions(snapshot: Snapshot, records: Iterable[Record]) -> Iterator[Gap]:
    """Tell of these records, which do not agree, those that rules would have read as either."""
    from auditor.snapshot.locate import locate  # rarely needed

    for record in records:
        implied = ids.type_of(record.id) or ""
        if implied.lower() not in TYPES and record.type.lower() not in TYPES:
            continue
        source = snapshot.sources[record.source]
        line, pointer = locate(source, record, "/type")
        detail = f"its id is that of a {implied}, its type is {quoted(record.type)}"
        yield Gap("conflict", record.id, detail, f"{source.name}:{line}: {pointer}")
