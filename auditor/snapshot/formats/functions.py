"""The functions of ARM templates whose result follows from their arguments alone.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

from auditor.snapshot.formats import ranges
from auditor.snapshot.formats.expressions import Unresolved

Value: TypeAlias = Any
"""A JSON value in which `Unknown` may stand for a part that the template does not tell."""

MAX_TEXT = 1 << 15
"""Characters in one evaluated text."""
MAX_ITEMS = 2_000
"""Elements in one evaluated list."""
_MAX_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Unknown:
    """In place of a value that cannot be known, with the reason."""

    reason: str


class Opaque(str):
    """Text that holds a placeholder for what Azure computes: equal where Azure's text is equal.

    Good in names and ids, which only have to match; no answer to a question about the text.
    """

    __slots__ = ()


def opaque(function: str, arguments: list[Value]) -> Opaque:
    """Give the placeholder for the result of `function`: the same for the same arguments."""
    _countable(arguments)
    digest = hashlib.sha256(json.dumps(arguments, default=str).encode()).hexdigest()[:8]
    return Opaque(f"{{{function}-{digest}}}")


def call(name: str, arguments: list[Value]) -> Value:
    """Apply a function. Raises Unresolved when it or an argument cannot be evaluated."""
    folded = name.lower()
    for argument in arguments:
        if isinstance(argument, Unknown):
            raise Unresolved(argument.reason)
    if folded in ("uniquestring", "guid", "utcnow"):
        return opaque(folded, arguments)
    function = _FUNCTIONS.get(folded)
    if function is None:
        raise Unresolved(f"{name}() is known only to Azure")
    if folded not in _BLIND and any(isinstance(argument, Opaque) for argument in arguments):
        if folded in _TEXTUAL:
            return opaque(folded, arguments)
        raise Unresolved(f"{name}() of a text that only Azure knows")
    try:
        return _bounded(function(*arguments))
    except _MISUSE:
        raise Unresolved(f"{name}() with arguments it does not take") from None


_MISUSE = (
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)
"""What Python raises when a function is given what it does not take."""


def _countable(value: Value) -> None:
    """Refuse a value that unfolds to too many parts; shared parts count each time."""
    left, waiting = _MAX_NODES, [value]
    while waiting:
        item = waiting.pop()
        left -= 1
        if left < 0:
            raise Unresolved("a value that grows too large")
        if isinstance(item, (list, dict)):
            waiting.extend(item.values() if isinstance(item, dict) else item)


def _bounded(value: Value) -> Value:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise Unresolved("a text that grows too long")
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        raise Unresolved("a list that grows too long")
    return value


def _mixed(text: str, parts: tuple[Value, ...]) -> str:
    """Keep a text opaque when one of its parts was."""
    return Opaque(text) if any(isinstance(part, Opaque) for part in parts) else text


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, (list, dict)):
        _countable(value)
        return json.dumps(value, separators=(",", ":"))
    raise TypeError


def _concat(*parts: Value) -> Value:
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    return _mixed(_joined(parts, ""), parts)


def _joined(parts: Iterable[Value], by: str) -> str:
    texts = [_text(part) for part in parts]
    if sum(map(len, texts)) + len(by) * len(texts) > MAX_TEXT:
        raise Unresolved("a text that grows too long")
    return by.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    if not old or text.count(old) * len(new) > MAX_TEXT:
        raise ValueError
    return text.replace(old, new)


def _format(pattern: str, *parts: Value) -> str:
    def put(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        part = parts[int(found["index"])]
        return _number(part, found["spec"][1:]) if found["spec"] else _text(part)

    text = re.sub(r"\{\{|\}\}|\{(?P<index>\d+)(?P<spec>[,:][^}]*)?\}", put, pattern)
    return _mixed(text, (pattern, *parts))


_ZEROS = re.compile(r"0+|[Dd](?P<digits>\d{1,2})?")


def _number(value: Value, form: str) -> str:
    """Write a number in a form of .NET that fills it up with zeros: `00`, `D2`; or as `N0`."""
    filled = _ZEROS.fullmatch(form)
    if type(value) is not int or (filled is None and form.upper() != "N0"):
        raise ValueError
    if filled is None:
        return f"{value:,}"
    width = int(filled["digits"] or 1) if form[0] != "0" else len(form)
    return ("-" if value < 0 else "") + str(abs(value)).rjust(width, "0")


def _lower(text: str) -> str:
    return _mixed(text.lower(), (text,))


def _upper(text: str) -> str:
    return _mixed(text.upper(), (text,))


def _equals(one: Value, two: Value) -> bool:
    if isinstance(one, Opaque) or isinstance(two, Opaque):
        if one == two:
            return True
        raise ValueError
    _require_told(one, two)
    return type(one) is type(two) and bool(one == two)


def _contains(container: Value, item: Value) -> bool:
    if isinstance(container, dict):
        return str(item).lower() in {key.lower() for key in container}
    if isinstance(container, str):
        return _text(item) in container
    if item in _list(container):
        return True
    _require_told(container, item)
    return False


def _require_told(*values: Value) -> None:
    """Refuse to compare what holds a part that nobody knows."""
    waiting = list(values)
    for item in waiting:
        if isinstance(item, (Unknown, Opaque)):
            raise ValueError
        if isinstance(item, (list, dict)):
            waiting += item.values() if isinstance(item, dict) else item
            if len(waiting) > _MAX_NODES:
                raise Unresolved("a value that grows too large")


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _union(*parts: Value) -> Value:
    if all(isinstance(part, dict) for part in parts):
        first, *others = parts
        return reduce(_merged, others, first)
    found: list[Value] = []
    for part in parts:
        found.extend(item for item in _list(part) if item not in found)
    return found


def _merged(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    """Add the names of another object; of what both have the other's counts, objects go together.

    Lists are not merged. Names have no case: Azure takes `Name` and `name` for one.
    """
    made, spelled = dict(one), {key.lower(): key for key in one}
    for name, value in other.items():
        key = spelled.setdefault(name.lower(), name)
        made[key] = _together(made[key], value) if key in made else value
    return made


def _together(ours: Value, other: Value) -> Value:
    """Merge two values of one name; what nobody knows may be an object, too."""
    if isinstance(ours, Unknown) and isinstance(other, dict):
        return ours
    if other is None and ours is not None:
        return Unknown("union() with null, of which Azure does not say whether it counts")
    both = isinstance(ours, dict) and isinstance(other, dict)
    return _merged(ours, other) if both else other


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) if length is None else start + length
    if not 0 <= start <= end <= len(text):
        raise ValueError
    return text[start:end]


def _split(text: str, by: Value) -> list[str]:
    marks = by if isinstance(by, list) else [by]
    return re.split("|".join(re.escape(mark) for mark in marks), text)


def _int(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError
    return int(value)


def _bool(value: Value) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, (bool, int)):
        return bool(value)
    raise TypeError


def _true(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _sized(value: Value) -> int:
    if not isinstance(value, (str, list, dict)):
        raise TypeError
    return len(value)


def _object(*pairs: Value) -> dict[str, Value]:
    if len(pairs) % 2 or not all(isinstance(key, str) for key in pairs[::2]):
        raise TypeError
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _try_get(value: Value, *keys: Value) -> Value:
    """Follow names, which have no case, and places; null where one is not there."""
    for key in keys:
        if isinstance(value, dict):
            folded = str(key).lower()
            value = next((item for name, item in value.items() if name.lower() == folded), None)
        elif isinstance(value, list) and type(key) is int:
            value = value[key] if 0 <= key < len(value) else None
        elif value is not None:
            raise TypeError
        if isinstance(value, Unknown):
            raise Unresolved(value.reason)
    return value


def _items(table: dict[str, Value]) -> list[Value]:
    return [{"key": key, "value": table[key]} for key in sorted(table)]


def _intersection(*parts: Value) -> list[Value]:
    _require_told(*parts)
    first, *others = map(_list, parts)
    return [item for item in first if all(item in other for other in others)]


def _flatten(value: Value) -> list[Value]:
    return [item for part in _list(value) for item in (part if isinstance(part, list) else [part])]


def _shallow_merge(value: Value) -> dict[str, Value]:
    return {key: item for part in _list(value) for key, item in part.items()}


def _range(start: int, count: int) -> list[int]:
    if not 0 <= count <= MAX_ITEMS:
        raise ValueError
    return list(range(_int(start), _int(start) + count))


def _json(text: str) -> Value:
    value = json.loads(text)
    return _holding(value) if isinstance(text, Opaque) else value


def _holding(value: Value) -> Value:
    """Keep the texts opaque that hold a placeholder, where Azure computes a part of some JSON."""
    if isinstance(value, dict):
        if any("{" in key for key in value):
            raise Unresolved("json() whose keys only Azure knows")
        return {key: _holding(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_holding(item) for item in value]
    return Opaque(value) if isinstance(value, str) and "{" in value else value


_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "add": lambda a, b: _int(a) + _int(b),
    "and": lambda *parts: all(map(_true, parts)),
    "array": lambda value: value if isinstance(value, list) else [value],
    "bool": _bool,
    "cidrhost": ranges.cidr_host,
    "cidrsubnet": ranges.cidr_subnet,
    "coalesce": lambda *parts: next((part for part in parts if part is not None), None),
    "concat": _concat,
    "contains": _contains,
    "createarray": lambda *parts: list(parts),
    "createobject": _object,
    "div": lambda a, b: int(_int(a) / _int(b)),
    "empty": lambda value: value is None or _sized(value) == 0,
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "equals": _equals,
    "false": lambda: False,
    "flatten": _flatten,
    "first": lambda value: value[0] if len(value) else ("" if value == "" else None),
    "format": _format,
    "greater": lambda a, b: a > b,
    "greaterorequals": lambda a, b: a >= b,
    "indexof": lambda text, part: text.lower().find(part.lower()),
    "int": _int,
    "intersection": _intersection,
    "items": _items,
    "join": lambda parts, by: _joined(_list(parts), by),
    "json": _json,
    "last": lambda value: value[-1] if len(value) else ("" if value == "" else None),
    "length": _sized,
    "lastindexof": lambda text, part: text.lower().rfind(part.lower()),
    "less": lambda a, b: a < b,
    "lessorequals": lambda a, b: a <= b,
    "max": lambda *parts: max(parts[0] if isinstance(parts[0], list) else parts),
    "min": lambda *parts: min(parts[0] if isinstance(parts[0], list) else parts),
    "mod": lambda a, b: _int(a) % _int(b),
    "mul": lambda a, b: _int(a) * _int(b),
    "not": lambda value: not _true(value),
    "null": lambda: None,
    "objectkeys": lambda table: [one["key"] for one in _items(table)],
    "or": lambda *parts: any(map(_true, parts)),
    "padleft": lambda text, size, mark=" ": _text(text).rjust(min(size, MAX_TEXT), mark),
    "parsecidr": ranges.parse_cidr,
    "range": _range,
    "replace": _replace,
    "shallowmerge": _shallow_merge,
    "skip": lambda value, count: value[max(count, 0) :],
    "split": _split,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "string": lambda value: value if isinstance(value, str) else _text(value),
    "sub": lambda a, b: _int(a) - _int(b),
    "substring": _substring,
    "take": lambda value, count: value[: max(count, 0)],
    "tolower": _lower,
    "toupper": _upper,
    "trim": lambda text: text.strip(),
    "true": lambda: True,
    "tryget": _try_get,
    "union": _union,
}
_BLIND = frozenset(
    {"array", "coalesce", "concat", "createarray", "createobject", "equals", "format", "json"}
    | {"string", "tolower", "toupper", "union"}
)
"""Functions that need not look into a text: an opaque one is as good as any."""
_TEXTUAL = frozenset({"padleft", "replace", "substring", "take", "trim", "skip", "first", "last"})
"""Functions whose result is a text that is as opaque as their argument."""
