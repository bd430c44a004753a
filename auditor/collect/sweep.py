"""The sweep by lists of Azure Resource Manager: subscription, resource group, parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote

import msgspec

from auditor import ids
from auditor.collect import catalogue, parents
from auditor.collect.catalogue import By, Kind
from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.pages import Gone, ask, judge, take_list
from auditor.collect.scoping import GROUPS
from auditor.collect.work import Desk, Entry, Member, Scope, Taken, Work
from auditor.ids import fold
from auditor.snapshot.transport import ForeignAddress, Unanswered

INVENTORY = "inventory"
OPEN = "auditor/open"
_CLUSTERS = "microsoft.containerservice/managedclusters"


class _ClusterSettings(msgspec.Struct):
    group: str | None = msgspec.field(name="nodeResourceGroup", default=None)


class _Cluster(msgspec.Struct):
    properties: _ClusterSettings


_CLUSTER = msgspec.json.Decoder(_Cluster)


class ArmSweep:
    """Lists everything of the catalogue, by Azure Resource Manager alone. A `Source`."""

    def works(self, taken: Taken, scope: Scope) -> Iterable[Work]:
        """Give the first work of each subscription: its groups, which tell whether it is ours."""
        return [self._first(subscription, scope) for subscription in scope.subscriptions]

    def _first(self, subscription: str, scope: Scope) -> Work:
        def then(entries: Sequence[Entry], _taken: Taken) -> Iterable[Work]:
            if not any(entry.type == OPEN for entry in entries):
                return ()
            groups = [entry for entry in entries if entry.type == GROUPS]
            return self._under(subscription, groups, scope)

        return groups_of(subscription, then, wanted=bool(scope.groups))

    def _under(self, subscription: str, groups: Sequence[Entry], scope: Scope) -> Iterator[Work]:
        if not scope.groups:
            yield from in_subscription(subscription, scope)
            return
        for group in groups:
            if ids.name(group.id).lower() in scope.groups:
                yield from in_group(group.id, scope)


def in_subscription(subscription: str, scope: Scope) -> Iterator[Work]:
    """Give the lists of a whole subscription."""
    under = f"/subscriptions/{subscription}"
    plain = [kind for kind in catalogue.top() if kind.by is By.SUBSCRIPTION and not kind.asked]
    yield from lists(plain, under, scope)
    yield inventory(under, [k for k in catalogue.top() if k not in plain], scope)


def in_group(group: str, scope: Scope) -> Iterator[Work]:
    """Give the lists of one resource group."""
    plain = [kind for kind in catalogue.top() if not kind.asked]
    yield from lists(plain, group, scope)
    yield inventory(group, [k for k in catalogue.top() if k.asked], scope)


def groups_of(
    subscription: str,
    then: Callable[[Sequence[Entry], Taken], Iterable[Work]],
    *,
    wanted: bool,
) -> Work:
    """List a subscription's resource groups. One that is denied or is not there is one gap.

    When it is not, an entry of type OPEN tells `then`, which sees entries alone, to go on. Unless
    the groups are `wanted`, nothing is missing when just their list is not told whole.
    """
    path = f"/subscriptions/{subscription}/resourcegroups?api-version={catalogue.INVENTORY}"

    subject = f"/subscriptions/{subscription}"

    def read(desk: Desk) -> Outcome:
        try:
            outcome = take_list(
                desk, path, version=catalogue.INVENTORY, type=GROUPS, member=Member.NOWHERE
            )
        except Gone as why:
            outcome = Outcome(State.FAILED, str(why))
            if "no such subscription" in outcome.detail:  # so that nothing of it answers
                return outcome
        if outcome.state is State.DENIED:
            return outcome
        desk.keep(b"{}", id=subject, type=OPEN, member=Member.NOWHERE)
        return outcome if wanted else COMPLETE

    return Work(_key(path), "resource groups", read, subject, then)


def inventory(under: str, kinds: Sequence[Kind], scope: Scope) -> Work:
    """List what a subscription or a group holds of kinds that are listed only if there are some."""
    path = f"{quote(under, safe=catalogue.PLAIN)}/resources?api-version={catalogue.INVENTORY}"

    def read(desk: Desk) -> Outcome:
        return _listed(desk, path, catalogue.INVENTORY, "", "", Member.NOWHERE)

    def then(entries: Sequence[Entry], _taken: Taken) -> Iterator[Work]:
        for kind in kinds:
            there = [entry.id for entry in entries if entry.type == kind.type.lower()]
            if kind.by is By.GROUP:
                groups = {group_id(each).lower(): group_id(each) for each in there}
                for group in sorted(groups.values()):
                    yield listing(kind, group, scope)
            elif there:
                yield listing(kind, under, scope)

    return Work(_key(path), INVENTORY, read, path.partition("?")[0], then)


def group_id(arm_id: str) -> str:
    """Give the id of the resource group of a resource."""
    return f"/subscriptions/{ids.subscription(arm_id)}/resourceGroups/{ids.resource_group(arm_id)}"


def lists(kinds: Iterable[Kind], under: str, scope: Scope) -> Iterator[Work]:
    """Give the lists of some kinds under a subscription, a resource group, or a parent."""
    for kind in kinds:
        yield listing(kind, under, scope)


def listing(kind: Kind, under: str, scope: Scope) -> Work:
    """Give one list, and let the lists of its elements' children follow."""
    path = kind.path(under)
    child = kind.by is By.PARENT

    def read(desk: Desk) -> Outcome:
        if child:
            return _listed_below(desk, kind, under)
        return _listed(desk, path, kind.version, kind.provider, "", Member.RESOURCES)

    def then(entries: Sequence[Entry], taken: Taken) -> Iterator[Work]:
        return following(entries, taken, scope)

    return Work(_key(path), kind.type, read, path.partition("?")[0], then)


