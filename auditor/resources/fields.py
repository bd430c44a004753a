"""The declared fields of a struct with their types, found out once.

Modules leave their annotations as text. msgspec would read the text again for every class that
inherits it and for every decoder: a thousand times before the first resource is decoded. What
`msgspec.structs.fields` tells of a class takes it as long, hence the fields here, which tell less.
"""

from __future__ import annotations

import sys
from functools import cache
from inspect import get_annotations
from typing import Any, NamedTuple, get_args

import msgspec

_SETTLED: set[type] = set()


class Field(NamedTuple):
    """A declared field: its name here, that in JSON, and its type."""

    name: str
    encode_name: str
    type: Any


@cache
def fields(cls: type[msgspec.Struct]) -> tuple[Field, ...]:
    """Give the fields of a struct, those it inherits as well."""
    hints: dict[str, Any] = {}
    for each in reversed(cls.__mro__):
        hints |= _settled(each)
    names = zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True)
    return tuple(Field(name, encoded, hints[name]) for name, encoded in names)


@cache
def decoder(hint: Any) -> msgspec.json.Decoder[Any]:
    """Give what reads a value of a type from JSON text, a number in a string for a number too."""
    _settle_all(hint)
    return msgspec.json.Decoder(hint, strict=False)


def _settle_all(hint: Any) -> None:
    """Settle every struct that a type leads to."""
    if not isinstance(hint, type) or not issubclass(hint, msgspec.Struct):
        for inner in get_args(hint):
            _settle_all(inner)
    elif hint not in _SETTLED:
        _SETTLED.add(hint)
        for field in fields(hint):
            _settle_all(field.type)


@cache
def _settled(cls: type) -> dict[str, Any]:
    """Replace the text of a class's own annotations by the types it names, and give these."""
    hints = get_annotations(cls)
    for name, hint in hints.items():
        if isinstance(hint, str):
            cls.__annotations__[name] = hints[name] = _type(cls, hint)
    return hints


def _type(cls: type, text: str) -> Any:
    try:
        return _type_in(cls.__module__, text)
    except NameError:  # a class inside the class
        return eval(text, dict(vars(cls)), vars(sys.modules[cls.__module__]))


@cache
def _type_in(module: str, text: str) -> Any:
    return eval(text, vars(sys.modules[module]))
