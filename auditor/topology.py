"""The network as a picture shows it: plain values, made in `auditor.picture`.

A `Spot` is what is drawn, a box or a chip; a `Line` joins two. Every text may come from the input
and is hostile until a writer has made it safe for its format.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a spot stands for."""

    INTERNET = "internet"
    SITE = "site"
    NETWORK = "network"
    SUBNET = "subnet"
    HUB = "hub"
    DOOR = "door"
    GATEWAY = "gateway"
    BALANCER = "balancer"
    FIREWALL = "firewall"
    VPN = "vpn"
    BASTION = "bastion"
    NAT = "nat"
    ROUTER = "router"
    CLUSTER = "cluster"
    MACHINES = "machines"
    DATABASE = "database"
    ENDPOINT = "endpoint"
    LINK_SERVICE = "link-service"
    SERVICE = "service"

    @property
    def word(self) -> str:
        """What people call it."""
        return _WORDS[self]

    @property
    def holds(self) -> bool:
        """Whether it is a box around others."""
        return self in (Kind.NETWORK, Kind.SUBNET, Kind.HUB)


_WORDS = {
    Kind.INTERNET: "the internet",
    Kind.SITE: "on premises",
    Kind.NETWORK: "virtual network",
    Kind.SUBNET: "subnet",
    Kind.HUB: "virtual hub",
    Kind.DOOR: "Front Door",
    Kind.GATEWAY: "application gateway",
    Kind.BALANCER: "load balancer",
    Kind.FIREWALL: "firewall",
    Kind.VPN: "network gateway",
    Kind.BASTION: "Bastion",
    Kind.NAT: "NAT gateway",
    Kind.ROUTER: "route server",
    Kind.CLUSTER: "AKS cluster",
    Kind.MACHINES: "machines",
    Kind.DATABASE: "database",
    Kind.ENDPOINT: "private endpoint",
    Kind.LINK_SERVICE: "private link service",
    Kind.SERVICE: "service",
}


class Tie(StrEnum):
    """Why two spots are joined."""

    ENTRANCE = "entrance"
    """From the internet to whatever has a public address or name: an address, not a verdict."""
    PEERING = "peering"
    BACKEND = "backend"
    LINK = "link"
    CONNECTION = "connection"
    EGRESS = "egress"
    PART = "part"

    @property
    def word(self) -> str:
        """What people call it."""
        return _TIES[self]


_TIES = {
    Tie.ENTRANCE: "public address",
    Tie.PEERING: "peering",
    Tie.BACKEND: "sends to",
    Tie.LINK: "private link",
    Tie.CONNECTION: "connection",
    Tie.EGRESS: "way out",
    Tie.PART: "also in",
}


class Spot(msgspec.Struct, frozen=True):
    """Something drawn. `id` is an ARM id as spelled where it has one.

    `parent` is the id of the spot that holds it, empty at the top. `facts` are short lines about
    it, `doubts` what the snapshot does not tell of it. `count` is how many resources it stands
    for, and `names` are theirs where it is more than one. `missing` marks what others refer to
    and the snapshot lacks.
    """

    id: str
    kind: Kind
    name: str
    parent: str = ""
    facts: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    count: int = 1
    names: tuple[str, ...] = ()
    missing: bool = False


class Line(msgspec.Struct, frozen=True):
    """Two spots joined, from `source` to `target`; a peering has no direction.

    `down` is true where it is known to carry nothing. `doubts` are why it cannot be told whether
    it does.
    """

    source: str
    target: str
    tie: Tie
    texts: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    down: bool = False


class Picture(msgspec.Struct, frozen=True):
    """The whole. `spots` stand after what holds them, and otherwise sorted; `lines` are sorted.

    `places` are the spots that a finding is about, and `paths` the spots that packets of a
    finding pass, in order; both by the finding's fingerprint. `grouped` is how many spots are
    drawn within others because there are too many.
    """

    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    places: Mapping[str, tuple[str, ...]] = {}
    paths: Mapping[str, tuple[str, ...]] = {}
    grouped: int = 0
