"""The routes to the internet that networks share, held against all the routes of each."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.network.routing import effective_routes
from auditor.network.routing.outward import outward_routes
from auditor.reach.leaving import _roads_by, roads_of
from auditor.resources.virtual_networks import Subnet
from auditor.testing import estate

from ....agreeing import Maker
from ....networks import gateway, peer, site, tunnel, vnet

HUB, SPOKE = "10.0.0.0/16", "10.1.0.0/16"
GRANTED: dict[str, Any] = {"allowVirtualNetworkAccess": True}
LENT = {**GRANTED, "allowGatewayTransit": True}
USED = {**GRANTED, "useRemoteGateways": True}


def spokes(
    hub: str = HUB, spoke: str = SPOKE, behind: str = "192.168.0.0/16", **more: Any
) -> Network:
    """Networks `a` and `b` that use the VPN gateway of a hub; `more` for the tunnel."""
    return estate(
        vnet(
            "hub",
            hub,
            subnets={"GatewaySubnet": "10.0.255.0/27", "front": "10.0.1.0/24"},
            peers=(peer("a", spoke, **LENT), peer("b", "10.2.0.0/16", **LENT)),
        ),
        vnet("a", spoke, subnets={"own": spoke}, peers=(peer("hub", hub, **USED),)),
        vnet("b", "10.2.0.0/16", subnets={"own": "10.2.0.0/24"}, peers=(peer("hub", hub, **USED),)),
        gateway("vpn", "hub"),
        site("office", behind),
        tunnel("to-office", "vpn", "office", **more),
    )


def agree(network: Network) -> int:
    """Hold the roads of every subnet against its own routes; give how many sets of routes."""
    looked_up = set()
    for subnet in network.all(Subnet):
        own = effective_routes(network, subnet, network.tags)
        assert roads_of(network, subnet) == _roads_by(network, own), subnet.id
        looked_up.add(id(outward_routes(network, subnet)))
    return len(looked_up)


def test_networks_behind_one_gateway_share_their_routes_to_the_internet() -> None:
    network = spokes()
    a, b = (s for s in network.all(Subnet) if s.name == "own")

    assert outward_routes(network, a) is outward_routes(network, b)
    assert outward_routes(network, a) is not effective_routes(network, a, network.tags)


@pytest.mark.parametrize(
    "network",
    [
        spokes(),
        spokes(behind="52.0.0.0/8"),
        spokes(behind="0.0.0.0/0"),
        spokes(enableBgp=True),
        spokes(hub="20.0.0.0/16"),
        spokes(spoke="52.7.0.0/16"),
        spokes(spoke="52.7.0.0/16", behind="52.7.0.0/16"),
        estate(
            vnet(
                "alone",
                HUB,
                subnets={"own": HUB},
                peers=({"name": "to-whom", "properties": {"peeringState": "Connected"}},),
            )
        ),
    ],
    ids=[
        "sites",
        "public-site",
        "forced",
        "bgp",
        "public-hub",
        "public-spoke",
        "hidden-site",
        "untold-peering",
    ],
)
def test_what_is_shared_leads_as_all_routes_do(network: Network) -> None:
    assert agree(network)


def test_so_it_does_in_estates_at_random() -> None:
    assert sum(agree(estate(*Maker(seed).estate())) for seed in range(40)) > 80
