"""On premises behind ExpressRoute, whose routes no resource tells (R-25, R-26)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.answer import Answer, answers
from auditor.reach.replay import check
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate

from ...exposed import NSG, deny, nsg
from ...networks import gateway, nic, peer, site, tunnel, vnet
from ...routing import route, steered, table
from .test_matrix import cells, one_by_one


def circuit(*more: Any, app: Any = "10.0.0.0/24") -> Network:
    """NIC web in a VNet with an ExpressRoute gateway, of which nothing more is told."""
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": app, "GatewaySubnet": "10.0.9.0/27"}),
        gateway("er", "a", kind="ExpressRoute"),
        nic("web", "10.0.0.4", ("a", "app")),
        *more,
    )


def told(network: Network, source: str, target: str) -> Answer:
    """The one answer about TCP 443 from one selector to another, which says why if unknown."""
    [one], [other] = (ends_of(network, parse_selector(each)).points for each in (source, target))
    [found] = answers(network, one, other, protocols=("tcp",))
    check(network, found)
    assert bool(found.reasons) == (found.verdict.value == "unknown")
    return found


def test_R_25_what_is_behind_express_route_is_not_told() -> None:
    for pair in (("name:web", "onprem"), ("onprem", "name:web"), ("name:web", "192.168.0.5")):
        found = told(circuit(), *pair)
        assert found.verdict.value == "unknown"
        assert {reason.label for reason in found.reasons} == {"bgp-routes-unknown"}


def test_R_25_filters_stop_it_whatever_is_behind() -> None:
    guarded = {
        "addressPrefix": "10.0.0.0/24",
        "networkSecurityGroup": {"id": arm_id(NSG, "nsg")},
    }
    shut = circuit(nsg(deny("no", 100)), app=guarded)
    assert told(shut, "onprem", "name:web").verdict.value == "blocked"


def test_R_26_a_users_route_to_express_route_leaves_what_bgp_teaches() -> None:
    steering = circuit(
        table("rt", route("10.99.0.0/16", "VirtualNetworkGateway")), app=steered("10.0.0.0/24")
    )
    found = told(steering, "name:web", "10.99.0.4")
    assert {reason.label for reason in found.reasons} == {"bgp-routes-unknown"}
    alone = circuit(
        table(
            "rt",
            route("10.99.0.0/16", "VirtualNetworkGateway"),
            disableBgpRoutePropagation=True,
        ),
        app=steered("10.0.0.0/24"),
    )
    assert told(alone, "name:web", "10.99.0.4").verdict.value == "blocked"


def test_what_gateways_answer_inside_their_network_is_not_told() -> None:
    found = told(circuit(), "name:web", "name:er")
    assert {reason.label for reason in found.reasons} == {"platform"}


def test_R_17_what_filters_stop_is_stopped_whichever_gateway_it_comes_by() -> None:
    """The hub that lends its gateway is not in the input: the machine's own rules still count."""
    guarded = {
        "addressPrefix": "10.0.0.0/24",
        "networkSecurityGroup": {"id": arm_id(NSG, "nsg")},
    }

    def lent(*rules: Any) -> str:
        network = estate(
            vnet(
                "a",
                "10.0.0.0/16",
                subnets={"app": guarded},
                peers=[peer("hub", "10.9.0.0/16", useRemoteGateways=True)],
            ),
            nsg(*rules),
            nic("web", "10.0.0.4", ("a", "app")),
        )
        return told(network, "onprem", "name:web").verdict.value

    assert lent() == "unknown"
    assert lent(deny("no", 100)) == "blocked"
    assert lent(deny("no", 100, "192.168.0.0/16")) == "unknown"


def pair(*kinds: str, app: Any = "10.1.0.0/24", more: Any = ()) -> Network:
    """NIC one and NIC two, each in a network with a gateway of a kind; `bgp` is a VPN's."""
    found: list[Any] = [nic("one", "10.1.0.4", ("n1", "app"))]
    found.append(nic("two", "10.2.0.4", ("n2", "app")))
    for number, kind in enumerate(kinds, 1):
        subnets = {"app": app if number == 1 else "10.2.0.0/24"}
        subnets["GatewaySubnet"] = f"10.{number}.9.0/27"
        found.append(vnet(f"n{number}", f"10.{number}.0.0/16", subnets=subnets))
        express = kind == "ExpressRoute"
        found.append(gateway(f"g{number}", f"n{number}", kind=kind if express else "Vpn"))
        if not express:
            found.append(site(f"s{number}", f"192.168.{number}.0/24"))
            found.append(tunnel(f"t{number}", f"g{number}", f"s{number}", enableBgp=kind == "bgp"))
    return estate(*found, *more)


@pytest.mark.parametrize("kinds", [("ExpressRoute",) * 2, ("ExpressRoute", "bgp"), ("bgp",) * 2])
def test_R_25_networks_that_both_learn_routes_may_meet_outside(kinds: tuple[str, str]) -> None:
    """By one circuit, or by a site that both lead to."""
    network = pair(*kinds)
    for source, target in (("one", "two"), ("two", "one")):
        found = told(network, f"name:{source}", f"name:{target}")
        assert found.verdict.value == "unknown"
        assert {reason.label for reason in found.reasons} == {"bgp-routes-unknown"}
    assert cells(network) == one_by_one(network)


def test_R_25_a_network_that_learns_nothing_is_met_nowhere_else() -> None:
    network = pair("ExpressRoute", "static")
    for source, target in (("one", "two"), ("two", "one")):
        assert told(network, f"name:{source}", f"name:{target}").verdict.value == "blocked"
    assert cells(network) == one_by_one(network)


def test_R_12_a_table_that_keeps_learned_routes_out_keeps_them_apart() -> None:
    kept_out = table("rt", disableBgpRoutePropagation=True)
    network = pair("ExpressRoute", "ExpressRoute", app=steered("10.1.0.0/24"), more=[kept_out])
    assert told(network, "name:one", "name:two").verdict.value == "blocked"
