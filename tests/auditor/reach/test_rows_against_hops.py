"""Rows of firewalls against a second opinion: one packet, hop by hop, there and back.

Random hubs in a row or a ring, each with a firewall that keeps the source or not, and with routes
that mostly lead along the row. What is followed here shares nothing with the sets of packets.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from random import Random
from typing import Any, NamedTuple

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...exposed import PIP, pip
from ...firewalls import FIREWALL, collection, firewall, group, network_rule, policy
from ...networks import nic, peer, subnet_id, vnet
from ...reaching import asked
from ...routing import route, steered, table

ALL, PRIVATE = IPv4Network("0.0.0.0/0"), IPv4Network("10.0.0.0/8")
ABROAD, PORT = "52.1.1.1", "3306"
RANGES = {"always": ["255.255.255.255/32"], "never": ["0.0.0.0/0"]}
MACHINES = {"a": IPv4Address("10.100.0.4"), "b": IPv4Address("10.101.0.4")}


class Leg(NamedTuple):
    """A firewall on the way, and the source of the packet behind it."""

    hub: str
    source: IPv4Address


class World:
    """Some networks at random: hubs h1 and so on, network a at the first and b at the last."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        count = self.random.randint(2, 4)
        self.hubs = [f"h{number}" for number in range(1, count + 1)]
        self.spaces = {hub: IPv4Network(f"10.{hub[1]}.0.0/16") for hub in self.hubs}
        self.spaces |= {"a": IPv4Network("10.100.0.0/16"), "b": IPv4Network("10.101.0.0/16")}
        self.firewalls = {hub: IPv4Address(f"10.{hub[1]}.0.4") for hub in self.hubs}
        self.peers = {frozenset(pair) for pair in self._pairs()}
        self.takes = {
            (one, far): self.random.random() < 0.9 for one in self.spaces for far in self.near(one)
        }
        self.routes = {name: self._routes(name) for name in self.spaces}
        self.rules = {hub: [self._rule() for _ in range(2)] for hub in self.hubs}
        self.mode = {hub: self.random.choice(["", "", "always", "never"]) for hub in self.hubs}

    def _pairs(self) -> list[tuple[str, str]]:
        pairs = [*zip(self.hubs, self.hubs[1:], strict=False), ("a", "h1"), ("b", self.hubs[-1])]
        more = [("h1", self.hubs[-1]), ("a", self.random.choice(self.hubs)), ("a", "b")]
        return pairs + [pair for pair in more if pair[0] != pair[1] and self.random.random() < 0.2]

    def near(self, name: str) -> list[str]:
        return sorted(far for pair in self.peers if name in pair for far in pair - {name})

    def _routes(self, name: str) -> dict[IPv4Network, str]:
        """The next hops of a network's subnet: a hub's firewall, `None` or `Internet`."""
        place = self.hubs.index(name) if name in self.hubs else -1
        found: dict[IPv4Network, str] = {}
        if place < 0:
            found[ALL] = self.hubs[0 if name == "a" else -1]
        elif place + 1 < len(self.hubs):
            found[self.spaces["b"]] = self.hubs[place + 1]
            if self.random.random() < 0.5:
                found[ALL] = self.hubs[place + 1]
        if place > 0:
            found[self.spaces["a"]] = self.hubs[place - 1]
        for _ in range(self.random.choice([0, 0, 1, 2])):
            prefix = self.random.choice([*self.spaces.values(), ALL])
            found.pop(prefix, None)
            if self.random.random() < 0.6:
                found[prefix] = self.random.choice([*self.hubs, *self.hubs, "None", "Internet"])
        return found

    def _rule(self) -> tuple[IPv4Network, IPv4Network]:
        either = [ALL, ALL, PRIVATE, self.spaces["a"], self.spaces["b"]]
        return self.random.choice(either), self.random.choice([ALL, *either[3:]])

    def hop(self, name: str, to: IPv4Address) -> tuple[str, str]:
        """Where a network's subnet sends a packet: what it is, and of which network."""
        found = [(p.prefixlen, 1, "user", hop) for p, hop in self.routes[name].items() if to in p]
        for other in (name, *self.near(name)):
            if to in self.spaces[other]:
                found.append((16, 0, "into", other))
        if ALL not in self.routes[name] and to in PRIVATE:
            found.append((8, 0, "none", ""))
        *_, kind, where = max([*found, (0, 0, "internet", "")])
        if kind != "user" or where in ("None", "Internet"):
            return (where.lower(), "") if kind == "user" else (kind, where)
        if where != name and where not in self.near(name):
            return "none", ""
        return ("into" if self.firewalls[where] == to else "firewall"), where

    def crosses(self, near: str, far: str, source: IPv4Address) -> bool:
        """Whether a network takes what another sends it (R-16)."""
        return near == far or source in self.spaces[near] or self.takes[far, near]

    def forward(self, start: str, to: IPv4Address) -> tuple[list[Leg], str] | None:
        """The firewalls by which a packet gets there, and where it ends."""
        at, source, legs = start, MACHINES[start], list[Leg]()
        while True:
            kind, where = self.hop(at, to)
            if kind == "into":
                held = to in self.spaces[where] and self.crosses(at, where, source)
                return (legs, where) if held else None
            if kind == "internet":
                out = bool(legs) and to not in PRIVATE and source == self.firewalls[at]
                return (legs, "internet") if out else None
            again = where in [leg.hub for leg in legs]
            if kind != "firewall" or again or not self.crosses(at, where, source):
                return None
            if not any(source in one and to in other for one, other in self.rules[where]):
                return None
            translates = self.mode[where] == "always" or (
                not self.mode[where] and to not in PRIVATE
            )
            source = self.firewalls[where] if translates else source
            legs.append(Leg(where, source))
            at = where

    def verdict(self, start: str, end: str) -> str:
        """What becomes of a packet and its reply; unknown where that goes round a firewall."""
        to = MACHINES.get(end, IPv4Address(ABROAD))
        there = self.forward(start, to)
        if there is None:
            return "blocked"
        legs, at = there
        back, found = [*reversed(legs)], "reachable"
        if at == "internet":
            at = back[0].hub
            back = back[1:]
        while back:
            leg = back.pop(0)
            kind, where = self.hop(at, leg.source)
            own = leg.source == self.firewalls[leg.hub]
            if (kind == "firewall" and where == leg.hub) or (
                own and (kind, where) == ("into", leg.hub)
            ):
                if end != "internet" and not self.crosses(at, leg.hub, to):
                    return "blocked"
                at = leg.hub
                continue
            if kind == "into" and where == start:
                return "unknown"
            skipped = [n for n, each in enumerate(back) if self._is_own(each, leg, kind, where)]
            if not skipped:
                return "blocked"
            found, at = "unknown", where
            back = back[skipped[0] + 1 :]
        if self.hop(at, MACHINES[start]) != ("into", start):
            return "blocked"
        taken = end == "internet" or self.crosses(at, start, to)
        return found if taken else "blocked"

    def _is_own(self, earlier: Leg, leg: Leg, kind: str, where: str) -> bool:
        """Whether a reply gets straight to an earlier firewall, whose address it is for."""
        own = earlier.source == leg.source == self.firewalls[earlier.hub]
        return own and (kind, where) == ("into", earlier.hub)

    def network(self) -> Network:
        return estate(*(each for name in self.spaces for each in self._resources(name)))

    def _resources(self, name: str) -> list[Any]:
        octet = str(self.spaces[name]).split(".")[1]
        inside = "AzureFirewallSubnet" if name in self.hubs else "app"
        place = steered(f"10.{octet}.0.0/26", f"of-{name}", defaultOutboundAccess=False)
        peers = [
            peer(
                far,
                str(self.spaces[far]),
                allowVirtualNetworkAccess=True,
                allowForwardedTraffic=self.takes[name, far],
            )
            for far in self.near(name)
        ]
        routes = [
            route(str(prefix), hop, name=f"r{number}")
            if hop in ("None", "Internet")
            else route(str(prefix), "VirtualAppliance", str(self.firewalls[hop]), f"r{number}")
            for number, (prefix, hop) in enumerate(self.routes[name].items())
        ]
        found = [
            vnet(name, str(self.spaces[name]), subnets={inside: place}, peers=peers),
            table(f"of-{name}", *routes),
        ]
        if name not in self.hubs:
            return [*found, nic(f"n{name}", str(MACHINES[name]), (name, "app"))]
        return [*found, *self._firewall(name)]

    def _firewall(self, hub: str) -> list[Any]:
        settings = {
            "privateIPAddress": str(self.firewalls[hub]),
            "subnet": {"id": subnet_id(hub, "AzureFirewallSubnet")},
            "publicIPAddress": {"id": arm_id(PIP, f"ip-{hub}")},
        }
        rules = [
            network_rule(f"n{n}", str(s), str(d), PORT) for n, (s, d) in enumerate(self.rules[hub])
        ]
        kept: Any = {"snat": {"privateRanges": RANGES[self.mode[hub]]}} if self.mode[hub] else {}
        owner = arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", f"fw-{hub}", "c")
        return [
            firewall(f"fw-{hub}", hub, ipConfigurations=[{"name": "c", "properties": settings}]),
            policy("g", name=hub, **kept),
            group("g", 100, collection("ok", 100, "Allow", *rules), in_=hub),
            pip(f"ip-{hub}", owner, address=f"20.50.1.{hub[1]}"),
        ]


@pytest.mark.parametrize("block", range(4))
def test_rows_of_firewalls_let_through_what_a_packet_gets_through_hop_by_hop(block: int) -> None:
    seen = set()
    for seed in range(block * 30, block * 30 + 30):
        world = World(seed)
        network = world.network()
        for start, end in (("a", "b"), ("b", "a"), ("a", "internet"), ("b", "internet")):
            told = asked(network, f"n{start}", ABROAD if end == "internet" else f"n{end}", PORT)
            assert told.verdict == world.verdict(start, end), (seed, start, end)
            seen.add(told.verdict)
    assert {"reachable", "blocked"} <= seen
