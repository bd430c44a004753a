"""Lists of parts that the input names and does not give: an NSG's rules, a network's subnets.

Rules judge parts one by one. Where nobody can say which parts there are, there is nothing to
judge, and no rule would notice: what is not told is itself an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.network.graph import Network, question
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Node
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import VirtualNetwork

_ALWAYS: tuple[tuple[type[Node], str, tuple[str, ...]], ...] = (
    (NetworkSecurityGroup, "/properties/securityRules", ("security_rules",)),
    (ApplicationGateway, "/properties/httpListeners", ("http_listeners", "listeners")),
    (VirtualNetwork, "/properties/subnets", ("subnets",)),
)
"""Lists that Azure always writes, if only as an empty one: by any of the fields they are told."""


class Untold(msgspec.Struct, frozen=True):
    """A list of parts that is not told.

    `pointer` is where it would stand in the resource, `reason` why it is not there.
    """

    node: Node
    pointer: str
    reason: str


@question
def untold_parts(network: Network) -> tuple[Untold, ...]:
    """Give every list of parts that is not told, by resource, in the order of their ids.

    A resource that came without any settings is left out: the input's gaps tell of it. One that has
    settings and lacks a list which Azure always writes (a group's rules, a gateway's listeners, a
    network's subnets) was cut short on its way here.
    """
    told = [
        Untold(node, pointer, _reason(node, pointer))
        for node in filter(_may_lack, network.nodes.values())
        for pointer in _lists(node, "")
    ]
    known = {(each.node.key, each.pointer) for each in told}
    for kind, pointer, fields in _ALWAYS:
        for node in network.all(kind):
            if _lacks(node, fields) and (node.key, pointer) not in known:
                told.append(Untold(node, pointer, "the input has no list of them"))
    return tuple(sorted(told, key=lambda each: each.node.key))


def _lacks(node: Node, fields: tuple[str, ...]) -> bool:
    """Whether a resource has settings, and none of the fields among them."""
    settings = walk.peek(node, "properties")
    return settings is not None and all(walk.peek(settings, field) is None for field in fields)


def _may_lack(node: Node) -> bool:
    """Whether a resource came with holes; most did not, and need no second look."""
    if node.record is None or not node.record.unresolved:
        return False
    return walk.has_parts(type(node)) and walk.peek(node, "properties") is not None


def _lists(node: Node, path: str) -> Iterator[str]:
    yield from (f"{path}/{pointer}" for pointer in walk.untold(node))
    for part in walk.parts(node):
        if part.node.record is None and walk.has_parts(type(part.node)):
            yield from _lists(part.node, f"{path}/{part.collection}/{part.place}")


def _reason(node: Node, pointer: str) -> str:
    pairs = node.record.unresolved if node.record is not None else ()
    low = pointer.lower()
    return next((why for at, why in pairs if at.lower().startswith(low)), "")
