"""From an evaluated resource to a record: what cannot be known is taken out and listed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from auditor.ids import type_of
from auditor.snapshot.always import ALWAYS_LISTED
from auditor.snapshot.document import Dialect, Record
from auditor.snapshot.formats.document import Document
from auditor.snapshot.formats.evaluate import Budget
from auditor.snapshot.formats.functions import Opaque, Unknown, Value
from auditor.snapshot.locate import escaped
from auditor.snapshot.scan import Text, elements, member, members

ENVELOPE = (
    "extendedLocation",
    "identity",
    "kind",
    "location",
    "managedBy",
    "plan",
    "properties",
    "sku",
    "tags",
    "zones",
)
"""The keys of a resource beside its id, name and type that its ARM REST form has."""

COMPUTED = "its text is computed by Azure at deployment"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the text something stands: offset and pointer."""

    start: int
    pointer: str

    def below(self, text: Text, key: str) -> list[Place]:
        """Give the places of the elements of a list, or of the members of an object, under key."""
        at = member(text, self.start, key) if text[self.start : self.start + 1] == b"{" else None
        if at is None:
            return []
        base = f"{self.pointer}/{key}"
        if text[at : at + 1] == b"{":
            return [Place(value, f"{base}/{escaped(name)}") for name, value in members(text, at)]
        return [Place(value, f"{base}/{i}") for i, value in enumerate(elements(text, at))]

    def at(self, text: Text, key: str) -> Place:
        """Give the place of the value of `key`, or this one when it is not there."""
        found = member(text, self.start, key) if text[self.start : self.start + 1] == b"{" else None
        return self if found is None else Place(found, f"{self.pointer}/{key}")


def record(
    document: Document,
    place: Place,
    arm_id: str,
    resource: dict[str, Value],
    budget: Budget,
    api_version: Value = None,
) -> Record:
    """Make the record of an evaluated resource.

    A list of which one element is unknown is unknown as a whole: read short, it would mislead.
    Who asks for a security group and names no rules gets one without: that is an empty list, as
    are all that Azure always writes.
    """
    unresolved: list[tuple[str, str]] = []
    body: dict[str, Value] = {
        "id": arm_id,
        "name": arm_id.rpartition("/")[2],
        "type": type_of(arm_id) or str(resource.get("type")),
    }
    for key in ENVELOPE:
        value = next((v for k, v in resource.items() if k.lower() == key.lower()), None)
        known = _settled(value, f"/{key}", key, unresolved, budget)
        if known is not None and known is not _ABSENT:
            body[key] = known
    _name_nothing(body, ALWAYS_LISTED.get(str(body["type"]).lower(), ()), unresolved)
    return Record(
        id=arm_id,
        type=str(body["type"]),
        body=msgspec.json.encode(body),
        source=document.source,
        start=place.start,
        pointer=place.pointer,
        dialect=Dialect.LOOSE,
        unresolved=tuple(unresolved),
        api_version=api_version if isinstance(api_version, str) else None,
    )


def _name_nothing(
    body: dict[str, Value], keys: tuple[str, ...], unresolved: list[tuple[str, str]]
) -> None:
    properties = body.setdefault("properties", {}) if not unresolved else body.get("properties")
    unknown = {at.lower() for at, _ in unresolved}
    if "/properties" in unknown or not isinstance(properties, dict):
        return
    told = {name.lower() for name, value in properties.items() if value is not None}
    for key in keys:
        if key.lower() not in told and f"/properties/{key}".lower() not in unknown:
            for name in [name for name in properties if name.lower() == key.lower()]:
                del properties[name]
            properties[key] = []


def hide(one: Record, key: str, reason: str) -> Record:
    """Give a record of which a setting is not known after all: it leaves the body, listed."""
    body = msgspec.json.decode(bytes(one.body))
    properties = body.get("properties")
    if isinstance(properties, dict):
        properties.pop(key, None)
    pointer = f"/properties/{key}"
    kept = tuple(pair for pair in one.unresolved if not pair[0].startswith(pointer))
    return msgspec.structs.replace(
        one, body=msgspec.json.encode(body), unresolved=(*kept, (pointer, reason))
    )


def hide_all(records: list[Record], open_lists: list[tuple[str, str, str]]) -> list[Record]:
    """Hide settings (type, key, reason) in every record of that type.

    For a child that is left out: which parent lacks it is not known, so none has the whole list.
    """
    hidden: dict[str, dict[str, str]] = {}
    for kind, key, reason in open_lists:
        hidden.setdefault(kind.lower(), {}).setdefault(key, reason)
    made: list[Record] = []
    for one in records:
        for key, reason in hidden.get(one.type.lower(), {}).items():
            one = hide(one, key, reason)
        made.append(one)
    return made


class _Absent:
    """Marks a value that was taken out."""


_ABSENT = _Absent()


def _settled(
    value: Value, pointer: str, key: str, unresolved: list[tuple[str, str]], budget: Budget
) -> Value:
    budget.spend()
    reason = _unknown(value, key)
    if reason is not None:
        unresolved.append((pointer, reason))
        return _ABSENT
    if isinstance(value, list):
        return _settled_list(value, pointer, key, unresolved, budget)
    if isinstance(value, dict):
        pairs = (
            (name, _settled(item, f"{pointer}/{escaped(name)}", name, unresolved, budget))
            for name, item in value.items()
        )
        return {name: item for name, item in pairs if item is not _ABSENT}
    return str(value) if isinstance(value, Opaque) else value


def _settled_list(
    value: list[Value],
    pointer: str,
    key: str,
    unresolved: list[tuple[str, str]],
    budget: Budget,
) -> Value:
    found: list[tuple[str, str]] = []
    items = [
        _settled(item, f"{pointer}/{index}", key, found, budget) for index, item in enumerate(value)
    ]
    if any(item is _ABSENT for item in items):
        unresolved.append((pointer, found[0][1]))
        return _ABSENT
    unresolved.extend(found)
    return items


def _unknown(value: Value, key: str) -> str | None:
    """Say why a value is unknown; placeholders are good in names and ids, which only match."""
    if isinstance(value, Unknown):
        return value.reason
    if isinstance(value, Opaque) and not _only_matches(key.lower(), value.lower()):
        return COMPUTED
    return None


def _only_matches(key: str, text: str) -> bool:
    """Whether a text is a name or an id, by its key or, in a list of ids, by what it says."""
    return key.endswith("id") or key == "name" or text.startswith("/subscriptions/")
