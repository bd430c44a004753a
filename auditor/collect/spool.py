"""What was read, on disk at once: records one after another, and a journal of finished lists.

The folder holds `records` (the bytes), `journal` (a JSON line for each list that has ended) and
`about` (what the run is about, so that another run's remains are not taken for this one's).
Only what the journal names counts: a list that was cut off leaves bytes that nobody reads.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from auditor.collect.outcome import Outcome, State
from auditor.collect.work import Entry, Member
from auditor.errors import UsageError
from auditor.ids import fold


class Done(msgspec.Struct, frozen=True):
    """A line of the journal: a list that has ended, and what it gave."""

    key: str
    kind: str
    subject: str
    state: str
    detail: str = ""
    entries: tuple[Entry, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return Outcome(State(self.state), self.detail)


_LINE = msgspec.json.Decoder(Done)
_ENCODER = msgspec.json.Encoder()


class Spool:
    """The folder of one run. Safe to use from several threads."""

    def __init__(self, folder: Path, about: bytes, *, resume: bool = False) -> None:
        """Open a folder, anew or as it was left.

        Raises UsageError: another run holds it, nothing to resume, or it is about something else.
        """
        self.folder = folder
        self._lock = threading.Lock()
        self._done: dict[str, Done] = {}
        if resume and not (folder / "about").is_file():
            raise UsageError(f"there is nothing to resume in {folder}", advice="leave --resume out")
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._journal = open(folder / "journal", "ab")  # noqa: SIM115  closed by `close`
        try:
            _hold(self._journal, folder)
            if resume:
                self._take_up(about)
            else:
                self._begin(about)
        except UsageError:
            self._journal.close()
            raise
        self._records = open(folder / "records", "ab")  # noqa: SIM115
        self._end = self._flushed = self._records.seek(0, os.SEEK_END)
        self._reading = open(folder / "records", "rb")  # noqa: SIM115

    def _begin(self, about: bytes) -> None:
        self._journal.truncate(0)
        (self.folder / "about").write_bytes(about)
        (self.folder / "records").write_bytes(b"")

    def _take_up(self, about: bytes) -> None:
        before = self.about
        if _identity(before) != _identity(about):
            raise UsageError(
                f"{self.folder} holds a snapshot with other options",
                advice="give the options of the run that was interrupted, or leave --resume out",
            )
        self._done = {
            done.key: done for done in _journalled(self.folder) if done.outcome.state.whole
        }

    @property
    def about(self) -> bytes:
        """What the run is about, as it was first told."""
        return (self.folder / "about").read_bytes()

    def done(self, key: str) -> Done | None:
        """Give a list that has ended well, in this run or the one that it resumes."""
        return self._done.get(key)

    def append(self, record: bytes) -> tuple[int, int]:
        """Write a record; give its offset and length. Raises UsageError when the disk is full."""
        with self._lock, _writing(self.folder):
            offset = self._end
            self._records.write(record)
            self._end += len(record)
            return offset, len(record)

    def finish(self, done: Done) -> None:
        """Note that a list has ended; its records were appended before."""
        with self._lock, _writing(self.folder):
            self._records.flush()
            self._flushed = self._end
            self._journal.write(b"\n" + _ENCODER.encode(done))
            self._journal.flush()
            self._done[done.key] = done

    def read(self, entry: Entry) -> bytes:
        """Give the bytes of a record."""
        with self._lock:
            if entry.offset + entry.length > self._flushed:
                self._records.flush()
                self._flushed = self._end
            self._reading.seek(entry.offset)
            return self._reading.read(entry.length)

    def lists(self) -> Sequence[Done]:
        """Give every list that has ended, by key: the same order in every run."""
        return sorted(self._done.values(), key=lambda done: done.key)

    def holds_records(self) -> bool:
        """Whether there is anything that a document could be made of."""
        return any(entry.member for done in self.lists() for entry in done.entries)

    def close(self) -> None:
        """Let go of the folder, which stays."""
        for file in (self._journal, self._records, self._reading):
            file.close()

    def remove(self) -> None:
        """Let go of the folder and delete it."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say what cannot be written, and why."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(folder), advice="write elsewhere"
        ) from None


def _hold(journal: BinaryIO, folder: Path) -> None:
    """Keep other runs out, where the system knows how to."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(
            f"another run is writing to {folder}", advice="wait for it, or give another --output"
        ) from None


def _identity(about: bytes) -> object:
    """Give what two runs must have in common: all but the time."""
    try:
        told = msgspec.json.decode(about)
    except msgspec.DecodeError:
        return None
    return {key: value for key, value in told.items() if key != "taken_at"}


def _journalled(folder: Path) -> Sequence[Done]:
    """Read the journal; a last line that was cut off is no line."""
    found = []
    size = (folder / "records").stat().st_size
    with open(folder / "journal", "rb") as lines:
        for line in lines:
            try:
                done = _LINE.decode(line)
            except msgspec.DecodeError:
                continue
            if all(entry.offset + entry.length <= size for entry in done.entries):
                found.append(done)
    return found


def chosen(spool: Spool, member: str) -> Sequence[Entry]:
    """Give a member's entries sorted by id, each id once: of two that tell one, the last read.

    Lists are taken in the order of their keys, so that two runs choose alike. What was found to be
    gone is left out, with all that is below it.
    """
    found: dict[str, Entry] = {}
    dropped: set[str] = set()
    for done in spool.lists():
        dropped.update(fold(each) for each in done.dropped)
        found.update((fold(e.id), e) for e in done.entries if e.member == member)
    gone = tuple(f"{each}/" for each in dropped)
    return [found[key] for key in sorted(found) if not f"{key}/".startswith(gone)]


class Index:
    """What the lists of a spool have given, seen as records. Implements `Taken`."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def of_type(self, kind: str, member: str = Member.RESOURCES) -> Sequence[Entry]:
        """Give the entries of a type, sorted by id, each once."""
        wanted = kind.lower()
        return [each for each in chosen(self._spool, member) if each.type == wanted]

    def body(self, entry: Entry) -> bytes:
        """Give the record's JSON text."""
        return self._spool.read(entry)
