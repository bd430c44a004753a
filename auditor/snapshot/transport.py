"""What carries a request to Azure and an answer back, whoever implements it.

`auditor.snapshot.azure` does so with Microsoft's clients. Tests may do so with a table.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Protocol

from auditor.errors import NothingRead


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whatever its status; `headers` have lower-case names, `body` is as sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


_WAITS = {"retry-after": 1.0, "retry-after-ms": 1e-3, "x-ms-retry-after-ms": 1e-3}
"""Headers that ask to wait, and in which part of a second."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds an answer asks to wait, as a number or a date; None if it does not.

    `headers` have lower-case names. RFC 9110, 10.2.3; the milliseconds are Azure's own.
    """
    for name, unit in _WAITS.items():
        told = headers.get(name, "")
        try:
            return max(float(told) * unit, 0.0)
        except ValueError:
            pass
        try:
            return max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0)
        except (ValueError, OverflowError):
            continue
    return None


class Unanswered(Exception):
    """No whole answer came, after retries: no connection, a timeout, a body cut off."""


class ForeignAddress(Exception):
    """An address that is not asked: not the cloud's own, which would be sent the token, or with
    steps up (`..`) in its path.
    """


class NoCredential(NothingRead):
    """Azure does not know who asks, or no longer. Exit status 3."""


class Transport(Protocol):
    """Sends requests with the caller's credential. Safe to use from several threads."""

    endpoint: str
    """Where Azure Resource Manager answers, `https://host[:port]` without a slash at the end."""

    def send(
        self, method: str, url: str, body: bytes | None = None, *, provider: str = ""
    ) -> Answer:
        """Send one request, retried where Azure asks for it; give the last answer.

        `url` is an absolute address on `endpoint`, or a path there. `provider` is the namespace
        concerned (`Microsoft.Network`), where it decides by which client to go.
        Raises Unanswered, ForeignAddress, NoCredential.
        """

    def token(self, scope: str) -> str:
        """Give the caller's token for something else (`APPLICATION/.default`).

        Raises NoCredential.
        """


class Traffic:
    """Counts calls and tells of throttling. Safe to use from several threads."""

    def __init__(self, throttled: Callable[[float], None] | None = None) -> None:
        self.calls = 0
        self.retries = 0
        self.started = time.monotonic()
        self.on_throttle = throttled
        self._lock = threading.Lock()

    def sent(self, *, again: bool) -> None:
        """Note a request; `again` when it repeats one that failed."""
        with self._lock:
            self.calls += 1
            self.retries += again

    def throttle(self, seconds: float) -> None:
        """Note that Azure asks for patience, for so many seconds."""
        if self.on_throttle is not None:
            self.on_throttle(seconds)
