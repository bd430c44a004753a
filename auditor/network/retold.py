"""A part that two inputs tell: as a record of its own, and inside the record of its owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from auditor.ids import fold
from auditor.resources.base import Node
from auditor.resources.decode import unset_field
from auditor.snapshot.differences import differences
from auditor.snapshot.disputed import Json, disputed
from auditor.snapshot.document import Gap, Record, Source
from auditor.snapshot.merge import decides_alike, holds, moment, place


class Retold:
    """Settles which telling of a part counts: the newer one, and else the record of its own.

    Of two that are alike the copy counts: its owner tells where it stands among others. In `gaps`
    is what was settled where the two differ. About what filters or routes it is open where nothing
    tells which is newer: neither is the better word.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        """Take the inputs, whose times tell."""
        self.gaps: list[Gap] = []
        self._sources = sources
        self._bodies: dict[int, Json] = {}
        self._parts: dict[int, dict[str, Json]] = {}

    def counts(self, part: Node, copy: Node) -> bool:
        """Whether a record of its own counts, and not the copy inside its owner's."""
        own, above = part.record, copy.root.record
        if own is None or above is None:
            return True
        if self._moment(own) < self._moment(above):
            self._note(part, copy, stale=True)
            return False
        return not self._note(part, copy, stale=False)

    def has(self, part: Node, owner: Node, copies: Sequence[Node]) -> bool:
        """Whether an owner has a part that is told on its own; `copies` are those in its list."""
        own, above = part.record, owner.root.record
        if copies or own is None or above is None:
            return all(self.counts(part, copy) for copy in copies)
        if self._moment(own) >= self._moment(above):
            return True
        detail = f"{place(above, self._sources)} is newer, and does not tell of it any more"
        self.gaps.append(Gap("conflict", part.id, detail, place(own, self._sources)))
        return False

    def _note(self, part: Node, copy: Node, *, stale: bool) -> bool:
        """Note where the two differ; tell whether the copy holds all that the record does."""
        own, above = part.record, copy.root.record
        if own is None or above is None:
            return False
        found = self._inside(above).get(part.key) or self._nameless(above, copy, part.id)
        try:
            told = msgspec.json.decode(bytes(own.body))
        except (msgspec.DecodeError, RecursionError):
            return False
        if not isinstance(found, dict):
            return False
        # In one dialect, what is not there is off: no security group, not Connected.
        differs = own.dialect is above.dialect and any(disputed(told, found))
        if not differs and (holds(found, told) or holds(told, found)):
            return holds(found, told)
        if own.source == above.source:  # a template's part on its own is deployed later
            return False
        taken, other = (above, own) if stale else (own, above)
        where = place(taken, self._sources)
        said = differences(*((found, told) if stale else (told, found)))
        detail = f"taken from {where}, not {place(other, self._sources)} ({said})"
        newer = self._moment(own) != self._moment(above)
        settled = newer or decides_alike(found, told, own.type)
        for pointer in () if newer else disputed(told, found):
            unset_field(part, pointer)
        self.gaps.append(Gap("conflict", own.id, detail, where, settled))
        return False

    def _moment(self, record: Record) -> float:
        return moment(self._sources[record.source].taken_at)

    def _inside(self, record: Record) -> dict[str, Json]:
        """Give what a record holds by the folded ids that are written there."""
        known = self._parts.get(id(record))
        if known is None:
            known = self._parts[id(record)] = dict(_with_ids(self._body(record)))
        return known

    def _nameless(self, record: Record, copy: Node, known_as: str) -> Json:
        """Give the copy of a part where its owner writes it without an id, as agent pools are."""
        found = _at(self._body(record), copy.pointer)
        return {"id": known_as, **found} if isinstance(found, dict) else None

    def _body(self, record: Record) -> Json:
        if id(record) not in self._bodies:
            try:
                body = msgspec.json.decode(bytes(record.body))
            except (msgspec.DecodeError, RecursionError):
                body = None
            self._bodies[id(record)] = body
        return self._bodies[id(record)]


def _at(value: Json, pointer: str) -> Json:
    """Give what a pointer leads to; of a flat telling, which has no `properties`, as well."""
    for step in pointer.split("/")[1:]:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value if step == "properties" and step not in value else value.get(step)
        else:
            return None
    return value


def _with_ids(value: Json) -> Iterator[tuple[str, Json]]:
    waiting = [value]
    for each in waiting:
        if isinstance(each, dict):
            waiting += each.values()
            text = each.get("id")
            if isinstance(text, str) and len(each) > 1:
                yield fold(text), each
        elif isinstance(each, list):
            waiting += each
