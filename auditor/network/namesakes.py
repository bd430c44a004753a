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
    """Give the names of the parts in one list of a node's settings, as far as it is told."""
    return [part.label for part in walk.peek(walk.peek(node, "properties"), attribute) or ()]


def _nth(network: Network, node: Node, group: str | None) -> int:
    kind = node.whole or type(node)
    alike = _namesakes(network, kind, group is not None)
    mark = (ids.name(node.key), None if group is None else group.lower())
    keys = alike.get(mark, [])
    return keys.index(node.key) if node.key in keys else 0


@question_about
def _namesakes(
    network: Network, kind: type[Node], grouped: bool
) -> dict[tuple[str, str | None], list[str]]:
    """The keys of nodes of a class by name, and by resource group where that counts; sorted."""
    found: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for node in network.all(kind):
        group = (ids.resource_group(node.key) or "") if grouped else None
        found[ids.name(node.key), group].append(node.key)
    return found
