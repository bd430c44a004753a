"""The glance at two groups that meet says yes only where the sets of packets would."""

from __future__ import annotations

import random
from typing import Any

from auditor.network.openings import group_of
from auditor.reach.contradictions import dead
from auditor.reach.meetings import doubtful_allows, meeting_allows
from auditor.testing import estate

from ...clusters import GROUP, cluster, pool
from ...exposed import nic, nsg, ref, rule, subnet, vnet
from ...routing import route, table

SIDES = ["*", "AzureLoadBalancer", "Internet", "VirtualNetwork", "AzureCloud", "168.63.129.16",
         "10.0.0.0/24", "10.0.0.4", "10.0.0.0/16", "10.1.0.0/16", "10.244.0.0/16",
         "20.0.0.0/8"]  # fmt: skip
PORTS = ["*", "443", "440-450", "80"]


def _group(chance: random.Random, name: str) -> Any:
    step = chance.choice([1, 1, 2])  # how many share a priority
    return nsg(*(_rule(chance, n, step) for n in range(chance.randint(1, 4))), name=name)


def _rule(chance: random.Random, number: int, step: int) -> Any:
    return rule(
        f"r{number}",
        100 + number // step,
        chance.choice([*SIDES, ["10.1.0.0/16", "AzureCloud"]]),
        chance.choice(PORTS),
        destinationAddressPrefix=chance.choice(SIDES),
        direction=chance.choice(["Inbound", "Inbound", "Outbound"]),
        access=chance.choice(["Allow", "Allow", "Deny"]),
        protocol=chance.choice(["Tcp", "*", "Udp", "Icmp"]),
        sourcePortRange=chance.choice(["*", "*", "443"]),
    )


def _estate(seed: int) -> Any:
    chance = random.Random(seed)
    more: Any = {}
    if chance.random() < 0.3:
        more["routeTable"] = ref(table("rt")["id"])  # its prefix is perhaps in VirtualNetwork
    rest = [table("rt", route("20.0.0.0/8", "None")), vnet(subnet(nsg="outer", **more))]
    group = chance.choice(["rg", "rg", GROUP])  # in the cluster's own, it is a node
    rest.append(cluster("shop", pool(in_=("vnet", "app"))))
    machine = nic("web", nsg="inner", group=group)
    return estate(_group(chance, "outer"), _group(chance, "inner"), machine, *rest)


def test_it_never_says_more_than_the_sets() -> None:
    said = 0
    for seed in range(400):
        network = _estate(seed)
        asked = set(doubtful_allows(network))
        for each in meeting_allows(network):
            if each not in asked:
                assert dead(network, group_of(network, each), each) is None
                said += 1
    assert said > 100
