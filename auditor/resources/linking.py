"""Telling a resource and every part inside it who and where it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, cast

import msgspec

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.ids import name as last_segment
from auditor.resources import walk
from auditor.resources.base import Node, Wire, hollow_of, unset
from auditor.resources.fields import fields
from auditor.resources.written import NAMES, Place, function, named, visits

Named: TypeAlias = list[tuple[str, Node]]
"""Nodes that others refer to by id, each after its folded id."""


class _Traits(msgspec.Struct, frozen=True):
    """What linking asks of a class, told once: an audit links many nodes of few classes."""

    indexed: bool
    has_parts: bool
    hollow: Wire | None


@cache
def _traits(cls: type[Node]) -> _Traits:
    settings = next((f for f in fields(cls) if f.name == "properties"), None)
    hollow = hollow_of(settings.type) if settings is not None else None
    return _Traits(cls.indexed, walk.has_parts(cls), hollow)


def link(root: Node, key: str, leaves: list[Node], *, few: bool = False) -> Named:
    """Tell a node and every part inside it who and where it is; `key` is the node's folded id.

    Give the node and the parts that others refer to by id, and add to `leaves` those nobody does;
    owners come before what they own. `few`, when it is one of few of its type.
    """
    traits = _traits(type(root))
    named: Named = [(key, root)]
    _introduce(root, traits, key)
    if not traits.has_parts:
        return named
    owners = [root]
    before = len(leaves)
    each_asked = few or _OPEN in key
    try:
        for owner in owners:
            (_adopt_inside if each_asked else _linking_of(type(owner)))(
                owner, named, leaves, owners
            )
    except Undetermined:
        # There are unset fields on the way to its parts.
        del named[1:], leaves[before:], owners[1:]
        for owner in owners:
            _adopt_inside(owner, named, leaves, owners)
    return named


def _introduce(node: Any, traits: _Traits, key: str) -> None:
    """Let a node that has an id know its key and its name, and whether its settings ever came."""
    if traits.indexed:
        node.key = key
    if not node.name:  # an expression of a template, perhaps
        node.name = last_segment(node.id)
    try:
        if traits.hollow is not None and node.properties is traits.hollow:
            unset(node, "properties")
    except Undetermined:
        pass


def _adopt(
    owner: Node,
    collection: str,
    parts: list[Node],
    named: Named,
    leaves: list[Node],
    owners: list[Node],
) -> None:
    """Link the parts of one list, of whatever class each is."""
    for index, part in enumerate(parts):
        traits = _traits(type(part))
        part.owner = owner
        part.collection = collection
        part.index = index
        if not part.id or (_OPEN in owner.id and _strays(owner, part)):
            _call(part)
        key = fold(part.id)
        _introduce(part, traits, key)
        if traits.indexed:
            named.append((key, part))
        else:
            leaves.append(part)
        if traits.has_parts:
            owners.append(part)


def _adopt_inside(owner: Node, named: Named, leaves: list[Node], owners: list[Node]) -> None:
    """Link the parts of a node, of whatever class, even if fields are unset."""
    _adopt_below(owner, owner, "", named, leaves, owners)


def _adopt_below(
    owner: Node,
    struct: Wire,
    path: str,
    named: Named,
    leaves: list[Node],
    owners: list[Node],
) -> None:
    """Link the parts inside a struct that is none."""
    collections: list[tuple[str, list[Node]]] = []
    walk.collect(struct, path, collections)
    for collection, parts in collections:
        _adopt(owner, collection, parts, named, leaves, owners)


def _strays(owner: Node, part: Node) -> bool:
    """Whether a part of what a template declares for an untold place has an id of another place.

    It was copied there from what Azure answered; Azure takes a part for its resource's, whatever
    id is written at it.
    """
    return not fold(part.id).startswith(f"{fold(owner.id)}/")


_OPEN = "{"
"""Stands in an id for a subscription or a resource group that a template does not tell."""


def _call(part: Node) -> None:
    """Give a part an id of its own, where the input gives it none that is."""
    owner = cast(Node, part.owner)
    key = part.segment or part.collection.rpartition("/")[2]
    name = part.name or last_segment(part.id or "") or f"~{part.index}"
    part.id = f"{owner.id}/{key}/{name}"


@cache
def _linking_of(cls: type[Node]) -> Callable[[Node, Named, list[Node], list[Node]], None]:
    lines = visits(cls, walk.leads_to_parts, _lines, whole_lists=True)
    written: Callable[[Node, Named, list[Node], list[Node]], None]
    written = function("struct, named, leaves, owners", lines)
    return written


def _lines(place: Place) -> tuple[str, ...]:
    step, pointer = place.step, place.pointer
    below = "adopt_below(struct, {}, {}, named, leaves, owners)"
    if step.struct is not None and issubclass(step.struct, Node):
        return ("value = [value]", *_part_lines(step.struct, pointer))[step.many :]
    if not step.many:
        return (below.format("value", repr(pointer + "/")),)
    return (
        "for number, item in enumerate(value):",
        "    " + below.format("item", f"f'{pointer}/{{number}}/'"),
    )


def _part_lines(cls: type[Node], pointer: str) -> tuple[str, ...]:
    """Write what `_adopt` does for parts of a class that is known."""
    traits = _traits(cls)
    indexed, hollow = traits.indexed, traits.hollow
    lines = (
        "for index, part in enumerate(value):",
        "    part.owner = struct",
        f"    part.collection = {pointer!r}",
        "    part.index = index",
        "    if not part.id: call(part)",
        indexed and "    part.key = key = fold(part.id)",
        indexed and "    named.append((key, part))",
        "    if not part.name: part.name = last_segment(part.id)",
        hollow and f"    if part.properties is {named(hollow)}: unset(part, 'properties')",
        not indexed and "leaves += value",
        traits.has_parts and "owners += value",
    )
    return tuple(line for line in lines if line)


NAMES.update(
    call=_call, fold=fold, last_segment=last_segment, unset=unset, adopt_below=_adopt_below
)
