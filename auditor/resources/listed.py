"""Which lists of Azure's tell of nodes of a class: its own type's, and those of what holds it."""

from __future__ import annotations

from functools import cache

from auditor.resources.base import TYPES, Node, Ref, Wire
from auditor.resources.walk import steps


@cache
def types_telling(cls: type[Node]) -> tuple[str, ...]:
    """Give the ARM types, in lower case, whose resources are of a class, or hold some of it.

    A subnet comes with its virtual network, or on the list of that network's subnets; a flow log on
    a list of its network watcher's, which somebody must have listed first.
    """
    own = {kind for kind, owner in TYPES.items() if issubclass(owner, cls) or cls in _held(owner)}
    return tuple(sorted(own.union(*map(_above, own))))


def _above(kind: str) -> set[str]:
    """The types that a type is a child of."""
    namespace, *words = kind.split("/")
    return {"/".join((namespace, *words[:count])) for count in range(1, len(words))}


@cache
def _held(cls: type[Wire]) -> frozenset[type[Wire]]:
    """A class, and the classes of all that is inside."""
    found: set[type[Wire]] = set()
    open_ = [cls]
    while open_:
        each = open_.pop()
        if each not in found and not issubclass(each, Ref):
            found.add(each)
            open_ += [step.struct for step in steps(each) if step.struct is not None]
    return frozenset(found)
