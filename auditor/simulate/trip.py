"""A packet under way, and the ways a trip can go on or end."""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address
from auditor.network.graph import Network
from auditor.network.service_tags import ServiceTags
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.packet import INTERNET, Arrival, Fate, Sighting
from auditor.simulate.peers import Peer

Configuration: TypeAlias = IpConfiguration | ScaleSetIpConfiguration


class Origin(msgspec.Struct, frozen=True):
    """Who opened the connection: a subnet, the internet or a site; what the reply must reach."""

    kind: str = INTERNET
    subnet: Subnet | None = None
    configuration: Configuration | None = None


class Trip(msgspec.Struct, frozen=True):
    """A packet under way.

    `doubts` are reasons why it may have been dropped already: what is delivered with doubts is
    not told, what is dropped is dropped. `appliance` is the firewall that it went through last.
    `supposed` are the subnets, by key, in which somebody is supposed to be who is not listed.
    """

    network: Network
    tags: ServiceTags
    seen: Sighting
    origin: Origin
    trail: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    appliance: Address | None = None
    passed: frozenset[tuple[object, ...]] = frozenset()
    supposed: frozenset[str] = frozenset()

    def note(self, line: str) -> Trip:
        """Add a step to the trail."""
        return replace(self, trail=(*self.trail, line))

    def doubt(self, why: str) -> Trip:
        """Note why the packet may have been dropped."""
        return replace(self.note(why), doubts=(*self.doubts, why))

    def seeing(self, seen: Sighting) -> Trip:
        """Go on with the packet as it is now."""
        return replace(self, seen=seen)

    def end(self, fate: Fate, at: str, why: str, returns: bool | None = None) -> Arrival:
        """Give the end of the trip."""
        if fate is Fate.DELIVERED and self.doubts:
            fate, why = Fate.UNKNOWN, self.doubts[0]
        return Arrival(
            fate,
            at,
            self.seen.packet,
            why,
            (*self.trail, f"{fate.value}: {why}"),
            returns if fate is Fate.DELIVERED else None,
        )

    def delivered(self, at: str, why: str, returns: bool | None) -> Arrival:
        """End where the packet is received."""
        return self.end(Fate.DELIVERED, at, why, returns)

    def dropped(self, at: str, why: str) -> Arrival:
        """End where the packet is lost for sure."""
        return self.end(Fate.DROPPED, at, why)

    def untold(self, at: str, why: str) -> Arrival:
        """End where the snapshot does not tell how it goes on."""
        return self.end(Fate.UNKNOWN, at, why)


class Route(msgspec.Struct, frozen=True):
    """Next, the packet leaves a subnet by its routes; its filters are behind it."""

    trip: Trip
    subnet: Subnet
    configuration: Configuration | None = None


class Enter(msgspec.Struct, frozen=True):
    """Next, the packet looks for its destination in a network; `via` the peering it came by."""

    trip: Trip
    home: VirtualNetwork
    via: Peer | None = None
    sender: VirtualNetwork | None = None


class Leave(msgspec.Struct, frozen=True):
    """Next, the packet leaves a subnet for the internet."""

    trip: Trip
    subnet: Subnet
    configuration: Configuration | None = None
    service: bool = False


class Knock(msgspec.Struct, frozen=True):
    """Next, the packet arrives at a public address; `outside` when it began on the internet."""

    trip: Trip
    outside: bool


Step: TypeAlias = Route | Enter | Leave | Knock
Onward: TypeAlias = tuple[Step | Arrival, ...]
