"""From elements of a list, or a lone resource, to records; what is no resource is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import UNSET, Raw

from auditor.ids import fold, type_of
from auditor.snapshot.document import NO_SETTINGS, Dialect, Gap, Record
from auditor.snapshot.formats import flat, psrule
from auditor.snapshot.formats.document import NULL, Document, Reading, null
from auditor.snapshot.formats.header import Header, read_header
from auditor.snapshot.formats.lost import lost_resource

_WITHOUT_PROPERTIES = frozenset(
    {
        "microsoft.management/managementgroups",
        "microsoft.network/applicationsecuritygroups",
        "microsoft.network/networkwatchers",
        "microsoft.network/servicetags",
        "microsoft.resources/subscriptions",
        "microsoft.resources/tenants",
    }
)
"""Types whose REST form has no `properties`, or only their state in it: no setting to miss."""


_ARM = Dialect.ARM
_NONE: tuple[tuple[str, str], ...] = ()


def is_arm_id(text: str) -> bool:
    """Tell an ARM resource id from another identifier (a GUID, a URL, a Kubernetes name)."""
    folded = fold(text)
    return folded.startswith("/subscriptions/") or (
        "/providers/" in folded and type_of(folded) is not None
    )


def type_from(arm_id: str) -> str | None:
    """Give the type an id implies, also for the two kinds of id that name no provider."""
    implied = type_of(arm_id)
    if implied is not None:
        return implied
    kinds = fold(arm_id).split("/")[1::2]
    if kinds == ["subscriptions"]:
        return "Microsoft.Resources/subscriptions"
    if kinds == ["subscriptions", "resourcegroups"]:
        return "Microsoft.Resources/resourceGroups"
    return None


def _cased(kind: str, arm_id: str) -> str:
    """Give a type in the letter case of the id, where it names the same; rows have it in small."""
    implied = type_from(arm_id)
    return implied if implied is not None and implied.lower() == kind.lower() else kind


class Collector:
    """Gathers the records of one document.

    `lift` makes a record of each child that is listed under an element's `resources`
    (PSRule exports); in ARM REST answers that list repeats resources which have their own.
    `flat` allows that az flattened an element; `graph` restores the letter case of its type.
    """

    def __init__(
        self,
        document: Document,
        shape: str,
        *,
        lift: bool = False,
        flat: bool = True,
        graph: bool = False,
    ) -> None:
        self.reading = Reading(shape)
        self._document = document
        self._lift = lift
        self._may_be_flat = flat and not graph
        self._graph = graph
        self._types: dict[str, str] = {}
        self._strays: list[tuple[str, int, str]] = []
        self._lost: list[tuple[str, int, str]] = []
        self._flat = False
        self.lifted = 0
        """How many records came out of PSRule's form."""

    def add_if_resource(self, raw: Raw, start: int, pointer: str) -> bool:
        """Take a document in if it is a lone resource; tell whether it was."""
        try:
            header = read_header(raw)
        except msgspec.ValidationError:
            return False
        if header.resource_id is UNSET and (header.id is None or not is_arm_id(header.id)):
            return False
        self.add(raw, start, pointer)
        return True

    def add_all(self, parts: list[Raw], starts: list[int], prefix: str) -> None:
        """Take the elements of a list in, as `add` does; `prefix` begins the pointer to each."""
        keep, known = self.reading.records.append, self._types.setdefault
        source, lift, graph = self._document.source, self._lift, self._graph
        headers = self._headers(parts)
        for index, (raw, start, header) in enumerate(zip(parts, starts, headers, strict=True)):
            if isinstance(header, str):
                self._stray(header, start, f"{prefix}{index}", raw)
                continue
            arm_id, kind, pointer = header.id, header.type, f"{prefix}{index}"
            properties = header.properties
            if (
                arm_id is None
                or arm_id[:15] != "/subscriptions/"
                or not kind
                or properties is UNSET
                or properties == NULL
                or (lift and header.resources is not UNSET)
                or graph
            ):
                self._take(header, raw, start, pointer)
                continue
            kind, version = known(kind, kind), header.api_version
            keep(Record(arm_id, kind, raw, source, start, pointer, _ARM, _NONE, version))

    def _headers(self, parts: list[Raw]) -> Iterable[Header | str]:
        """Give the header of each element, or say why it has none."""
        rows = self._document.rows
        return rows.headers if rows is not None and rows.parts is parts else map(_header, parts)

    def add(self, raw: Raw, start: int, pointer: str) -> None:
        """Take one element in: a record, or one more that is no resource."""
        header = _header(raw)
        if isinstance(header, str):
            self._stray(header, start, pointer, raw)
        else:
            self._take(header, raw, start, pointer)

    def _take(self, header: Header, raw: Raw, start: int, pointer: str) -> None:
        arm_id = header.id
        if arm_id is None or (arm_id[:15] != "/subscriptions/" and not is_arm_id(arm_id)):
            self._without_id(header, raw, start, pointer)
            return
        kind = header.type or type_from(arm_id)
        if kind is None:
            self._stray("its id names no resource type", start, pointer, raw)
            return
        if self._graph:
            kind = _cased(kind, arm_id)
        kind = self._types.setdefault(kind, kind)
        dialect, unresolved = _ARM, _NONE
        if null(header.properties):
            dialect, unresolved = self._unsettled(header, raw, kind)
        source, version = self._document.source, header.api_version
        self.reading.records.append(
            Record(arm_id, kind, raw, source, start, pointer, dialect, unresolved, version)
        )
        if self._lift and header.resources is not UNSET:
            self._take_lifted(raw, start, pointer, whole=False)

    def _unsettled(
        self, header: Header, raw: Raw, kind: str
    ) -> tuple[Dialect, tuple[tuple[str, str], ...]]:
        """Judge a resource without `properties`: flattened by az, an inventory entry, or whole."""
        whole = kind.lower() in _WITHOUT_PROPERTIES
        in_no_group = not whole and "/resourcegroups/" not in (header.id or "").lower()
        tells_group = header.resource_group is not UNSET or in_no_group
        if self._may_be_flat and flat.is_flat(tells_group, raw):
            self._flat = True
            return Dialect.FLAT, ()
        if whole:
            return Dialect.ARM, ()
        return Dialect.ARM, (("/properties", NO_SETTINGS),)

    def _without_id(self, header: Header, raw: Raw, start: int, pointer: str) -> None:
        if header.resource_id is not UNSET:
            self._take_lifted(raw, start, pointer, whole=True)
        elif header.id is None:
            self._stray("it has no id", start, pointer, raw)
        else:
            self._stray("its id is no ARM resource id", start, pointer, raw)

    def _take_lifted(self, raw: Raw, start: int, pointer: str, *, whole: bool) -> None:
        lift = psrule.records if whole else psrule.children
        lifted = lift(raw, self._document.source, start, pointer, self._document.text)
        self.reading.records.extend(lifted.records)
        self._strays.extend(lifted.strays)
        self.lifted += len(lifted.records)

    def _stray(self, reason: str, start: int, pointer: str, raw: Raw) -> None:
        called = lost_resource(raw)
        if called is None:
            self._strays.append((reason, start, pointer))
        else:
            self._lost.append((f"({called}): {reason}", start, pointer))

    def finish(self) -> Reading:
        """Give the records, with a Gap for each kind of loss."""
        for reason, number, where in self._by_reason(self._lost):
            self._gap("partial", f"{_count(number, 'resource')} left out {reason}", where)
        for reason, number, where in self._by_reason(self._strays):
            what = f"{_count(number, 'element')} left out, no resource: {reason}"
            self._gap("unsupported", what, where)
        if self._flat:
            self._gap(
                "lossy",
                "az CLI output is flattened, and whatever that version of az does not know is "
                "missing; `az rest` keeps everything",
                self._document.name,
            )
        return self.reading

    def _by_reason(self, left: list[tuple[str, int, str]]) -> Iterator[tuple[str, int, str]]:
        """Put what was left out for one reason together: how many, and the place of the first."""
        reasons: dict[str, list[tuple[int, str]]] = {}
        for reason, start, pointer in left:
            reasons.setdefault(reason, []).append((start, pointer))
        for reason, places in sorted(reasons.items()):
            start, pointer = places[0]
            yield reason, len(places), self._document.where(pointer, start)

    def _gap(self, kind: str, detail: str, where: str) -> None:
        self.reading.gaps.append(Gap(kind, self._document.name, detail, where))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _header(raw: Raw) -> Header | str:
    try:
        return read_header(raw)
    except msgspec.ValidationError as error:
        return _mistyped(error)


def _mistyped(error: msgspec.ValidationError) -> str:
    """Say which envelope key has a value of the wrong type, or that it is no object at all."""
    message = str(error)
    if " - at `" not in message:
        return "it is no object"
    return f"its {message.rpartition('`$.')[2].rstrip('`')} is no string"
