"""What the snapshot lacks: resources that others name, or a part of which came without them."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter

import msgspec

from auditor import ids
from auditor.network.graph import Edge, Missing, Network, question
from auditor.network.virtual_hubs import leads_to_told_hub
from auditor.resources.base import TYPES, Node
from auditor.resources.virtual_networks import Peering


class Hole(msgspec.Struct, frozen=True):
    """A resource that is missing, and the first reference to it or to a part of it.

    Or a part of it that came without it, and names it by its own id.
    """

    missing: Missing
    referrer: Edge | Stray


class Stray(msgspec.Struct, frozen=True):
    """A part that came on its own, and the resource that it is a part of did not."""

    source: Node

    @property
    def pointer(self) -> str:
        """Where in the source the resource is named."""
        return "/id"

    @property
    def spelled(self) -> str:
        """The id that names it."""
        return self.source.id


@question
def holes(network: Network) -> tuple[Hole, ...]:
    """Give the resources that are referenced and absent, sorted, each with a referrer.

    And those of which a part came without them. A part that is absent from a resource that is
    present is not among them, nor is the network inside a virtual hub whose connection is told:
    it lies in a subscription of Azure's own, where nobody can export it (R-29).
    """
    found: dict[str, Hole] = {}
    referrers = (
        (edge.target, edge) for edge in network.dangling() if not _into_told_hub(network, edge)
    )
    strays = ((node.key, Stray(node)) for node in _strays(network))
    for target, referrer in chain[tuple[str, Edge | Stray]](referrers, strays):
        key = _whole(target)
        if key not in found and key not in network.nodes and key not in network.counted:
            segments = referrer.spelled.strip("/").split("/")[: key.count("/")]
            found[key] = Hole(Missing("/" + "/".join(segments), key), referrer)
    return tuple(found[key] for key in sorted(found))


def naming(network: Network, arm_id: str) -> Edge | Stray | None:
    """Give who names a resource that is absent, or a part of one; None for any other id."""
    known, key = _by_key(network), ids.fold(arm_id)
    while key not in known:
        outer = ids.parent(key)
        if outer is None:
            return None
        key = outer
    return known[key].referrer


@question
def _by_key(network: Network) -> dict[str, Hole]:
    return {hole.missing.key: hole for hole in holes(network)}


@question
def absent_parts(network: Network) -> tuple[Hole, ...]:
    """Give the parts that a resource names as its own and does not list.

    Azure writes both or neither: the resource was cut short. What depends on a template's
    expression is left out; there a name may be another than it seems.
    """
    found: dict[str, Hole] = {}
    for edge in network.dangling():
        root = edge.source.root
        sure = root.record is not None and not root.record.unresolved
        if sure and ids.parent(edge.target) == root.key:
            found.setdefault(edge.target, Hole(Missing(edge.spelled, edge.target), edge))
    return tuple(found.values())


def _into_told_hub(network: Network, edge: Edge) -> bool:
    return isinstance(edge.source, Peering) and leads_to_told_hub(network, edge.source)


def _strays(network: Network) -> list[Node]:
    """Give the nodes that are parts by their type and id, and that nothing holds, sorted by key."""
    parts = tuple({cls for arm_type, cls in TYPES.items() if arm_type.count("/") > 1})
    kinds = [kind for kind in network.kinds() if issubclass(kind, parts)]
    every = chain.from_iterable(map(network.unordered, kinds))
    alone = (node for node in every if node.owner is None and not ids.is_top(node.key))
    return sorted(alone, key=attrgetter("key"))


def _whole(key: str) -> str:
    """The resource a part's key belongs to: up to the first name after the provider."""
    head, provider, tail = key.rpartition("/providers/")
    return head + provider + "/".join(tail.split("/")[:3]) if provider else key
