"""PSRule's `Export-AzRuleData`: an envelope in PascalCase, children under `resources`.

Newer versions write the envelope in camelCase; the settings are ARM REST's in both.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from auditor.ids import type_of
from auditor.snapshot.document import NO_PROPERTIES, Dialect, Record
from auditor.snapshot.formats.document import element_starts, keys_of, null
from auditor.snapshot.scan import Text, member

_RENAMED = {
    "resourceid": "id",
    "id": "id",
    "resourcename": "name",
    "name": "name",
    "resourcetype": "type",
    "type": "type",
    "extensionresourcetype": "type",
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
win over `Id`, `Name` and `Type`, which a child may fill otherwise; `ExtensionResourceType` wins
over the type of what is extended."""
_STRENGTH = {"resourceid": 1, "resourcename": 1, "resourcetype": 1, "extensionresourcetype": 2}
_PASCAL = frozenset({"sku", "plan", "identity"})
_ITEMS = msgspec.json.Decoder(list[Raw])
_TEXT = msgspec.json.Decoder(str)


_Envelope = dict[str, Raw]


class _At(msgspec.Struct, frozen=True):
    """Where an object stands."""

    source: int
    start: int
    pointer: str
    text: Text


class Lifted(msgspec.Struct):
    """Records, and the elements that are none: reason, offset, pointer."""

    records: list[Record] = msgspec.field(default_factory=list)
    strays: list[tuple[str, int, str]] = msgspec.field(default_factory=list)


def records(raw: Raw, source: int, start: int, pointer: str, text: Text) -> Lifted:
    """Give the record of one exported object and of all its children."""
    lifted = Lifted()
    _lift(lifted, raw, _At(source, start, pointer, text), None)
    return lifted


def children(raw: Raw, source: int, start: int, pointer: str, text: Text) -> Lifted:
    """Give the records of an object's children alone."""
    lifted = Lifted()
    keys = keys_of(raw)
    _lift_below(lifted, keys, _At(source, start, pointer, text), _envelope(keys))
    return lifted


def _lift(lifted: Lifted, raw: Raw, at: _At, parent: _Envelope | None) -> None:
    keys = keys_of(raw)
    body = _envelope(keys)
    if "id" not in body and parent is not None:
        _complete(body, parent)
    arm_id = _string(body.get("id"))
    kind = _string(body.get("type")) or (type_of(arm_id) if arm_id else None)
    if arm_id is None or kind is None:
        lifted.strays.append(("it has no resource id or no type", at.start, at.pointer))
    else:
        settled = "properties" in body
        lifted.records.append(
            Record(
                id=arm_id,
                type=kind,
                body=msgspec.json.encode(body),
                source=at.source,
                start=at.start,
                pointer=at.pointer,
                dialect=Dialect.LOOSE,
                unresolved=() if settled else (("/properties", NO_PROPERTIES),),
            )
        )
    _lift_below(lifted, keys, at, body)


def _complete(body: _Envelope, parent: _Envelope) -> None:
    """Give a child without an id the one that its parent, its type and its name make up."""
    base, kind, name = (
        _string(part) for part in (parent.get("id"), body.get("type"), body.get("name"))
    )
    above = _string(parent.get("type"))
    if not (base and kind and name and above) or "/" in name:
        return
    rest = kind[len(above) + 1 :]
    if kind.lower().startswith(above.lower() + "/") and rest and "/" not in rest:
        body["id"] = Raw(msgspec.json.encode(f"{base}/{rest}/{name}"))


def _lift_below(lifted: Lifted, keys: dict[str, Raw], at: _At, parent: _Envelope) -> None:
    name = next((key for key in keys if key.lower() == "resources"), None)
    if name is None:
        return
    try:
        parts = _ITEMS.decode(keys[name])
    except msgspec.ValidationError:
        return
    begin = member(at.text, at.start, name)
    starts = element_starts(at.text, begin, parts) if begin is not None else []
    for index, part in enumerate(parts):
        start = starts[index] if starts else at.start
        place = _At(at.source, start, f"{at.pointer}/{name}/{index}", at.text)
        _lift(lifted, part, place, parent)


def _envelope(keys: dict[str, Raw]) -> dict[str, Raw]:
    """Rename the envelope's keys to ARM's; nulls are dropped, they stand for absence."""
    body: dict[str, Raw] = {}
    for key, value in sorted(keys.items(), key=lambda item: _STRENGTH.get(item[0].lower(), 0)):
        name = _RENAMED.get(key.lower())
        if name is not None and not null(value):
            body[name] = _camel(value) if name in _PASCAL else value
    return dict(sorted(body.items()))


def _camel(value: Raw) -> Raw:
    """Give an object with the first letter of its keys small and without its nulls."""
    inner = keys_of(value)
    if not inner:
        return value
    renamed = {k[:1].lower() + k[1:]: v for k, v in inner.items() if not null(v)}
    return Raw(msgspec.json.encode(renamed))


def _string(value: Raw | None) -> str | None:
    try:
        return _TEXT.decode(value) if value is not None else None
    except msgspec.ValidationError:
        return None
