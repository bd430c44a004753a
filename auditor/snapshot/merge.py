"""One record per resource: what several inputs tell of one id becomes one record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import eq, itemgetter

import msgspec
from msgspec.structs import replace

from auditor.ids import fold, folded
from auditor.snapshot.differences import differences
from auditor.snapshot.disputed import WHY, Json, disputed
from auditor.snapshot.document import NO_SETTINGS, Dialect, Gap, Record, Source
from auditor.snapshot.formats.graph import SHAPE

_FIDELITY = {Dialect.ARM: 0, Dialect.LOOSE: 1, Dialect.FLAT: 2}
_NOISE = frozenset({"etag"})
_ADDED = frozenset(
    {
        "etag",
        "resourcegroup",
        "id",
        "type",
        "typepropertiestype",  # what az calls a pool's own type
        "tenantid",
        "subscriptionid",
    }
)


def merge(
    records: Iterable[Record], sources: Sequence[Source]
) -> tuple[list[str], list[Record], list[Gap]]:
    """Give the folded ids, sorted, the record of each, and the conflicts that were settled.

    Of two that tell one id differently, settings win over an inventory entry, then the newer
    source (`taken_at`), then the more faithful dialect, then an answer of ARM over one of
    Resource Graph, which lags behind, then the smaller text: never the order of files. The
    choice is a Gap, unless the loser has no settings to disagree with.
    """
    records = list(records)
    keys = folded([record.id for record in records])
    order = sorted(range(len(records)), key=keys.__getitem__)
    keys = [keys[number] for number in order]
    records = [records[number] for number in order]
    if any(map(eq, keys, islice(keys, 1, None))):
        return _settled(keys, records, sources)
    return keys, records, []


def _settled(
    keys: list[str], records: list[Record], sources: Sequence[Source]
) -> tuple[list[str], list[Record], list[Gap]]:
    """Settle which record to take where several that stand together have one key."""
    found: dict[str, Record] = {}
    gaps: list[Gap] = []
    for key, group in groupby(zip(keys, records, strict=True), key=itemgetter(0)):
        told = [record for _, record in group]
        found[key] = told[0]
        if len(told) > 1:
            found[key], conflict = _settle(told, sources)
            gaps.extend(conflict)
    return list(found), list(found.values()), gaps


def _settle(group: list[Record], sources: Sequence[Source]) -> tuple[Record, list[Gap]]:
    ranked = sorted(group, key=lambda record: _rank(record, sources))
    best = ranked[0]
    others = [record for record in ranked[1:] if not _agree(best, record, sources)]
    if not others:
        return best, []
    told = {place(record, sources): _differing(best, record) for record in others}
    places = ", nor ".join(f"{where} ({told[where]})" for where in sorted(told))
    detail = f"taken from {place(best, sources)}, not {places}"
    settled = not any(_is_open(best, record, sources) for record in others)
    best = _without_disputed(best, others, sources)
    gap = Gap("conflict", best.id, detail, place(best, sources), settled)
    return best, [gap]


def _differing(best: Record, other: Record) -> str:
    try:
        one, two = (msgspec.json.decode(bytes(record.body)) for record in (best, other))
    except (msgspec.DecodeError, RecursionError):
        return "nested too deeply to compare"
    return differences(one, two)


def _is_open(best: Record, other: Record, sources: Sequence[Source]) -> bool:
    """Tell whether two inputs tell rules or routes differently, and only their text was compared.

    `_rank` then chose one to be the same for any order of files: neither is the better word.
    """
    if _rank(best, sources)[:_BY_MERIT] != _rank(other, sources)[:_BY_MERIT]:
        return False
    try:
        one, two = (_deciding(msgspec.json.decode(bytes(r.body)), r.type) for r in (best, other))
    except (msgspec.DecodeError, RecursionError):
        return True
    return one != two


def _without_disputed(best: Record, others: list[Record], sources: Sequence[Source]) -> Record:
    """Leave unset what others, as good, say differently about what guards or routes."""
    merit = _rank(best, sources)[:_BY_MERIT]
    pointers: list[str] = []
    for other in others:
        if _rank(other, sources)[:_BY_MERIT] != merit:
            continue
        try:
            one, two = (msgspec.json.decode(bytes(record.body)) for record in (best, other))
            pointers += disputed(one, two)
        except (msgspec.DecodeError, RecursionError):
            continue
    found = tuple((pointer, WHY) for pointer in dict.fromkeys(pointers))
    return replace(best, unresolved=(*best.unresolved, *found)) if found else best


_BY_MERIT = 5
"""So many parts of a rank say something for a record."""

_DECIDING = ("securityrules", "routes", "disablebgproutepropagation")


def _deciding(body: Json, kind: str) -> Json:
    """Give what of a resource filters or routes: all of a rule's or route's own settings."""
    found = _canonical(body)
    if not isinstance(found, dict):
        return None
    if kind.lower().rpartition("/")[2] in _DECIDING:
        return {key: value for key, value in found.items() if key != "provisioningstate"}
    return {key: _bare(value) for key, value in found.items() if key in _DECIDING}


def _bare(value: Json) -> Json:
    """Leave out of rules and routes what decides nothing, and their order."""
    if not isinstance(value, list):
        return value
    parts = [
        {k: v for k, v in part.items() if k not in ("provisioningstate", "id")}
        for part in value
        if isinstance(part, dict)
    ]
    return sorted(parts, key=lambda part: msgspec.json.encode(part, order="deterministic"))


def _rank(
    record: Record, sources: Sequence[Source]
) -> tuple[bool, float, int, bool, int, bytes, str]:
    """Order candidates for one id, the best first."""
    return (
        is_hollow(record),
        -moment(sources[record.source].taken_at),
        _FIDELITY[record.dialect],
        sources[record.source].shape == SHAPE,
        len(record.unresolved),
        bytes(record.body),
        record.id,
    )


def is_hollow(record: Record) -> bool:
    """Tell an inventory entry: a resource whose settings the input does not give."""
    return any(pointer == "/properties" for pointer, _ in record.unresolved)


def inventories(records: Iterable[Record], sources: Sequence[Source]) -> Iterator[Gap]:
    """Give the sources that name resources whose settings no input gives."""
    bare = ("/properties", NO_SETTINGS)
    hollow = Counter(each.source for each in records if bare in each.unresolved)
    for number, count in sorted(hollow.items()):
        name = sources[number].name
        yield Gap(
            "partial",
            name,
            f"an inventory: {count} resource{'s' if count > 1 else ''} listed without settings; "
            "export with `az rest` or `az graph query`, not `az resource list`",
            name,
        )


def moment(text: str | None) -> float:
    """Give a time as seconds; minus infinity when none is told."""
    try:
        told = datetime.fromisoformat(text or "")
    except ValueError:
        return float("-inf")
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def _agree(best: Record, other: Record, sources: Sequence[Source]) -> bool:
    if is_hollow(other) or bytes(best.body) == bytes(other.body):
        return True
    try:
        one, two = (msgspec.json.decode(bytes(record.body)) for record in (best, other))
        if _without_noise(one) == _without_noise(two):
            return True
        if Dialect.FLAT not in (best.dialect, other.dialect) and None in (
            one.get("properties"),
            two.get("properties"),
        ):
            return True  # an inventory entry, of what has no settings that it would lack
        full, part = _canonical(one), _canonical(two)
        shapes = {(sources[record.source].shape, record.dialect) for record in (best, other)}
        return _covers(full, part) and (len(shapes) > 1 or _covers(part, full))
    except (msgspec.DecodeError, RecursionError):
        return False


def holds(full: Json, part: Json) -> bool:
    """Tell whether one telling of a part holds all that another does, in whatever dialect."""
    return _covers(_canonical(full), _canonical(part))


def decides_alike(one: Json, other: Json, kind: str) -> bool:
    """Tell whether two tellings of one part filter and route alike."""
    return _deciding(one, kind) == _deciding(other, kind)


def _without_noise(value: Json) -> Json:
    """Leave out what changes with every read, and fold ids and types, which have no case."""
    if isinstance(value, list):
        return [_without_noise(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.lower()
        if key in ("id", "type") and isinstance(item, str)
        else _without_noise(item)
        for key, item in value.items()
        if key.lower() not in _NOISE
    }


def _canonical(value: Json) -> Json:
    """Give the form in which two dialects of one resource are alike: flat, lower case, no nulls."""
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, str):
        return value.lower()
    if not isinstance(value, dict):
        return value
    flat: dict[str, Json] = {}
    for key, item in value.items():
        folded = key.lower()
        if folded == "properties" and isinstance(item, dict):
            inner = _canonical(item)
            flat.update(inner if isinstance(inner, dict) else {})
        elif folded not in _ADDED and item is not None:
            flat[folded] = _canonical(item)
    if isinstance(value.get("id"), str):
        flat["id"] = fold(str(value["id"]))
    return flat


def _covers(full: Json, part: Json) -> bool:
    """Tell whether everything in `part` is in `full`; a lossy export may lack keys."""
    if isinstance(full, dict) and isinstance(part, dict):
        return all(
            _covers(full[key], item) if key in full else item in ("", [], {})
            for key, item in part.items()
        )
    if isinstance(full, list) and isinstance(part, list):
        return len(full) == len(part) and all(map(_covers, full, part))
    return full == part


def place(record: Record, sources: Sequence[Source]) -> str:
    """Say where a record is written."""
    source = sources[record.source]
    where = f"{source.name}:{source.line(record.start)}"
    return f"{where}: {record.pointer}" if record.pointer else where
