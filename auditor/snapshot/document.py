"""What a set of exports becomes: records as Azure spelled them, and what could not be read."""

from __future__ import annotations

import enum
import mmap
from bisect import bisect_right
from collections.abc import Sequence

import msgspec
from msgspec.structs import force_setattr

from auditor.ids import fold


class Dialect(enum.Enum):
    """How a record spells a resource; `auditor.resources.decode` turns each into ARM REST."""

    ARM = "arm"
    """ARM REST: settings under `properties`, names in Azure's letter case."""

    FLAT = "flat"
    """az CLI: `properties` merged upwards at every level, `resourceGroup` added, names recased,
    every absent field written as null."""

    LOOSE = "loose"
    """ARM REST written by people or by other tools: `properties` in place, letter case free
    (ARM templates, PSRule exports, PowerShell)."""


NO_SETTINGS = "the export lists this resource without its settings (`properties`)"
NO_PROPERTIES = "the export has no Properties"


class Record(msgspec.Struct, frozen=True, gc=False):
    """One resource, undecoded.

    `id` and `type` are as spelled (type read off the id when the input has none). `body` is the
    JSON text of the resource: a slice of the input, or its rewriting. `source` indexes
    `Snapshot.sources`; `start` is the byte offset in that source's text of the value the record
    came from, and `pointer` the RFC 6901 pointer to it (for JSON lines the document's `line` is
    found from `start`). `unresolved` lists pointers inside the resource, each with a reason,
    whose value the input names but does not give: those keys are absent from `body`, and reading
    them must answer *unknown*. `"/properties"` alone means an inventory entry without settings.
    """

    id: str
    type: str
    body: msgspec.Raw | bytes
    source: int
    start: int
    pointer: str
    dialect: Dialect = Dialect.ARM
    unresolved: tuple[tuple[str, str], ...] = ()
    api_version: str | None = None

    @property
    def listed_only(self) -> bool:
        """Whether it is an entry of an inventory, which an export lists without its settings."""
        return any(reason in (NO_SETTINGS, NO_PROPERTIES) for _, reason in self.unresolved)


