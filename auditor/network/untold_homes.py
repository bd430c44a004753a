"""Ids that lead nowhere, and may mean resources of which a template leaves open where they go.

A template tells no resource group and no subscription. An id that is written out in full, of the
same type and name, may mean what the template declares, or something else that the input lacks. So
may what a template names in its own group or subscription mean what an export tells in full.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from auditor.errors import Undetermined
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
    return _is_open(group_key(arm_id))


def perhaps_told(network: Network, target: str) -> Node | None:
    """Give what the input tells and a template may mean by an id that leads nowhere, if any."""
    key = fold(target)
    return next(_perhaps(network, key), None) if is_open(key) else None


@question
def leaves_open(network: Network) -> bool:
    """Whether some input leaves open where its resources go, or those that it names."""
    return bool(_open_homes(network)) or any("{" in e.target for e in network.dangling())


def may_be_the_same(one: str, other: str) -> bool:
    """Whether two ids (folded) are one, or may be, as a template leaves one's home open."""
    return one == other or may_be_one(one, other)


def export(missing: str) -> str:
    """Say how to export what is missing."""
    how = ", and ".join(("with the rest", *led_to_by_id((missing,))))
    return f"export it {how}: " + az("resource", "show", ids=missing)


def led_to_by_id(missing: Iterable[str]) -> tuple[str, ...]:
    """Say what to do besides exporting: one leads to another home by the whole id alone."""
    return ("name it in full in the template or plan",) if any(map(is_open, missing)) else ()


def in_full(told: Node) -> str:
    """Say how a template is to tell that it means what the input tells."""
    if is_open(told.key):
        return "make one of both, or audit what was deployed"
    return f"name it in full in the template or plan, if that is meant: {told.id}"


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
    found: dict[str, list[Edge]] = defaultdict(list)
    told = not _open_homes(network)
    for edge in network.dangling():
        if told and "{" not in edge.target:  # as nearly always
            continue
        for node in _perhaps(network, edge.target):
            found[node.key].append(edge)
    return {key: tuple(found[key]) for key in sorted(found)}


def _perhaps(network: Network, target: str) -> Iterator[Node]:
    """Give the nodes of other homes that an id (folded) that leads nowhere may mean."""
    there = group_key(target)
    _, _, tail = target.partition("/providers/")
    homes = _homes(network) if is_open(target) else _open_homes(network)
    for home in homes if tail else ():
        if home != there and _may_be_one(home, there):
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
