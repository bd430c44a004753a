"""Lists of parts that the input names and does not give: an NSG's rules, a network's subnets.

Rules judge parts one by one. Where nobody can say which parts there are, there is nothing to
judge, and no rule would notice: what is not told is itself an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from auditor.finding import Unknown
from auditor.network.graph import Network, question
from auditor.resources import walk
from auditor.resources.base import Node


class Untold(msgspec.Struct, frozen=True):
    """A list of parts that is not told.

    `pointer` is where it would stand in the resource, `reason` why it is not there, and `kind` the
    class of the parts, when it is their own list.
    """

    node: Node
    pointer: str
    reason: str
    kind: type[Node] | None = None

    @property
    def unknown(self) -> Unknown:
        """What cannot be told."""
        what = self.pointer.rpartition("/")[2]
        why = f": {self.reason}" if self.reason else ""
        return Unknown(
            self.node.id,
            missing=f"the {what} of {self.node.label}{why}",
            remedy="export the resource whole, or compile the template with its parameters",
            key=self.pointer,
        )


@question
def untold_parts(network: Network) -> tuple[Untold, ...]:
    """Give every list of parts that is not told, by resource, in the order of their ids.

    A resource that came without any settings is left out: the input's gaps tell of it.
    """
    kinds = (kind for kind in network.kinds() if kind.indexed and walk.has_parts(kind))
    # A class may be a kind of another.
    nodes = dict.fromkeys(chain.from_iterable(map(network.all, kinds)))
    told = [
        Untold(node, pointer, _reason(node, pointer), kind)
        for node in _lacking(tuple(nodes))
        for pointer, kind in _lists(node, "")
    ]
    return tuple(sorted(told, key=lambda each: each.node.key))


def _lacking(nodes: tuple[Node, ...]) -> list[Node]:
    """Those resources that came with holes; most did not, and need no second look."""
    every = zip(nodes, walk.read_each(nodes, "properties"), strict=True)
    return [
        node
        for node, settings in every
        if node.record is not None
        and settings is not walk.UNTOLD
        and (node.record.unresolved or settings.whole is not None)
    ]


def unjudged(network: Network, judged: tuple[type[Node], ...]) -> Iterator[Unknown]:
    """Tell the lists of what a rule judges that are not told: there was nothing to ask it about."""
    for each in untold_parts(network):
        if each.kind is not None and issubclass(each.kind, judged):
            yield each.unknown


def _lists(node: Node, path: str) -> Iterator[tuple[str, type[Node] | None]]:
    yield from ((f"{path}/{pointer}", kind) for pointer, kind in walk.untold(node))
    for part in walk.parts(node):
        if part.node.record is None and walk.has_parts(type(part.node)):
            yield from _lists(part.node, f"{path}/{part.collection}/{part.place}")


def _reason(node: Node, pointer: str) -> str:
    pairs = node.record.unresolved if node.record is not None else ()
    low = pointer.lower()
    told = (why for at, why in pairs if at.lower().startswith(low))
    return next(told, "the input has no list of them")
