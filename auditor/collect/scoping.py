"""Which subscriptions a run is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from auditor import ids
from auditor.collect import catalogue
from auditor.collect.options import Options
from auditor.collect.outcome import Outcome, State
from auditor.collect.pages import Gone, take_list
from auditor.collect.spool import Done, Spool
from auditor.collect.work import Desk, Entry, Member, Scope, Taken, Work
from auditor.errors import NothingRead, UsageError, quoted
from auditor.ids import fold
from auditor.snapshot.document import Gap

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.()-]*")
_IDS = "ids are told by: az account list, az account management-group list"
SUBSCRIPTION = "microsoft.resources/subscriptions"
GROUPS = "microsoft.resources/resourcegroups"


def resolve(perform: Callable[[Work], Done], options: Options) -> Scope:
    """Find the subscriptions: those named, those of management groups, or all that are seen.

    Raises NothingRead when there are none.
    """
    for option, names in (
        ("--subscription", options.subscriptions),
        ("--management-group", options.management_groups),
    ):
        for name in names:
            if not _NAME.fullmatch(name):
                raise UsageError(f"{quoted(name)} is no id", where=option, advice=_IDS)
    found = [each.lower() for each in options.subscriptions]
    for group in options.management_groups:
        done = perform(_descendants(group))
        found += [ids.name(e.id).lower() for e in done.entries if _is_subscription(e)]
        _must(done, f"management group {group}")
    if not options.subscriptions and not options.management_groups:
        done = perform(_visible())
        found += [ids.name(entry.id).lower() for entry in done.entries]
        _must(done, "the list of subscriptions")
    if not found:
        raise NothingRead(
            "the credential sees no subscription",
            advice="give it the role Reader on one, or choose the tenant with --tenant",
        )
    groups = frozenset(name.lower() for name in options.resource_groups)
    return Scope(tuple(dict.fromkeys(sorted(found))), groups)


def _is_subscription(entry: Entry) -> bool:
    """Tell subscriptions from management groups; the type of the former is spelled in two ways."""
    return entry.type.endswith("/subscriptions") or fold(entry.id).startswith("/subscriptions/")


def unmatched(scope: Scope, spool: Spool, taken: Taken) -> Sequence[Gap]:
    """Give a gap for each resource group that was asked for and is in no subscription.

    Raises UsageError when none of them is.
    """
    if not scope.groups:
        return ()
    there = {ids.name(entry.id).lower() for entry in taken.of_type(GROUPS, Member.NOWHERE)}
    absent = sorted(scope.groups - there)
    blind = any(
        done.kind == "resource groups" and not done.outcome.state.whole for done in spool.lists()
    )
    if len(absent) == len(scope.groups) and not blind:
        raise UsageError(
            f"no subscription in scope has a resource group {quoted(absent[0])}",
            where="--resource-group",
            advice="see: az group list",
        )
    return [
        Gap("failed", name, "no subscription in scope has a resource group of this name")
        for name in absent
    ]


def _must(done: Done, what: str) -> None:
    gap = done.outcome.gap(what)
    if gap is not None and not done.entries:
        refused = done.outcome.state is State.DENIED
        raise NothingRead(f"{what} cannot be read: {gap.detail}", advice=_MAY if refused else _LOOK)


_MAY = "name what may be read with --subscription, or sign in as somebody else"
_LOOK = (
    "see that Azure Resource Manager answers from here; behind a proxy set HTTPS_PROXY, and "
    "REQUESTS_CA_BUNDLE to the file of its certificate"
)


def _visible() -> Work:
    return _work("/subscriptions", catalogue.SUBSCRIPTIONS, "subscriptions", SUBSCRIPTION)


def _descendants(group: str) -> Work:
    path = f"/providers/Microsoft.Management/managementGroups/{group}/descendants"
    return _work(path, catalogue.MANAGEMENT_GROUPS, "management groups", "")


def _work(path: str, version: str, kind: str, type: str) -> Work:
    address = f"{path}?api-version={version}"

    def read(desk: Desk) -> Outcome:
        try:
            return take_list(desk, address, version=version, type=type, member=Member.NOWHERE)
        except Gone as why:
            return Outcome(State.FAILED, str(why))

    return Work(address.lower(), kind, read, path)
