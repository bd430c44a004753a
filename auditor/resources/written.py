"""Writing a visit out: the lines a person would write who knew the class.

What `walk` finds by looking at declarations again for every struct, a function written out once
per class finds in a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from auditor.resources import walk
from auditor.resources.base import Node, Ref, Wire

NAMES: dict[str, Any] = {}
"""What the lines know by name."""


class Place(msgspec.Struct, frozen=True):
    """A field that leads somewhere: `at` is how a line calls its value, `kind` what is known of it.

    In a list, `at` is an element, and `pointer` lacks its number.
    """

    step: walk.Step
    at: str
    pointer: str
    kind: Any


def visits(
    cls: type[Wire],
    kind_of: Callable[[walk.Step], Any],
    lines: Callable[[Place], tuple[str, ...]],
    *,
    name: str = "struct",
    path: str = "",
    opening: Callable[[type[Wire], str], Iterable[str]] = lambda cls, name: (),
    whole_lists: bool = False,
    whole_alike: bool = False,
) -> Iterator[str]:
    """Write the lines that visit a struct called `name`, and the objects that always are in it.

    Lists, and settings of which many are alike, are opened here unless the lines want them whole.
    Those of `opening` are about the struct itself and come before.
    """
    yield from opening(cls, name)
    for step in walk.steps(cls):
        kind = kind_of(step)
        if kind is None:
            continue
        at, pointer = f"{name}.{step.attribute}", path + step.key
        struct = step.struct if step.sure else None
        closed = struct is None or issubclass(struct, (Node, Ref)) or (whole_alike and struct.alike)
        if struct is not None and not closed:
            inner = f"{name}_{step.attribute}"
            yield f"{inner} = {at}"
            yield from visits(
                struct,
                kind_of,
                lines,
                name=inner,
                path=f"{pointer}/",
                opening=opening,
                whole_lists=whole_lists,
                whole_alike=whole_alike,
            )
            continue
        if step.many and not whole_lists:
            written = lines(Place(step, f"{at}[place]", pointer, kind))
            numbered = any("[place]" in line for line in written)
            each = f"place, value in enumerate({at})" if numbered else f"value in {at}"
            yield f"if {at}:"  # few lists hold anything
            yield f"    for {each}:"
            yield from (f"        {line}" for line in written)
        else:
            yield f"if (value := {at}) is not None:"
            yield from (f"    {line}" for line in lines(Place(step, at, pointer, kind)))


def named(value: Any) -> str:
    """Give the name by which lines call an object."""
    name = f"object_{id(value)}"
    NAMES[name] = value
    return name


def function(arguments: str, lines: Iterable[str]) -> Any:
    """Make a function `visit` of its lines."""
    body = "\n".join(f"    {line}" for line in lines) or "    pass"
    exec(f"def visit({arguments}):\n{body}", NAMES)
    return NAMES.pop("visit")
