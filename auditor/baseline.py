"""A baseline: the findings that are known, so that only new ones fail.

A JSON file, `{"schema": "auditor.baseline/1", "findings": [{fingerprint, rule, subject}]}`, sorted,
to be committed beside the export it belongs to.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from auditor.errors import UsageError
from auditor.finding import Judged, Status
from auditor.ids import fold

SCHEMA = "auditor.baseline/1"


class Entry(msgspec.Struct, frozen=True, order=True):
    """A known finding."""

    rule: str
    subject: str
    fingerprint: str


class Baseline(msgspec.Struct, frozen=True, tag_field="schema", tag=SCHEMA):
    """The findings known when it was written."""

    findings: tuple[Entry, ...]

    @property
    def fingerprints(self) -> frozenset[str]:
        """What is compared."""
        return frozenset(entry.fingerprint for entry in self.findings)


class _Head(msgspec.Struct):
    """What must be there: a tag alone may be absent from what is decoded."""

    schema: str


def read(path: str) -> Baseline:
    """Read a baseline. Raises UsageError when it is absent, damaged, or something else."""
    try:
        text = Path(path).read_bytes()
        msgspec.json.decode(text, type=_Head)
        return msgspec.json.decode(text, type=Baseline)
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}",
            where=path,
            advice="write one with --write-baseline",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"is no baseline of this tool: {error}",
            where=path,
            advice="write a new one with --write-baseline",
        ) from error


def write(path: str, findings: Iterable[Judged]) -> int:
    """Write the broken and unknown findings as known; give their number. Replaces atomically."""
    entries = sorted(
        Entry(finding.rule, _writable(finding.subject), finding.fingerprint)
        for finding in findings
        if finding.status is not Status.WAIVED
    )
    replace(path, msgspec.json.format(msgspec.json.encode(Baseline(tuple(entries))), indent=2))
    return len(entries)


def _writable(subject: str) -> str:
    """Spell what JSON cannot hold: a file's name may have bytes that are no text."""
    return subject.encode("utf-8", "backslashreplace").decode()


def replace(path: str, content: bytes) -> None:
    """Write a file whole or not at all. Raises UsageError when it cannot be written.

    A link stays one; what is no plain file (a pipe, `/dev/null`) is written to as it is.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}",
            where=path,
            advice="name a file in a folder that exists and that you may write to",
        ) from error


def fixed(baseline: Baseline, now: Iterable[Judged], ran: frozenset[str]) -> int:
    """Count the known findings that are gone.

    Only of rules that ran, and only where the same rule says nothing of the same subject any
    more: what became unknown, or is told in other words, is not fixed.
    """
    spoken = {(finding.rule, fold(_writable(finding.subject))) for finding in now}
    return sum(
        entry.rule in ran and (entry.rule, fold(entry.subject)) not in spoken
        for entry in baseline.findings
    )
