"""The quick look at rules says yes only where the sets of packets say so."""

from __future__ import annotations

import random
from typing import Any

import pytest

from auditor.addresses import PortSet
from auditor.reach import demands
from auditor.reach.points import anywhere_in
from auditor.resources.virtual_networks import Subnet
from auditor.testing import estate

from ...exposed import nsg, rule, subnet, vnet

SIDES = ["*", "AzureLoadBalancer", "GatewayManager", "Internet", "VirtualNetwork", "AzureCloud",
         "168.63.129.16", "10.0.0.0/24", "10.0.0.0/25", "0.0.0.0/0", "20.0.0.0/8"]  # fmt: skip
PORTS = ["*", "443", "440-450", "80", "65200-65535"]
DEMANDS = [
    demands.probes(PortSet.of(443)),
    demands.probes(PortSet.of(440, 445)),
    demands.manager(PortSet.of(65200, 65535)),
]


def _rule(chance: random.Random, number: int) -> Any:
    return rule(
        f"r{number}",
        100 + number,
        chance.choice(SIDES),
        chance.choice(PORTS),
        destinationAddressPrefix=chance.choice(SIDES),
        access=chance.choice(["Allow", "Allow", "Deny"]),
        protocol=chance.choice(["Tcp", "*", "Udp"]),
        sourcePortRange=chance.choice(["*", "*", "443"]),
    )


def _refusals(rules: list[Any], tie: bool) -> list[bool]:
    if tie:
        rules[1]["properties"]["priority"] = 100
    network = estate(nsg(*rules), vnet(subnet(nsg="nsg")))
    (place,) = network.all(Subnet)
    point = anywhere_in(network, place)
    return [demands.refusal(network, point, each) is None for each in DEMANDS]


def test_it_never_says_more_than_the_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(12)
    said = 0
    for number in range(250):
        rules = [_rule(chance, n) for n in range(chance.randint(2, 5))]
        quick = _refusals(rules, tie=number % 5 == 0)
        with monkeypatch.context() as patched:
            patched.setattr(demands, "lets_through", lambda *_: False)
            assert quick == _refusals(rules, tie=number % 5 == 0), rules
        said += sum(quick)
    assert said > 50
