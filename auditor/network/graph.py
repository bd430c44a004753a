"""The network graph: nodes by id, typed edges, and what is missing.

Nodes are resources and their addressable parts. Edges are the references nodes hold, typed by the
JSON key that holds them. An id that is referenced and absent is a `Missing` node: following it
raises `Undetermined`, so that no question is answered from a hole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter
from sys import maxunicode
from typing import Any, TypeAlias, TypeVar, cast

import msgspec

from auditor.errors import Undetermined
from auditor.finding import Evidence, Json, WaiverState
from auditor.ids import fold, parent
from auditor.intent import Intent
from auditor.network.questions import question, question_about
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources import visit, walk
from auditor.resources.base import Node, Ref
from auditor.snapshot.document import EffectiveAnswer, Gap, KubernetesList, KubernetesObject

__all__ = [
    "Edge", "Missing", "Network", "every", "evidence", "model_key", "possibly", "question",
    "question_about", "whole",
]  # fmt: skip

N = TypeVar("N", bound=Node)
R = TypeVar("R")

_INSTANCE = re.compile(
    r"(/virtualmachinescalesets/[^/]+)/virtualmachines/[^/]+(?:/networkinterfaces(/|$))?"
)


_KEY = attrgetter("key")


class Missing(msgspec.Struct, frozen=True):
    """An id that others refer to and the snapshot does not hold."""

    id: str
    key: str


class Edge(msgspec.Struct, eq=False, gc=False):
    """`source` refers to the id `target` (folded) by its field `kind`, the JSON key."""

    source: Node
    kind: str
    target: str

    @property
    def pointer(self) -> str:
        """Where in the source the reference stands."""
        return self._told().pointer

    @property
    def spelled(self) -> str:
        """The target's id as the source spells it."""
        return self._told().target

    def _told(self) -> walk.Reference:
        return next(
            found
            for found in walk.references(self.source)
            if found.kind == self.kind and self._leads(fold(found.target))
        )

    def _leads(self, key: str) -> bool:
        return key == self.target or ("/virtualmachines/" in key and model_key(key) == self.target)


_Kind: TypeAlias = tuple[Callable[[Node], None], visit.Finder | None]
"""What keeps the nodes of a class, and what finds the references of one."""

_COMPILE = "compile the template with its parameters, or audit what was deployed"


