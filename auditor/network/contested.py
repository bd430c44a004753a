"""What two inputs tell differently, and nothing tells which is right."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.resources.base import Node


@question
def contested(network: Network) -> frozenset[str]:
    """Give the keys of what two inputs tell differently, and nothing tells which is right."""
    return frozenset(fold(gap.subject) for gap in network.gaps if not gap.settled)


def told_once(network: Network, node: Node, parts: Iterable[Node] = ()) -> None:
    """Raise Undetermined when inputs contradict each other about a node, or one of its parts."""
    keys = contested(network) if network.gaps else ()
    for each in (node, *parts) if keys else ():
        if each.key in keys:
            raise Undetermined(f"which telling of {each.label} is right: inputs contradict "
                               "each other", resource=each.id)  # fmt: skip
