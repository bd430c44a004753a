"""Ids that lead nowhere, and may mean resources of which a template leaves open where they go.

A template tells no resource group and no subscription. An id that is written out in full, of the
same type and name, may mean what the template declares, or something else that the input lacks. So
may one that a template makes up for its own group, and does not declare, mean what an export holds.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from auditor.errors import Undetermined
from auditor.ids import group_key
from auditor.network.graph import Edge, Network, question
from auditor.resources.base import Node

_SUBSCRIPTION = "/subscriptions/"
_OPEN = re.compile(r"\{(subscription|resource-group:[^/]*)\}")


def perhaps_meant_by(network: Network, node: Node, *kinds: str) -> Iterator[Edge]:
    """Give the references that lead nowhere and may mean a node, or a part of it, in order."""
    for key, edges in _meanings(network).items():
        if key == node.key or key.startswith(f"{node.key}/"):
            yield from (edge for edge in edges if edge.kind in kinds)


def why_open(node: Node, edge: Edge) -> str:
    """Say what is not told: whether an id that leads nowhere means a node, or a part of it."""
    named = f"{edge.spelled}, which {edge.source.root.label} names"
    declared = node.label if node is node.root else f"of {node.root.label}"
    return f"whether {named}, is {declared}: its template does not tell where it goes"


def doubts_about(network: Network, node: Node, *kinds: str) -> tuple[Undetermined, ...]:
    """Give, for each of those references, what is not told."""
    edges = perhaps_meant_by(network, node, *kinds)
    return tuple(Undetermined(why_open(node, e), resource=e.source.root.id) for e in edges)


def may_be_within(key: str, scope: str) -> bool:
    """Whether a folded id may lie in a scope, or be it, for all that is told of their groups."""
    inner, outer = key.split("/"), scope.split("/")
    return len(outer) <= len(inner) and all(
        one == other or (place in _HOME and _may_be_one((one,), (other,)))
        for place, (one, other) in enumerate(zip(inner, outer, strict=False))
    )


def may_be_one(key: str, other: str) -> bool:
    """Whether two folded ids that differ may be those of one resource."""
    return key != other and may_be_within(key, other) and may_be_within(other, key)


_HOME = (2, 4)
"""Where the subscription and the group stand in an id."""


@question
def perhaps_meaning(network: Network) -> frozenset[str]:
    """Give the keys of those whose references may mean what the input tells under another id."""
    return frozenset(e.source.key for edges in _meanings(network).values() for e in edges)


@question
def _meanings(network: Network) -> dict[str, tuple[Edge, ...]]:
    """The references that lead nowhere, by the keys of the nodes that they may mean."""
    homes = _open_homes(network)
    found: dict[str, list[Edge]] = defaultdict(list)
    made_up: dict[str, list[Edge]] = defaultdict(list)
    for edge in network.dangling():
        there = group_key(edge.target)
        if not homes and not _is_open(there):
            continue
        _, _, tail = edge.target.partition("/providers/")
        if _is_open(there):
            made_up[tail].append(edge)
        for home in homes:
            if tail and _may_be_one(home, there):
                scope = f"/subscriptions/{home[0]}/resourcegroups/{home[1]}"
                node = network.find(f"{scope}/providers/{tail}")
                if isinstance(node, Node):
                    found[node.key].append(edge)
    for key in network.nodes if made_up else ():
        _, _, tail = key.partition("/providers/")
        for edge in made_up.get(tail, ()) if tail else ():
            home = group_key(key)
            if not _is_open(home) and _may_be_one(home, group_key(edge.target)):
                found[key].append(edge)
    return {key: tuple(found[key]) for key in sorted(found)}


def _open_homes(network: Network) -> list[tuple[str, str]]:
    """The subscriptions and groups of resources of which one or both are not told."""
    open_nodes = network.below(f"{_SUBSCRIPTION}{{")
    for subscription in _subscriptions(network):
        open_nodes += network.below(f"{_SUBSCRIPTION}{subscription}/resourcegroups/{{")
    homes = {group_key(node.key) for node in open_nodes}
    return sorted(filter(_is_open, homes))


def _is_open(home: tuple[str, str]) -> bool:
    """Whether a subscription and a group are not both told."""
    return any(map(_OPEN.fullmatch, home))


def _subscriptions(network: Network) -> Iterator[str]:
    """The subscriptions of the input, folded. Keys are sorted: the others of each are skipped."""
    keys = list(network.nodes)
    place = bisect_left(keys, _SUBSCRIPTION)
    while place < len(keys) and keys[place].startswith(_SUBSCRIPTION):
        subscription = keys[place][len(_SUBSCRIPTION) :].partition("/")[0]
        yield subscription
        place = bisect_left(keys, f"{_SUBSCRIPTION}{subscription}0", place)


def _may_be_one(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether the names of subscriptions and groups may be the same ones."""
    return all(
        one == other or _OPEN.fullmatch(one) or _OPEN.fullmatch(other)
        for one, other in zip(some, others, strict=True)
    )
