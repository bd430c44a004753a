"""Lists of Kubernetes objects, page by page; a list that grew too old is begun again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, Raw, UnsetType

from auditor.collect.manifests import manifest
from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.work import Desk, Member
from auditor.snapshot.cluster import READABLE
from auditor.snapshot.transport import Answer, Unanswered

MOST_PAGES = 10_000
_ATTEMPTS = 3
"""How often a list is begun again that changed while it was read (410 Gone)."""


class Server(Protocol):
    """What is asked of an API server; see `auditor.snapshot.cluster.ApiServer`."""

    def page(self, plural: str, version: str, token: str = "") -> Answer:
        """Ask for a page of a list."""

    def groups(self) -> Answer:
        """Ask which API groups there are."""

    def kinds(self, group: str, version: str) -> Answer:
        """Ask which kinds a version of a group has."""


class _Meta(msgspec.Struct, frozen=True):
    more: str | None = msgspec.field(name="continue", default=None)


class _Page(msgspec.Struct, frozen=True):
    kind: str = ""
    metadata: _Meta | None = None
    items: list[Raw] | UnsetType | None = UNSET


class _Name(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""
    versions: tuple[_Name, ...] = ()


class _Groups(msgspec.Struct, frozen=True):
    groups: tuple[_Name, ...]


class _Resources(msgspec.Struct, frozen=True):
    resources: tuple[_Name, ...]


_GATEWAY_API = ("v1", "v1beta1", "v1alpha3", "v1alpha2")
"""The versions of the Gateway API, the newest first."""

_PAGE = msgspec.json.Decoder(_Page)
_GROUPS = msgspec.json.Decoder(_Groups)
_RESOURCES = msgspec.json.Decoder(_Resources)


class _Short(Exception):
    """A list that ended before its end; says how."""

    def __init__(self, state: State, why: str) -> None:
        super().__init__(why)
        self.outcome = Outcome(state, why)


def take_objects(desk: Desk, server: Server, plural: str, cluster: str) -> Outcome:
    """Read all objects of a kind and keep them, and that the list came whole when it did.

    A cluster without the API (the Gateway API is an addition) has none of its objects.
    """
    group, kind = READABLE[plural]
    found: list[Raw] = []
    try:
        version = _version(server, group, plural)
        outcome = COMPLETE if version is None else _read(server, plural, version, found)
    except _Short as short:
        return short.outcome
    api_version = f"{group}/{version or 'v1'}".lstrip("/")
    kept = [_keep(desk, raw, cluster, api_version, kind) for raw in found]
    if not all(kept):
        outcome = Outcome(State.PARTIAL, "it holds elements that are no objects")
    if outcome.state.whole:
        told = {"cluster": cluster, "apiVersion": api_version, "kind": kind}
        name = f"kubernetes/{cluster}/{kind}"
        desk.keep(
            msgspec.json.encode(told),
            id=name,
            type="kubernetes/list",
            member=Member.KUBERNETES_LISTS,
        )
    return outcome


def _keep(desk: Desk, raw: Raw, cluster: str, version: str, kind: str) -> bool:
    made = manifest(raw, cluster, version, kind)
    if made is None:
        return False
    named, text = made
    return desk.keep(
        text,
        id=f"kubernetes/{cluster}/{kind}/{named}",
        type=f"kubernetes/{kind}",
        member=Member.KUBERNETES,
    )


def _read(server: Server, plural: str, version: str, found: list[Raw]) -> Outcome:
    """Read into `found`, from the start again when the list has changed too much meanwhile."""
    for _ in range(_ATTEMPTS):
        found.clear()
        outcome = _pages(server, plural, version, found)
        if outcome is not None:
            return outcome
    return Outcome(State.PARTIAL, "it changed faster than it could be read (410), several times")


def _pages(server: Server, plural: str, version: str, found: list[Raw]) -> Outcome | None:
    """Read all pages; None when the server no longer knows where it was."""
    token = ""
    seen: set[str] = set()
    for number in range(1, MOST_PAGES + 1):
        try:
            answer = server.page(plural, version, token)
        except Unanswered as reason:
            return _ended(number, State.FAILED, str(reason))
        if answer.status == 410 and number > 1:
            return None
        if answer.status != 200:
            return _ended(number, *_judge(answer, plural))
        page = _page(answer.body)
        if page is None:
            return _ended(number, State.FAILED, "the answer is no list of Kubernetes")
        found += page.items or []
        token = (page.metadata.more if page.metadata else None) or ""
        if not token:
            return COMPLETE
        if token in seen:
            return _ended(number + 1, State.FAILED, "it was read before")
        seen.add(token)
    return Outcome(State.PARTIAL, f"it has more than {MOST_PAGES} pages")


def _page(body: bytes) -> _Page | None:
    try:
        page = _PAGE.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    # Where nothing is in it, Go writes null.
    return page if page.kind.endswith("List") and page.items is not UNSET else None


def _ended(number: int, state: State, why: str) -> Outcome:
    if number == 1:
        return Outcome(state, why)
    return Outcome(State.PARTIAL, f"page {number} is missing: {why}")


def _judge(answer: Answer, what: str) -> tuple[State, str]:
    if answer.status == 401:
        return State.DENIED, "refused (401): the cluster does not know who asks"
    if answer.status == 403:
        return State.DENIED, (
            f"refused (403): a ClusterRole that may list {what} allows it "
            "(docs/snapshot.md has one)"
        )
    if answer.status == 429:
        return State.FAILED, "throttled (429), after all retries; try again later"
    return State.FAILED, f"the API server answered {answer.status}"


def _version(server: Server, group: str, plural: str) -> str | None:
    """Give the version to read a kind in; None when the API server has no such kind.

    A server that does not say what it has is asked for the kind itself.
    """
    if group != "gateway.networking.k8s.io":
        return "v1"
    try:
        return _told(server, group, plural)
    except _Short as short:
        found = next((each for each in _GATEWAY_API if _lists(server, plural, each)), None)
        if found is None:
            raise short from None
        return found


def _told(server: Server, group: str, plural: str) -> str | None:
    told: _Groups = _discovered(_GROUPS, server.groups, "its API groups")
    for version in next((each.versions for each in told.groups if each.name == group), ()):
        ask = partial(server.kinds, group, version.version)
        here: _Resources = _discovered(_RESOURCES, ask, group)
        if any(each.name == plural for each in here.resources):
            return version.version
    return None


def _lists(server: Server, plural: str, version: str) -> bool:
    try:
        return server.page(plural, version).status == 200
    except Unanswered:
        return False


def _discovered(decoder: Any, ask: Callable[[], Answer], what: str) -> Any:
    try:
        answer = ask()
    except Unanswered as reason:
        raise _Short(State.FAILED, f"{what}: {reason}") from None
    except ValueError:
        raise _Short(State.FAILED, f"{what}: a version that is none") from None
    if answer.status != 200:
        raise _Short(*_judge(answer, what))
    try:
        return decoder.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        raise _Short(State.FAILED, f"{what}: the answer is none of Kubernetes") from None
