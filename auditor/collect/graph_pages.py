"""A question to Resource Graph, page by page, within its limits; rows become ARM REST records."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET, Raw, UnsetType

from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.pages import judge
from auditor.collect.work import Desk, Member
from auditor.ids import fold, type_of
from auditor.snapshot.transport import Answer, ForeignAddress, Unanswered

PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
MOST_ROWS = 1_000
"""Rows in a page, at most."""

MOST_PAGES = 10_000
_LONGEST_WAIT = 60.0
_TOO_LARGE = "ResponsePayloadTooLarge"

COLUMNS = (
    *("id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId"),
    *("managedBy", "sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation"),
    "apiVersion",
)
"""Every column of the table `resources`, and the one that is only told when it is asked for.

With it Resource Graph says in which api-version it took a resource in: `samples/advanced`.
"""

_NULL = Raw(b"null")

_ADDED = ("tenantId", "subscriptionId", "resourceGroup")
"""Columns that are no part of the resource."""

_OFTEN_EMPTY = ("kind", "location", "managedBy")
"""Columns that are empty texts where the resource has no such field."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A query over some subscriptions; `member` is where its rows belong."""

    query: str
    subscriptions: tuple[str, ...]
    member: str = Member.RESOURCES

    def body(self, top: int, token: str | None) -> bytes:
        """Give the request for a page."""
        options: dict[str, object] = {"resultFormat": "objectArray", "$top": top}
        if token is not None:
            options["$skipToken"] = token
        asked = {"query": self.query, "subscriptions": self.subscriptions, "options": options}
        return msgspec.json.encode(asked)


@dataclass(slots=True)
class Quota:
    """How many questions the caller has left, as the answers tell. For all threads together."""

    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> None:
        """Wait until a question may be asked."""
        with self._lock:
            seconds = self._until - time.monotonic()
        if seconds > 0:
            time.sleep(seconds)

    def told(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says is left, and when there is more."""
        try:
            left = int(headers.get("x-ms-user-quota-remaining", ""))
            hours, minutes, seconds = headers.get("x-ms-user-quota-resets-after", "").split(":")
            more = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        except ValueError:
            return
        if left <= 0:
            with self._lock:
                until = time.monotonic() + min(more, _LONGEST_WAIT)
                self._until = max(self._until, until)


class _Page(msgspec.Struct, frozen=True):
    data: list[dict[str, Raw]] | UnsetType = UNSET
    total: int | UnsetType = msgspec.field(name="totalRecords", default=UNSET)
    token: str | None = msgspec.field(name="$skipToken", default=None)
    truncated: str | bool = msgspec.field(name="resultTruncated", default=False)


class _Fault(msgspec.Struct, frozen=True):
    code: str = ""
    details: list[dict[str, object]] = []


class _Faulty(msgspec.Struct, frozen=True):
    error: _Fault = _Fault()


_PAGE = msgspec.json.Decoder(_Page)
_FAULTY = msgspec.json.Decoder(_Faulty)


def take_rows(
    desk: Desk,
    asking: Asking,
    quota: Quota,
    unversioned: Callable[[str], None] = lambda _arm_id: None,
) -> Outcome:
    """Read all pages of an answer and keep its rows as ARM REST spells resources.

    `unversioned` is told the id of each row that does not say in which api-version it is.
    """
    top, token = MOST_ROWS, None
    seen: set[str] = set()
    rows: set[int] = set()
    for _ in range(MOST_PAGES):
        quota.wait()
        try:
            answer = desk.send("POST", PATH, asking.body(top, token))
        except (Unanswered, ForeignAddress) as reason:
            return Outcome(State.FAILED, f"Resource Graph: {reason}")
        quota.told(answer.headers)
        if _too_large(answer) and top > 1:
            top //= 2
            continue
        if answer.status != 200:
            return Outcome(*judge(answer))
        page = _opened(answer.body)
        if page is None or page.data is UNSET:
            return Outcome(State.FAILED, "the answer of Resource Graph is no list of rows")
        for row in page.data:
            arm_id = _id(row)
            if arm_id is None or not _keep(desk, row, arm_id, asking.member):
                return Outcome(State.PARTIAL, "Resource Graph gave rows without an id")
            rows.add(hash(fold(arm_id)))
            if bytes(row.get("apiVersion", _NULL)) in (b"null", b'""'):
                unversioned(arm_id)
        if not page.token:
            return _ended(page, len(rows))
        if page.token in seen:
            return Outcome(State.PARTIAL, "the next page of Resource Graph was read before")
        token = page.token
        seen.add(token)
    return Outcome(State.PARTIAL, f"the answer has more than {MOST_PAGES} pages")


def _ended(page: _Page, rows: int) -> Outcome:
    """Hold the different ids that came against the total: a repeated row hides a missing one."""
    if page.total is not UNSET and rows < page.total:
        return Outcome(State.PARTIAL, f"only {rows} of {page.total} rows came")
    if str(page.truncated).lower() == "true":
        return Outcome(State.PARTIAL, "the answer was truncated")
    return COMPLETE


def _opened(body: bytes) -> _Page | None:
    try:
        return _PAGE.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _too_large(answer: Answer) -> bool:
    if answer.status != 400:
        return False
    try:
        fault = _FAULTY.decode(answer.body).error
    except (msgspec.DecodeError, RecursionError):
        return False
    return _TOO_LARGE in (fault.code, *(detail.get("code") for detail in fault.details))


def _id(row: dict[str, Raw]) -> str | None:
    try:
        return msgspec.json.decode(row["id"], type=str)
    except (KeyError, msgspec.DecodeError):
        return None


def _keep(desk: Desk, row: dict[str, Raw], arm_id: str, member: str) -> bool:
    return desk.keep(msgspec.json.encode(resource_of(row, arm_id)), member=member)


def resource_of(row: dict[str, Raw], arm_id: str) -> dict[str, Raw]:
    """Give a row as Resource Manager would spell the resource.

    Columns are the same for all types: those that the resource does not have are null or empty,
    three are of Resource Graph's own, and the type is in small letters.
    """
    version = {"apiVersion": row["apiVersion"]} if "apiVersion" in row else {}
    record = version | {name: raw for name, raw in row.items() if name not in _ADDED}
    for name in [name for name, raw in record.items() if bytes(raw) == b"null"]:
        del record[name]
    for name in _OFTEN_EMPTY:
        if name in record and bytes(record[name]) == b'""':
            del record[name]
    kind, implied = record.get("type"), type_of(arm_id)
    if kind is not None and implied is not None:
        spelled = msgspec.json.encode(implied)
        if spelled.lower() == bytes(kind).lower():
            record["type"] = Raw(spelled)
    return record
