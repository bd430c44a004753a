"""From records to resources: each decoded, its parts linked, in the words of those before it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import TypeAlias

import msgspec

from auditor.finding import TypeCount
from auditor.network.interface_owners import LISTING
from auditor.network.values import fault
from auditor.resources.base import TYPES, Node
from auditor.resources.decode import Damage, Reader, reader
from auditor.resources.linking import Named, link
from auditor.resources.words import Words
from auditor.snapshot.document import Record, Snapshot


class Read(msgspec.Struct, frozen=True):
    """What the records gave: resources and their parts, owners before what they own.

    Besides those resources that another may hold, the keys of those that list interfaces, sorted,
    how many resources there are of each type, the keys of those that nobody reads, and the records
    whose id and type disagree.
    """

    named: Named
    leaves: list[Node]
    """The parts that nobody refers to by id."""
    below: list[Node]
    listing: list[str]
    counts: tuple[TypeCount, ...]
    counted: frozenset[str]
    at_odds: list[Record]


_SOME = 1 << 12
"""How many records, in the order of the files, are read by type. It is also after how many it is
told how far a file has been read."""


def read_records(snapshot: Snapshot, words: Words, damages: list[Damage]) -> Read:
    """Decode every record and link its parts.

    Left as new in `words` are values that are not of their form.
    """
    records, keys = snapshot.records, snapshot.keys
    found: list[Named | None] = [None] * len(records)
    leaves: dict[int, list[Node]] = {}
    inside: list[Node] = []
    faulty: list[tuple[str, str]] = []
    below: list[int] = []
    listing: list[int] = []
    unread: list[int] = []
    at_odds: list[Record] = []
    types = Counter(map(attrgetter("type"), records))
    kinds = _kinds(records, types)
    snapshot.release()
    for numbers in _runs(snapshot):
        faulty += _faulty(words)
        reads, few, own, word = kinds[records[numbers[0]].type]
        if reads is not None and reads.cls in LISTING:
            listing += numbers
        for number in numbers:
            record, key = records[number], keys[number]
            before, _, name = key.partition(own)
            is_plain = name and "/" not in name and "providers" not in before
            if not is_plain and key.rsplit("/", 2)[-2] != word:
                at_odds.append(record)
            node = reads.decode(record, damages, words) if reads is not None else None
            if node is None:
                unread.append(number)
                continue
            node.record = record
            node.id = record.id  # one copy of the text
            found[number] = link(node, key, inside, few=few)
            if inside:
                leaves[number] = inside
                inside = []
            if not is_plain:
                below.append(number)
    snapshot.release()
    words.new = faulty + _faulty(words)
    damages.sort(key=lambda damage: _place(damage.record))
    return Read(
        list(chain.from_iterable(filter(None, found))),
        list(chain.from_iterable(map(leaves.__getitem__, sorted(leaves)))),
        [one[0][1] for number in sorted(below) if (one := found[number]) is not None],
        list(map(keys.__getitem__, sorted(listing))),
        _counts(records, types, unread),
        frozenset(map(keys.__getitem__, unread)),
        sorted(at_odds, key=_place),
    )


def _runs(snapshot: Snapshot) -> Iterator[list[int]]:
    """Give the numbers of the records, of one type at a time.

    Files are gone through once, in order, some records at a time. Of these, those of one type are
    read in a row: what is done again and again takes a processor a third less time.
    """
    records = snapshot.records
    places = [record.source << 64 | record.start for record in records]  # as `_place` does
    order = sorted(range(len(records)), key=places.__getitem__)
    for start in range(0, len(order), _SOME):
        first = records[order[start]]
        snapshot.sources[first.source].passed(first.start)
        runs: dict[str, list[int]] = defaultdict(list)
        for number in order[start : start + _SOME]:
            runs[records[number].type].append(number)
        yield from runs.values()


def _place(record: Record) -> int:
    """Where a record stands: in the order of the files, and of their text."""
    return record.source << 64 | record.start


def _faulty(words: Words) -> list[tuple[str, str]]:
    """Give those of the new values that are not of their form, and take all as seen."""
    found = [value for value in words.new if fault(*value)]
    words.new.clear()
    return found


_Kind: TypeAlias = tuple[Reader | None, bool, str, str]
"""What reads a type, whether there is little to read, and words of folded ids that agree with it:
those between the group and the name of a resource that is part of nothing, and the last before
any name."""


def _kinds(records: Iterable[Record], types: Counter[str]) -> dict[str, _Kind]:
    few = _few(records, types)
    kinds: dict[str, _Kind] = {}
    for name in types:
        low = name.lower()
        cls = TYPES.get(low)
        is_few = name in few
        reads = reader(cls, few=is_few) if cls is not None else None
        own = f"/providers/{low}/" if low.count("/") == 1 else "/ /"
        kinds[name] = reads, is_few, own, low.rpartition("/")[2]
    return kinds


_RARE = 100
_LITTLE = 1 << 18
"""How many records of a type, and bytes, are read sooner than the functions are written (by
`auditor.resources.written`, each line at the price of hundreds of lookups) that read many."""


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
