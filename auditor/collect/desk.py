"""Where one work sits: it sends, keeps, and knows when to stop."""

from __future__ import annotations

import re
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from auditor.collect.spool import Spool
from auditor.collect.work import Entry, Member, Stopped
from auditor.ids import type_of
from auditor.snapshot.faults import MAX_DEPTH
from auditor.snapshot.redact import redacted
from auditor.snapshot.scan import nesting
from auditor.snapshot.transport import Answer, Transport


class _Head(msgspec.Struct, frozen=True):
    """What a record must tell is its id; the rest may be null, or whatever it likes."""

    id: str = ""
    type: Any = None
    api_version: Any = msgspec.field(name="apiVersion", default=UNSET)


MOST_DEEP = MAX_DEPTH - 2
"""How deep a record may nest: the document, which is read again, adds two levels."""

_HEAD = msgspec.json.Decoder(_Head)
_EMPTY = re.compile(rb"\{\s*\}")


@dataclass(slots=True)
class Workplace:
    """A `Desk`: what one work has kept so far."""

    transport: Transport
    spool: Spool
    stopping: threading.Event
    entries: list[Entry] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def send(
        self, method: str, url: str, body: bytes | None = None, *, provider: str = ""
    ) -> Answer:
        """Send one request, unless the run is ending."""
        if self.stopping.is_set():
            raise Stopped
        return self.transport.send(method, url, body, provider=provider)

    def keep(
        self,
        raw: bytes | Raw,
        *,
        version: str = "",
        id: str = "",
        type: str = "",
        member: str = Member.RESOURCES,
    ) -> bool:
        """Spool a record in one line, redacted, with the api-version as its first key."""
        try:
            head = _HEAD.decode(raw)
            text = msgspec.json.format(bytes(raw), indent=-1)
        except (msgspec.DecodeError, RecursionError):
            return False
        if text.count(b"{") + text.count(b"[") > MOST_DEEP and nesting(text) > MOST_DEEP:
            return False
        name = id or head.id
        if not name:
            return False
        told = head.type if isinstance(head.type, str) else ""
        kind = (type or told or type_of(name) or "").lower()
        text = redacted(text)
        if version and head.api_version is UNSET:
            text = _with_version(text, version)
        offset, length = self.spool.append(text)
        self.entries.append(Entry(name, sys.intern(kind), member, offset, length))
        return True

    def drop(self, arm_id: str) -> None:
        """Take back a record that is gone."""
        self.dropped.append(arm_id)


def _with_version(text: bytes, version: str) -> bytes:
    first = b'{"apiVersion":' + msgspec.json.encode(version)
    return first + b"}" if _EMPTY.fullmatch(text) else first + b"," + text[1:]
