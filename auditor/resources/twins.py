"""Structs that leave as text what many resources say in the same words, to be read once.

Most tags, and most settings of security rules, are to the letter what another resource told
before. A record is decoded into a *twin* of its struct, in which such values are still the text of
the input; `auditor.resources.visit.Words` replaces a text that it has seen by what it read then,
and makes the twin what it stands for. Twins are seen by nobody else.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast, get_args, get_origin

import msgspec

from auditor.resources.base import Resource, Wire, hollow_of
from auditor.resources.fields import Field, fields
from auditor.resources.walk import bare

_WHOLE: dict[type[Wire], type[Wire]] = {}
_TAGS: Any = dict[str, Any] | None


@cache
def twin(cls: type[Wire]) -> type[Wire]:
    """Give the struct to decode into instead of a struct: itself, where nothing is left as text."""
    changed = []
    for field in fields(cls):
        if _is_text(cls, field):
            changed.append(
                (field.name, msgspec.Raw, msgspec.field(name=field.encode_name, default=None))
            )
        elif (hint := _twin_hint(field.type, cls)) is not None:
            changed.append((field.name, hint, _same_default(field)))
    if not changed:
        return cls
    made = cast(
        type[Wire],
        msgspec.defstruct(cls.__name__, changed, bases=(cls,), kw_only=True, eq=False),
    )
    _WHOLE[made] = cls
    return made


def whole_of(cls: type[Wire]) -> type[Wire] | None:
    """Give the struct that a twin stands for; None for what is no twin."""
    return _WHOLE.get(cls)


def texts_of(cls: type[Wire]) -> dict[str, Any]:
    """Give the fields of a struct that its twin leaves as text, each with what the text holds."""
    return {f.name: f.type for f in fields(cls) if _is_text(cls, f)}


def _same_default(field: Field) -> Any:
    """Give the default of a field of settings, or of one that may be absent."""
    hollow = hollow_of(field.type)
    if hollow is None:
        return msgspec.field(name=field.encode_name, default=None)
    return msgspec.field(name=field.encode_name, default_factory=lambda: hollow)


def _is_text(cls: type[Wire], field: Field) -> bool:
    hint = field.type
    if isinstance(hint, type) and issubclass(hint, Wire):
        return hint.alike
    return issubclass(cls, Resource) and field.name == "tags" and bool(hint == _TAGS)


def _twin_hint(hint: Any, cls: type[Wire]) -> Any:
    """Give the type of a field that leads to text left in a twin; None where it leads to none.

    A struct that holds others of its own class leaves nothing as text.
    """
    inner = bare(hint)
    if get_origin(inner) is list:
        (item,) = get_args(inner)
        made = _twin_hint(item, cls)
        return None if made is None else list[made] | None  # type: ignore[valid-type]
    if not isinstance(inner, type) or not issubclass(inner, Wire) or inner is cls:
        return None
    made = twin(inner)
    if made is inner:
        return None
    return made if inner is hint else made | None
