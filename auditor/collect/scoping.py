"""Which subscriptions a run is about."""

from __future__ import annotations

from collections.abc import Callable

from auditor import ids
from auditor.collect import catalogue
from auditor.collect.options import Options
from auditor.collect.outcome import Outcome, State
from auditor.collect.pages import Gone, take_list
from auditor.collect.spool import Done
from auditor.collect.work import Desk, Member, Scope, Work
from auditor.errors import AuditorError


class NothingRead(AuditorError):
    """Azure knows who asks and lets nothing be read. Exit status 3."""

    headline = "no snapshot was taken"


SUBSCRIPTION = "microsoft.resources/subscriptions"
_DESCENDANT = "microsoft.management/managementgroups/subscriptions"


def resolve(perform: Callable[[Work], Done], options: Options) -> Scope:
    """Find the subscriptions: those named, those of management groups, or all that are seen.

    Raises NothingRead when there are none.
    """
    found = [each.lower() for each in options.subscriptions]
    for group in options.management_groups:
        done = perform(_descendants(group))
        found += [ids.name(e.id).lower() for e in done.entries if e.type.endswith("/subscriptions")]
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


def _must(done: Done, what: str) -> None:
    gap = done.outcome.gap(what)
    if gap is not None and not done.entries:
        raise NothingRead(f"{what} cannot be read: {gap.detail}")


def _visible() -> Work:
    path = f"/subscriptions?api-version={catalogue.SUBSCRIPTIONS}"
    return _work(path, "subscriptions", SUBSCRIPTION)


def _descendants(group: str) -> Work:
    base = f"/providers/Microsoft.Management/managementGroups/{group}/descendants"
    return _work(f"{base}?api-version={catalogue.MANAGEMENT_GROUPS}", "management groups", "")


def _work(path: str, kind: str, type: str) -> Work:
    def read(desk: Desk) -> Outcome:
        try:
            return take_list(desk, path, version="", type=type, member=Member.NOWHERE)
        except Gone as why:
            return Outcome(State.FAILED, str(why))

    return Work(path.lower(), kind, read, path.partition("?")[0])
