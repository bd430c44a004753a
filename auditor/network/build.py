"""From a snapshot to a network: decode, link, join stray parts, check values."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from operator import itemgetter

import msgspec

from auditor import ids
from auditor.errors import InputError, Undetermined
from auditor.finding import TypeCount
from auditor.intent import Intent
from auditor.network.at_odds import contradictions
from auditor.network.claimed_subnets import leave_open
from auditor.network.graph import Network
from auditor.network.interface_owners import name_owners
from auditor.network.records import Read, read_records
from auditor.network.retold import Retold
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.values import check_values
from auditor.resources import walk
from auditor.resources.base import Node, Wire, kind_of
from auditor.resources.decode import Damage
from auditor.resources.words import Words
from auditor.snapshot.document import OWN_SHAPE, Gap, Snapshot


class Built(msgspec.Struct, frozen=True):
    """A network, and how many resources of each type stand behind it."""

    network: Network
    counts: tuple[TypeCount, ...]


@contextmanager
def paused_gc() -> Iterator[None]:
    """Keep the collector quiet while many long-lived objects are made."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def build(
    snapshot: Snapshot,
    *,
    keep_going: bool = False,
    as_of: datetime | None = None,
    intents: tuple[Intent, ...] = (),
    tags: ServiceTags = NO_TAGS,
) -> Built:
    """Join a snapshot into a network, to be judged at `as_of`, by `intents`, knowing `tags`.

    Raises InputError when a resource holds a value that Azure could not have written; with
    `keep_going` the value is left unset, and a gap tells it.
    """
    with paused_gc():
        damages: list[Damage] = []
        words = Words()
        read = read_records(snapshot, words, damages)
        gaps = [*snapshot.gaps, *contradictions(snapshot, read.at_odds)]
        retold = Retold(snapshot.sources)
        nodes, leaves = _gather(read, gaps, retold)
        _join(read.below, nodes, leaves, retold)
        gaps += retold.gaps
        name_owners(nodes, read.listing)
        counts, counted = read.counts, read.counted
        del read
        if not words.whole or words.new:
            check_values((*nodes.values(), *leaves), damages)
        del words
        gaps.extend(_tell(snapshot, damages, keep_going))
        network = Network(
            nodes,
            leaves,
            gaps=tuple(gaps),
            kubernetes=snapshot.kubernetes,
            kubernetes_lists=snapshot.kubernetes_lists,
            effective=snapshot.effective,
            taken_at=snapshot.taken_at,
            taken_where=snapshot.taken_where,
            counted=counted,
            complete=_complete(snapshot),
            as_of=as_of,
            intents=intents,
            tags=tags,
        )
        leave_open(network)
    return Built(network, counts)


def _complete(snapshot: Snapshot) -> frozenset[int]:
    """The sources that hold all of every list they asked for, but for what their gaps tell."""
    sources = enumerate(snapshot.sources)
    return frozenset(number for number, source in sources if source.shape == OWN_SHAPE)


def _gather(read: Read, gaps: list[Gap], retold: Retold) -> tuple[dict[str, Node], list[Node]]:
    """Give the resources and their parts by key, sorted, and the parts without one."""
    ordered = dict(sorted(read.named, key=itemgetter(0)))  # of what is nearly in order
    if len(ordered) == len(read.named):
        return ordered, read.leaves
    return _settle(read.named, read.leaves, gaps, retold)


def _settle(
    found: Iterable[tuple[str, Node]], leaves: list[Node], gaps: list[Gap], retold: Retold
) -> tuple[dict[str, Node], list[Node]]:
    """Let one node have each key, and leave out what was inside those that yield."""
    nodes: dict[str, Node] = {}
    replaced: set[int] = set()
    for key, node in found:
        if id(node) in replaced:
            continue
        if nodes.setdefault(key, node) is not node and not _yields(nodes, node, replaced, retold):
            gaps.append(Gap("conflict", node.id, "two parts of one resource share this id"))
    kept = [leaf for leaf in leaves if id(leaf) not in replaced] if replaced else leaves
    return dict(sorted(nodes.items())), kept


