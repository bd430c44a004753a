"""What a reader is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import replace

from auditor.errors import InputError
from auditor.snapshot.document import (
    EffectiveAnswer,
    Gap,
    KubernetesList,
    KubernetesObject,
    Lines,
    Record,
)
from auditor.snapshot.faults import shown
from auditor.snapshot.formats.envelope import Envelope, read_envelope
from auditor.snapshot.formats.rows import Rows, rows_of
from auditor.snapshot.scan import Text, first_member, in_a_row, skip_space

Refusals: TypeAlias = list[tuple[str, str, str, str]]
"""What was left out: kind, subject, detail, where."""

FOREIGN = "foreign"
"""The kind of a Gap behind which there is no resource of Azure."""


class TooLarge(Exception):
    """A template unfolds to more values than any deployment has."""


class NotAnExport(InputError):
    """Well-formed JSON that no reader can turn into resources, with the true reason.

    In a directory this is a Gap of the given kind, which hides the lists of the paths given; a
    file given by name is refused.
    """

    def __init__(
        self, what: str, *, advice: str, kind: str = "unsupported", hides: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, advice=advice)
        self.kind = kind
        self.hides = hides

    @classmethod
    def of_all(cls, what: str, refusals: Refusals, *, advice: str) -> NotAnExport:
        """Refuse several documents, none of which is an export."""
        kinds = {kind for kind, *_ in refusals}
        kind = FOREIGN if kinds == {FOREIGN} else "unsupported"
        return cls(f"{what}; the first: {refusals[0][2]}", advice=advice, kind=kind)


_KEYS = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])
_SCALAR = msgspec.json.Decoder(Raw)
NULL = Raw(b"null")


class Document(msgspec.Struct, frozen=True, dict=True):
    """One JSON value of an input: a whole file, a line of JSON lines, or an element of an array.

    `raw` is its text, `start` its offset in the source's `text`, `pointer` the pointer to it.
    """

    source: int
    name: str
    text: Text
    raw: Raw
    start: int
    lines: Lines
    pointer: str = ""
    called: str = ""
    """The name of the input, short: no other input has it."""
    given: dict[str, Any] = {}
    """The values of a template's parameters that its parameter file gives."""

    def part(self, raw: Raw, start: int, pointer: str) -> Document:
        """Give a value inside this one as a document of its own."""
        whole = self.source, self.name, self.text
        return Document(*whole, raw, start, self.lines, pointer, self.called)

    @cached_property
    def first(self) -> bytes:
        """The first byte, which tells the JSON type."""
        return bytes(self.text[self.start : self.start + 1])

    def is_sound(self) -> bool:
        """Check the whole text once; False when it is one sound document and more follows it.

        Raises msgspec.DecodeError for any other damage, RecursionError for depth.
        """
        try:
            _ = self.envelope, self.items
            if self.first not in (b"{", b"["):
                _SCALAR.decode(self.raw)
        except msgspec.DecodeError as error:
            if "trailing characters" not in str(error):
                raise
            return False
        return True

    @cached_property
    def rows(self) -> Rows | None:
        """The elements of the document's list where each stands on a line of its own."""
        if self.start + memoryview(self.raw).nbytes < len(self.text):
            return None
        return rows_of(self.text, self.start, self.lines)

    @property
    def outline(self) -> Raw | bytes:
        """The text, without the elements of a list that was found by its lines."""
        return self.raw if self.rows is None else self.rows.outline

    @cached_property
    def envelope(self) -> Envelope | None:
        """The telling keys of an object; None for any other JSON value."""
        if self.first != b"{":
            return None
        envelope = read_envelope(self.outline)
        rows = self.rows
        return envelope if rows is None else replace(envelope, **{str(rows.key): rows.parts})

    @cached_property
    def keys(self) -> dict[str, Raw]:
        """All keys of an object, their values undecoded."""
        return _KEYS.decode(self.raw) if self.first == b"{" else {}

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The `parameters` of a template or of a parameter file, whatever they hold."""
        raw = self.keys.get("parameters")
        found = msgspec.json.decode(raw) if raw is not None else None
        return found if isinstance(found, dict) else {}

    @cached_property
    def items(self) -> list[Raw]:
        """The elements of an array, undecoded."""
        if self.first != b"[":
            return []
        return _ITEMS.decode(self.raw) if self.rows is None else self.rows.parts

    def starts(self, parts: list[Raw], key: str | None) -> list[int]:
        """Give the offset in the source's text of each of `parts`.

        They are the elements of the list under `key`, or, for None, of the document itself.
        Raises InputError when `key` is given twice: another list stands there, too.
        """
        if self.rows is not None and self.rows.parts is parts:
            return self.rows.starts
        at = self.start if key is None else first_member(self.text, self.start, key)
        found = element_starts(self.text, at, parts) if at is not None else None
        if found is None:  # the decoder took the last of several
            raise given_twice(key or "", key or "", self.where(f"{self.pointer}/{key}"))
        return found

    def where(self, pointer: str, start: int | None = None) -> str:
        """Give `file:line: pointer` for a Gap."""
        at = self.start if start is None else start
        line = self.lines.at(at)
        return f"{self.name}:{line}: {pointer}" if pointer else f"{self.name}:{line}"


def given_twice(first: str, last: str, where: str) -> InputError:
    """Refuse an object that gives a key twice: nobody can tell which value is meant."""
    return InputError(
        f'the key "{shown(last)}" is given twice in one object, with different values'
        if first == last
        else f'the keys "{shown(first)}" and "{shown(last)}" of one object are one to Azure, '
        "which heeds no letter case, and have different values",
        where=where,
        advice="keep the one that holds and take the other out, or export again",
    )


def element_starts(text: Text, at: int, parts: list[Raw]) -> list[int] | None:
    """Give the offset of each element of the array at `at`, whose lengths are known already.

    None when the array's text does not fit them, hence is not where they come from.
    """
    sizes = [memoryview(part).nbytes for part in parts]
    *starts, end = in_a_row(text, skip_space(text, at + 1), sizes)
    fits = text[end : end + 1] == b"]" and all(
        text[starts[i] : starts[i] + sizes[i]] == bytes(parts[i])
        for i in ((0, -1) if parts else ())
    )
    return starts if fits else None


class Page(msgspec.Struct, frozen=True):
    """An answer that holds a list, or a page of one.

    `rows` are its elements, of `total` in all where it tells. `more` is whether it names a next
    page, ARM's by its `link`. `gap` is what is missing when no other page is in the input; None for
    an answer that is whole, or the last page.
    """

    records: list[Record]
    rows: int
    total: int | None = None
    more: bool = False
    link: str = ""
    gap: Gap | None = None


class Reading(msgspec.Struct):
    """What one document gave."""

    shape: str
    records: list[Record] = msgspec.field(default_factory=list)
    gaps: list[Gap] = msgspec.field(default_factory=list)
    kubernetes: list[KubernetesObject] = msgspec.field(default_factory=list)
    kubernetes_lists: list[KubernetesList] = msgspec.field(default_factory=list)
    effective: list[EffectiveAnswer] = msgspec.field(default_factory=list)
    pages: list[Page] = msgspec.field(default_factory=list)
    scope: tuple[str, ...] = ()
    taken_at: str | None = None
    taken_where: str = ""
    secrets: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """Where in the text secrets stand (from, to), which must not be kept."""

    def count_gaps(self, refusals: Refusals) -> None:
        """Add a Gap for each kind and detail of `refusals`, with the first place of each."""
        places: dict[tuple[str, str, str], list[str]] = {}
        for *what, where in refusals:
            places.setdefault((what[0], what[1], what[2]), []).append(where)
        for (kind, subject, detail), found in places.items():
            told = f"{len(found)} times: {detail}" if len(found) > 1 else detail
            self.gaps.append(Gap(kind, subject, told, found[0]))

    def extend(self, other: Reading) -> None:
        """Take over what another document of the same input gave."""
        self.records.extend(other.records)
        self.gaps.extend(other.gaps)
        self.kubernetes.extend(other.kubernetes)
        self.kubernetes_lists.extend(other.kubernetes_lists)
        self.effective.extend(other.effective)
        self.pages.extend(other.pages)
        self.scope += other.scope
        if not self.taken_at:
            self.taken_at, self.taken_where = other.taken_at, other.taken_where
        self.secrets.extend(other.secrets)


Reader: TypeAlias = Callable[[Document], Reading | None]
"""Gives None when the document is of another shape; raises NotAnExport when it is refused."""


def is_given(value: object) -> bool:
    """Tell a key that is there and says something from one that is absent, null or empty."""
    return value is not UNSET and value not in (None, "", [])


def keys_of(raw: Raw) -> dict[str, Raw]:
    """Give the keys of an object with their values undecoded; none for what is no object."""
    try:
        return _KEYS.decode(raw)
    except msgspec.ValidationError:
        return {}


def null(raw: Raw | UnsetType) -> bool:
    """Tell whether a value is absent or null."""
    return raw is UNSET or raw == NULL
