"""Where packets surely stay in their own network, held against the routes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.network.graph import Network
from auditor.network.routing.near import near
from auditor.reach.leading import leads_to
from auditor.reach.ways import ways_from
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.testing import estate

from ....networks import gateway, peer, site, tunnel
from ....networks import vnet as net
from ....routing import endpoint, route, steered, subnet, table

A = "10.0.0.0/16"
PREFIXES = ("0.0.0.0/0", "10.0.0.0/8", A, "10.0.0.0/24", "10.0.0.128/25", "10.0.0.9", "10.1.0.0/16")
HOPS = (("VnetLocal", None), ("VirtualAppliance", "10.0.9.4"), ("Internet", None), ("None", None))


@st.composite
def planned(draw: st.DrawFn) -> Network:
    """A network with two subnets, peers, routes, endpoints and a gateway that may disagree."""
    spaces = draw(st.sampled_from(((A,), ("10.0.0.0/24", "10.0.1.0/24", A), ("10.0.0.0/20",))))
    prefixes = st.sampled_from((*PREFIXES, "Storage", None))
    steps = draw(st.lists(st.tuples(prefixes, st.sampled_from(HOPS)), max_size=3))
    routes = [route(to, *hop, name=f"r{n}") for n, (to, hop) in enumerate(steps)]
    inside: Any = (
        steered("10.0.0.0/24") if draw(st.booleans()) else {"addressPrefix": "10.0.0.0/24"}
    )
    if draw(st.integers(0, 3)) == 0:
        inside["serviceEndpoints"] = [{"service": "Microsoft.Storage"}]
    far = draw(st.sampled_from((*PREFIXES[1:], "")))
    state = draw(st.sampled_from(("Connected", None, "Disconnected")))
    sides = [peer("b", far, state=state)] if far else [peer("b", state=state)]
    found = [
        net("a", *spaces, subnets={"app": inside, "GatewaySubnet": "10.0.1.0/27"}, peers=sides),
        table("rt", *routes, disableBgpRoutePropagation=draw(st.booleans())),
    ]
    if draw(st.booleans()):
        found.append(net("b", "10.1.0.0/16", subnets={"far": "10.1.0.0/24"}, peers=[peer("a", A)]))
        found.append(endpoint("pe", draw(st.sampled_from(("10.0.0.7", None))), ("b", "far")))
    if draw(st.booleans()):
        found.append(endpoint("own", draw(st.sampled_from(("10.0.0.7", None))), ("a", "app")))
    if draw(st.booleans()):
        found += [
            gateway("vgw", "a", enableBgp=draw(st.booleans())),
            site("dc", draw(st.sampled_from(PREFIXES))),
            tunnel("t", "vgw", "dc", enableBgp=False),
        ]
    return estate(*found)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planned())
def test_packets_go_straight_to_whatever_is_near(network: Network) -> None:
    for each in network.all(Subnet):
        vnet = network.holder(each, VirtualNetwork)
        assert vnet is not None
        for version in (4, 6):
            ways = ways_from(network, each, version)
            for way in ways.towards(near(network, each)):
                assert leads_to(way, vnet.key, vnet) is True


@pytest.mark.parametrize(
    ("prefix", "nearby"),
    [
        ("0.0.0.0/0", ["10.0.0.0/24"]),
        ("10.0.0.128/25", ["10.0.0.0/25"]),
        (A, []),
        ("Storage", []),
    ],
)
def test_R_6_routes_as_long_as_the_networks_own_are_heeded(prefix: str, nearby: list[str]) -> None:
    network = estate(
        net("a", A, subnets={"app": steered("10.0.0.0/24")}),
        table("rt", route(prefix, "VirtualAppliance", "10.0.9.4")),
    )
    app = subnet(network)
    (own,) = app.prefixes
    found = near(network, app).prefixes()
    assert [
        str(own) if own in each else str(each) for each in found if each.overlaps(own)
    ] == nearby


def test_L_4_private_endpoints_are_left_out() -> None:
    network = estate(
        net("a", A, subnets={"app": "10.0.0.0/24"}), endpoint("pe", "10.0.0.9", ("a", "app"))
    )
    found = [str(each) for each in near(network, subnet(network)).prefixes()]
    assert "10.0.0.8/32" in found
    assert "10.0.0.9/32" not in found