def _yields(nodes: dict[str, Node], node: Node, replaced: set[int], retold: Retold) -> bool:
    """Let a part that arrived on its own take the place of the copy inside its owner.

    Not one that is older than its owner. What the one that yields holds goes with it, and is noted
    in `replaced`.
    """
    other = nodes[node.key]
    if kind_of(node) is not kind_of(other):
        return False
    if node.record is not None and other.record is None:
        if not retold.counts(node, other):
            replaced.update(id(gone) for gone in _inside(node))
            return True
        node.owner = other.owner
        node.collection = other.collection
        node.index = other.index
        _replace(other, node)
        for gone in _inside(other):
            replaced.add(id(gone))
            if nodes.get(gone.key) is gone:
                del nodes[gone.key]
        nodes[node.key] = node
        return True
    if other.record is not None and node.record is None and node.owner is not None:
        other.owner = node.owner
        _replace(node, other)
        return True
    return False


def _inside(node: Node) -> list[Node]:
    found = [node]
    for each in found:
        found += [part.node for part in walk.parts(each) if part.node.record is None]
    return found[1:]


def _replace(old: Node, new: Node) -> None:
    found = _collection(old.owner, kind_of(old)) if old.owner is not None else None
    if found is not None:
        holder, attribute = found
        parts = [new if part is old else part for part in getattr(holder, attribute)]
        setattr(holder, attribute, parts)


def _collection(owner: Node, cls: type[Node]) -> tuple[Wire, str] | None:
    """Find the list of a node (or of its properties) that holds parts of a class."""
    holders: tuple[Wire | None, ...] = (owner, walk.peek(owner, "properties"))
    for struct in holders:
        if struct is not None and (attribute := _list_of(type(struct), cls)) is not None:
            return struct, attribute
    return None


@cache
def _may_list(owner: type[Node], cls: type[Node]) -> bool:
    """Whether a class, or its properties, has a list of parts of another."""
    settings = [step.struct for step in walk.steps(owner) if step.attribute == "properties"]
    return any(each is not None and _list_of(each, cls) for each in (owner, *settings))


@cache
def _list_of(holder: type[Wire], cls: type[Node]) -> str | None:
    """Name the list of a class that holds parts of another, if it has one."""
    steps = walk.steps(holder)
    return next((step.attribute for step in steps if step.many and step.struct is cls), None)


def _join(
    below: Iterable[Node], nodes: dict[str, Node], leaves: list[Node], retold: Retold
) -> None:
    """Give every part and child resource that arrived on its own to its owner.

    But for one that its owner, in a newer record, tells otherwise or not any more. `below` are
    those that an owner may have.
    """
    replaced: set[int] = set()
    for node in below:
        if node.owner is not None or nodes.get(node.key) is not node:
            continue
        above = ids.parent(node.key)
        owner = nodes.get(above) if above else None
        if owner is None:
            continue
        node.owner = owner
        kind = kind_of(node)
        if not _may_list(type(owner), kind):
            continue
        found = _collection(owner, kind)
        if found is None:
            continue
        holder, attribute = found
        if not _told(holder, attribute):
            continue  # what else the list holds stays unknown
        parts = walk.peek(holder, attribute) or ()
        copies = [part for part in parts if part.key == node.key]
        if not retold.has(node, owner, copies):
            for gone in (node, *_inside(node)):
                replaced.add(id(gone))
                if nodes.get(gone.key) is gone:
                    del nodes[gone.key]
            continue
        kept = [part for part in parts if part.key != node.key]
        replaced.update(map(id, copies))
        setattr(holder, attribute, [*kept, node])
    if replaced:
        leaves[:] = [leaf for leaf in leaves if id(leaf) not in replaced]


def _told(struct: Wire, attribute: str) -> bool:
    try:
        getattr(struct, attribute)
    except Undetermined:
        return False
    return True


def _tell(snapshot: Snapshot, damages: list[Damage], keep_going: bool) -> Iterator[Gap]:
    from auditor.snapshot.locate import locate  # rarely needed

    for damage in damages:
        record = damage.record
        source = snapshot.sources[record.source]
        line, pointer = locate(source, record, damage.pointer)
        where = f"{source.name}:{line}: {pointer}"
        if not keep_going:
            raise InputError(
                damage.reason,
                where=where,
                advice="export the resource again or correct it by hand; "
                "--keep-going audits the rest and answers unknown for it",
            )
        yield Gap("damaged", record.id, damage.reason, where)
