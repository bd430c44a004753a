"""A fault to plant, and the findings it deserves."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bench.landing_zone import LandingZone


class Expected(msgspec.Struct, frozen=True):
    """A finding that must be there: the rule's id and the subject's ARM id."""

    rule: str
    subject: str


Fault = Callable[[LandingZone], list[Expected]]
"""Breaks something in a landing zone; gives nothing, and does nothing, where it does not apply."""