class KubernetesObject(msgspec.Struct, frozen=True):
    """One object of a `kubectl get -o json`; `body` is its JSON text.

    `cluster` is whose it is, where the input tells: the cluster's ARM id, or the URL of its API
    server. `label` names the cluster, in a snapshot that holds objects of several.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    body: msgspec.Raw | bytes
    source: int
    start: int
    pointer: str
    cluster: str = ""
    label: str = ""

    @property
    def id(self) -> str:
        """What reports call it: `kubernetes/[cluster/]Service/namespace/name`."""
        parts = ("kubernetes", self.label, self.kind, self.namespace, self.name)
        return "/".join(part for part in parts if part)


class KubernetesList(msgspec.Struct, frozen=True, order=True):
    """A list that a live snapshot read whole: what it does not hold, the cluster does not have.

    `cluster` as of its objects; `kind` is that of the elements.
    """

    cluster: str
    api_version: str
    kind: str


class EffectiveAnswer(msgspec.Struct, frozen=True):
    """What Azure itself answered about a running NIC (fact P-13).

    `nic` is its id as spelled, `question` `effectiveNetworkSecurityGroups` or
    `effectiveRouteTable`, `body` the answer with `id` and `apiVersion` before it.
    """

    nic: str
    question: str
    body: msgspec.Raw | bytes
    source: int
    start: int
    pointer: str


class Gap(msgspec.Struct, frozen=True):
    """Something the audit would have needed and did not get; never silent (rule GOV-006).

    `kind` is a stable word: `partial` (a next page, a skip token, a count below the total),
    `denied`, `failed` (an error of the service, after retries), `damaged` (with --keep-going),
    `undecided` (what a template makes only on a condition, in a number, or by a name that its text
    does not tell), `conflict` (two inputs tell one id differently), `unsupported` (a shape or an
    element of one that is recognised and not read), `foreign` (what surely is no resource of
    Azure), `lossy` (the shape itself drops fields), `deleted` (what a deployment takes away: no
    gap by itself).
    `subject` is the id, type, scope or file concerned; `where` is file[:line][: pointer]. Of a
    conflict about what filters or routes, `settled` is false when nothing tells which is newer.
    `hides` are the paths of the lists that are not whole, where they are not the subject itself.
    `cure` is what to do about it, where its kind does not say.
    """

    kind: str
    subject: str
    detail: str
    where: str = ""
    settled: bool = True
    hides: tuple[str, ...] = ()
    cure: str = ""


DELETED = "deleted"
"""The kind of a Gap for what will be gone."""
DEPLOYED = "audit what was deployed"
"""The cure where a plan or a prediction tells no more than it does."""


CHUNK = 1 << 18
"""How much of a long text is looked at in one go: what a processor keeps at hand."""
_BLOCK = 1 << 15
_STRIDE = 1 << 23
_FEW = 32


def give_back(text: memoryview | bytes, start: int, end: int) -> None:
    """Let the system have the memory of a part of a mapped file; the text stays readable."""
    if isinstance(text, memoryview) and isinstance(text.obj, mmap.mmap) and end > start:
        advice = getattr(mmap, "MADV_DONTNEED", None)  # not on every system
        if advice is not None:
            text.obj.madvise(advice, start, end - start)


def _few_ends(text: bytes, at: int, end: int) -> list[int]:
    """Find the first line ends of a block: four times as fast as counting where they are few."""
    found: list[int] = []
    while len(found) < _FEW and (at := text.find(b"\n", at, end) + 1):
        found.append(at - 1)
    return found


class Lines:
    """Where the lines of a text begin, counted once, in blocks of 32 KiB.

    Who reads through the text for another reason counts them by the way; else they are counted
    when first asked.
    """

    def __init__(self, text: memoryview | bytes) -> None:
        self._text = text
        self._before = [0]
        self._begun: list[int] | None = []

    def take(self, chunk: bytes) -> None:
        """Count those of the next part of the text: of whole blocks, unless it is the last."""
        before = self._before
        base = (len(before) - 1) * _BLOCK
        for at in range(0, len(chunk), _BLOCK):
            found = _few_ends(chunk, at, at + _BLOCK)
            number = len(found)
            if number == _FEW:
                self._begun = None
                number += chunk.count(b"\n", found[-1] + 1, at + _BLOCK)
            elif self._begun is not None:
                self._begun += [base + end + 1 for end in found]
            before.append(before[-1] + number)

    @property
    def begun(self) -> list[int]:
        """Where each line but the first begins, of a text that was taken and has long lines."""
        whole = (len(self._before) - 1) * _BLOCK >= len(self._text)
        return self._begun if whole and self._begun is not None else []

    def at(self, offset: int) -> int:
        """Give the line, from 1, on which the byte at `offset` stands."""
        if len(self._before) == 1:
            self._count()
        if begun := self.begun:
            return bisect_right(begun, offset) + 1
        block = min(max(offset, 0), len(self._text)) // _BLOCK
        tail = bytes(self._text[block * _BLOCK : offset])
        return self._before[block] + tail.count(b"\n") + 1

    def _count(self) -> None:
        for start in range(0, len(self._text), CHUNK):
            self.take(bytes(self._text[start : start + CHUNK]))
            if start and start % _STRIDE == 0:
                give_back(self._text, start - _STRIDE, start)


OWN_SHAPE = "auditor snapshot"
"""The shape that asks for every list it knows of, and tells which it could not read."""

PARAMETERS = "ARM template parameters"
"""The shape of a parameter file whose values a template deploys with: it holds no record."""


class Source(msgspec.Struct, frozen=True, eq=False):
    """One input after decompression. `name` is the path as given ("-" for standard input)."""

    name: str
    shape: str
    text: memoryview | bytes
    taken_at: str | None = None
    taken_where: str = ""
    _passed: list[int] = msgspec.field(default_factory=list)
    _lines: list[Lines] = msgspec.field(default_factory=list)

    def know(self, lines: Lines) -> None:
        """Take over the lines of the very same text."""
        self._lines[:] = [lines]

    def passed(self, offset: int) -> None:
        """Say that a walk through the text has come to `offset`, never backwards.

        What lies behind a mapped file's walker is given back to the system, a few megabytes at a
        time; the text stays readable.
        """
        done = self._passed[0] if self._passed else 0
        until = offset // _STRIDE * _STRIDE
        if until > done:
            give_back(self.text, done, until)
            self._passed[:] = [until]

    def release(self) -> None:
        """Give the whole of a mapped file back to the system; the text stays readable."""
        give_back(self.text, 0, len(self.text))

    def line(self, offset: int) -> int:
        """Give the line, from 1, on which the byte at `offset` of `text` stands."""
        if not self._lines:
            self._lines.append(Lines(self.text))
        return self._lines[0].at(offset)


class Snapshot(msgspec.Struct, frozen=True):
    """Everything that was read. Records are unique by folded id (see `load`).

    `keys` are the folded ids of the records, in their order; made of them where not given.
    `taken_where` is the place of `taken_at`, as a Gap names it; `passed_over` are files of the
    folders given that were not read, for their names.
    """

    sources: tuple[Source, ...]
    records: Sequence[Record]
    gaps: tuple[Gap, ...] = ()
    kubernetes: tuple[KubernetesObject, ...] = ()
    kubernetes_lists: tuple[KubernetesList, ...] = ()
    effective: tuple[EffectiveAnswer, ...] = ()
    scope: tuple[str, ...] = ()
    taken_at: str | None = None
    taken_where: str = ""
    files: tuple[str, ...] = ()
    keys: Sequence[str] = ()
    passed_over: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.records):
            force_setattr(self, "keys", [fold(record.id) for record in self.records])

    def release(self) -> None:
        """Give mapped files back to the system; their text stays readable."""
        for source in self.sources:
            source.release()
