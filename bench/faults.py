"""Faults to plant, each with the findings it deserves."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bench.landing_zone import LandingZone


class Expected(msgspec.Struct, frozen=True):
    """A finding that must be there: the rule's id and the subject's ARM id."""

    rule: str
    subject: str


def plant(zone: LandingZone, numbers: Iterable[int]) -> list[Expected]:
    return []
