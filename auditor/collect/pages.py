"""A list of Azure's, page by page: followed with care, never taken for whole when it is not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, Raw, UnsetType

from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.work import Desk, Member
from auditor.errors import quoted
from auditor.snapshot.transport import Answer, ForeignAddress, Unanswered

MOST_PAGES = 10_000
"""No list of a subscription is longer; a server that goes on for ever is stopped here."""

_NO_RESOURCES = "it holds elements that are no resources: without an id, or nested too deeply"
_NO_SUCH_SERVICE = frozenset(
    {
        "InvalidResourceNamespace",
        "MissingRegistrationForResourceProvider",
        "MissingSubscriptionRegistration",
        "Subscription Not Registered",
        "SubscriptionNotRegistered",
    }
)
"""Codes of a provider that the subscription, or this cloud, does not have: services differ."""


class _Page(msgspec.Struct, frozen=True):
    value: list[Raw] | UnsetType = UNSET
    plain: str | None = msgspec.field(name="nextLink", default=None)
    marked: str | None = msgspec.field(name="@nextLink", default=None)
    of_odata: str | None = msgspec.field(name="@odata.nextLink", default=None)

    @property
    def next_link(self) -> str | None:
        """Where the next page is; services spell it in three ways."""
        return self.plain or self.marked or self.of_odata


class _Fault(msgspec.Struct, frozen=True):
    code: str | None = None
    message: str | None = None
    details: list[_Fault] | None = None

    @property
    def codes(self) -> frozenset[str]:
        """Its own code, and those of what it is about."""
        return frozenset(each.code or "" for each in (self, *(self.details or ())))


class _Faulty(msgspec.Struct, frozen=True):
    error: _Fault


_NO_FAULT = _Fault()


_PAGE = msgspec.json.Decoder(_Page)
_FAULTY = msgspec.json.Decoder(_Faulty)
_BARE = msgspec.json.Decoder(_Fault)


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

    `path` names the api-version `version`; when this cloud does not know it, the newest that it
    does know is taken. `type` is for elements that do not tell theirs, `member` where they go.
    Raises Gone when Azure knows no such path.
    """
    taking = _Taking(desk, provider, type, member)
    ended = taking.follow(path, version)
    if isinstance(ended, str):
        other = path.replace(f"api-version={version}", f"api-version={ended}")
        ended = taking.follow(other, ended, again=False)
    assert not isinstance(ended, str)
    return ended


@dataclass(slots=True)
class _Taking:
    """Goes from page to page."""

    desk: Desk
    provider: str
    type: str
    member: str

    def follow(self, path: str, version: str, *, again: bool = True) -> Outcome | str:
        """Read from page to page; give another api-version to try when this one is unknown."""
        seen = {path}
        url = path
        sound = True
        for number in range(1, MOST_PAGES + 1):
            try:
                answer = self.desk.send("GET", url, provider=self.provider)
            except Unanswered as reason:
                return _ended(number, State.FAILED, f"{reason}, several times; try again later")
            except ForeignAddress:
                return Outcome(State.PARTIAL, _after(number, "its address leads elsewhere"))
            if answer.status != 200:
                other = supported(answer, version) if again and number == 1 else None
                return other or _refused(number, answer)
            page = _page(answer.body)
            if isinstance(page, str):
                return _ended(number, State.FAILED, page)
            sound = self._keep(page, version) and sound
            if not page.next_link:
                return COMPLETE if sound else Outcome(State.PARTIAL, _NO_RESOURCES)
            if page.next_link in seen:
                return Outcome(State.PARTIAL, _after(number + 1, "its address was read before"))
            seen.add(page.next_link)
            url = _absolute(page.next_link, url)
        return Outcome(State.PARTIAL, f"it has more than {MOST_PAGES} pages")

    def _keep(self, page: _Page, version: str) -> bool:
        version = "" if self.member == Member.NOWHERE else version
        kept = [
            self.desk.keep(raw, version=version, type=self.type, member=self.member)
            for raw in page.value or ()
        ]
        return all(kept)


def _absolute(link: str, url: str) -> str:
    """Complete a link that is only a query: it is about the same path."""
    return url.partition("?")[0] + link if link.startswith("?") else link


def _refused(number: int, answer: Answer) -> Outcome:
    state, why = judge(answer)
    if number == 1 and answer.status == 404 and state is State.FAILED:
        raise Gone(why)
    return _ended(number, state, why)


_VERSION = re.compile(r"\b\d{4}-\d\d-\d\d(?:-[a-z]+)?\b")
_UNKNOWN_VERSION = frozenset(
    {
        "ApiVersionNotSupported",
        "InvalidApiVersionParameter",
        "InvalidResourceType",
        "NoRegisteredProviderFound",
        "UnsupportedApiVersion",
    }
)


def supported(answer: Answer, version: str) -> str | None:
    """Give the api-version to take instead, from the list in Azure's error; None if it has none.

    The newest that is not newer than ours; previews only where there is nothing else. National
    clouds are behind the public one.
    """
    fault = _fault(answer)
    message = fault.message or ""
    if not fault.codes & _UNKNOWN_VERSION or "support" not in message.lower():
        return None
    told: set[str] = {each for each in _VERSION.findall(message) if each != version}
    stable = {each for each in told if len(each) == len("2024-05-01")}
    older = {each for each in stable if each < version}
    if older:
        return max(older)
    if stable:
        return min(stable)
    return max(told) if told else None


def ask(
    desk: Desk, path: str, version: str, *, method: str = "GET", provider: str = ""
) -> tuple[Answer, str]:
    """Ask at a path, once more in the newest api-version that this cloud knows when it does not
    know ours; give the version too. Raises Unanswered, ForeignAddress.
    """
    answer = desk.send(method, f"{path}?api-version={version}", provider=provider)
    other = supported(answer, version) if answer.status != 200 else None
    if other is None:
        return answer, version
    return desk.send(method, f"{path}?api-version={other}", provider=provider), other


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


def _fault(answer: Answer) -> _Fault:
    """Read an error: below `error`, as Resource Manager and most services have it, or bare."""
    try:
        return _FAULTY.decode(answer.body).error
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return _BARE.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return _NO_FAULT


def judge(answer: Answer) -> tuple[State, str]:
    """Say what an answer that is no success means, in words that do not change from run to run."""
    fault = _fault(answer)
    if fault.codes & _NO_SUCH_SERVICE:
        return State.NOT_REGISTERED, ""
    said = f" {quoted(fault.code)}" if fault.code else ""
    if answer.status == 401:
        return State.DENIED, f"refused (401{said}): sign in anew, to its tenant with --tenant"
    if answer.status == 403:
        return State.DENIED, f"refused (403{said}): the role Reader allows it"
    if answer.status == 429:
        return State.FAILED, "throttled (429), after all retries; try again later"
    told = f"Azure answered {answer.status}{said}"
    return State.FAILED, f"{told}: {_what_to_do(answer.status, fault.code or '')}"


def _what_to_do(status: int, code: str) -> str:
    if code == "SubscriptionNotFound":
        return "no such subscription in this tenant"
    if status >= 500:
        return "try again later"
    return "this version of auditor asks for what this Azure does not know; report it"


def _ended(number: int, state: State, why: str) -> Outcome:
    """A failure is one of the list as a whole on its first page, and leaves a part afterwards."""
    if number == 1 or state is State.NOT_REGISTERED:
        return Outcome(state, why)
    return Outcome(State.PARTIAL, _after(number, why))


def _after(number: int, why: str) -> str:
    return f"page {number} is missing: {why}"
