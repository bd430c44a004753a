"""A key that an object gives twice: the decoder takes the last, nobody can tell which is meant.

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
    steps = _contradiction(text)
    if steps is None:
        return
    at = _place(document.text, document.start, steps)
    pointer = document.pointer + "".join(f"/{escaped(str(step))}" for step in steps)
    raise given_twice(str(steps[-1]), document.where(shown(pointer, 400), at))


_Steps = list[str | int]


class _Pairs(list[tuple[str, Any]]):
    """An object as it is written."""


def _has_doubled(text: str) -> bool:
    """Tell quickly whether any key is doubled, whatever its values."""
    found: list[bool] = []

    def seen(pairs: list[tuple[str, object]]) -> None:
        if len(dict(pairs)) != len(pairs):
            found.append(True)

    json.loads(text, object_pairs_hook=seen, parse_int=str, parse_float=str)
    return bool(found)


def _contradiction(text: str) -> _Steps | None:
    """Give the way to the first key that has two values."""
    whole = json.loads(text, object_pairs_hook=_Pairs, parse_int=_number, parse_float=_number)
    left: list[tuple[_Steps, object]] = [([], whole)]
    while left:
        way, value = left.pop()
        if isinstance(value, _Pairs):
            told: dict[str, object] = {}
            for key, each in value:
                if told.setdefault(key, each) != each:
                    return [*way, key]
            inner: list[tuple[str | int, object]] = list(told.items())
        else:
            inner = list(enumerate(value)) if isinstance(value, list) else []
        left.extend(([*way, step], each) for step, each in reversed(inner))
    return None


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
