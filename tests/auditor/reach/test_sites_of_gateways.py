"""Sites come in by a gateway that leads to them (R-24), not by any that serves the far end."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...networks import gateway, nic, peer, site, tunnel, vnet
from ...reaching import asked
from ...routing import endpoint, route, steered, table

FIRST, SECOND = "onprem 192.168.1.0/24", "onprem 192.168.2.0/24"
LENT: Any = {"allowGatewayTransit": True}
BY_GATEWAY = route("0.0.0.0/0", "VirtualNetworkGateway")


def hubs(*routes: Any, express: bool = False, **more: Any) -> Network:
    """Two hubs with a site each; a spoke of the second has NIC web and the private endpoint pe."""
    second = gateway("g2", "h2", kind="ExpressRoute" if express else "Vpn", **more)
    return estate(
        vnet(
            "h1",
            "10.1.0.0/16",
            subnets={"GatewaySubnet": "10.1.9.0/27"},
            peers=[peer("h2", "10.2.0.0/16")],
        ),
        vnet(
            "h2",
            "10.2.0.0/16",
            subnets={"GatewaySubnet": "10.2.9.0/27"},
            peers=[peer("h1", "10.1.0.0/16"), peer("s", "10.3.0.0/16", **LENT)],
        ),
        vnet(
            "s",
            "10.3.0.0/16",
            subnets={"app": steered("10.3.0.0/24", "rt")},
            peers=[peer("h2", "10.2.0.0/16", useRemoteGateways=True)],
        ),
        table("rt", *routes),
        gateway("g1", "h1"),
        second,
        site("one", "192.168.1.0/24"),
        site("two", "192.168.2.0/24"),
        tunnel("t1", "g1", "one", enableBgp=False),
        *([] if express else [tunnel("t2", "g2", "two", enableBgp=False)]),
        nic("web", "10.3.0.4", ("s", "app")),
        endpoint("pe", "10.3.0.50", ("s", "app")),
    )


@pytest.mark.parametrize("routes", [(), (BY_GATEWAY,)])
@pytest.mark.parametrize("end", ["web", "pe"])
def test_R_24_a_site_behind_the_gateway_of_another_hub_does_not_get_in(
    end: str, routes: Any
) -> None:
    """Private endpoints answer by no route, and a route may name the gateway for anything."""
    network = hubs(*routes)
    assert asked(network, SECOND, end).verdict == "reachable"
    shut = asked(network, FIRST, end)
    assert shut.verdict == "blocked"
    assert "gateway" in shut.stops


def test_R_24_nor_is_it_reached_by_a_route_that_names_the_gateway() -> None:
    """The gateway drops what it has no site for."""
    network = hubs(BY_GATEWAY)
    assert asked(network, "web", SECOND).verdict == "reachable"
    shut = asked(network, "web", FIRST)
    assert (shut.verdict, shut.stops) == ("blocked", ["gateway"])
    assert asked(hubs(), "web", FIRST).stops == ["route"]
    rest = {"id": arm_id("Microsoft.Network/localNetworkGateways", "two")}
    found = asked(hubs(BY_GATEWAY, gatewayDefaultSite=rest), "web", FIRST)
    assert (found.verdict, found.labels) == ("unknown", {"forced-tunnel-unknown"})


def test_R_24_what_a_site_for_all_the_rest_passes_on_is_not_told() -> None:
    rest = {"id": arm_id("Microsoft.Network/localNetworkGateways", "two")}
    found = asked(hubs(gatewayDefaultSite=rest), FIRST, "pe")
    assert (found.verdict, found.labels) == ("unknown", {"forced-tunnel-unknown"})


def test_R_25_what_an_ExpressRoute_gateway_leads_to_is_not_told() -> None:
    found = asked(hubs(express=True), SECOND, "pe")
    assert (found.verdict, found.labels) == ("unknown", {"bgp-routes-unknown"})
