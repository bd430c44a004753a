"""References that are there and do not tell to what: expressions of a template, or of a plan.

They make no edge of the graph. Whoever is named by nobody may be meant by one of them, so that
nothing is proved by there being no edge. Nor is it where an id that leads nowhere may mean it.
"""

from __future__ import annotations

from collections import defaultdict

from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.network.untold_homes import perhaps_meant_by, why_open
from auditor.resources import walk
from auditor.resources.base import Node, Ref


def require_not_meant(network: Network, node: Node, *keys: str) -> None:
    """Raise Undetermined when somebody may name a node under one of the keys, and does not tell.

    Of its own subscription: pools, groups and addresses are used in no other.
    """
    for key in keys:
        for other in blank_references(network).get(key, ()):
            if other.subscription.lower() == node.subscription.lower():
                missing = f"whether {other.root.label} names {node.label} as its {key}"
                raise Undetermined(missing, resource=other.id)
    for edge in perhaps_meant_by(network, node, *keys):
        raise Undetermined(why_open(node, edge), resource=edge.spelled)


@question
def blank_references(network: Network) -> dict[str, tuple[Node, ...]]:
    """Give who does not tell whom it names, by the key under which it does, in order."""
    found: dict[str, list[Node]] = defaultdict(list)
    for node in network.nodes.values():
        record = node.root.record
        if record is not None and record.unresolved:
            for key in dict.fromkeys(walk.blanks(node)):
                found[key].append(node)
    return {key: tuple(nodes) for key, nodes in found.items()}


def names_something(ref: Ref | None) -> bool:
    """Whether a reference names a resource; one whose id only Azure knows does."""
    try:
        return ref is not None and bool(ref.id)
    except Undetermined:
        return True
