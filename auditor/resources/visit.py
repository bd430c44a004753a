"""Visiting every reference and every formed value of an audit, as fast as Python can.

What `walk` finds by looking at declarations again for every struct, a function written out once
per class finds here: the lines a person would write who knew the class. A struct with unset fields
is rare; for it the walk is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from auditor.errors import Undetermined
from auditor.resources import walk
from auditor.resources.base import Node, Ref, Wire

Targets: TypeAlias = list[tuple[str, str, Ref | None]]
"""References: the JSON key, the id as spelled, and the `Ref` it stands in, if any."""

Texts: TypeAlias = list[tuple[str, str]]
"""Values with a form of their own: the form and the text."""

_Known: TypeAlias = Mapping[str, Container[str]]


def targets(struct: Wire, found: Targets) -> None:
    """Collect what `walk.references` finds, without pointers."""
    before = len(found)
    try:
        _targets_of(type(struct))(struct, found)
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


@cache
def _targets_of(cls: type[Wire]) -> Callable[[Wire, Targets], None]:
    lines = _visits(cls, "struct", walk.reference_kind, _target_lines)
    visit: Callable[[Wire, Targets], None] = _function("struct, found", lines)
    return visit


def _target_lines(step: walk.Step, kind: int) -> tuple[str, ...]:
    if kind == walk.HOLDER:
        return ("targets(value, found)",)
    if kind == walk.TEXT:
        return (f"if value: found.append(({step.key!r}, value, None))",)
    return ("target = value.id", f"if target: found.append(({step.key!r}, target, value))")


@cache
def _texts_of(cls: type[Wire]) -> Callable[[Wire, _Known, Texts], None]:
    lines = _visits(cls, "struct", walk.leads_to_values, _text_lines)
    visit: Callable[[Wire, _Known, Texts], None] = _function("struct, known, found", lines)
    return visit


def _text_lines(step: walk.Step, _: object) -> tuple[str, ...]:
    if not step.form:
        return ("texts(value, known, found)",)
    return (f"if value not in known[{step.form!r}]: found.append(({step.form!r}, value))",)


def _visits(
    cls: type[Wire],
    name: str,
    kind_of: Callable[[walk.Step], Any],
    lines: Callable[[walk.Step, Any], tuple[str, ...]],
) -> Iterator[str]:
    """Write the lines that visit a struct called `name`, and the objects that always are in it."""
    for step in walk.steps(cls):
        kind = kind_of(step)
        if kind is None:
            continue
        if step.sure and step.struct is not None and not issubclass(step.struct, (Node, Ref)):
            inner = f"{name}_{step.attribute}"
            yield f"{inner} = {name}.{step.attribute}"
            yield from _visits(step.struct, inner, kind_of, lines)
            continue
        if step.many:
            yield f"for value in {name}.{step.attribute} or ():"
        else:
            yield f"value = {name}.{step.attribute}"
            yield "if value is not None:"
        yield from (f"    {line}" for line in lines(step, kind))


def _function(arguments: str, lines: Iterator[str]) -> Any:
    body = "\n".join(f"    {line}" for line in lines) or "    pass"
    names: dict[str, Any] = {"targets": targets, "texts": texts}
    exec(f"def visit({arguments}):\n{body}", names)
    return names["visit"]
