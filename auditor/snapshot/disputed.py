"""What two tellings of one resource say differently about what guards it, or where it sends.

Where nothing tells which is newer, neither is the better word: such a setting is left unset.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from auditor.ids import fold

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

WHY = "inputs contradict each other about it"

_DECIDING = frozenset(
    {
        "networksecuritygroup",
        "routetable",
        "enableipforwarding",
        "peeringstate",
        "allowforwardedtraffic",
        "allowvirtualnetworkaccess",
        "allowgatewaytransit",
        "useremotegateways",
    }
)
"""The settings, in lower case, that say which rules and routes hold for a resource or a part."""


def disputed(one: Json, other: Json, pointer: str = "") -> Iterator[str]:
    """Give the pointers to such settings of one that the other tells otherwise, parts by id."""
    if isinstance(one, dict) and isinstance(other, dict):
        yield from _in_objects(one, other, pointer)
    elif isinstance(one, list) and isinstance(other, list):
        others = {_key(each): each for each in other if _key(each)}
        for index, each in enumerate(one):
            if _key(each) in others:
                yield from disputed(each, others[_key(each)], f"{pointer}/{index}")


def _in_objects(one: dict[str, Json], other: dict[str, Json], pointer: str) -> Iterator[str]:
    is_flat = bool(_key(one)) and not isinstance(one.get("properties"), dict)
    inside = f"{pointer}/properties" if is_flat else pointer
    mine = {key.lower(): key for key in one}
    theirs = {key.lower(): value for key, value in other.items()}
    for low in sorted(mine.keys() | theirs.keys()):
        value = one[mine[low]] if low in mine else None
        where = f"{inside}/{mine.get(low, low)}"
        if low not in _DECIDING:
            yield from disputed(value, theirs.get(low), where)
        elif _said(value) != _said(theirs.get(low)):
            yield where


def _key(value: Json) -> str:
    text = value.get("id") if isinstance(value, dict) else None
    return fold(text) if isinstance(text, str) else ""


def _said(value: Json) -> Json:
    """Give what a setting comes to: the id of a reference; nothing for what is off or not there."""
    if isinstance(value, dict):
        return _key(value) or None
    if isinstance(value, str):
        return value.lower() or None
    return value or None
