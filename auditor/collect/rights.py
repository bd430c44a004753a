"""What the caller may do in a subscription, as Azure tells it.

Resource Graph is silent about what its caller may not read, so a type without rows may be one that
the role leaves out, or that a deny assignment takes away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from auditor.collect.pages import ask
from auditor.collect.work import Desk
from auditor.snapshot.transport import ForeignAddress, Unanswered

VERSION = "2022-04-01"
ACTIONS = (
    "Microsoft.Authorization/denyAssignments/read",
    "Microsoft.Authorization/permissions/read",
)
"""What asking takes; the role Reader has both."""


class Permission(msgspec.Struct, frozen=True, rename="camel"):
    """What one role grants at a scope, or a deny assignment takes away.

    `actions` but for `not_actions`, with `*` for anything.
    """

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()

    def grants(self, action: str) -> bool:
        """Tell whether an action is among them."""
        return _matches(self.actions, action) and not _matches(self.not_actions, action)


class _Denial(msgspec.Struct, frozen=True):
    permissions: tuple[Permission, ...] = ()


class _Assignment(msgspec.Struct, frozen=True):
    properties: _Denial


class _Permissions(msgspec.Struct, frozen=True):
    value: tuple[Permission, ...]
    next_link: str | None = msgspec.field(name="nextLink", default=None)


class _Assignments(msgspec.Struct, frozen=True):
    value: tuple[_Assignment, ...]
    next_link: str | None = msgspec.field(name="nextLink", default=None)


def may_all(desk: Desk, subscription: str, actions: Iterable[str]) -> bool:
    """Tell whether the caller may do all of these in a subscription; in doubt not.

    Azure: `Permissions - List For Subscription`, and `Deny Assignments - List`, of which none may
    be about any of them, whomever it is for.
    """
    wanted = tuple(actions)
    granted = _told(desk, subscription, "permissions", _Permissions)
    if granted is None or not all(_grant(granted, action) for action in wanted):
        return False
    denials = _told(desk, subscription, "denyAssignments", _Assignments)
    if denials is None:
        return False
    denied = [each for one in denials for each in one.properties.permissions]
    return not any(_grant(denied, action) for action in wanted)


def _told(desk: Desk, subscription: str, what: str, page: Any) -> Any:
    """Give the elements of a list that has one page; None when it does not come whole."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/{what}"
    try:
        answer, _ = ask(desk, path, VERSION, provider="Microsoft.Authorization")
        told = msgspec.json.decode(answer.body, type=page)
    except (Unanswered, ForeignAddress, msgspec.DecodeError, RecursionError):
        return None
    return None if answer.status != 200 or told.next_link else told.value


def _grant(permissions: Iterable[Permission], action: str) -> bool:
    return any(each.grants(action) for each in permissions)


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE)
        for pattern in patterns
    )
