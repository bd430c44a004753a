"""Sets of TCP and UDP ports, as NSG rules write them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, TypeAlias

import msgspec

from auditor import intervals as iv
from auditor.errors import InputError, quoted
from auditor.intervals import Intervals

LAST_PORT = 65535
Port: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=LAST_PORT)]
"""A port in a rule's parameters: others are refused when they are read."""
_LONGEST_TEXT = 32
"""Characters. No range is longer, blanks around it included."""


class PortError(InputError):
    """A text that names no port and no range of ports."""


class PortSet(msgspec.Struct, frozen=True):
    """A set of ports, 0 to 65535; equal sets are equal values. Make one with `parse_ports`.

    `|`, `&`, `-` and `~` combine sets, `<=` tells a subset, `in` a port; a set without ports is
    false. `intervals` holds (first, last) pairs: ascending, disjoint, merged.
    """

    intervals: Intervals = ()

    @staticmethod
    def of(first: int, last: int | None = None) -> PortSet:
        """Give one port, or the range from `first` to `last`, both included."""
        return PortSet(((first, first if last is None else last),))

    def __or__(self, other: PortSet) -> PortSet:
        return PortSet(iv.union(self.intervals, other.intervals))

    def __and__(self, other: PortSet) -> PortSet:
        return PortSet(iv.intersection(self.intervals, other.intervals))

    def __sub__(self, other: PortSet) -> PortSet:
        return PortSet(iv.difference(self.intervals, other.intervals))

    def __invert__(self) -> PortSet:
        return PortSet(iv.complement(self.intervals, LAST_PORT))

    def __le__(self, other: PortSet) -> bool:
        return iv.is_subset(self.intervals, other.intervals)

    def __ge__(self, other: PortSet) -> bool:
        return other <= self

    def __contains__(self, port: int) -> bool:
        return iv.covers(self.intervals, port, port)

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __iter__(self) -> Iterator[iv.Interval]:
        return iter(self.intervals)

    def __str__(self) -> str:
        if self == EVERY_PORT:
            return "*"
        return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in self.intervals)

    def overlaps(self, other: PortSet) -> bool:
        """Tell whether the two share a port."""
        return iv.overlap(self.intervals, other.intervals)

    @property
    def size(self) -> int:
        """The number of ports."""
        return iv.size(self.intervals)


EVERY_PORT = PortSet(((0, LAST_PORT),))


def parse_ports(*texts: str) -> PortSet:
    """Read the ports of an NSG rule (N-9b): `22`, `500-1000`, `*`, or several.

    No text at all gives the empty set. Raises PortError for anything else: an empty text,
    a reversed range, a port above 65535, a comma-separated list.
    """
    return _parse(texts)


@lru_cache(maxsize=4096)
def _parse(texts: tuple[str, ...]) -> PortSet:
    return PortSet(iv.merged(_parse_range(text) for text in texts))


def _parse_range(text: str) -> iv.Interval:
    stripped = text.strip(" \t\r\n") if len(text) <= _LONGEST_TEXT else ""
    if stripped == "*":
        return (0, LAST_PORT)
    low, dash, high = stripped.partition("-")
    first = _parse_port(low)
    last = _parse_port(high) if dash else first
    if first is None or last is None:
        raise PortError(f"{quoted(text)} is neither a port (0 to {LAST_PORT}) nor a range of ports")
    if first > last:
        raise PortError(f"{quoted(text)} is a range of ports written backwards")
    return (first, last)


def _parse_port(text: str) -> int | None:
    digits = text.strip(" ")
    if not 1 <= len(digits) <= 5 or not (digits.isascii() and digits.isdigit()):
        return None
    port = int(digits)
    return port if port <= LAST_PORT else None
