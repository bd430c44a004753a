"""From a snapshot to a network: decode, link, join stray parts, check values."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias, cast

import msgspec

from auditor import ids
from auditor.addresses import AddressError, PortError, parse_address, parse_ports, parse_prefix
from auditor.errors import InputError, Undetermined, quoted
from auditor.finding import TypeCount
from auditor.intent import Intent
from auditor.network.at_odds import agrees, contradictions
from auditor.network.graph import Network
from auditor.network.machines import name_machines
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources import visit, walk
from auditor.resources.base import Node, Wire, kind_of
from auditor.resources.decode import Damage, decode, unset_field
from auditor.resources.linking import Parts, link
from auditor.resources.words import Words
from auditor.snapshot.document import OWN_SHAPE, Gap, Record, Snapshot


class Built(msgspec.Struct, frozen=True):
    """A network, and how many resources of each type stand behind it."""

    network: Network
    counts: tuple[TypeCount, ...]


_Decoded: TypeAlias = tuple[str, Node, Parts | None]
"""A resource, after its key, and what is inside it."""


class _Read(msgspec.Struct, frozen=True):
    """What the records gave: resources in order, and those among them that another may hold.

    Besides how many there are of each type, the keys of those that nobody reads, and the records
    whose id and type disagree.
    """

    decoded: list[_Decoded]
    below: list[Node]
    counts: tuple[TypeCount, ...]
    counted: frozenset[str]
    at_odds: list[Record]


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
        read = _decode_all(snapshot, words, damages)
        gaps = [*snapshot.gaps, *contradictions(snapshot, read.at_odds)]
        nodes, leaves = _gather(read.decoded, gaps)
        _join(read.below, nodes, leaves)
        name_machines(nodes)
        counts, counted = read.counts, read.counted
        del read
        if not words.whole or words.new:
            _check_values((*nodes.values(), *leaves), damages)
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
            counted=counted,
            complete=_complete(snapshot),
            as_of=as_of,
            intents=intents,
            tags=tags,
        )
    return Built(network, counts)


def _complete(snapshot: Snapshot) -> frozenset[int]:
    """The sources that hold all of every list they asked for, but for what their gaps tell."""
    sources = enumerate(snapshot.sources)
    return frozenset(number for number, source in sources if source.shape == OWN_SHAPE)


_SOME = 1 << 20
"""After how many bytes of a file it is told how far it has been read."""


def _decode_all(snapshot: Snapshot, words: Words, damages: list[Damage]) -> _Read:
    """Decode every record and link its parts.

    The records are visited in the order they stand in the files, so that a file is read once. Left
    as new in `words` are values that are not of their form.
    """
    records, keys = snapshot.records, snapshot.keys
    places = [record.source << 64 | record.start for record in records]
    found: list[_Decoded | None] = [None] * len(records)
    for source in snapshot.sources:
        source.release()
    faulty: list[tuple[str, str]] = []
    below: list[int] = []
    unread: list[int] = []
    at_odds: list[Record] = []
    noted = 0
    types = Counter(map(attrgetter("type"), records))
    few = _few(records, types)
    for number in sorted(range(len(records)), key=places.__getitem__):
        record = records[number]
        if places[number] - noted > _SOME:
            noted = places[number]
            snapshot.sources[record.source].passed(record.start)
        if not agrees(keys[number], record.type):
            at_odds.append(record)
        is_few = record.type in few
        node = decode(record, damages, words, few=is_few)
        if node is None:
            unread.append(number)
            continue
        node.record = record
        node.id = record.id  # one copy of the text
        key = keys[number]
        found[number] = key, node, link(node, key, few=is_few)
        if not ids.is_top(key):
            below.append(number)
        if words.new:
            faulty += [value for value in words.new if _fault(*value)]
            words.new.clear()
    for source in snapshot.sources:
        source.release()
    words.new = faulty
    decoded = [one for one in found if one is not None]
    held = [one[1] for number in sorted(below) if (one := found[number]) is not None]
    counted = frozenset(keys[number] for number in unread)
    return _Read(decoded, held, _counts(records, types, unread), counted, at_odds)


_RARE = 8
_LITTLE = 1 << 14
"""How many bytes of a type are read sooner than it takes to prepare for reading many."""


def _few(records: Iterable[Record], types: Counter[str]) -> frozenset[str]:
    """Give the types of which there is little to read."""
    sizes: Counter[str] = Counter()
    rare = {name for name, count in types.items() if count <= _RARE}
    for record in records:
        if record.type in rare:
            sizes[record.type] += len(record.body)
    return frozenset(name for name, size in sizes.items() if size < _LITTLE)


def _counts(
    records: Sequence[Record], spelled: Counter[str], unread: Iterable[int]
) -> tuple[TypeCount, ...]:
    """Count the resources of each type, however it is spelled; `unread` are records by number."""
    left = Counter(records[number].type for number in unread)
    counts: dict[str, TypeCount] = {}
    for name in sorted(spelled):
        low = name.lower()
        before = counts.get(low, TypeCount(name, 0, False))
        counts[low] = TypeCount(
            before.type,
            before.count + spelled[name],
            before.understood or left[name] < spelled[name],
        )
    return tuple(counts[low] for low in sorted(counts))


def _gather(decoded: Iterable[_Decoded], gaps: list[Gap]) -> tuple[dict[str, Node], list[Node]]:
    """Give the resources and their parts by key, sorted, and the parts without one."""
    found: list[tuple[str, Node]] = []
    leaves: list[Node] = []
    for key, root, parts in decoded:
        found.append((key, root))
        if parts:
            found += parts[0]
            leaves += parts[1]
    ordered = dict(sorted(found, key=itemgetter(0)))  # of what is nearly in order
    if len(ordered) == len(found):
        return ordered, leaves
    return _settle(found, leaves, gaps)


def _settle(
    found: Iterable[tuple[str, Node]], leaves: list[Node], gaps: list[Gap]
) -> tuple[dict[str, Node], list[Node]]:
    """Let one node have each key, and leave out what was inside those that yield."""
    nodes: dict[str, Node] = {}
    replaced: set[int] = set()
    for key, node in found:
        if nodes.setdefault(key, node) is not node and not _yields(nodes, node, replaced):
            gaps.append(Gap("conflict", node.id, "two parts of one resource share this id"))
    kept = [leaf for leaf in leaves if id(leaf) not in replaced] if replaced else leaves
    return dict(sorted(nodes.items())), kept


def _yields(nodes: dict[str, Node], node: Node, replaced: set[int]) -> bool:
    """Let a part that arrived on its own take the place of the copy inside its owner.

    What the copy holds goes with it, and is noted in `replaced`.
    """
    other = nodes[node.key]
    if kind_of(node) is not kind_of(other):
        return False
    if node.record is not None and other.record is None:
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
def _list_of(holder: type[Wire], cls: type[Node]) -> str | None:
    """Name the list of a class that holds parts of another, if it has one."""
    steps = walk.steps(holder)
    return next((step.attribute for step in steps if step.many and step.struct is cls), None)


def _join(below: Iterable[Node], nodes: dict[str, Node], leaves: list[Node]) -> None:
    """Give every part and child resource that arrived on its own to its owner.

    `below` are those that an owner may have.
    """
    replaced: set[int] = set()
    for node in below:
        if node.owner is not None or nodes[node.key] is not node:
            continue
        above = ids.parent(node.key)
        owner = nodes.get(above) if above else None
        if owner is None:
            continue
        node.owner = owner
        found = _collection(owner, kind_of(node))
        if found is None:
            continue
        holder, attribute = found
        if not _told(holder, attribute):
            continue  # what else the list holds stays unknown
        parts = walk.peek(holder, attribute) or ()
        kept = [part for part in parts if part.key != node.key]
        replaced.update(id(part) for part in parts if part.key == node.key)
        setattr(holder, attribute, [*kept, node])
    if replaced:
        leaves[:] = [leaf for leaf in leaves if id(leaf) not in replaced]


def _told(struct: Wire, attribute: str) -> bool:
    try:
        getattr(struct, attribute)
    except Undetermined:
        return False
    return True


def _check_values(nodes: Iterable[Node], damages: list[Damage]) -> None:
    """Check every value that has a form of its own; leave unset what is not of that form."""
    good = {form: {""} for form in _CHECKS}  # an empty text is as good as none
    new: list[tuple[str, str]] = []
    for node in nodes:
        visit.texts(node, good, new)
        if not new:
            continue
        sound = [not _fault(form, text) for form, text in new]
        for (form, text), is_sound in zip(new, sound, strict=True):
            if is_sound:
                good[form].add(text)
        if not all(sound):
            _damage(node, damages)
        new.clear()


def _damage(node: Node, damages: list[Damage]) -> None:
    settings = walk.peek(node, "properties")
    if settings is not None and settings.alike and settings.whole is None:
        cast(Any, node).properties = copy(
            settings
        )  # others that say the same are damaged for themselves
    for value in list(walk.values(node)):
        fault = _fault(value.form, value.text)
        record = node.root.record
        if fault and record is not None:
            damages.append(Damage(record, node.pointer + value.pointer, fault))
            unset_field(node, value.pointer)


_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")
"""An address of version 4: most values that are met for the first time."""


def _fault(form: str, text: str) -> str:
    try:
        if text and form in _CHECKS and not (form in _ADDRESSES and _PLAIN.fullmatch(text)):
            _CHECKS[form](text)
    except (AddressError, PortError) as error:
        return str(error)
    return ""


def _check_address_or_tag(text: str) -> None:
    # Azure itself stores words without dots as they came ("789"): no damage, they match nothing
    # that can be told.
    text = text.strip()
    if ":" in text or (any(mark in text for mark in "./") and not text[0].isalpha()):
        parse_prefix(text)
    elif text and not _TAG.fullmatch(text):
        raise AddressError(f"{quoted(text)} is neither an address nor a service tag")


_TAG = re.compile(r"\*|[\w.-]+", re.ASCII)


_ADDRESSES = ("address", "cidr", "address-or-tag")
_CHECKS: dict[str, Any] = {
    "address": parse_address,
    "cidr": parse_prefix,
    "address-or-tag": _check_address_or_tag,
    "ports": parse_ports,
}


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
