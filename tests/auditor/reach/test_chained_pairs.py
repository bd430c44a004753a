"""Spokes of two hubs, each with an Azure Firewall: pairs that are alike are asked about once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from auditor.addresses import PortSet
from auditor.network.graph import Network
from auditor.reach.firewalled_pairs import FirewalledPairs
from auditor.testing import arm_id, estate

from ...exposed import NSG, deny, nsg, rule
from ...firewalls import (
    application_rule,
    collection,
    firewall,
    group,
    network_rule,
    policy,
)
from ...guarded import out_deny
from ...networks import Json, peer, subnet_id, vnet
from ...routing import route, steered, table
from .test_matrix import cells, one_by_one

TAKES: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
SPOKES = 4
PLAIN: list[tuple[Json, Json]] = [({}, {})] * SPOKES


def space(hub: int, number: int) -> str:
    return f"10.{hub * 100 + number + 1}.0.0/16"


def side(
    hub: int, *rules: Json, spokes: list[tuple[Json, Json]], routes: list[Json], **settings: Any
) -> Any:
    """A hub with its firewall, which hands over to the other hub's, and its spokes.

    Of each spoke the settings of its subnet, and of its peering.
    """
    home, place = f"172.{16 + hub}.0.0/16", subnet_id(f"hub{hub}", "AzureFirewallSubnet")
    own, far = f"172.{16 + hub}.0.4", f"172.{17 - hub}.0.0/16"
    address = {"privateIPAddress": own, "subnet": {"id": place}}
    to_spokes = [peer(f"s{hub}x{i}", space(hub, i), **TAKES) for i in range(len(spokes))]
    return [
        vnet(
            f"hub{hub}",
            home,
            subnets={"AzureFirewallSubnet": steered(f"172.{16 + hub}.0.0/26", f"rt{hub}")},
            peers=[*to_spokes, peer(f"hub{1 - hub}", far, **TAKES)],
        ),
        table(f"rt{hub}", *routes),
        table(f"of{hub}", route("0.0.0.0/0", "VirtualAppliance", own)),
        firewall(f"fw{hub}", f"pol{hub}", ipConfigurations=[{"name": "x", "properties": address}]),
        policy(f"g{hub}", name=f"pol{hub}", **settings),
        group(f"g{hub}", 100, *rules, in_=f"pol{hub}"),
        *(
            vnet(
                f"s{hub}x{i}",
                space(hub, i),
                subnets={"app": steered(f"10.{hub * 100 + i + 1}.1.0/24", f"of{hub}", **guard)},
                peers=[peer(f"hub{hub}", home, **{**TAKES, **flags})],
            )
            for i, (guard, flags) in enumerate(spokes)
        ),
    ]


def handed(hub: int) -> list[Json]:
    far = f"172.{17 - hub}.0.4"
    return [route(space(1 - hub, i), "VirtualAppliance", far, name=f"r{i}") for i in range(SPOKES)]


def test_pairs_of_two_hubs_that_are_alike_are_asked_about_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: Counter[tuple[str, str]] = Counter()
    real = FirewalledPairs.asked

    def counted(self: Any, source: Any, target: Any) -> Any:
        asked[source.subnet.key, target.subnet.key] += 1
        return real(self, source, target)

    monkeypatch.setattr(FirewalledPairs, "asked", counted)
    web = collection("c", 100, "Allow", network_rule("web", "10.0.0.0/8", "10.0.0.0/8", "443"))
    network = estate(
        *side(0, web, spokes=PLAIN, routes=handed(0)),
        *side(1, web, spokes=PLAIN, routes=handed(1)),
    )

    found = cells(network)

    across = [pair for pair in asked if "/s0x" in pair[0] and "/s1x" in pair[1]]
    assert len(across) == 1
    there = {cell.reachable for (one, two, _), cell in found.items()
             if "/s0x" in one and "/s1x" in two}  # fmt: skip
    assert there == {(("tcp", PortSet.of(443)),)}
    assert found == one_by_one(network)


_MAKERS: tuple[Callable[..., Json], ...] = (rule, deny, out_deny)


def some(random: Random) -> Network:
    """Two such hubs, of which something or other is not as it should be."""
    parts: list[Json] = []
    for hub in (0, 1):
        rules = []
        for number in range(random.randint(0, 3)):
            source = random.choice(["*", "10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/26"])
            target = random.choice(["*", "10.0.0.0/8", "10.102.0.0/16", "10.1.1.4", "Storage"])
            one = network_rule(f"n{number}", source, target, random.choice(["443", "22,443", "*"]))
            if random.random() < 0.2:
                one = application_rule(f"n{number}", "*.example.com", source=source)
            access = random.choice(["Allow", "Allow", "Deny"])
            rules.append(collection(f"c{number}", 100 + number, access, one))
        ranges = random.choice([["255.255.255.255/32"], ["10.0.0.0/8"], ["10.100.0.0/15"]])
        spokes: list[tuple[Json, Json]] = []
        for _ in range(SPOKES):
            flags = {"allowForwardedTraffic": random.random() < 0.9}
            guard = {"networkSecurityGroup": {"id": arm_id(NSG, f"g{random.randint(0, 1)}")}}
            spokes.append((guard if random.random() < 0.4 else {}, flags))
        routes = [each for each in handed(hub) if random.random() < 0.9]
        more = {"snat": {"privateRanges": ranges}} if random.random() < 0.4 else {}
        parts += side(hub, *rules, spokes=spokes, routes=routes, **more)
    for number in range(2):
        made = [
            random.choice(_MAKERS)(
                f"r{place}",
                100 + place,
                random.choice(["*", "10.1.0.0/16", "172.17.0.0/26", "VirtualNetwork", "Sql"]),
            )
            for place in range(random.randint(0, 3))
        ]
        parts.append(nsg(*made, name=f"g{number}"))
    return estate(*parts)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_of_one_is_what_each_would_be_told(seed: int) -> None:
    network = some(Random(seed))
    assert cells(network) == one_by_one(network)
