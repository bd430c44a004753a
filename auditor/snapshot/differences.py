"""Where two tellings of one resource differ, and what each says there, for a person."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import msgspec

from auditor.errors import quoted
from auditor.ids import fold
from auditor.snapshot.disputed import Json
from auditor.snapshot.redact import redacted

_SHOWN = 3
_LENGTH = 40
_NOISE = frozenset({"etag", "resourceguid"})
"""What nobody compares by hand."""

_WITHOUT_CASE = frozenset({"id", "name", "type"})

_NOTHING: tuple[Json, ...] = (None, "", [], {})


def differences(one: Json, other: Json) -> str:
    """Say of two tellings where they differ: `/properties/x is 1, not 2`.

    Secrets are not shown; where nothing else differs, only that is said.
    """
    try:
        found = list(_between(_public(one), _public(other), ""))
    except RecursionError:
        return "nested too deeply to compare"
    told = [f"{pointer} is {_pair(mine, theirs)}" for pointer, mine, theirs in found]
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return "; ".join(told[:_SHOWN]) + more or "in what is not shown"


def _public(value: Json) -> Json:
    """Leave secrets out, whichever key holds them."""
    told: Json = msgspec.json.decode(redacted(msgspec.json.encode(value)))
    return told


def _between(one: Json, other: Json, pointer: str) -> Iterator[tuple[str, Json, Json]]:
    if isinstance(one, dict) and isinstance(other, dict):
        yield from _in_objects(one, other, pointer)
    elif isinstance(one, list) and isinstance(other, list):
        for index, (mine, theirs) in enumerate(_paired(one, other)):
            yield from _between(mine, theirs, f"{pointer}/{index}")
    elif not _same(one, other):
        yield pointer, one, other


def _in_objects(
    one: dict[str, Json], other: dict[str, Json], pointer: str
) -> Iterator[tuple[str, Json, Json]]:
    one, other = _as_nested(one, other), _as_nested(other, one)
    mine = {key.lower(): key for key in one}
    theirs = {key.lower(): key for key in other}
    for low in sorted((mine.keys() | theirs.keys()) - _NOISE):
        key = mine.get(low) or theirs[low]
        step = key.replace("~", "~0").replace("/", "~1")
        here, there = one.get(mine.get(low, "")), other.get(theirs.get(low, ""))
        if low not in _WITHOUT_CASE or str(here).lower() != str(there).lower():
            yield from _between(here, there, f"{pointer}/{step}")


def _as_nested(value: dict[str, Json], like: dict[str, Json]) -> dict[str, Json]:
    """Put settings that stand beside the name below `properties`, as the other has them there."""
    inner = like.get("properties")
    if "properties" in value or not isinstance(inner, dict):
        return value
    names = {key.lower() for key in inner}
    inside = {key: each for key, each in value.items() if key.lower() in names}
    beside: dict[str, Json] = {key: each for key, each in value.items() if key not in inside}
    return {**beside, "properties": inside}


def _paired(one: list[Json], other: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Give the parts of two lists that are of one name, or else stand at one place."""
    left, right = map(_by_name, (one, other))
    if left is None or right is None:
        yield from zip_longest(one, other)
        return
    for name in (*left, *(each for each in right if each not in left)):
        yield left.get(name), right.get(name)


def _by_name(parts: list[Json]) -> dict[str, Json] | None:
    found: dict[str, Json] = {}
    for each in parts:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or not name or name.lower() in found:
            return None
        found[name.lower()] = each
    return found


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other or (one.startswith("/") and fold(one) == fold(other))
    return one == other or (one in _NOTHING and other in _NOTHING)


def _said(value: Json) -> str:
    if value is None:
        return "not there"
    if isinstance(value, str):
        return quoted(value, _LENGTH)
    text = msgspec.json.encode(value).decode(errors="replace")
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def _pair(mine: Json, theirs: Json) -> str:
    if theirs is None:
        return f"{_said(mine)}, and not there"
    return f"{_said(mine)}, not {_said(theirs)}"
