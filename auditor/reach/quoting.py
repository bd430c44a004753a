"""Evidence for what happens to a packet: the deciding rules and routes, as the input has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from auditor.finding import Evidence
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.reach.trail import Step
from auditor.resources.base import Node
from auditor.snapshot.document import Record


def quoted(network: Network, steps: Iterable[Step], about: str = "") -> tuple[Evidence, ...]:
    """Quote where the hops of a packet are decided; else the resource that it is all about.

    The place, and the name of the rule or the prefix of the route: first what stands in the
    resource it is about, then who lets packets in, then the rest of their way. Azure's own rules
    and routes stand in no resource, and are left out.
    """
    node = network.find(about) if about else None
    own = node.root.key if isinstance(node, Node) else ""
    ordered = sorted(steps, key=lambda step: (fold(step.resource) != own, step.code != _ENTERS))
    found = {(each.resource.lower(), each.pointer): each for each in _quotes(network, ordered)}
    if found or not isinstance(node, Node):
        return tuple(found.values())
    return (Evidence(node.root.id, "/id", node.root.id),)


_ENTERS = "nsg-inbound"


def _quotes(network: Network, steps: Iterable[Step]) -> Iterator[Evidence]:
    for step in steps:
        healthy = step.code == "probe" and step.passes
        if healthy or not step.pointer or not step.resource.startswith("/"):
            continue
        node = network.find(step.resource)
        if isinstance(node, Node) and _has(network, node.root, step.pointer):
            yield Evidence(node.root.id, step.pointer, step.rule)


def _has(network: Network, root: Node, pointer: str) -> bool:
    """Whether a resource has a value at a pointer, in the shape of ARM or in that of the az CLI."""
    if root.record is None:
        return False
    value = _tree(network, root.key, root.record)
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        elif isinstance(value, dict) and (key in value or key != "properties"):
            value = value.get(key)
        if value is None:
            return False
    return True


def _tree(network: Network, key: str, record: Record) -> Any:
    """Read the whole of a record; one resource after another is quoted, many times some of them."""
    known = _trees(network)
    tree = known.pop(key, None)
    if tree is None:
        tree = msgspec.json.decode(record.body)
        if len(known) == _KEPT:
            del known[next(iter(known))]
    known[key] = tree
    return tree


_KEPT = 8
"""How many records are kept as read: those that were asked for last."""


@question
def _trees(_: Network) -> dict[str, Any]:
    return {}
