"""Visiting every reference and every formed value of an audit, as fast as Python can.

What `walk` finds, a function written out once per class finds here. A struct with unset fields is
rare; for it the walk is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import cache
from typing import TypeAlias

from auditor.errors import Undetermined
from auditor.resources import walk
from auditor.resources.base import Ref, Wire
from auditor.resources.written import NAMES, Place, function, visits

Targets: TypeAlias = list[tuple[str, str, Ref | None]]
"""References: the JSON key, the id as spelled, and the `Ref` it stands in, if any."""

Texts: TypeAlias = list[tuple[str, str]]
"""Values with a form of their own: the form and the text."""

Finder: TypeAlias = Callable[[Wire, Targets, set[int]], None]
"""Collects references, as `targets` does."""

_Known: TypeAlias = Mapping[str, Container[str]]


def targets(struct: Wire, found: Targets, silent: set[int]) -> None:
    """Collect what `walk.references` finds, without pointers.

    `silent` are settings that hold no reference, by Python's id: many parts share them, and none
    is looked through twice.
    """
    before = len(found)
    try:
        _targets_of(type(struct))(struct, found, silent)
    except Undetermined:
        del found[before:]
        walk.targets(struct, found)


def texts(struct: Wire, known: _Known, found: Texts) -> None:
    """Collect what `walk.values` finds and is not known, by form, without pointers."""
    before = len(found)
    try:
        _texts_of(type(struct))(struct, known, found)
    except Undetermined:
        found[before:] = (
            (value.form, value.text)
            for value in walk.values(struct)
            if value.text not in known[value.form]
        )


_FEW = 6
"""Structs of a class that are walked through sooner than a function for it is written."""


def finder(cls: type[Wire], settle: Callable[[Finder], None]) -> Finder | None:
    """Give what `targets` does for structs of a class; None where none holds a reference.

    It raises Undetermined on the way to what is unset, and may have found some by then. When it
    was asked of a few, `settle` gets what is faster for many.
    """
    if all(walk.reference_kind(step) is None for step in walk.steps(cls)):
        return None
    few = iter(range(_FEW))

    def walked(struct: Wire, found: Targets, silent: set[int]) -> None:
        if next(few, None) is None:
            settle(_targets_of(cls))
        walk.targets(struct, found)

    return walked


@cache
def _targets_of(cls: type[Wire]) -> Finder:
    lines = visits(cls, walk.reference_kind, _target_lines, whole_alike=True)
    visit: Finder = function("struct, found, silent", lines)
    return visit


def _target_lines(place: Place) -> tuple[str, ...]:
    key = place.step.key
    if place.step.struct is not None and place.step.struct.alike:
        return (
            "if id(value) not in silent:",
            "    before = len(found)",
            "    targets(value, found, silent)",
            "    if len(found) == before: silent.add(id(value))",
        )
    if place.kind == walk.HOLDER:
        return ("targets(value, found, silent)",)
    if place.kind == walk.TEXT:
        return (f"if value: found.append(({key!r}, value, None))",)
    return (f"if target := value.id: found.append(({key!r}, target, value))",)


@cache
def _texts_of(cls: type[Wire]) -> Callable[[Wire, _Known, Texts], None]:
    lines = visits(cls, walk.leads_to_values, _text_lines)
    visit: Callable[[Wire, _Known, Texts], None] = function("struct, known, found", lines)
    return visit


def _text_lines(place: Place) -> tuple[str, ...]:
    form = place.step.form
    if not form:
        return ("texts(value, known, found)",)
    return (f"if value not in known[{form!r}]: found.append(({form!r}, value))",)


NAMES.update(targets=targets, texts=texts)
