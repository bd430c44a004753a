"""A list of Azure's, page by page: followed with care, never taken for whole when it is not."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.work import Desk, Member
from auditor.errors import quoted
from auditor.snapshot.transport import Answer, ForeignAddress, Unanswered

MOST_PAGES = 10_000
"""No list of a subscription is longer; a server that goes on for ever is stopped here."""

_NO_SUCH_SERVICE = frozenset({"MissingSubscriptionRegistration", "SubscriptionNotRegistered"})


class _Page(msgspec.Struct, frozen=True):
    value: list[Raw] | UnsetType = UNSET
    next_link: str | None = msgspec.field(name="nextLink", default=None)


class _Fault(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Faulty(msgspec.Struct, frozen=True):
    error: _Fault = _Fault()


_PAGE = msgspec.json.Decoder(_Page)
_FAULTY = msgspec.json.Decoder(_Faulty)


def take_list(
    desk: Desk,
    path: str,
    *,
    version: str,
    provider: str = "",
    type: str = "",
    member: str = Member.RESOURCES,
) -> Outcome:
    """Read all pages of a list and keep their elements.

    `type` is for elements that do not tell theirs. Raises Gone when Azure knows no such path.
    """
    seen = {path}
    url = path
    for number in range(1, MOST_PAGES + 1):
        try:
            answer = desk.send("GET", url, provider=provider)
        except Unanswered as reason:
            return _ended(number, State.FAILED, f"{reason}, several times; try again later")
        except ForeignAddress:
            return Outcome(State.PARTIAL, _after(number, "the next page is on another host"))
        if answer.status != 200:
            state, why = judge(answer)
            if number == 1 and answer.status == 404:
                raise Gone(why)
            return _ended(number, state, why)
        page = _page(answer.body)
        if isinstance(page, str):
            return _ended(number, State.FAILED, page)
        kept = [
            desk.keep(raw, version=version, type=type, member=member) for raw in page.value or ()
        ]
        if not all(kept):
            return Outcome(State.PARTIAL, "it holds elements without an id")
        if not page.next_link:
            return COMPLETE
        if page.next_link in seen:
            return Outcome(State.PARTIAL, _after(number + 1, "the next page was read before"))
        url = page.next_link
        seen.add(url)
    return Outcome(State.PARTIAL, f"it has more than {MOST_PAGES} pages")


class Gone(Exception):
    """Azure knows nothing at this path (404)."""


def _page(body: bytes) -> _Page | str:
    """Open a page; a sentence when it is none."""
    try:
        page = _PAGE.decode(body)
    except (msgspec.DecodeError, RecursionError):
        start = body[:200].lstrip().lower()
        if start.startswith(b"<"):
            return "a web page came instead of JSON: is there a proxy in between?"
        return "the answer is no sound JSON list"
    if page.value is UNSET:
        return "the answer is no list: it has no `value`"
    return page


def judge(answer: Answer) -> tuple[State, str]:
    """Say what an answer that is no success means, in words that do not change from run to run."""
    try:
        fault = _FAULTY.decode(answer.body).error
    except (msgspec.DecodeError, RecursionError):
        fault = _Fault()
    if fault.code in _NO_SUCH_SERVICE:
        return State.NOT_REGISTERED, ""
    said = f" {quoted(fault.code)}" if fault.code else ""
    if answer.status in (401, 403):
        return State.DENIED, f"refused ({answer.status}{said}): the role Reader allows it"
    if answer.status == 429:
        return State.FAILED, "throttled (429), after all retries; try again later"
    return State.FAILED, f"Azure answered {answer.status}{said}"


def _ended(number: int, state: State, why: str) -> Outcome:
    """A failure is one of the list as a whole on its first page, and leaves a part afterwards."""
    if number == 1 or state is State.NOT_REGISTERED:
        return Outcome(state, why)
    return Outcome(State.PARTIAL, _after(number, why))


def _after(number: int, why: str) -> str:
    return f"page {number} is missing: {why}"
