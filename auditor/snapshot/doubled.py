"""A key that an object gives twice: the decoder takes the last, nobody can tell which is meant.

Two keys that differ only in letter case are one to Azure: the decoder takes the one that is spelled
as Azure does. Not so in Kubernetes and Terraform, nor where anybody chooses the names, as of tags.

Azure and its tools write none; hands do, and merges of two versions. To look for them costs three
times what reading costs, so only texts up to `LOOKED_THROUGH` bytes are looked through, which is
more than a hand writes. A list of resources that is given twice is noticed at any size, where it is
read (`Document.starts`).
"""

from __future__ import annotations

import json
from typing import Any

from auditor.snapshot.faults import shown
from auditor.snapshot.formats.document import Document, given_twice
from auditor.snapshot.locate import escaped
from auditor.snapshot.scan import Text, elements, member

LOOKED_THROUGH = 1 << 20


def check(document: Document) -> None:
    """Raise InputError when an object of a sound document gives a key twice, differently."""
    if len(document.text) > LOOKED_THROUGH:
        return
    text = bytes(document.raw).decode()
    if not _has_doubled(text):
        return
    found = _contradiction(text)
    if found is None:
        return
    steps, first = found
    at = _place(document.text, document.start, steps)
    pointer = document.pointer + "".join(f"/{escaped(str(step))}" for step in steps)
    raise given_twice(first, str(steps[-1]), document.where(shown(pointer, 400), at))


_Steps = list[str | int]


class _Pairs(list[tuple[str, Any]]):
    """An object as it is written."""


def _has_doubled(text: str) -> bool:
    """Tell quickly whether any key may be doubled, whatever its values."""
    found: list[bool] = []
    keys: set[str] = set()

    def seen(pairs: list[tuple[str, object]]) -> None:
        told = dict(pairs)
        keys.update(told)
        if len(told) != len(pairs):
            found.append(True)

    json.loads(text, object_pairs_hook=seen, parse_int=str, parse_float=str)
    return bool(found) or len({key.lower() for key in keys}) != len(keys)


def _contradiction(text: str) -> tuple[_Steps, str] | None:
    """Give the way to the first key that has two values, and how it was spelled before."""
    whole = json.loads(text, object_pairs_hook=_Pairs, parse_int=_number, parse_float=_number)
    left: list[tuple[_Steps, object, bool]] = [([], whole, _is_terraform(whole))]
    while left:
        way, value, cased = left.pop()
        if isinstance(value, _Pairs):
            cased = cased or _is_kubernetes(value)
            apart = cased or (bool(way) and str(way[-1]).lower() in _NAMED_BY_ANYBODY)
            told: dict[str, tuple[str, object]] = {}
            for key, each in value:
                first, before = told.setdefault(key if apart else key.lower(), (key, each))
                if before != each:
                    return [*way, key], first
            inner: list[tuple[str | int, object]] = list(told.values())
        else:
            inner = list(enumerate(value)) if isinstance(value, list) else []
        left.extend(([*way, step], each, cased) for step, each in reversed(inner))
    return None


_NAMED_BY_ANYBODY = frozenset(
    {"tags", "labels", "annotations", "matchlabels", "data", "stringdata", "appsettings"}
)
"""Keys of objects whose keys are names that people choose."""


def _is_terraform(whole: object) -> bool:
    """Tell whether a document is a plan or a state of Terraform."""
    keys = {key for key, _ in whole} if isinstance(whole, _Pairs) else set()
    return not keys.isdisjoint({"terraform_version", "format_version"})


def _is_kubernetes(value: _Pairs) -> bool:
    """Tell whether an object is a Kubernetes one; resources of templates have a type."""
    keys = {key for key, _ in value}
    return {"apiVersion", "kind"} <= keys and "type" not in keys


def _number(text: str) -> tuple[str]:
    """Keep a number as written, and apart from text and truth."""
    return (text,)


def _place(text: Text, at: int, steps: _Steps) -> int:
    """Give the offset of what the steps lead to: of the last one, where a key is doubled."""
    for step in steps:
        if isinstance(step, int):
            found = next((x for index, x in enumerate(elements(text, at)) if index == step), None)
        else:
            found = member(text, at, step)
        if found is None:
            break
        at = found
    return at
