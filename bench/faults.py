"""All faults, and planting them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from bench import network_faults, service_faults
from bench.fault import Expected, Fault
from bench.landing_zone import LandingZone


def known() -> tuple[Fault, ...]:
    """Give every fault, in the order in which they are planted."""
    pairs = zip_longest(network_faults.FAULTS, service_faults.FAULTS)
    return tuple(fault for pair in pairs for fault in pair if fault is not None)


def plant(zone: LandingZone, numbers: Iterable[int]) -> list[Expected]:
    """Plant faults by number, round and round; one that does not apply here gives way to the next.

    No fault is planted twice in a zone, and none in a zone that lacks a kind of spoke.
    """
    if len({spoke.kind for spoke in zone.spokes}) < 3:
        return []
    faults = known()
    used: set[int] = set()
    planted: list[Expected] = []
    for number in numbers:
        for turn in range(len(faults)):
            index = (number + turn) % len(faults)
            if index in used:
                continue
            used.add(index)
            found = faults[index](zone)
            planted += found
            if found:
                break
    return [*planted, *_opened_by_two(planted)]


def _opened_by_two(planted: list[Expected]) -> Iterable[Expected]:
    """Instances with public addresses behind rules that let the internet in."""
    opened = [one.subject for one in planted if one.rule == "NSG-003"]
    for one in planted:
        if one.rule == "EXP-003" and any("-app/" in each for each in opened):
            yield Expected("EXP-004", one.subject)
