"""Scripted misbehaviour: which calls, how often, and what becomes of the answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Edit = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class Fault:
    """What happens to calls whose path matches: the first that still has `times` left wins.

    `path` is searched, without letter case, in the path with its query. `after` calls are let
    through first; `times` None is for ever. `status` and `body` answer instead of the estate
    (`body` may be HTML); without a status the answer is the estate's, changed by `edit`, late by
    `delay` seconds, only its first half (`halve`: a whole answer of half a JSON text; `truncate`:
    the connection ends in its middle), or the connection is dropped without one (`drop`).
    `then` is called once the answer has been made, with nothing: to change the estate.
    """

    path: str
    method: str = "GET|POST"
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0
    halve: bool = False
    truncate: bool = False
    drop: bool = False
    edit: Edit | None = None
    then: Callable[[], None] | None = None
    met: int = 0
    """How many calls have been served by it."""


@dataclass(slots=True)
class Script:
    """The faults in their order."""

    faults: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, method: str, target: str) -> Fault | None:
        """Give the fault that this call meets, and count it."""
        with self.lock:
            for fault in self.faults:
                if not re.fullmatch(fault.method, method):
                    continue
                if not re.search(fault.path, target, re.IGNORECASE):
                    continue
                if fault.after:
                    fault.after -= 1
                elif fault.times is None or fault.met < fault.times:
                    fault.met += 1
                    return fault
        return None


def throttled(path: str, *, times: int | None = 1, wait: str = "0") -> Fault:
    """429 with Retry-After, in seconds."""
    return Fault(path, times=times, status=429, headers={"Retry-After": wait})


def denied(path: str) -> Fault:
    """403 for ever: the role of the caller does not allow it."""
    return Fault(path, times=None, status=403)


def page_of_a_proxy(path: str, *, times: int | None = None) -> Fault:
    """200, and HTML where JSON should be."""
    html = b"<!DOCTYPE html><html><body><h1>Sign in to the proxy</h1></body></html>"
    headers = {"Content-Type": "text/html"}
    return Fault(path, times=times, status=200, headers=headers, body=html)


def pointing_to(path: str, link: Callable[[str], str], *, times: int | None = None) -> Fault:
    """Change where the next page is said to be; `link` gets what was there, maybe nothing."""
    return Fault(
        path, times=times, edit=lambda page: {**page, "nextLink": link(page.get("nextLink", ""))}
    )
