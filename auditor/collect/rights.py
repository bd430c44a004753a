"""What the caller may do in a subscription, as Azure tells it.

Resource Graph is silent about what its caller may not read, so a type without rows may be one that
the role leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from auditor.collect.work import Desk
from auditor.snapshot.transport import ForeignAddress, Unanswered

VERSION = "2022-04-01"
ACTION = "Microsoft.Authorization/permissions/read"
"""What asking takes; the role Reader has it."""


class Permission(msgspec.Struct, frozen=True, rename="camel"):
    """What one role grants at a scope: `actions` but for `not_actions`, with `*` for anything."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()

    def grants(self, action: str) -> bool:
        """Tell whether an action is among them."""
        return _matches(self.actions, action) and not _matches(self.not_actions, action)


class _Page(msgspec.Struct, frozen=True):
    value: tuple[Permission, ...]
    next_link: str | None = msgspec.field(name="nextLink", default=None)


def may_all(desk: Desk, subscription: str, actions: Iterable[str]) -> bool:
    """Tell whether the caller may do all of these in a subscription; in doubt not.

    Azure: `Permissions - List For Subscription`. What deny assignments take away is not told there.
    """
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"
    try:
        answer = desk.send(
            "GET", f"{path}?api-version={VERSION}", provider="Microsoft.Authorization"
        )
        page = msgspec.json.decode(answer.body, type=_Page)
    except (Unanswered, ForeignAddress, msgspec.DecodeError, RecursionError):
        return False
    if answer.status != 200 or page.next_link:
        return False
    return all(any(each.grants(action) for each in page.value) for action in actions)


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE)
        for pattern in patterns
    )