class Network:
    """Everything the snapshot tells about the network, joined.

    Build one with `auditor.network.build.build`. Read-only once built.
    """

    def __init__(
        self,
        nodes: dict[str, Node],
        leaves: Sequence[Node] = (),
        *,
        gaps: tuple[Gap, ...] = (),
        kubernetes: tuple[KubernetesObject, ...] = (),
        kubernetes_lists: tuple[KubernetesList, ...] = (),
        effective: tuple[EffectiveAnswer, ...] = (),
        taken_at: str | None = None,
        taken_where: str = "",
        counted: frozenset[str] = frozenset(),
        complete: frozenset[int] = frozenset(),
        as_of: datetime | None = None,
        intents: tuple[Intent, ...] = (),
        tags: ServiceTags = NO_TAGS,
    ) -> None:
        """Take linked nodes by key, sorted, and as `leaves` the parts nobody refers to by id.

        `counted` are the keys of records whose type nobody reads, `complete` the sources that ask
        for all there is. `as_of` is the moment the
        network is judged at, for whatever expires; the epoch when not given. `intents` are what
        the configuration expects of the network, in the order written. `tags` are the addresses
        of service tags, as far as they are known.
        """
        self._keys = list(nodes)
        self.nodes = nodes
        self.gaps = gaps
        self.kubernetes = kubernetes
        self.kubernetes_lists = kubernetes_lists
        self.effective = effective
        self.taken_at = taken_at
        self.taken_where = taken_where
        self.counted = counted
        self._complete = complete
        self.as_of = as_of or datetime.fromtimestamp(0, UTC)
        self.intents = intents
        self.tags = tags
        self.waivers: tuple[WaiverState, ...] = ()
        """Filled when the rules have spoken, for those that judge the audit itself."""
        self.before: Network | None = None
        """An older snapshot of the same network, when there is one to compare with."""
        self._leaves = leaves
        self._by_type: dict[type[Node], list[Node]] = defaultdict(list)
        self._by_class: dict[type[Node], tuple[Node, ...]] = {}
        self._dangling: dict[str, list[Edge]] = {}
        self.known: dict[Any, Any] = {}
        """The answers to questions that were asked, by question."""
        self._join()

    def asked_below(self, node: Node) -> bool:
        """Whether what hangs from a node was asked for: what neither came nor is a gap is not."""
        record = node.root.record
        return record is not None and record.source in self._complete

    def all(self, cls: type[N]) -> tuple[N, ...]:
        """Give every node of a class (and of its subclasses), sorted by key."""
        found = self._by_class.get(cls)
        if found is None:
            kinds = self._kinds_of(cls)
            ordered = len(kinds) == 1 and cls.indexed
            every = kinds[0] if ordered else sorted(chain.from_iterable(kinds), key=_KEY)
            found = self._by_class[cls] = tuple(every)
        return cast(tuple[N, ...], found)

    def unordered(self, cls: type[N]) -> Iterator[N]:
        """Give the same in no order: that of many parts, which keep no key, takes long to find."""
        return cast(Iterator[N], chain.from_iterable(self._kinds_of(cls)))

    def _kinds_of(self, cls: type[Node]) -> list[list[Node]]:
        # With unset fields a node is of a subclass of its own.
        return [nodes for kind, nodes in self._by_type.items() if issubclass(kind, cls)]

    def kinds(self) -> tuple[type[Node], ...]:
        """Give the classes of which there are nodes."""
        return tuple(dict.fromkeys(cast(type[Node], kind.whole or kind) for kind in self._by_type))

    def below(self, prefix: str) -> list[Node]:
        """Give the nodes whose key begins with a text, sorted by key."""
        first, end = (bisect_left(self._keys, text) for text in (prefix, prefix + chr(maxunicode)))
        return [self.nodes[key] for key in self._keys[first:end]]

    def find(self, target: Ref | str | None) -> Node | Missing | None:
        """Follow a reference: None when there is none, `Missing` when its target is absent.

        An instance of a scale set stands for the model it was made after (E-2b).
        """
        if isinstance(target, Ref):
            if target.node is not None:
                return target.node  # type: ignore[no-any-return]
            target = target.id
        if not target:
            return None
        node = self.nodes.get(target.lower())  # as most often, and at once
        if node is not None:
            return node
        key = fold(target)
        node = self._at(key) or self._leaf(key)
        return node if node is not None else Missing(target, key)

    def _at(self, key: str) -> Node | None:
        node = self.nodes.get(key)
        if node is None and "/virtualmachines/" in key:
            node = self.nodes.get(model_key(key))
        return node

    def _leaf(self, key: str) -> Node | None:
        owner = self.nodes.get(parent(key) or "")
        if owner is None:
            return None
        return next((part.node for part in walk.parts(owner) if part.node.key == key), None)

    def get(self, target: Ref | str | None, cls: type[N]) -> N | None:
        """Follow a reference to a node of a known class; None when there is no reference.

        Raises Undetermined when the target is absent from the snapshot, or is something else.
        """
        node = target.node if isinstance(target, Ref) else None  # as `find` would, and at once
        if node is None:
            node = self.find(target)
        if node is None or isinstance(node, cls):
            return node
        if isinstance(node, Missing) and node.id.startswith("["):
            raise Undetermined(f"where {node.id} leads, an expression", remedy=_COMPILE)
        if isinstance(node, Missing):
            raise Undetermined(f"{node.id} is not in the snapshot", resource=node.id)
        raise Undetermined(f"{node.id} is no {cls.__name__}", resource=node.id)

    def present(self, targets: Iterable[Ref] | None, cls: type[N]) -> tuple[N, ...]:
        """Follow many references, absent targets left out.

        Only for back references, whose holes another field tells; elsewhere use `get`.
        """
        found = (self.find(ref) for ref in targets or ())
        return tuple(node for node in found if isinstance(node, cls))

    def holder(self, node: Node, cls: type[N]) -> N | None:
        """Give the nearest node of a class that holds this one."""
        above = node.owner
        while above is not None and not isinstance(above, cls):
            above = above.owner
        return above

    def edges(self) -> Iterator[Edge]:
        """Give every reference of every node, sorted by target, then by source."""
        for key in sorted((*self._keys, *self._dangling)):
            yield from self._referrers(key)

    def dangling(self) -> Iterator[Edge]:
        """Give every reference whose target is no node, sorted as `edges` are."""
        for key in sorted(self._dangling):
            yield from self._dangling[key]

    def referrers(self, node: Node | Missing, *kinds: str) -> tuple[Edge, ...]:
        """Give the references to a node, of the given kinds (JSON keys) or of all.

        For a scale set's model NIC these include the references to its instances.
        """
        found: Sequence[Edge] | None = node.incoming if isinstance(node, Node) else None
        if found is None:
            found = self._referrers(node.key)
        if not found:
            return ()
        return tuple([edge for edge in found if edge.kind in kinds] if kinds else found)

    def _referrers(self, key: str) -> Sequence[Edge]:
        node = self.nodes.get(key)
        return (self._dangling.get(key) if node is None else node.incoming) or ()

    def ask(self, question: Callable[[Network], R]) -> R:
        """Answer a question once; later askers get the same answer."""
        answers = self.known
        try:
            answer: R = answers[question]
        except KeyError:
            answer = answers[question] = question(self)
        return answer

    def remember(self, question: Callable[[Network], R], answer: R) -> None:
        """Give the answer to a question beforehand, for two networks that are to agree on it."""
        self.known[getattr(question, "__wrapped__", question)] = answer

    def _join(self) -> None:
        """Let every reference know its target, every target its references, and sort by type."""
        nodes, dangling = self.nodes, self._dangling
        found: visit.Targets = []
        silent: set[int] = set()
        kinds: dict[type[Node], _Kind] = {}
        for source in chain(nodes.values(), self._leaves):
            kind = type(source)
            known = kinds.get(kind)
            if known is None:
                known = self._meet(kind, kinds)
            keep, find = known
            keep(source)
            if find is None:
                continue
            try:
                find(source, found, silent)
            except Undetermined:
                found.clear()
                walk.targets(source, found)
            if not found:
                continue
            for field, target, ref in found:
                key = target.lower()  # as most often: folded, unless slashes are in excess
                node = nodes.get(key)
                if node is None:
                    key = fold(target)
                    node = self._at(key)
                if node is None:
                    dangling.setdefault(key, []).append(Edge(source, field, key))
                    continue
                if ref is not None:
                    ref.node = node
                    if node.id == target:
                        ref.id = node.id  # one copy of the text
                edge = Edge(source, field, node.key)
                if node.incoming is None:
                    node.incoming = [edge]
                else:
                    node.incoming.append(edge)
            found.clear()

    def _meet(self, kind: type[Node], kinds: dict[type[Node], _Kind]) -> _Kind:
        """Say what is to be done with nodes of a class, of which the first is met."""
        keep = self._by_type[kind].append

        def settle(find: visit.Finder) -> None:
            kinds[kind] = keep, find

        return kinds.setdefault(kind, (keep, visit.finder(kind, settle)))


def model_key(key: str) -> str:
    """The model's key for an instance's: `.../virtualMachines/3/networkInterfaces/n` -> `.../n`."""

    def model(match: re.Match[str]) -> str:
        tail = match.group(2)
        return match.group(1) + ("" if tail is None else f"/networkinterfaceconfigurations{tail}")

    return _INSTANCE.sub(model, key, count=1)


def every(cls: type[N]) -> Callable[[Network], tuple[N, ...]]:
    """Name the subjects of a rule: every node of a class."""

    def subjects(network: Network) -> tuple[N, ...]:
        return network.all(cls)

    return subjects


def possibly(holds: Callable[[N], bool], node: N) -> bool:
    """Whether a condition holds of a node, or the snapshot does not tell.

    For naming subjects: one that cannot be told must be asked, and must not hide the others.
    """
    try:
        return holds(node)
    except Undetermined:
        return True


def whole(network: Network) -> tuple[Network]:
    """Name the one subject of a rule that judges the network as a whole."""
    return (network,)


def evidence(node: Node, pointer: str, value: Json) -> Evidence:
    """Quote a value of a node; `pointer` is relative to the node (`/properties/subnet/id`)."""
    return Evidence(node.root.id, f"{node.pointer}{pointer}", value)
