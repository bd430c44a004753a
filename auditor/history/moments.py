"""Times as a history keeps them: ISO 8601, UTC, whole seconds, ordered as text is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def written(moment: datetime) -> str:
    """Write a moment that has a time zone."""
    return moment.astimezone(UTC).strftime(_FORM).rjust(20, "0")


def read(text: str | None) -> datetime | None:
    """Read a moment in ISO 8601, UTC unless it says otherwise; None for anything else."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def days_between(earlier: str, later: str) -> int:
    """Give the whole days from one written moment to another. Raises ValueError for none."""
    return (_sure(later) - _sure(earlier)).days


def before(moment: str, days: int) -> str:
    """Give the moment that many days before, empty where there is none any more."""
    try:
        return written(_sure(moment) - timedelta(days=days))
    except OverflowError:
        return ""


def _sure(text: str) -> datetime:
    found = read(text)
    if found is None:
        raise ValueError(f"{text!r} is no moment")
    return found
