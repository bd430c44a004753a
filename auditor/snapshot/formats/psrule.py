"""PSRule's `Export-AzRuleData`: an envelope in PascalCase, children under `resources`.

Newer versions write the envelope in camelCase; the settings are ARM REST's in both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from auditor.ids import type_of
from auditor.snapshot.document import Dialect, Record
from auditor.snapshot.formats.document import element_starts, null
from auditor.snapshot.scan import Text, members

_RENAMED = {
    "resourceid": "id",
    "id": "id",
    "resourcename": "name",
    "name": "name",
    "resourcetype": "type",
    "type": "type",
    "location": "location",
    "kind": "kind",
    "tags": "tags",
    "sku": "sku",
    "plan": "plan",
    "identity": "identity",
    "zones": "zones",
    "managedby": "managedBy",
    "properties": "properties",
}
"""The envelope keys kept, by their lower case; `ResourceId`, `ResourceName` and `ResourceType`
win over `Id`, `Name` and `Type`, which a child may fill otherwise."""
_STRONG = frozenset({"resourceid", "resourcename", "resourcetype"})
_PASCAL = frozenset({"sku", "plan", "identity"})
_KEYS = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])
_TEXT = msgspec.json.Decoder(str)


@dataclass(slots=True)
class Lifted:
    """Records, and the elements that are none: reason, offset, pointer."""

    records: list[Record] = field(default_factory=list)
    strays: list[tuple[str, int, str]] = field(default_factory=list)


def records(raw: Raw, source: int, start: int, pointer: str, text: Text) -> Lifted:
    """Give the record of one exported object and of all its children."""
    lifted = Lifted()
    _lift(lifted, raw, source, start, pointer, text)
    return lifted


def children(raw: Raw, source: int, start: int, pointer: str, text: Text) -> Lifted:
    """Give the records of an object's children alone."""
    lifted = Lifted()
    _lift_below(lifted, _keys(raw), source, start, pointer, text)
    return lifted


def _keys(raw: Raw) -> dict[str, Raw]:
    try:
        return _KEYS.decode(raw)
    except msgspec.ValidationError:
        return {}


def _lift(lifted: Lifted, raw: Raw, source: int, start: int, pointer: str, text: Text) -> None:
    keys = _keys(raw)
    body = _envelope(keys)
    arm_id = _string(body.get("id"))
    kind = _string(body.get("type")) or (type_of(arm_id) if arm_id else None)
    if arm_id is None or kind is None:
        lifted.strays.append(("it has no resource id or no type", start, pointer))
    else:
        settled = "properties" in body
        lifted.records.append(
            Record(
                id=arm_id,
                type=kind,
                body=msgspec.json.encode(body),
                source=source,
                start=start,
                pointer=pointer,
                dialect=Dialect.LOOSE,
                unresolved=() if settled else (("/properties", "the export has no Properties"),),
            )
        )
    _lift_below(lifted, keys, source, start, pointer, text)


def _lift_below(
    lifted: Lifted, keys: dict[str, Raw], source: int, start: int, pointer: str, text: Text
) -> None:
    name = next((key for key in keys if key.lower() == "resources"), None)
    if name is None:
        return
    try:
        parts = _ITEMS.decode(keys[name])
    except msgspec.ValidationError:
        return
    at = next((value for key, value in members(text, start) if key == name), start)
    starts = element_starts(text, at, parts) or [start] * len(parts)
    for index, part in enumerate(parts):
        _lift(lifted, part, source, starts[index], f"{pointer}/{name}/{index}", text)


def _envelope(keys: dict[str, Raw]) -> dict[str, Raw]:
    """Rename the envelope's keys to ARM's; nulls are dropped, they stand for absence."""
    body: dict[str, Raw] = {}
    for key, value in sorted(keys.items(), key=lambda item: item[0].lower() in _STRONG):
        name = _RENAMED.get(key.lower())
        if name is not None and not null(value):
            body[name] = _camel(value) if name in _PASCAL else value
    return dict(sorted(body.items()))


def _camel(value: Raw) -> Raw:
    """Give an object with the first letter of its keys small and without its nulls."""
    inner = _keys(value)
    if not inner:
        return value
    renamed = {k[:1].lower() + k[1:]: v for k, v in inner.items() if not null(v)}
    return Raw(msgspec.json.encode(renamed))


def _string(value: Raw | None) -> str | None:
    try:
        return _TEXT.decode(value) if value is not None else None
    except msgspec.ValidationError:
        return None
