"""One packet, where it ends, and what is known of it on the way."""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, AddressSet, Prefix
from auditor.ports import EVERY_PORT, PortSet

INTERNET = "internet"
ONPREM = "onprem"
PLATFORM = "platform"
"""Where a packet ends that Azure's own host answers (N-14)."""

WITH_PORTS = ("tcp", "udp")
PROTOCOLS = (*WITH_PORTS, "icmp", "esp", "ah")


class Packet(msgspec.Struct, frozen=True):
    """One packet; `protocol` is one of `PROTOCOLS`, a port is 0 where the protocol has none.

    In an `Arrival` the source `0.0.0.0` (or `::`) and the source port 0 stand for what the
    translation on the way does not tell.
    """

    source: Address
    destination: Address
    protocol: str
    source_port: int
    destination_port: int

    def __str__(self) -> str:
        if self.protocol not in WITH_PORTS:
            return f"{self.protocol} {self.source} -> {self.destination}"
        return (
            f"{self.protocol} {self.source}:{self.source_port} -> "
            f"{self.destination}:{self.destination_port}"
        )


class Fate(Enum):
    """What becomes of a packet."""

    DELIVERED = "delivered"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


class Arrival(msgspec.Struct, frozen=True):
    """One end of a packet's way.

    `at` is the ARM id of where it ends, or `internet`, `onprem`, `platform`. `packet` is as seen
    there, after translation. `why` is one sentence; `trail` has a line for each step. `returns`
    tells whether the reply of a connection gets back (P-11, R-13), None when that is not told or
    nothing was delivered.
    """

    fate: Fate
    at: str
    packet: Packet
    why: str
    trail: tuple[str, ...]
    returns: bool | None


def one(address: Address) -> AddressSet:
    """Give the set of one address."""
    return AddressSet.from_range(address, address)


class Sighting(msgspec.Struct, frozen=True):
    """A packet as far as its headers are told.

    After a translation the source may be any of `sources` and `source_ports`, and a machine whose
    address is not told receives at any of `destinations`; `packet` is then one example.
    """

    packet: Packet
    sources: AddressSet
    destinations: AddressSet
    source_ports: PortSet

    @staticmethod
    def of(packet: Packet) -> Sighting:
        """Give a packet of which everything is told."""
        return Sighting(
            packet,
            one(packet.source),
            one(packet.destination),
            PortSet.of(packet.source_port),
        )

    def to(self, destination: Address, port: int, among: AddressSet | None = None) -> Sighting:
        """Give the packet after its destination is translated."""
        packet = replace(self.packet, destination=destination, destination_port=port)
        return replace(self, packet=packet, destinations=among or one(destination))

    def toward(self, among: AddressSet) -> Sighting:
        """Give the packet as it is seen by a receiver with one of these addresses."""
        return replace(self, destinations=among)

    def sent_by(self, source: Address, among: AddressSet | None = None) -> Sighting:
        """Give the packet after its source is translated, to a port that nobody is told."""
        packet = replace(self.packet, source=source, source_port=0)
        return Sighting(packet, among or one(source), self.destinations, EVERY_PORT)

    def again(self) -> Sighting:
        """Give the packet with a source port that is not told."""
        return replace(self, packet=replace(self.packet, source_port=0), source_ports=EVERY_PORT)


def usable(prefixes: tuple[Prefix, ...], version: int) -> AddressSet:
    """Give the addresses that a machine in a subnet may have: without the five reserved (D-1)."""
    found = AddressSet()
    for prefix in prefixes:
        if prefix.version != version:
            continue
        first, last = prefix.first + 4, prefix.last - (1 if prefix.version == 4 else 0)
        if first <= last:
            found = found | AddressSet.from_range(
                Address(prefix.version, first), Address(prefix.version, last)
            )
    return found
