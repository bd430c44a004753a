"""The snapshot is too old.

## Why it matters
A network changes daily; a compliance page drawn from last month's snapshot describes a network
that may no longer exist.

## What fails
The snapshot says when it was taken, and that is longer ago than the parameter `max-age-days` (7).
A time that is not ISO 8601 gives *unknown*. Plain exports carry no time of their own and are not
judged.

## What to do
Take a new snapshot and audit that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from auditor.network.gaps import location_of
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


class Params(Struct, frozen=True):
    """What is too old."""

    max_age_days: int = 7
    """Days after which a snapshot no longer counts as today's network; 0 or more."""

    def __post_init__(self) -> None:
        """Refuse what is no age."""
        if self.max_age_days < 0:
            raise ValueError("max-age-days is 0 or more")


def dated(network: Network) -> tuple[Network, ...]:
    """The network, when its snapshot carries a time."""
    return (network,) if network.taken_at else ()


@rule("GOV-007", severity=Severity.MEDIUM, since="0.1.0", of=dated, parameters=Params)
def outdated_snapshot(network: Network, _: Network, params: Params) -> Outcomes:
    """Compare the time of the snapshot with the time of the audit."""
    taken, where = _time(network.taken_at or ""), location_of(network.taken_where)
    if taken is None:
        missing = "when the snapshot was taken: its time is not ISO 8601"
        yield Unknown("", missing=missing, location=where)
    elif network.as_of - taken > timedelta(days=params.max_age_days):
        days = (network.as_of - taken).days
        yield Finding(
            subject="",
            message=f"the snapshot was taken on {taken.date()}, {days} days before this audit "
            f"(at most {params.max_age_days})",
            remedy="take a new snapshot and audit that",
            location=where,
        )


def _time(text: str) -> datetime | None:
    try:
        taken = datetime.fromisoformat(text)
    except ValueError:
        return None
    return taken if taken.tzinfo else taken.replace(tzinfo=UTC)
