"""The snapshot document, from the spool: sorted, a resource a line, whole or not at all."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from auditor import __version__
from auditor.collect.spool import Spool, chosen
from auditor.collect.work import Entry, Member
from auditor.errors import UsageError
from auditor.snapshot.document import Gap

SCHEMA = "auditor.snapshot/1"

_HALF = ".half"
"""How the name of a file ends that is being written."""

_BESIDE = (Member.KUBERNETES, Member.KUBERNETES_LISTS, Member.EFFECTIVE)
"""What is written only where something was read."""


def gaps(spool: Spool, more: Iterable[Gap] = ()) -> Sequence[Gap]:
    """Give what is missing, sorted."""
    told = [gap for done in spool.lists() if (gap := done.outcome.gap(done.subject)) is not None]
    return sorted({*told, *more}, key=lambda gap: (gap.kind, gap.subject, gap.detail, gap.where))


def write(
    out: BinaryIO,
    spool: Spool,
    *,
    taken_at: str,
    endpoint: str,
    scope: Sequence[str],
    missing: Sequence[Gap],
) -> int:
    """Write the document; give the number of resources in it."""
    resources = chosen(spool, Member.RESOURCES)
    head = {
        "schema": SCHEMA,
        "tool": {"name": "auditor", "version": __version__},
        "taken_at": taken_at,
        "endpoint": endpoint,
        "scope": list(scope),
        "gaps": [_told(gap) for gap in missing],
    }
    out.write(b"{\n")
    for key, value in head.items():
        out.write(msgspec.json.encode(key) + b": " + msgspec.json.encode(value) + b",\n")
    for member in _BESIDE:
        if entries := chosen(spool, member):
            _write_list(out, b'"%s": [' % member.encode(), spool, entries, b"],\n")
    _write_list(out, b'"resources": [', spool, resources, b"]\n}\n")
    return len(resources)


def _told(gap: Gap) -> dict[str, str]:
    told = {"kind": gap.kind, "subject": gap.subject, "detail": gap.detail}
    return {**told, "where": gap.where} if gap.where else told


def _write_list(
    out: BinaryIO, start: bytes, spool: Spool, entries: Iterable[Entry], end: bytes
) -> None:
    out.write(start)
    before = b"\n"
    for entry in entries:
        out.write(before)
        out.write(spool.read(entry))
        before = b",\n"
    out.write(b"\n" + end)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a stream beside a file, which takes its place once all is written and on disk.

    `.gz` and `.zst` at the end of the name compress. What a run that was killed had begun to write
    is deleted. Raises UsageError when it cannot be written.
    """
    for left in path.parent.glob(f".{escape(path.name)}.*{_HALF}"):
        with suppress(OSError):
            left.unlink()
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_HALF)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with ExitStack() as stack:
            file = stack.enter_context(os.fdopen(handle, "wb"))
            with _packed(path.name, file) as stream:
                yield stream
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(name)
        raise _unwritable(path, error) from None
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


@contextmanager
def onto(path: str) -> Iterator[BinaryIO]:
    """Give a stream into what is no plain file: a pipe, a device. Raises UsageError."""
    try:
        with open(path, "wb") as stream:
            yield stream
    except OSError as error:
        raise _unwritable(Path(path), error) from None


@contextmanager
def _packed(name: str, file: BinaryIO) -> Iterator[BinaryIO]:
    if name.endswith(".gz"):
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            yield cast(BinaryIO, packed)
    elif name.endswith(".zst"):
        import zstandard

        with zstandard.ZstdCompressor(level=6).stream_writer(file, closefd=False) as packed:
            yield packed
    else:
        yield file


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot be written: {error.strerror}", where=str(path))
