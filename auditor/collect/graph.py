"""The sweep by Azure Resource Graph: one question for many subscriptions, for what it holds whole.

It is quicker than lists over many subscriptions, and says less: it is silent about what the
caller may not read, and lags behind by up to minutes. So each subscription shows first that it is
there for the caller to read: in Resource Graph's own list, by one list of Resource Manager, and by
the caller's rights to read every type that is asked for. Those that do not, and those of a query
that did not come whole, are read by the lists of `ArmSweep`; so is what Resource Graph does not
hold.

Limits: https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
(15 queries in 5 seconds for each caller, groups below 300 subscriptions) and `work-with-data`
(1,000 rows a page). Tables: `reference/supported-tables-resources`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from auditor import ids
from auditor.collect import catalogue
from auditor.collect.catalogue import By, Kind
from auditor.collect.graph_pages import COLUMNS, Asking, Quota, take_rows
from auditor.collect.outcome import COMPLETE, Outcome
from auditor.collect.rights import may_all
from auditor.collect.sweep import ArmSweep, following, group_id, listing, lists
from auditor.collect.work import Desk, Entry, Member, Scope, Taken, Work

MANY = 50
"""With more subscriptions than this, `--sweep auto` asks Resource Graph."""

BATCH = 100
"""Subscriptions in one question; Microsoft advises fewer than 300."""

_HELD_BELOW = frozenset(
    {
        ("microsoft.network/networkwatchers", "flowLogs"),
        ("microsoft.network/privatednszones", "virtualNetworkLinks"),
    }
)
"""Children that its table `resources` holds; others of its tables are not taken for whole."""

_PROOF = "Microsoft.Network/virtualNetworks"
"""What is listed in each subscription to see that the whole of it may be read."""

_BY_LIST = frozenset({_PROOF, "Microsoft.Authorization/roleAssignments"})
"""Of what is listed by subscription. Role assignments are in a table that has rules of its own
about scopes."""

_SUBSCRIPTION = "microsoft.resources/subscriptions"
_PROVEN = "auditor/proven"


def held(kind: Kind) -> bool:
    """Tell whether Resource Graph gives a kind whole."""
    if kind.by is By.PARENT:
        return (kind.parent.lower(), kind.suffix) in _HELD_BELOW
    return kind.type not in _BY_LIST


@dataclass(frozen=True, slots=True)
class GraphSweep:
    """Reads more than `least` subscriptions by Resource Graph, fewer by lists. A `Source`.

    Named resource groups are read by lists: there are few calls to spare.
    """

    least: int = 0
    quota: Quota = field(default_factory=Quota)
    lists: ArmSweep = field(default_factory=ArmSweep)

    def works(self, taken: Taken, scope: Scope) -> Iterable[Work]:
        """Give, for each batch of subscriptions, the question which of them there are."""
        if scope.groups or len(scope.subscriptions) <= self.least:
            yield from self.lists.works(taken, scope)
            return
        for start in range(0, len(scope.subscriptions), BATCH):
            yield self._there(scope.subscriptions[start : start + BATCH], scope)

    def _there(self, batch: tuple[str, ...], scope: Scope) -> Work:
        """Ask which subscriptions are there; the rest of the batch is read by lists."""
        text = f"resourcecontainers | where type =~ '{_SUBSCRIPTION}' | order by id asc"
        asking = Asking(text, batch, Member.NOWHERE)

        def then(entries: Sequence[Entry], taken: Taken) -> Iterator[Work]:
            there = {_subscription(entry.id) for entry in entries if entry.type == _SUBSCRIPTION}
            seen = tuple(one for one in batch if one in there)
            if seen:
                yield self._rows(seen, scope)
                for one in seen:
                    yield self._proof(one, scope)
            yield from self._by_lists((one for one in batch if one not in there), scope, taken)

        return Work(_key("subscriptions", batch), "Resource Graph", self._reader(asking), "", then)

    def _rows(self, batch: tuple[str, ...], scope: Scope) -> Work:
        """Ask for everything it holds; what it does not hold follows by lists."""
        types = ", ".join(f"'{kind.type.lower()}'" for kind in _held())
        columns = ", ".join(COLUMNS)
        text = f"resources | where type in~ ({types}) | project {columns} | order by id asc"
        asking = Asking(text, batch)

        def then(entries: Sequence[Entry], taken: Taken) -> Iterator[Work]:
            if not any(entry.type == _PROVEN for entry in entries):
                yield from self._by_lists(batch, scope, taken)
                return
            rows = [entry for entry in entries if entry.member == Member.RESOURCES]
            yield from following(rows, taken, scope, but=held)
            yield from _referred(entries, scope)

        return Work(_key("resources", batch), "Resource Graph", self._reader(asking), "", then)

    def _reader(self, asking: Asking) -> Callable[[Desk], Outcome]:
        def read(desk: Desk) -> Outcome:
            """A question that failed leaves no gap: what it would have told is listed instead."""
            unversioned: set[str] = set()
            if take_rows(desk, asking, self.quota, unversioned.add).state.whole:
                _prove(desk)
                _refer(desk, unversioned)
            return COMPLETE

        return read

    def _proof(self, subscription: str, scope: Scope) -> Work:
        """List one type by Resource Manager, and look what the role leaves out.

        When that is refused or something is left out, the subscription is read by lists.
        """
        under = f"/subscriptions/{subscription}"
        (kind,) = (each for each in catalogue.top() if each.type == _PROOF)
        plain = listing(kind, under, scope)
        rest = [each for each in catalogue.top() if not held(each) and each is not kind]

        def read(desk: Desk) -> Outcome:
            if plain.read(desk).state.whole and may_all(desk, subscription, _actions()):
                _prove(desk)
            return COMPLETE

        def then(entries: Sequence[Entry], taken: Taken) -> Iterator[Work]:
            if any(entry.type == _PROVEN for entry in entries):
                yield from plain.then(entries, taken)
                yield from lists(rest, under, scope)
            else:
                yield from self._by_lists((subscription,), scope, taken)

        return Work(f".graph/proof/{subscription}", kind.type, read, under, then)

    def _by_lists(self, batch: Iterable[str], scope: Scope, taken: Taken) -> Iterator[Work]:
        yield from self.lists.works(taken, Scope(tuple(batch), scope.groups, scope.options))


def _held() -> Iterator[Kind]:
    return (kind for kind in catalogue.KINDS if held(kind))


def _refer(desk: Desk, rows: Iterable[str]) -> None:
    """Leave a sign for `then` which lists to read, for rows that do not say in which api-version
    they are: a list's own is known, and its record is taken before the row.
    """
    kinds = {kind.type.lower(): kind for kind in _held()}
    places: dict[tuple[str, str], str] = {}
    for arm_id in rows:
        kind = kinds.get((ids.type_of(arm_id) or "").lower())
        if kind is not None:
            under = _home(kind, arm_id)
            places[kind.type.lower(), under.lower()] = under
    for (type, _), under in sorted(places.items()):
        desk.keep(b"{}", id=under, type=type, member=Member.NOWHERE)


def _home(kind: Kind, arm_id: str) -> str:
    """Give what a resource's list is under."""
    if kind.by is By.PARENT:
        return ids.parent(arm_id) or ""
    return group_id(arm_id) if kind.by is By.GROUP else f"/subscriptions/{ids.subscription(arm_id)}"


def _referred(entries: Iterable[Entry], scope: Scope) -> Iterator[Work]:
    kinds = {kind.type.lower(): kind for kind in _held()}
    for entry in entries:
        if entry.member == Member.NOWHERE and entry.type in kinds:
            yield listing(kinds[entry.type], entry.id, scope)


def _actions() -> Iterator[str]:
    return (kind.action for kind in _held())


def _key(what: str, batch: Sequence[str]) -> str:
    """Name a question. It sorts before any list, whose record of the same id is kept then."""
    digest = hashlib.sha256("\n".join(batch).encode()).hexdigest()[:16]
    return f".graph/{what}/{digest}"


def _subscription(arm_id: str) -> str:
    return arm_id.rstrip("/").rpartition("/")[2].lower()


def _prove(desk: Desk) -> None:
    """Leave a sign for `then`, which sees entries alone, that a work ended well."""
    desk.keep(msgspec.json.encode({"id": _PROVEN, "type": _PROVEN}), member=Member.NOWHERE)
