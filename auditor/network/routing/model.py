"""What a route is, what may add routes that the snapshot does not tell, and what a lookup gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cached_property
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, AddressSet, Prefix
from auditor.network.reasons import Reason
from auditor.resources.base import Node


class Hop(Enum):
    """A next hop type, in Azure's word for it."""

    LOCAL = "VnetLocal"
    PEERING = "VNetPeering"
    GLOBAL_PEERING = "VNetGlobalPeering"
    CONNECTED_GROUP = "ConnectedGroup"
    INTERNET = "Internet"
    NONE = "None"
    APPLIANCE = "VirtualAppliance"
    GATEWAY = "VirtualNetworkGateway"
    SERVICE_ENDPOINT = "VirtualNetworkServiceEndpoint"
    PRIVATE_ENDPOINT = "InterfaceEndpoint"
    UNKNOWN = "Unknown"

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


PEERINGS = frozenset({Hop.PEERING, Hop.GLOBAL_PEERING})


class Source(Enum):
    """Who made a route, in Azure's word for it. `GATEWAY` is BGP and what gateways are told."""

    SYSTEM = "Default"
    GATEWAY = "VirtualNetworkGateway"
    USER = "User"

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


class EffectiveRoute(msgspec.Struct, frozen=True):
    """One route of a subnet.

    `node` and `pointer` tell who made it (the pointer is relative to the node), `fact` why. `far`
    is the folded id of the network that a peering leads to. `order` ranks routes of one source
    and prefix. `reasons` say why the route may not be there; a route without any is there.
    `fault` tells why packets that take it go nowhere, `doubts` why that cannot be told. `told` is
    false for one that stands for whatever an `Influence` may add; its prefix is then nobody's.

    Of a private endpoint's route, `yields_to` is the length of prefix from which a user's route
    takes its place (None: of none), and `policy` whether the endpoint's subnet lets it (L-4).
    """

    prefix: Prefix
    source: Source
    hop: Hop
    fact: str
    address: Address | None = None
    node: Node | None = None
    pointer: str = ""
    name: str = ""
    far: str = ""
    order: int = 0
    reasons: tuple[Reason, ...] = ()
    fault: str = ""
    doubts: tuple[Reason, ...] = ()
    yields_to: int | None = None
    policy: bool | None = None
    active: bool = True
    told: bool = True

    @property
    def state(self) -> str:
        """`Active`, or `Invalid` when another route is certain to take its place."""
        return "Active" if self.active else "Invalid"

    @property
    def certain(self) -> bool:
        """Whether the route is there for sure."""
        return not self.reasons

    @property
    def outcome(self) -> tuple[Hop, Address | None, str]:
        """Where it sends a packet, whatever made it do so."""
        return self.hop, self.address, self.far


class Influence(msgspec.Struct, frozen=True):
    """Routes that there may be and the snapshot does not tell: any prefix inside `within`."""

    within: AddressSet
    reason: Reason
    source: Source
    hop: Hop
    fact: str
    address: Address | None = None
    node: Node | None = None
    pointer: str = ""
    name: str = ""
    far: str = ""
    order: int = 0
    fault: str = ""
    doubts: tuple[Reason, ...] = ()

    def at(self, address: Address) -> EffectiveRoute:
        """Give the strongest route that it may have for an address: one for that address alone."""
        bits = 32 if address.version == 4 else 128
        return EffectiveRoute(
            Prefix.of(address.version, address.value, bits),
            self.source,
            self.hop,
            self.fact,
            address=self.address,
            node=self.node,
            pointer=self.pointer,
            name=self.name,
            far=self.far,
            order=self.order,
            reasons=(self.reason,),
            fault=self.fault,
            doubts=self.doubts,
            told=False,
        )


class Found(msgspec.Struct, frozen=True):
    """Routes, and what may add to them."""

    routes: list[EffectiveRoute] = msgspec.field(default_factory=list)
    influences: list[Influence] = msgspec.field(default_factory=list)

    def extend(self, other: Found) -> None:
        """Take over what another holds."""
        self.routes.extend(other.routes)
        self.influences.extend(other.influences)


_Slot: TypeAlias = tuple[int, int, int]


