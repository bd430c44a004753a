"""What names are taken, or will be: for the names of new things in commands."""

from __future__ import annotations

from collections import defaultdict

from auditor import ids
from auditor.network.graph import Network, question_about
from auditor.resources import walk
from auditor.resources.base import Node


def nth_beside(network: Network, node: Node) -> int:
    """Tell how many of a node's class and name come before it in its resource group."""
    return _nth(network, node, ids.resource_group(node.id) or "")


def nth_anywhere(network: Network, node: Node) -> int:
    """Tell how many of a node's class and name come before it in the whole input."""
    return _nth(network, node, None)


def names_in(node: Node, attribute: str) -> list[str]:
    """Give the names of the parts in one list of a node's settings, as far as it is told.

    In lower case, as all names here.
    """
    parts = walk.peek(walk.peek(node, "properties"), attribute) or ()
    return [part.label.lower() for part in parts]


@question_about
def names_of(network: Network, kind: type[Node]) -> frozenset[str]:
    """Give the names of all nodes of a class."""
    return frozenset([node.label.lower() for node in network.all(kind)])


def _nth(network: Network, node: Node, group: str | None) -> int:
    kind = node.whole or type(node)
    alike = _namesakes(network, kind, group is not None)
    mark = (ids.name(node.key), None if group is None else group.lower())
    return alike.get(mark, {}).get(node.key, 0)


@question_about
def _namesakes(
    network: Network, kind: type[Node], grouped: bool
) -> dict[tuple[str, str | None], dict[str, int]]:
    """The places of nodes of a class, by their keys, among those of a name, or of a group, too."""
    found: dict[tuple[str, str | None], dict[str, int]] = defaultdict(dict)
    for node in network.all(kind):
        group = (ids.resource_group(node.key) or "") if grouped else None
        alike = found[ids.name(node.key), group]
        alike[node.key] = len(alike)
    return found
