"""From paths to a Snapshot: find the inputs, read each, merge what they tell."""

from __future__ import annotations

import gc
import mmap
import os
import stat
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from auditor.errors import InputError
from auditor.ids import fold
from auditor.snapshot import depth, doubled
from auditor.snapshot.comments import without_comments
from auditor.snapshot.discover import STDIN, Input, discover, short_names
from auditor.snapshot.document import (
    PARAMETERS,
    EffectiveAnswer,
    Gap,
    KubernetesList,
    KubernetesObject,
    Record,
    Snapshot,
    Source,
)
from auditor.snapshot.faults import AGAIN, malformed, shown
from auditor.snapshot.formats import read
from auditor.snapshot.formats.deployment import ParameterFile, level
from auditor.snapshot.formats.document import Document, NotAnExport, Page, Reading
from auditor.snapshot.formats.kubernetes import labelled, told_apart, wiped
from auditor.snapshot.formats.lines import read_lines, read_sound_lines
from auditor.snapshot.merge import inventories, merge
from auditor.snapshot.paging import open_pages
from auditor.snapshot.parameters import Template, Values, given, pair, told_beyond
from auditor.snapshot.scan import Text, skip_space
from auditor.snapshot.text import decode, unpack

_MAPPED = 16 << 20
"""Files from this size on are mapped into memory instead of read."""


class _Gathered(msgspec.Struct):
    """What the inputs read so far gave."""

    sources: list[Source] = msgspec.field(default_factory=list)
    records: list[Record] = msgspec.field(default_factory=list)
    gaps: list[Gap] = msgspec.field(default_factory=list)
    kubernetes: list[KubernetesObject] = msgspec.field(default_factory=list)
    kubernetes_lists: set[KubernetesList] = msgspec.field(default_factory=set)
    effective: list[EffectiveAnswer] = msgspec.field(default_factory=list)
    scope: set[str] = msgspec.field(default_factory=set)
    pages: list[Page] = msgspec.field(default_factory=list)
    called: list[str] = msgspec.field(default_factory=list)
    """The names of the sources, without what they have in common."""
    templates: list[Template] = msgspec.field(default_factory=list)
    """Which are read last, when it is known whose values they deploy with."""
    values: list[Values] = msgspec.field(default_factory=list)


def load(
    paths: Sequence[str], *, keep_going: bool = False, stdin: BinaryIO | None = None
) -> Snapshot:
    """Read files, directories and `-` (standard input) into one Snapshot.

    The answer does not depend on the order of `paths`. Damage and files that cannot be read stop
    it, unless `keep_going`: then each is a Gap of kind `damaged`, and so is each damaged line of
    JSON lines. Sound JSON that is no export is refused when it was given by name, and a Gap when it
    was met in a directory.

    Raises InputError: nothing found, damaged, no export, or not one Azure resource in all.
    """
    gathered = _Gathered()
    with _collection_paused():
        found = discover(paths)
        names = short_names(found.inputs)
        for item in found.inputs:
            try:
                _take(gathered, item, names[item.name], stdin, keep_going)
            except ParameterFile as file:
                gathered.values.append(Values(item, file))
            except InputError as error:
                gathered.gaps.append(_as_gap(error, item, keep_going))
        _deploy(gathered, names, keep_going)
        keys, records, conflicts = merge(gathered.records, gathered.sources)
    if not records:
        raise _nothing(gathered)
    more = (*inventories(records, gathered.sources), *open_pages(gathered.pages))
    return _snapshot(gathered, found.passed_over, keys, records, [*conflicts, *more])


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Pause the garbage collector: it finds nothing here and costs more than the parser."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _take(
    gathered: _Gathered, item: Input, called: str, stdin: BinaryIO | None, keep_going: bool
) -> None:
    text, lines = decode(item.name, unpack(item.name, _bytes(item, stdin)))
    text = without_comments(text)
    start = skip_space(text, 0)
    document = Document(
        len(gathered.sources), item.name, text, Raw(text), start, lines, called=called
    )
    reading = _spared(document) if keep_going else _parse(document)
    if reading is None:
        gathered.templates.append(Template(item, document))
    else:
        _keep(gathered, document, reading)


def _deploy(gathered: _Gathered, inputs: Collection[str], keep_going: bool) -> None:
    """Read the templates, each with the values that belong to it."""
    pairing = pair(gathered.templates, gathered.values, inputs)
    for item, refusal in pairing.refused:
        gathered.gaps.append(_as_gap(refusal, item, keep_going))
    for template in gathered.templates:
        item, document = template.item, replace(template.document, source=len(gathered.sources))
        values = pairing.owned.get(item.name)
        if values is not None:
            document = replace(document, given=given(values, template))
            gathered.gaps.extend(told_beyond(values, template))
        try:
            with _malformed(document):
                _keep(gathered, document, read(document))
        except InputError as error:
            gathered.gaps.append(_as_gap(error, item, keep_going))
        if values is not None:
            _keep(gathered, values.file.document, Reading(PARAMETERS))


