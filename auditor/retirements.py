"""Dates on which Azure ends support, from one data file (`auditor/data/retirements.toml`)."""

from __future__ import annotations

from datetime import date
from functools import cache

import msgspec

from auditor import data
from auditor.finding import Severity

SOON = 90
"""Days before a retirement from which it weighs one step more."""


class Retirement(msgspec.Struct, frozen=True):
    """`what` ends on `effective`, as `source` told on the day it was `read`."""

    what: str
    effective: date
    source: str
    read: date

    def told(self, day: date) -> str:
        """Say it as of a day: ended when, or ends in how many days."""
        left = (self.effective - day).days
        if left < 0:
            return f"support for {self.what} ended on {self.effective}"
        when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
        return f"support for {self.what} ends on {self.effective}, {when}"

    def severity(self, usual: Severity, day: date) -> Severity:
        """Give the weight as of a day.

        One step more than usual in the last `SOON` days, at least high once the day has passed.
        """
        left = (self.effective - day).days
        if left < 0:
            return max(usual, Severity.HIGH)
        return Severity(min(usual + 1, Severity.CRITICAL)) if left <= SOON else usual


@cache
def retirement(name: str) -> Retirement:
    """Give one entry of the data file."""
    return _all()[name]


@cache
def _all() -> dict[str, Retirement]:
    import tomllib  # few networks have something of a kind that ends

    told = tomllib.loads(data.text("retirements.toml"))
    return {name: Retirement(**entry) for name, entry in told.items()}
