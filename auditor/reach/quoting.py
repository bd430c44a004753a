"""Evidence for what happens to a packet: the deciding rules and routes, as the input has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from auditor.finding import Evidence, Json
from auditor.network.graph import Network
from auditor.reach.trail import Step
from auditor.resources.base import Node

_LONGEST = 400
"""Characters of JSON that are quoted whole; of more, the name of the rule."""


def quoted(network: Network, steps: Iterable[Step], about: str = "") -> tuple[Evidence, ...]:
    """Quote where the hops of a packet are decided; else the resource that it is all about.

    Azure's own rules and routes stand in no resource, and are left out.
    """
    found = {(each.resource.lower(), each.pointer): each for each in _quotes(network, steps)}
    if found or not about:
        return tuple(found.values())
    node = network.find(about)
    return (Evidence(node.root.id, "/id", node.root.id),) if isinstance(node, Node) else ()


def _quotes(network: Network, steps: Iterable[Step]) -> Iterator[Evidence]:
    for step in steps:
        healthy = step.code == "probe" and step.passes
        if healthy or not step.pointer or not step.resource.startswith("/"):
            continue
        node = network.find(step.resource)
        if isinstance(node, Node):
            value: Json = _at(node.root, step.pointer)
            if value is not _NOTHING:
                short = value if len(msgspec.json.encode(value)) <= _LONGEST else step.rule
                yield Evidence(node.root.id, step.pointer, short)


_NOTHING: Any = object()


def _at(root: Node, pointer: str) -> Any:
    """Give the value at a pointer of a resource as the input has it."""
    if root.record is None:
        return _NOTHING
    value: Any = msgspec.json.decode(root.record.body)
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return _NOTHING
    return value
