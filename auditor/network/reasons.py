"""Why something cannot be told: labels that are the same everywhere, and what they are about."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor import ids
from auditor.errors import Undetermined


class Reason(msgspec.Struct, frozen=True, order=True):
    """A label (`collection-gap`, `service-tag:storage`, ...), what it is about, and who.

    `remedy` says what to do that it is told, where that does not follow from the others.
    """

    label: str
    detail: str = ""
    resource: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.detail} ({self.label})" if self.detail else self.label


GAP = "collection-gap"
"""The label of what the snapshot does not hold, and an export would tell."""
FORCED_TUNNEL = "forced-tunnel-unknown"
"""The label of whatever leaves by way of sites: what these do with it no resource tells."""


def gap(unknown: Undetermined, resource: str = "") -> Reason:
    """Give the reason for an answer that the snapshot does not hold (U-1, U-2).

    Of a bare JSON key it says where it was looked for: `natGateway of app`.
    """
    found = unknown.resource or resource
    bare = bool(found) and " " not in unknown.missing
    missing = f"{unknown.missing} of {ids.name(found)}" if bare else unknown.missing
    return Reason(GAP, missing, found, unknown.remedy)


def teller(reasons: Iterable[Reason]) -> str:
    """Give the id of who would tell some reasons, or nothing: the first who is named.

    What an export would tell comes before what none does.
    """
    first = _decisive(reasons)
    return first.resource if first is not None else ""


def remedy(reasons: Iterable[Reason]) -> str:
    """Give what to do that some reasons are told, where that of whom `teller` names says it."""
    first = _decisive(reasons)
    return first.remedy if first is not None else ""


def _decisive(reasons: Iterable[Reason]) -> Reason | None:
    named = [reason for reason in reasons if reason.resource]
    return next((each for each in named if each.label == GAP), named[0] if named else None)
