"""Telling every node, and every part of it, who and where it is."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import msgspec

from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.ids import name as last_segment
from auditor.resources import visit, walk
from auditor.resources.base import Node, Wire, hollow_of, unset


def link(root: Node) -> list[Node]:
    """Tell a node and every part inside it who and where it is; give them all, owners first."""
    found = [root]
    node: Any
    for node in found:
        kind: type[Node] = type(node)
        indexed, has_parts, hollow = _traits(kind)
        if indexed:
            node.folded = fold(node.id)
        if not node.name:  # an expression of a template, perhaps
            node.name = last_segment(node.id)
        try:
            if hollow is not None and node.properties is hollow:
                unset(node, "properties")
        except Undetermined:
            pass
        if not has_parts:
            continue
        for collection, parts in visit.collections(node):
            for index, part in enumerate(parts):
                if not part.id:
                    key = part.segment or collection.rpartition("/")[2]
                    part.id = f"{node.id}/{key}/{part.name or f'~{index}'}"
                part.owner = node
                part.collection = collection
                part.index = index
            found += parts
    return found


def owner_key(node: Node) -> str | None:
    """The folded id of the resource that should hold a part that arrived on its own."""
    above = parent(node.id)
    return fold(above) if above else None


class _Traits(NamedTuple):
    """What linking asks of a class, told once: an audit links many nodes of few classes."""

    indexed: bool
    has_parts: bool
    hollow: Wire | None


@cache
def _traits(cls: type[Node]) -> _Traits:
    settings = next((f for f in msgspec.structs.fields(cls) if f.name == "properties"), None)
    hollow = hollow_of(settings.type) if settings is not None else None
    return _Traits(cls.indexed, walk.has_parts(cls), hollow)
