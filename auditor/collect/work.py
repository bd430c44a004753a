"""The unit of work, and the interface of everything that finds work to do.

How to add a source of records (Resource Graph, effective routes, Kubernetes objects, ...):

- Write a class with `works(taken, scope)`, the protocol `Source`. It is called once, when all
  work of the sources before it is done; `taken` tells what was read so far (entries by type, and
  the bytes of each), `scope` which subscriptions and groups the run is about.
- Each `Work` it gives is one list (or query, or long-running question): read by `read(desk)` on
  some thread, journalled when it has ended, skipped by `--resume` when it had ended well.
- `read` sends requests with `desk.send` (retried, counted, on Azure's own host only), hands over
  each record with `desk.keep(...)` as Azure spelled it, and gives an `Outcome`. What was kept is
  spooled to disk, redacted, compacted to one line and sorted into the document by id.
  All but complete and not-registered become a gap of the snapshot, named `subject`.
- `then(entries, taken)` gives work that follows from what a work has read (children of the
  listed). It is called on a resumed run as well: decide by `entries` alone.
- A work's `key` is its identity: stable from run to run, unique. The same key is done once.
- Add the source to `auditor.collect.run.sources`, where the options choose among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from auditor.collect.outcome import Outcome
from auditor.snapshot.transport import Answer


class Member:
    """Where in the document a record goes."""

    RESOURCES = "resources"
    KUBERNETES = "kubernetes"
    KUBERNETES_LISTS = "kubernetes_lists"
    """Which lists of which cluster came whole."""

    EFFECTIVE = "effective"
    """What Azure itself says of a running NIC."""

    NOWHERE = ""
    """Kept for the run alone: what decides about further work."""


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One record on the spool: what it is, and where its bytes lie.

    `id` is as spelled, `type` in lower case.
    """

    id: str
    type: str
    member: str
    offset: int
    length: int


class Taken(Protocol):
    """What was read so far."""

    def of_type(self, kind: str, member: str = Member.RESOURCES) -> Sequence[Entry]:
        """Give the entries of a type (compared without case), sorted by id, each once."""

    def body(self, entry: Entry) -> bytes:
        """Give the record's JSON text, one line."""


class Desk(Protocol):
    """What a work reads with. One desk serves one work."""

    def send(
        self, method: str, url: str, body: bytes | None = None, *, provider: str = ""
    ) -> Answer:
        """Send one request: see `Transport.send`. Raises Stopped when the run is ending."""

    def keep(
        self,
        raw: bytes | msgspec.Raw,
        *,
        version: str = "",
        id: str = "",
        type: str = "",
        member: str = Member.RESOURCES,
    ) -> bool:
        """Spool one record; False when it has no id or is no object.

        `version` (the api-version asked for) becomes its first key. `id` and `type` are for
        records that do not tell theirs; they are read off the record by default.
        """

    def drop(self, arm_id: str) -> None:
        """Take back a record that was listed and is gone since."""


def nothing(_entries: Sequence[Entry], _taken: Taken) -> Iterable[Work]:
    """Let no work follow."""
    return ()


@dataclass(frozen=True, slots=True)
class Work:
    """One list to read. `kind` names it on its progress bar, `subject` in a gap."""

    key: str
    kind: str
    read: Callable[[Desk], Outcome]
    subject: str = ""
    then: Callable[[Sequence[Entry], Taken], Iterable[Work]] = nothing


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is about.

    `groups` names resource groups (lower case) when the run is limited to them; their clusters'
    node resource groups come along. Empty means the whole of each subscription.
    """

    subscriptions: tuple[str, ...]
    groups: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """Finds work to do."""

    def works(self, taken: Taken, scope: Scope) -> Iterable[Work]:
        """Give the work, knowing what the sources before it have read."""


class Stopped(Exception):
    """The run is ending: interrupted, or failed elsewhere."""
