"""The declared fields of a struct with their types, found out once.

Modules leave their annotations as text. msgspec would read the text again for every class that
inherits it and for every decoder: a thousand times before the first resource is decoded.
"""

from __future__ import annotations

import sys
from functools import cache
from inspect import get_annotations
from typing import Any, get_args

import msgspec
from msgspec.structs import FieldInfo

_SETTLED: set[type] = set()


@cache
def fields(cls: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """Give the fields of a struct, those it inherits as well."""
    for each in cls.__mro__:
        _settle(each)
    return msgspec.structs.fields(cls)


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
def _settle(cls: type) -> None:
    """Replace the text of a class's own annotations by the types it names."""
    for name, hint in get_annotations(cls).items():
        if isinstance(hint, str):
            cls.__annotations__[name] = _type(cls, hint)


def _type(cls: type, text: str) -> Any:
    try:
        return _type_in(cls.__module__, text)
    except NameError:  # a class inside the class
        return eval(text, dict(vars(cls)), vars(sys.modules[cls.__module__]))


@cache
def _type_in(module: str, text: str) -> Any:
    return eval(text, vars(sys.modules[module]))
