"""The dimensions of a packet."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.packets.intervals import Interval, Intervals, normalise, whole

Box = tuple[Intervals, ...]
"""The packets whose value in each dimension is in that dimension's intervals."""

Packet = tuple[int, ...]
"""A value for each dimension, in the space's order."""


class Dimension(msgspec.Struct, frozen=True):
    """A field of a packet: its name, and the number of values it can take (from 0)."""

    name: str
    size: int


def flow_dimensions(address_bits: int) -> tuple[Dimension, ...]:
    """The fields by which a filter judges a flow.

    `own` is the address of the side that the filter guards, `peer` the other side's, whatever the
    direction of the flow. `address_bits` is 32 for IPv4, 128 for IPv6.
    """
    return (
        Dimension("own", 1 << address_bits),
        Dimension("peer", 1 << address_bits),
        Dimension("protocol", 1 << 8),
        Dimension("destination_port", 1 << 16),
        Dimension("source_port", 1 << 16),
    )


class Shape:
    """Ordered dimensions, and the boxes within them."""

    __slots__ = ("_places", "_wholes", "dimensions")

    def __init__(self, dimensions: Iterable[Dimension]) -> None:
        self.dimensions = tuple(dimensions)
        self._places = {dimension.name: i for i, dimension in enumerate(self.dimensions)}
        self._wholes = tuple(whole(dimension.size) for dimension in self.dimensions)
        if not self.dimensions or len(self._places) < len(self.dimensions):
            raise ValueError("a space needs dimensions, each with a name of its own")
        if any(dimension.size < 1 for dimension in self.dimensions):
            raise ValueError("a dimension has at least one value")

    def place(self, name: str) -> int:
        """Where the dimension stands, from 0. KeyError: there is none of that name."""
        return self._places[name]

    def box(self, **ranges: Iterable[Interval] | None) -> Box:
        """The box with these inclusive ranges; a dimension left out, or None, is not restricted.

        Ranges of one dimension may overlap: they are merged here. No ranges at all in a dimension
        makes the empty box. KeyError: no such dimension. ValueError: a range is reversed or
        reaches outside its dimension.
        """
        sides = list(self._wholes)
        for name, given in ranges.items():
            if given is not None:
                place = self._places[name]
                sides[place] = normalise(given, self.dimensions[place].size)
        return tuple(sides)
