"""Resources that nobody can name: a type or an id says what they are, and the other is not told.

Their settings cannot be judged, and nothing else tells of them: such an element is no stray.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

from auditor.ids import fold, type_of


class _Named(msgspec.Struct, frozen=True, gc=False):
    """What an element calls itself, in whatever form."""

    id: object = None
    type: object = None


_read = msgspec.json.Decoder(_Named).decode
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+(/[A-Za-z0-9]+)+")


def lost_resource(raw: Raw) -> str | None:
    """Give what a resource calls itself, its type or else its id; None for what is no resource."""
    try:
        named = _read(raw)
    except msgspec.ValidationError:
        return None
    if isinstance(named.type, str) and _TYPE.fullmatch(named.type):
        return named.type
    if isinstance(named.id, str) and fold(named.id).startswith("/subscriptions/"):
        return named.id if type_of(named.id) is not None else None
    return None
