"""Ids that lead nowhere, and may mean resources of which a template leaves open where they go.

A template tells no resource group and no subscription. An id that is written out in full, of the
same type and name, may mean what the template declares, or something else that the input lacks. So
may what a template names in its own group or subscription mean what an export tells in full.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from auditor.ids import fold, group_key
from auditor.network.graph import Edge, Network, question
from auditor.remedy import az
from auditor.resources.base import Node

_SUBSCRIPTION = "/subscriptions/"
_OPEN = re.compile(r"\{(subscription|resource-group:[^/]*)\}")


def perhaps_meant_by(network: Network, node: Node, *kinds: str) -> Iterator[Edge]:
    """Give the references that lead nowhere and may mean a node, or a part of it, in order.

    Of all kinds, where none is given.
    """
    for key, edges in _meanings(network).items():
        if key == node.key or key.startswith(f"{node.key}/"):
            yield from (edge for edge in edges if not kinds or edge.kind in kinds)


def why_open(node: Node, edge: Edge) -> str:
    """Say what is not told: whether an id that leads nowhere means a node, or a part of it."""
    named = f"{edge.spelled}, which {edge.source.root.label} names"
    declared = node.label if node is node.root else f"of {node.root.label}"
    if is_open(node.key):
        return f"whether {named}, is {declared}: its template does not tell where it goes"
    return f"whether {named}, is {declared}: the template does not tell where that goes"


def is_open(arm_id: str) -> bool:
    """Whether an id leaves its subscription or its group to the deployment of a template."""
    return any(map(_OPEN.fullmatch, group_key(arm_id)))


def perhaps_told(network: Network, target: str) -> Node | None:
    """Give what the input tells and a template may mean by an id that leads nowhere, if any."""
    key = fold(target)
    return next(_perhaps(network, key), None) if is_open(key) else None


def leaves_open(network: Network) -> bool:
    """Whether some input leaves open where its resources go."""
    return bool(_open_homes(network))


def may_be_the_same(one: str, other: str) -> bool:
    """Whether two ids (folded) are one, or may be, as a template leaves one's home open."""
    if one == other:
        return True
    if not (is_open(one) or is_open(other)):
        return False
    tails = {each.partition("/providers/")[2] for each in (one, other)}
    return len(tails) == 1 and all(map(_may_be_one, group_key(one), group_key(other)))


def export(missing: str) -> str:
    """Say how to export what is missing; a template leads to it by its whole id alone."""
    too = ", and name it in full in the template or plan" if is_open(missing) else ""
    return f"export it with the rest{too}: " + az("resource", "show", ids=missing)


def in_full(told: Node) -> str:
    """Say how a template is to tell that it means what the input tells."""
    if is_open(told.key):
        return "make one of both, or audit what was deployed"
    return f"name it in full in the template or plan, if that is meant: {told.id}"


@question
def perhaps_meaning(network: Network) -> frozenset[str]:
    """Give the keys of those whose references may mean what the input tells under another id."""
    return frozenset(e.source.key for edges in _meanings(network).values() for e in edges)


@question
def _meanings(network: Network) -> dict[str, tuple[Edge, ...]]:
    """The references that lead nowhere, by the keys of the nodes that they may mean."""
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in network.dangling() if _open_homes(network) else ():
        for node in _perhaps(network, edge.target):
            found[node.key].append(edge)
    return {key: tuple(found[key]) for key in sorted(found)}


def _perhaps(network: Network, target: str) -> Iterator[Node]:
    """Give the nodes of other homes that an id (folded) that leads nowhere may mean."""
    there = group_key(target)
    _, _, tail = target.partition("/providers/")
    homes = _homes(network) if is_open(target) else _open_homes(network)
    for home in homes if tail else ():
        if home != there and all(map(_may_be_one, home, there)):
            scope = f"/subscriptions/{home[0]}/resourcegroups/{home[1]}"
            node = network.find(f"{scope}/providers/{tail}")
            if isinstance(node, Node):
                yield node


@question
def _homes(network: Network) -> list[tuple[str, str]]:
    """The subscriptions and groups of the input."""
    return sorted({group_key(key) for key in network.nodes})


@question
def _open_homes(network: Network) -> list[tuple[str, str]]:
    """The subscriptions and groups of resources of which one or both are not told."""
    open_nodes = network.below(f"{_SUBSCRIPTION}{{")
    for subscription in _subscriptions(network):
        open_nodes += network.below(f"{_SUBSCRIPTION}{subscription}/resourcegroups/{{")
    homes = {group_key(node.key) for node in open_nodes}
    return sorted(home for home in homes if any(map(_OPEN.fullmatch, home)))


def _subscriptions(network: Network) -> Iterator[str]:
    """The subscriptions of the input, folded. Keys are sorted: the others of each are skipped."""
    keys = list(network.nodes)
    place = bisect_left(keys, _SUBSCRIPTION)
    while place < len(keys) and keys[place].startswith(_SUBSCRIPTION):
        subscription = keys[place][len(_SUBSCRIPTION) :].partition("/")[0]
        yield subscription
        place = bisect_left(keys, f"{_SUBSCRIPTION}{subscription}0", place)


def _may_be_one(one: str, other: str) -> bool:
    """Whether two names of groups, or of subscriptions, may be those of one."""
    return one == other or any(map(_OPEN.fullmatch, (one, other)))
