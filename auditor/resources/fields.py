"""The declared fields of a struct with their types, found out once.

What `msgspec.structs.fields` tells of a class takes long to find, hence the fields here, which tell
less. The modules that declare structs say their types as such: left as text, each would be read
again for every class that inherits it and for every decoder.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec


class Field(msgspec.Struct, frozen=True):
    """A declared field: its name here, that in JSON, and its type."""

    name: str
    encode_name: str
    type: Any


@cache
def fields(cls: type[msgspec.Struct]) -> tuple[Field, ...]:
    """Give the fields of a struct, those it inherits as well."""
    hints: dict[str, Any] = {}
    for each in reversed(cls.__mro__):
        hints |= vars(each).get("__annotations__", {})
    names = zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True)
    return tuple(Field(name, encoded, hints[name]) for name, encoded in names)


@cache
def decoder(hint: Any) -> msgspec.json.Decoder[Any]:
    """Give what reads a value of a type from JSON text, a number in a string for a number too."""
    return msgspec.json.Decoder(hint, strict=False)
