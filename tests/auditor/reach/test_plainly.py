"""The quick look at rules says yes only where the sets of packets say so."""

from __future__ import annotations

import random
from typing import Any

import pytest

from auditor.addresses import EVERY_V4, PortSet
from auditor.network.effective_rules import Direction
from auditor.reach import demands
from auditor.reach.points import anywhere_in
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC
from auditor.testing import estate

from ...exposed import nsg, ref, rule, subnet, vnet
from ...routing import route, table

SIDES = ["*", "AzureLoadBalancer", "GatewayManager", "Internet", "VirtualNetwork", "AzureCloud",
         "168.63.129.16", "10.0.0.0/24", "10.0.0.0/25", "0.0.0.0/0", "20.0.0.0/8"]  # fmt: skip
PORTS = ["*", "*", "443", "440-450", "80", "65200-65535"]
DEMANDS = [
    demands.probes(PortSet.of(443)),
    demands.probes(PortSet.of(440, 445)),
    demands.manager(PortSet.of(65200, 65535)),
    demands.Demand("Internet", PortSet.of(443), PUBLIC & EVERY_V4, Direction.OUTBOUND),
]


def _rules(chance: random.Random) -> list[Any]:
    """Some rules of one direction with few words, so that they often meet."""
    words = ["*", *chance.sample(SIDES, 2)]
    where = chance.choice(["Inbound", "Outbound"])
    return [_rule(chance, number, words, where) for number in range(chance.randint(2, 5))]


def _rule(chance: random.Random, number: int, words: list[str], where: str) -> Any:
    return rule(
        f"r{number}",
        100 + number,
        chance.choice(words),
        chance.choice(PORTS),
        destinationAddressPrefix=chance.choice(words),
        direction=where,
        access=chance.choice(["Allow", "Allow", "Deny"]),
        protocol=chance.choice(["Tcp", "*", "Udp"]),
        sourcePortRange=chance.choice(["*", "*", "443"]),
    )


def _refusals(rules: list[Any], tie: bool, doubt: bool) -> list[bool]:
    if tie:
        rules[1]["properties"]["priority"] = 100
    routed = table("rt", route("20.0.0.0/8", "None"))  # perhaps a part of VirtualNetwork
    more: Any = {"routeTable": ref(routed["id"])} if doubt else {}
    here = subnet(nsg="nsg", **more)
    network = estate(nsg(*rules), vnet(here), routed)
    (place,) = network.all(Subnet)
    point = anywhere_in(network, place)
    return [demands.refusal(network, point, each) is None for each in DEMANDS]


def test_it_never_says_more_than_the_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(12)
    said = 0
    for number in range(300):
        how = (number % 5 == 0, number % 3 == 0)
        rules = _rules(chance)
        quick = _refusals(rules, *how)
        with monkeypatch.context() as patched:
            patched.setattr(demands, "lets_through", lambda *_: False)
            assert quick == _refusals(rules, *how), rules
        said += sum(quick)
    assert said > 50


@pytest.mark.parametrize("doubt", [False, True])
@pytest.mark.parametrize("first", ["Allow", "Deny"])
@pytest.mark.parametrize("words", [("Internet", "VirtualNetwork"), ("AzureLoadBalancer", "*"),
                                   ("20.0.0.0/8", "Internet"), ("Internet", "*")])  # fmt: skip
def test_what_goes_before(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, str], first: str, doubt: bool
) -> None:
    def rules(direction: str) -> list[Any]:
        side = "destinationAddressPrefix" if direction == "Outbound" else "sourceAddressPrefix"
        access = (first, "Deny" if first == "Allow" else "Allow")
        more: Any = {"protocol": "*", "direction": direction}
        return [
            rule(f"r{n}", 100 + n, **{side: words[n]}, access=access[n], **more) for n in (0, 1)
        ]

    for direction in ("Inbound", "Outbound"):
        quick = _refusals(rules(direction), tie=False, doubt=doubt)
        with monkeypatch.context() as patched:
            patched.setattr(demands, "lets_through", lambda *_: False)
            assert quick == _refusals(rules(direction), tie=False, doubt=doubt)
