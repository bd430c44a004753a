"""From a record to a typed resource, whatever the dialect; nothing guessed, nothing lost silently.

The fast path decodes ARM REST text straight into the struct. Everything else (another dialect,
nulls where Azure never writes one, a value of the wrong type, values the input does not give)
goes through a plain tree that is restructured after the struct's own declarations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, get_args, get_origin

import msgspec

from auditor.errors import Undetermined
from auditor.resources.base import (
    HIDDEN,
    MOST_PORT,
    TYPES,
    Node,
    Ref,
    Resource,
    Wire,
    hollow_of,
    kind_of,
    unset,
)
from auditor.resources.fields import decoder, fields
from auditor.resources.twins import twin
from auditor.resources.walk import bare, peek
from auditor.resources.words import Sharer, Words, holds_alike, note, sharer
from auditor.snapshot.always import ALWAYS_LISTED
from auditor.snapshot.document import Dialect, Record

_ENVELOPE = frozenset({"id", "name", "type"})
_MOST_DAMAGES = 100
_ARM = Dialect.ARM


class Damage(msgspec.Struct, frozen=True):
    """A value that is not what Azure writes there: `pointer` inside the resource, and why."""

    record: Record
    pointer: str
    reason: str


_Lists: TypeAlias = tuple[tuple[Callable[[Any], Any], str], ...]
"""Lists in the settings of a class: what reads each, and its attribute."""


class Reader(msgspec.Struct, frozen=True):
    """What decodes the records of one type: of many records, or of a few."""

    cls: type[Node]
    quick: Callable[[msgspec.Raw | bytes], Node] | None
    """Reads ARM REST at once, if that can be."""
    share: Sharer
    always: _Lists

    def decode(self, record: Record, damages: list[Damage], words: Words) -> Node | None:
        """Decode one record of the type, in the `words` met before.

        Values of the wrong type are left unset and added to `damages`; the caller decides whether
        that ends the audit. A record that is no object at all gives None and a damage. Unset are
        the lists, too, that Azure always writes and this record lacks: it was cut short.
        """
        node = None
        if self.quick is not None and record.dialect is _ARM and not record.unresolved:
            try:
                node = self.quick(record.body)
                self.share(node, words)
            except (msgspec.ValidationError, RecursionError):
                node = None
        if node is None:
            node = _decode_otherwise(record, self.cls, damages, words)
        for lists, attribute in self.always:
            _leave_open(node, lists, attribute)
        return node


@cache
def reader(cls: type[Node], *, few: bool = False) -> Reader:
    """Give what decodes the records that a class reads.

    With `few`, of a type of which little is read, words are only looked at, and not shared: others
    rely on settings alone to be one where many say the same.
    """
    if cls.lifted:
        return Reader(cls, None, note, _always(cls))
    if few and not holds_alike(cls):
        return Reader(cls, decoder(cls).decode, note, _always(cls))
    quick = twin(cls)
    return Reader(cls, decoder(quick).decode, sharer(quick), _always(cls))


def decode(
    record: Record, damages: list[Damage], words: Words | None = None, *, few: bool = False
) -> Node | None:
    """Decode one record as the `reader` of its type does; None when nobody reads its type."""
    cls = TYPES.get(record.type.lower())
    return None if cls is None else reader(cls, few=few).decode(record, damages, words or Words())


def _always(cls: type[Node]) -> _Lists:
    """The lists that Azure writes in the settings of a class, if only empty ones."""
    settings = next((hint for key, hint in _hints(cls).values() if key == "properties"), None)
    if settings is None:
        return ()
    keys = [key for kind, keys in ALWAYS_LISTED.items() if TYPES.get(kind) is cls for key in keys]
    attributes = [_attributes(settings)[key.lower()] for key in keys]
    return tuple((attrgetter(f"properties.{each}"), each) for each in attributes)


def _leave_open(node: Node | None, told: Callable[[Any], Any], attribute: str) -> None:
    try:
        if told(node) is not None:  # as nearly always
            return
    except (Undetermined, AttributeError):
        pass
    settings = peek(node, "properties")
    if settings is None or settings is hollow_of(kind_of(settings)):
        return  # without any settings it is told as such
    if attribute in settings.__struct_fields__:
        with suppress(AttributeError):
            unset(settings, attribute)


def _decode_otherwise(
    record: Record, cls: type[Node], damages: list[Damage], words: Words
) -> Node | None:
    node = _decode_slowly(record, cls, damages)
    if node is not None:
        words.share(node)
        if isinstance(node, Resource) and (tags := peek(node, "tags")):
            node.tags = words.tags(tags)
    return node


def _decode_slowly(record: Record, cls: type[Node], damages: list[Damage]) -> Node | None:
    try:
        tree = restructure(msgspec.json.decode(record.body), cls, record.dialect)
    except RecursionError:
        damages.append(Damage(record, "", "nested too deeply"))
        return None
    except msgspec.DecodeError:  # the text is sound JSON: only a number can be too much
        damages.append(Damage(record, "", "holds a number that is out of any range"))
        return None
    unset = [pointer for pointer, _ in record.unresolved]
    for _ in range(_MOST_DAMAGES):
        try:
            node = msgspec.convert(tree, cls, strict=False)
        except msgspec.ValidationError as error:
            reason, pointer = _explain(error)
            removed = _remove(tree, pointer)
            damages.append(Damage(record, pointer, reason))
            if not removed:
                return None
            unset.append(removed)
        else:
            for pointer in unset:
                unset_field(node, pointer)
            return node
    return None


def _explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """Split msgspec's sentence into the reason and a JSON pointer."""
    text = str(error)
    reason, _, path = text.partition(" - at ")
    if reason == "Expected `str` of length >= 1":
        reason = "an empty text stands in a list of values"
    if reason == f"Expected `int` <= {MOST_PORT}":
        reason = f"no port is higher than {MOST_PORT}"
    path = path.strip("`").removeprefix("key in ")
    pointer = re.sub(r"\[(\d+)\]", r"/\1", path.removeprefix("$")).replace(".", "/")
    return reason[:1].lower() + reason[1:], pointer.replace("/[...]", "/...")


