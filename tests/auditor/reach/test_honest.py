"""Every answer fits together: reasons of what is unknown, blockers of what is blocked, its hops."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from auditor.errors import Undetermined
from auditor.network.build import build
from auditor.network.clusters import service_frontends
from auditor.network.graph import Network
from auditor.reach.answer import answers
from auditor.reach.ends import points_of
from auditor.reach.listing import exposed
from auditor.reach.points import INTERNET, Point
from auditor.snapshot.load import load
from auditor.testing import arm_id, estate, resource

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...honest import faults
from ...networks import nic as nic_in
from ...networks import peer
from ...networks import vnet as net
from ...reaching import asked, lb, lb_rule, point
from ...routing import route, steered, table
from .test_against_simulator import MACHINES, networks

NSG = "Microsoft.Network/networkSecurityGroups"
GROUP, OWN = ({"id": arm_id(NSG, name)} for name in ("nsg", "own"))
ESTATES = Path(__file__).parents[3] / "fixtures" / "estates"


def everyone(network: Network) -> list[Point]:
    found: dict[str, Point] = {"internet": INTERNET}
    for node in network.nodes.values():
        try:
            found.update((each.id, each) for each in points_of(node, network))
        except Undetermined:
            continue
    return [found[key] for key in sorted(found)]


def held(network: Network, pairs: Any) -> None:
    for source, target in pairs:
        if source.id == target.id or (source.outside and target.outside):
            continue
        for answer in answers(network, source, target):
            told = list(faults(answer))
            assert not told, (source.id, target.id, answer.protocol, str(answer.ports), told)


@pytest.mark.parametrize("name", ["clean-company", "docker-to-aks", "docker-to-aks-broken"])
def test_in_estates(name: str) -> None:
    network = build(load([str(ESTATES / name)])).network
    points = everyone(network)
    held(network, list(product(points, points))[:: max(1, len(points) ** 2 // 400)])
    for each in exposed(network):
        assert not list(faults(each.answer)), each.target.id


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_in_networks_at_random(network: Network) -> None:
    points = [point(network, name) for name in ("internet", *MACHINES, "inner-front")]
    held(network, product(points, points))


def test_a_balancer_rule_says_what_it_takes_of_what_it_does_not() -> None:
    network = estate(nic("web"), pip("pip"), lb(lb_rule()), vnet(subnet()))
    for port, protocol, opens in ((80, "tcp", True), (None, "icmp", False)):
        found = asked(network, "internet", "web", port, protocol)
        step = found.step("load-balancer")
        assert step.says == "rule https takes TCP 443 only"
        assert bool(step.opening) is opens


def test_a_denial_of_what_an_address_may_be_is_no_stop() -> None:
    """Of an address that is not told the rules deny one half: that half is not a blocker."""
    network = estate(
        nsg(deny("half", 100, destinationAddressPrefix="10.0.0.0/25"), rule("rest", 200)),
        nic("web", address=None, nsg="nsg", configuration={"privateIPAddress": None}),
        nic("db", address="10.0.0.200"),
        vnet(subnet()),
    )
    found = asked(network, "db", "web")
    assert found.verdict == "unknown"
    assert found.stops == []
    assert not list(faults(found.one))
    assert found.labels


def test_a_cluster_whose_public_address_tells_nothing_does_not_fail() -> None:
    balancer = lb(lb_rule())
    balancer["id"] = arm_id("Microsoft.Network/loadBalancers", "lb", group="mc")
    for front in balancer["properties"]["loadBalancingRules"]:
        named = f"{balancer['id']}/frontendIPConfigurations/front"
        front["properties"]["frontendIPConfiguration"] = {"id": named}
    network = estate(
        net("vnet", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        resource("Microsoft.ContainerService/managedClusters", "shop", {"nodeResourceGroup": "mc"}),
        {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip"),
         "type": "Microsoft.Network/publicIPAddresses", "name": "pip", "location": "westeurope"},
        balancer,
        nic_in("web", "10.0.0.4", ("vnet", "app")),
    )  # fmt: skip
    with pytest.raises(Undetermined):
        service_frontends(network)
    held(network, product(everyone(network), everyone(network)))


def test_N_22_what_one_of_two_groups_denies_in_any_case_is_said_to_be_denied() -> None:
    """Whatever its default route adds to `VirtualNetwork` is no part of `Internet`."""
    aside: Any = {"allowVirtualNetworkAccess": False}
    network = estate(
        net(
            "a",
            "10.0.0.0/16",
            subnets={"app": steered("10.0.0.0/24", networkSecurityGroup=GROUP)},
            peers=[peer("b", "10.5.0.0/16", **aside)],
        ),
        net(
            "b",
            "10.5.0.0/16",
            subnets={"far": "10.5.0.0/24"},
            peers=[peer("a", "10.0.0.0/16", **aside)],
        ),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4")),
        nsg(rule("online", 100, "Internet"), deny("rest", 200)),
        nsg(name="own"),
        nic_in("one", "10.5.0.4", ("b", "far")),
        nic_in("web", "10.0.0.4", ("a", "app"), networkSecurityGroup=OWN),
    )
    found = asked(network, "one", "web")
    assert (found.verdict, found.stops) == ("blocked", ["nsg-inbound"])
    assert found.step("nsg-inbound").passes is None
    assert not list(faults(found.one))
