"""Sets of packets of which not everything is told: those that may belong, and those that must."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.packets.diagram import PacketSet, Space


class Bounds(msgspec.Struct, frozen=True):
    """All of `must` belongs, perhaps more of `may`, nothing else (section 12, 11.2)."""

    may: PacketSet
    must: PacketSet

    @staticmethod
    def exactly(packets: PacketSet) -> Bounds:
        """Give the bounds of a set that is told."""
        return Bounds(packets, packets)

    @staticmethod
    def maybe(packets: PacketSet) -> Bounds:
        """Give the bounds of a set of which it is not told whether anything belongs."""
        return Bounds(packets, packets.space.empty)

    @staticmethod
    def everything(space: Space) -> Bounds:
        """Give all packets."""
        return Bounds.exactly(space.all)

    @staticmethod
    def nothing(space: Space) -> Bounds:
        """Give no packets."""
        return Bounds.exactly(space.empty)

    @property
    def unsure(self) -> PacketSet:
        """The packets of which it is not told whether they belong."""
        return self.may - self.must

    @property
    def is_exact(self) -> bool:
        """Whether everything is told."""
        return self.may is self.must

    def __and__(self, other: Bounds) -> Bounds:
        """What belongs to both."""
        may = self.may & other.may
        exact = self.may is self.must and other.may is other.must
        return Bounds(may, may if exact else self.must & other.must)

    def __or__(self, other: Bounds) -> Bounds:
        """What belongs to either."""
        return Bounds(self.may | other.may, self.must | other.must)

    def within(self, packets: PacketSet) -> Bounds:
        """What belongs, of these packets only."""
        may = self.may & packets
        return Bounds(may, may if self.may is self.must else self.must & packets)

    def doubtful(self) -> Bounds:
        """The same with nothing certain any more."""
        return Bounds(self.may, self.may.space.empty)


def any_of(space: Space, parts: Iterable[Bounds]) -> Bounds:
    """Give what belongs to any of the parts; nothing, when there is none."""
    total = Bounds.nothing(space)
    for part in parts:
        total = total | part
    return total