def _remove(tree: Any, pointer: str) -> str:
    """Take the value at `pointer` out of the tree; give the pointer of what was removed."""
    tokens = [token for token in pointer.split("/") if token]
    here, done = tree, ""
    held: tuple[dict[str, Any], str, str] | None = None
    for token in tokens:
        if isinstance(here, dict) and token in here:
            held = (here, token, f"{done}/{token}")
            here = here[token]
        elif isinstance(here, list) and token.isdigit() and int(token) < len(here):
            here = here[int(token)]
        else:
            break
        done = f"{done}/{token}"
    if held is None:
        return ""
    holder, key, at = held
    del holder[key]
    return at


def unset_field(node: Wire, pointer: str) -> None:
    """Make the deepest declared field on the way to `pointer` unset, so that reading it is unknown.

    A pointer into something no struct declares is ignored: nobody reads it. So is one to what a
    node is called: identity is told by the record, or made up from the owner's.
    """
    struct: Any = node
    holder: tuple[Wire, str] | None = None
    for token in pointer.split("/")[1:]:
        if isinstance(struct, list):
            if not token.isdigit() or int(token) >= len(struct):
                break
            struct = struct[int(token)]
            continue
        if not isinstance(struct, Wire):
            break
        attribute = _attributes(type(struct)).get(token.lower())
        if attribute is None:
            if token.lower() == "properties":
                continue
            return
        holder = (struct, attribute)
        try:
            struct = object.__getattribute__(struct, attribute)
        except AttributeError:
            return
        if struct is None:
            break
    if holder is not None:
        owner, attribute = holder
        if not _is_identity(owner, attribute):
            unset(owner, attribute)


def _is_identity(owner: Wire, attribute: str) -> bool:
    return attribute in ("id", "name") and isinstance(owner, Node)


@cache
def _attributes(cls: type[Wire]) -> dict[str, str]:
    return {
        key.lower(): attribute
        for key, attribute in zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True)
        if not key.startswith(HIDDEN)
    }


@cache
def _hints(cls: type[Wire]) -> dict[str, tuple[str, Any]]:
    """The declared fields by lower-case key: the key as Azure spells it, and the bare type."""
    return {
        field.encode_name.lower(): (field.encode_name, bare(field.type))
        for field in fields(cls)
        if not field.encode_name.startswith(HIDDEN)
    }


def restructure(value: Any, hint: Any, dialect: Dialect) -> Any:
    """Bring a tree of any dialect into ARM REST's form, guided by the declared type.

    Nulls are dropped, but not from lists: nobody writes them there. Keys take Azure's letter
    case, what a flattened export merged upwards goes back under `properties`, a bare id becomes a
    reference, a number where Azure writes text becomes text.
    """
    hint = bare(hint)
    if isinstance(hint, type) and issubclass(hint, Wire):
        return _restructure_struct(value, hint, dialect)
    if get_origin(hint) is list and isinstance(value, list):
        (item,) = get_args(hint)
        return [restructure(each, item, dialect) for each in value]
    if get_origin(hint) is dict and isinstance(value, dict):
        _, item = get_args(hint)
        return {
            key: restructure(each, item, dialect) for key, each in value.items() if each is not None
        }
    if _is_text(hint) and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value


def _is_text(hint: Any) -> bool:
    return hint is str or (hasattr(hint, "__metadata__") and get_args(hint)[0] is str)


def _restructure_struct(value: Any, cls: type[Wire], dialect: Dialect) -> Any:
    if isinstance(value, str) and issubclass(cls, Ref):
        return {"id": value}
    if not isinstance(value, dict):
        return value
    hints = _hints(cls)
    if issubclass(cls, Node) and cls.lifted and isinstance(value.get("properties"), dict):
        value = {**value, **value["properties"]}
    if "properties" in hints and dialect is not Dialect.ARM:
        value = _under_properties(value, hints, typed=issubclass(cls, Resource))
    tree = {}
    for key, each in value.items():
        if each is None:
            continue
        known = hints.get(key.lower())
        if known is not None and (key == known[0] or known[0] not in value):
            tree[known[0]] = restructure(each, known[1], dialect)
    return tree


def _under_properties(
    value: dict[str, Any], hints: dict[str, tuple[str, Any]], *, typed: bool
) -> dict[str, Any]:
    """Undo az CLI's flattening of one object; `typed` when `type` is its own, and no setting."""
    inner = next((k for k, v in value.items() if k.lower() == "properties" and v), None)
    if inner is not None:
        return value
    wanted = _hints(hints["properties"][1])
    outer: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for key, each in value.items():
        low = key.lower()
        if low == "properties" or (typed and low == "type"):
            continue
        if low in _ENVELOPE and low in hints:
            outer[key] = each
        elif low in wanted:
            settings[key] = each
        elif low in hints:
            outer[key] = each
    outer["properties"] = settings
    return outer