def _keep(gathered: _Gathered, document: Document, reading: Reading) -> None:
    text = document.text
    kept = wiped(reading, text)
    source = Source(
        name=document.name,
        shape=reading.shape,
        text=kept,
        taken_at=reading.taken_at,
        taken_where=reading.taken_where,
    )
    if kept is text:
        source.know(document.lines)
    gathered.sources.append(source)
    gathered.called.append(document.called)
    gathered.records.extend(reading.records)
    gathered.gaps.extend(reading.gaps)
    gathered.kubernetes.extend(reading.kubernetes)
    gathered.kubernetes_lists.update(reading.kubernetes_lists)
    gathered.effective.extend(reading.effective)
    gathered.pages.extend(reading.pages)
    gathered.scope.update(reading.scope)


def _bytes(item: Input, stdin: BinaryIO | None) -> Text:
    if item.problem:
        raise _unreadable(item.name, item.problem)
    try:
        if item.name == STDIN:
            return (stdin or sys.stdin.buffer).read()
        with open(item.name, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size >= _MAPPED:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            return file.read()
    except (OSError, ValueError) as error:
        raise _unreadable(item.name, getattr(error, "strerror", None) or str(error)) from None


def _unreadable(name: str, reason: str) -> InputError:
    return InputError(
        f"cannot be read: {reason}",
        where=name or '""',
        advice="check the path and its permissions, or leave it out",
    )


def _spared(document: Document) -> Reading | None:
    """Read one text like `_parse`; of JSON lines, what is sound when some are not."""
    try:
        return _parse(document)
    except NotAnExport:
        raise
    except InputError:
        reading = read_sound_lines(document)
        if reading is None:
            raise
        return reading


def _parse(document: Document) -> Reading | None:
    """Read one text: a single JSON document, or JSON lines when more follows the first.

    None for a template, which is to be read when its parameters are known.
    """
    depth.check(document.name, document.text)
    with _malformed(document):
        if not document.is_sound():
            return read_lines(document)
        waits = level(document) is not None and document.parameters is not None
        reading = None if waits else read(document)
    doubled.check(document)
    return reading


@contextmanager
def _malformed(document: Document) -> Iterator[None]:
    """Refuse a text that turns out to be damaged while it is read."""
    try:
        yield
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(document.name, document.text, error) from None


def _as_gap(error: InputError, item: Input, keep_going: bool) -> Gap:
    """Turn a refusal into a Gap where that is allowed; raise it where not."""
    refused = isinstance(error, NotAnExport)
    error.where = shown(error.where or item.name, 400)
    if not keep_going and not (refused and not item.named):
        raise error
    if isinstance(error, NotAnExport):
        return Gap(error.kind, item.name, error.what, error.where, hides=error.hides)
    return Gap("damaged", item.name, error.what, error.where)


def _nothing(gathered: _Gathered) -> InputError:
    reasons = sorted({f"{gap.where}: {gap.detail}" for gap in gathered.gaps})
    more = f"; and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return InputError(
        "nothing to audit: the input holds no Azure resource"
        + (f" ({reasons[0]}{more})" if reasons else ""),
        where=", ".join(shown(source.name, 200) for source in gathered.sources[:3]),
        advice=AGAIN if reasons else "export the resources too: an empty list proves nothing",
    )


def _asked(answer: EffectiveAnswer) -> tuple[str, str, bytes]:
    return fold(answer.nic), answer.question, bytes(answer.body)


def _snapshot(
    gathered: _Gathered,
    passed_over: tuple[str, ...],
    keys: list[str],
    records: list[Record],
    conflicts: list[Gap],
) -> Snapshot:
    dated = ((each.taken_at, each.taken_where) for each in gathered.sources if each.taken_at)
    taken_at, taken_where = min(dated, default=(None, ""))
    gaps = sorted(
        {*gathered.gaps, *conflicts},
        key=lambda gap: (gap.kind, gap.subject, gap.where, gap.detail),
    )
    return Snapshot(
        sources=tuple(gathered.sources),
        records=records,
        keys=keys,
        gaps=tuple(gaps),
        kubernetes=told_apart(labelled(gathered.kubernetes), gathered.called),
        kubernetes_lists=tuple(sorted(gathered.kubernetes_lists)),
        effective=tuple(sorted(gathered.effective, key=_asked)),
        scope=tuple(sorted(gathered.scope)),
        taken_at=taken_at,
        taken_where=taken_where,
        files=tuple(source.name for source in gathered.sources),
        passed_over=passed_over,
    )
