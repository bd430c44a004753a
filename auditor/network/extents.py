"""What a name stands for at one place, in two bounds: what it surely holds, and what it may."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.addresses import NOTHING, Address, AddressSet
from auditor.network.reasons import Reason


class Doubt(msgspec.Struct, frozen=True):
    """Addresses of which it is not told whether a name holds them, and why."""

    region: AddressSet
    reason: Reason


class Extent(msgspec.Struct, frozen=True):
    """Addresses: all of `must`, perhaps some in the regions of `doubts`, no others."""

    must: AddressSet = NOTHING
    doubts: tuple[Doubt, ...] = ()

    @property
    def open(self) -> AddressSet:
        """The addresses that it may hold and need not."""
        total = NOTHING
        if not self.doubts:
            return total
        for doubt in self.doubts:
            total = total | doubt.region
        return total - self.must

    @property
    def may(self) -> AddressSet:
        """The addresses outside which it holds nothing."""
        return self.must | self.open if self.doubts else self.must

    def reasons(self, address: Address | None = None) -> tuple[Reason, ...]:
        """Give why it is not known, of one address or of all; sorted, each once."""
        return tuple(
            sorted(
                {
                    doubt.reason
                    for doubt in self.doubts
                    if (doubt.region - self.must if address is None else address in doubt.region)
                }
            )
        )


def joined(extents: Iterable[Extent]) -> Extent:
    """Give what any of several extents holds."""
    must = NOTHING
    doubts: list[Doubt] = []
    for extent in extents:
        must = must | extent.must
        doubts += extent.doubts
    return Extent(must, tuple(dict.fromkeys(doubts)))