class EffectiveRoutes:
    """The routes of one subnet: `drafts` as told, and `influences` that may add to them."""

    def __init__(
        self,
        routes: Iterable[EffectiveRoute],
        influences: Iterable[Influence],
        beaten: Callable[[EffectiveRoute, EffectiveRoutes], bool] = lambda *_: False,
    ) -> None:
        """Take the routes in the order in which they are to be shown.

        `beaten` tells of one of them whether another is certain to take its place.
        """
        self.drafts = tuple(routes)
        self.influences = tuple(influences)
        self._beaten = beaten
        self._index: dict[_Slot, list[EffectiveRoute]] = defaultdict(list)
        lengths: dict[int, set[int]] = {4: set(), 6: set()}
        for route in self.drafts:
            prefix = route.prefix
            self._index[prefix.version, prefix.length, prefix.first].append(route)
            lengths[prefix.version].add(prefix.length)
        self._lengths = {version: sorted(found) for version, found in lengths.items()}

    @cached_property
    def routes(self) -> tuple[EffectiveRoute, ...]:
        """The routes as told, with whether each is active."""
        return tuple(
            route if not self._beaten(route, self) else replace(route, active=False)
            for route in self.drafts
        )

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Give all that is not told about them, sorted, each once."""
        found = {influence.reason for influence in self.influences}
        found.update(reason for route in self.drafts for reason in route.reasons)
        return tuple(sorted(found))

    def covering(self, prefix: Prefix) -> Iterator[EffectiveRoute]:
        """Give the told routes whose prefix holds a whole prefix, the widest first."""
        for length in self._lengths[prefix.version]:
            if length > prefix.length:
                return
            first = Prefix.of(prefix.version, prefix.first, length).first
            yield from self._index.get((prefix.version, length, first), ())

    def matching(self, address: Address) -> Iterator[EffectiveRoute]:
        """Give the routes that match an address, those that may be there included."""
        bits = 32 if address.version == 4 else 128
        yield from self.covering(Prefix.of(address.version, address.value, bits))
        for influence in self.influences:
            if address in influence.within:
                yield influence.at(address)


class Outbound(msgspec.Struct, frozen=True):
    """How a flow to the internet leaves: the facts R-30 to R-37.

    `method` is `nat-gateway`, `public-ip`, `load-balancer`, `default`, `none` (it does not leave)
    or `unknown`; `node` is the resource that does it, `reasons` why it is not known.
    """

    method: str
    fact: str
    node: Node | None = None
    reasons: tuple[Reason, ...] = ()


class NextHop(msgspec.Struct, frozen=True):
    """Where a packet for one address goes from one subnet.

    `possible` are the routes that may decide, the likeliest first; one route, or several that
    all say the same, is a certain answer. `reasons` tell why it is not certain. Empty `possible`
    with no reasons: no route at all, the packet is dropped. `drops` tells why the packet goes
    nowhere on a certain answer, empty when nothing known stops it; `doubts` what is not known of
    what happens then. `outbound` is told for the hop `Internet` only.
    """

    address: Address
    possible: tuple[EffectiveRoute, ...]
    reasons: tuple[Reason, ...] = ()
    drops: str = ""
    doubts: tuple[Reason, ...] = ()
    outbound: Outbound | None = None

    @property
    def certain(self) -> bool:
        """Whether the snapshot tells the answer."""
        return not self.reasons

    @property
    def route(self) -> EffectiveRoute | None:
        """The route that decides; None when that is not certain, or there is none."""
        return self.possible[0] if self.certain and self.possible else None

    @property
    def hop(self) -> Hop:
        """The next hop type; `Unknown` when that is not certain."""
        if not self.certain:
            return Hop.UNKNOWN
        return self.possible[0].hop if self.possible else Hop.NONE

    @property
    def may(self) -> frozenset[Hop]:
        """Every next hop type that is possible."""
        found = frozenset(route.hop for route in self.possible)
        return found or frozenset({Hop.NONE if self.certain else Hop.UNKNOWN})

    @property
    def to_internet(self) -> bool:
        """Whether packets certainly leave straight to the internet (R-13 asks it of replies)."""
        return self.certain and self.hop is Hop.INTERNET and not self.drops