def following(
    entries: Iterable[Entry],
    taken: Taken,
    scope: Scope,
    but: Callable[[Kind], bool] = lambda _kind: False,
) -> Iterator[Work]:
    """Give the lists of the children of what was listed; a cluster brings its node group along.

    `but` names kinds that have been read in another way.
    """
    for entry in entries:
        kinds = [kind for kind in catalogue.children(entry.type) if not but(kind)]
        if kinds and entry.type in parents.DEPENDS:
            told = taken.body(entry)
            kinds = [kind for kind in kinds if parents.may_have(kind, told)]
        yield from lists(kinds, entry.id, scope)
        if scope.groups and entry.type == _CLUSTERS:
            group = node_group(entry, taken)
            if group is not None and _is_seen(group, taken):
                yield from in_group(group, scope)
            elif group is not None:
                yield _unseen(group, scope)


def _is_seen(group: str, taken: Taken) -> bool:
    groups = taken.of_type(GROUPS, Member.NOWHERE)
    return fold(group) in {fold(entry.id) for entry in groups}


def _unseen(group: str, scope: Scope) -> Work:
    """Look at a group that its subscription did not tell, so that one that is denied is one gap."""

    def read(desk: Desk) -> Outcome:
        try:
            answer, _ = ask(desk, quote(group, safe=catalogue.PLAIN), catalogue.INVENTORY)
        except Unanswered as reason:
            return Outcome(State.FAILED, f"{reason}, several times; try again later")
        except ForeignAddress:
            return Outcome(State.FAILED, "its name is none of Azure's")
        state, why = judge(answer)
        if state is State.DENIED:
            return Outcome(state, why)
        if "ResourceGroupNotFound" not in why:  # else it is gone with its cluster
            desk.keep(b"{}", id=group, type=OPEN, member=Member.NOWHERE)
        return COMPLETE

    def then(entries: Sequence[Entry], _taken: Taken) -> Iterable[Work]:
        return in_group(group, scope) if entries else ()

    return Work(_key(group), "resource groups", read, group, then)


def node_group(cluster: Entry, taken: Taken) -> str | None:
    """Give the id of the resource group in which a cluster keeps its nodes."""
    try:
        name = _CLUSTER.decode(taken.body(cluster)).properties.group
    except msgspec.DecodeError:
        return None
    if not name:
        return None
    return f"/subscriptions/{ids.subscription(cluster.id)}/resourceGroups/{name}"


def scope_words(scope: Scope, taken: Taken) -> Sequence[str]:
    """Say what was read, as ids: whole subscriptions, or groups with those of their clusters."""
    if not scope.groups:
        return [f"/subscriptions/{each}" for each in scope.subscriptions]
    found = {
        fold(entry.id): entry.id
        for entry in taken.of_type(GROUPS, Member.NOWHERE)
        if ids.name(entry.id).lower() in scope.groups
    }
    for cluster in taken.of_type(_CLUSTERS):
        group = node_group(cluster, taken)
        if group is not None:
            found.setdefault(fold(group), group)
    return [found[key] for key in sorted(found)]


def _key(path: str) -> str:
    return path.lower()


def _listed(desk: Desk, path: str, version: str, provider: str, type: str, member: str) -> Outcome:
    try:
        return take_list(desk, path, version=version, provider=provider, type=type, member=member)
    except Gone as why:
        return Outcome(State.FAILED, str(why))


def _listed_below(desk: Desk, kind: Kind, parent: str) -> Outcome:
    """Read a parent's children. When there is no such list, look whether the parent is gone."""
    path = kind.path(parent)
    try:
        return take_list(desk, path, version=kind.version, provider=kind.provider)
    except Gone as why:
        if _is_gone(desk, kind, parent):
            desk.drop(parent)
            return COMPLETE
        return Outcome(State.FAILED, str(why))


def _is_gone(desk: Desk, kind: Kind, parent: str) -> bool:
    version = next((k.version for k in catalogue.KINDS if k.type == kind.parent), kind.version)
    try:
        answer = desk.send(
            "GET",
            f"{quote(fold(parent), safe=catalogue.PLAIN)}?api-version={version}",
            provider=kind.provider,
        )
    except (Unanswered, ForeignAddress):
        return False
    return answer.status == 404 and judge(answer)[0] is State.FAILED
