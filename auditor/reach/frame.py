"""What translation makes of a packet, and what a filter behind it means for the packet as sent.

Whatever rewrites a packet on its way (a public IP, a load balancer, SNAT, a proxy) puts values in
the place of fields; which of several values, nobody tells. A set of packets behind the rewriting is
then, seen from before it: the packets that get there with *some* of the values (they may), and
those that do with *every* one (they must).
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, AddressSet, PortSet
from auditor.network.reasons import Reason
from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals
from auditor.packets.reshape import fixed
from auditor.reach.bounds import Bounds
from auditor.reach.space import FlowSpace, always, somehow


class Packet(msgspec.Struct, frozen=True):
    """One packet: `protocol` in lower case (`tcp`), ports 0 where it has none."""

    source: Address
    destination: Address
    protocol: str
    source_port: int
    destination_port: int


class Frame(msgspec.Struct, frozen=True):
    """The values that stand in for fields of the packet as sent; None: the field is as sent.

    Of several values it is not told which; `reasons` say why.
    """

    source: AddressSet | None = None
    destination: AddressSet | None = None
    source_port: PortSet | None = None
    destination_port: PortSet | None = None
    reasons: tuple[Reason, ...] = ()

    def rewritten(
        self,
        *,
        source: AddressSet | None = None,
        destination: AddressSet | None = None,
        source_port: PortSet | None = None,
        destination_port: PortSet | None = None,
        reasons: tuple[Reason, ...] = (),
    ) -> Frame:
        """Give the frame behind one more rewriting."""
        return Frame(
            self.source if source is None else source,
            self.destination if destination is None else destination,
            self.source_port if source_port is None else source_port,
            self.destination_port if destination_port is None else destination_port,
            tuple(dict.fromkeys((*self.reasons, *reasons))),
        )

    def seen_from_before(self, space: FlowSpace, behind: Bounds) -> Bounds:
        """Give the packets as sent that are in a set behind the rewriting."""
        may, must = behind.may, behind.must
        for name, values in self._replaced(space):
            if not values:
                return Bounds.nothing(space)  # no address of this version stands in (P-12)
            low, high = values[0]
            if len(values) == 1 and low == high:
                same = may is must
                may = fixed(may, name, low)
                must = may if same else fixed(must, name, low)
                continue
            these = space.packets(space.box(**{name: values}))
            may, must = somehow(may & these, name), always(must | ~these, name)
        return Bounds(may, must)

    def _replaced(self, space: FlowSpace) -> list[tuple[str, Intervals]]:
        version = space.version
        found: list[tuple[str, Intervals]] = []
        for name, addresses in (("destination", self.destination), ("source", self.source)):
            if addresses is not None:
                found.append((name, addresses.intervals(version)))
        for name, ports in (
            ("destination_port", self.destination_port),
            ("source_port", self.source_port),
        ):
            if ports is not None:
                found.append((name, ports.intervals))
        return found

    def applied(self, packet: Packet) -> Packet:
        """Give one packet behind the rewriting: of several values its own, else one of the first.

        The first that Azure gives to a machine in a subnet of its own, the fifth (D-1).
        """
        changes: dict[str, Address | int] = {}
        for name, addresses, own in (
            ("source", self.source, packet.source),
            ("destination", self.destination, packet.destination),
        ):
            pairs = addresses.intervals(own.version) if addresses is not None else ()
            if pairs and not any(low <= own.value <= high for low, high in pairs):
                low, high = pairs[0]
                skipped = RESERVED_BEFORE if low % 8 == 0 else 0  # a whole subnet
                changes[name] = Address(own.version, min(low + skipped, high))
        for name, ports in (
            ("source_port", self.source_port),
            ("destination_port", self.destination_port),
        ):
            own_port = getattr(packet, name)
            if ports is not None and packet.protocol in ("tcp", "udp") and own_port not in ports:
                changes[name] = next(iter(ports))[0]
        return replace(packet, **changes)


RESERVED_BEFORE = 4
"""How many of a subnet's first addresses are Azure's."""

SENT = Frame()
"""The packet as it was sent."""


def of_addresses(space: FlowSpace, name: str, parts: dict[bool | None, AddressSet]) -> Bounds:
    """Give the packets whose address (`source` or `destination`) is where True; None: perhaps."""
    sure = parts.get(True, AddressSet())
    maybe = sure | parts.get(None, AddressSet())

    def packets(these: AddressSet) -> PacketSet:
        return space.packets(space.box(**{name: these.intervals(space.version)}))

    return Bounds(packets(maybe), packets(sure))
