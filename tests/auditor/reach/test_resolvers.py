"""Inbound endpoints of DNS resolvers, as ends of paths."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.selectors import select
from auditor.reach.ends import points_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...exposed import NSG, deny, nsg
from ...networks import gateway, nic, peer, site, subnet_id, tunnel, vnet
from ...reaching import Asked, asked
from ...routing import route, table

INBOUND = "Microsoft.Network/dnsResolvers/inboundEndpoints"
DELEGATED = [
    {"name": "d", "properties": {"serviceName": "Microsoft.Network/dnsResolvers"}},
]


def resolving(
    *rules: Any, routes: Any = (), address: str | None = "10.0.4.4", **subnet: Any
) -> Network:
    """NIC web in network b, peered with a, where resolver dns has its inbound endpoint `in`."""
    place: dict[str, Any] = {"subnet": {"id": subnet_id("a", "dns")}}
    if address is not None:
        place["privateIpAddress"] = address
    settings = {"addressPrefix": "10.0.4.0/28", "delegations": DELEGATED, **subnet}
    if rules:
        settings["networkSecurityGroup"] = {"id": arm_id(NSG, "nsg")}
    tied: Any = {"allowVirtualNetworkAccess": True}
    app = {"addressPrefix": "10.1.0.0/24", "routeTable": {"id": arm_id(TABLE, "rt")}}
    to_b = peer("b", "10.1.0.0/16", **tied)
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"dns": settings}, peers=[to_b]),
        vnet("b", "10.1.0.0/16", subnets={"app": app}, peers=[peer("a", "10.0.0.0/16", **tied)]),
        table("rt", *routes),
        nsg(*rules),
        nic("web", "10.1.0.4", ("b", "app")),
        resource("Microsoft.Network/dnsResolvers", "dns", {}),
        resource(INBOUND, "dns/in", {"ipConfigurations": [place]}),
    )  # fmt: skip


TABLE = "Microsoft.Network/routeTables"


def to_endpoint(network: Network, port: int = 53, protocol: str = "udp") -> Asked:
    return asked(network, "web", "in", port, protocol)


@pytest.mark.parametrize("word", ["name:in", "type:dnsResolvers", "type:inboundEndpoints"])
def test_a_resolver_and_its_inbound_endpoints_are_selected(word: str) -> None:
    network = resolving()
    selected = select(network, parse_selector(word))
    [node] = selected.nodes
    [point] = points_of(node, network)
    assert (point.id, str(point.addresses)) == (arm_id(INBOUND, "dns", "in"), "10.0.4.4/32")


def test_a_resolver_whose_endpoints_are_not_listed_is_not_told() -> None:
    network = estate(resource("Microsoft.Network/dnsResolvers", "dns", {}))
    [node] = select(network, parse_selector("type:dnsResolvers")).nodes
    with pytest.raises(Undetermined, match="the inbound endpoints of dns"):
        points_of(node, network)


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_an_inbound_endpoint_answers_dns(protocol: str) -> None:
    assert to_endpoint(resolving(), protocol=protocol).verdict == "reachable"
    shut = to_endpoint(resolving(), 443, protocol)
    assert (shut.verdict, shut.stops) == ("blocked", ["service"])


def test_routes_lead_to_an_inbound_endpoint_as_to_a_machine() -> None:
    away = resolving(routes=[route("10.0.4.0/28", "None")])
    assert to_endpoint(away).stops == ["route"]


def test_whether_groups_apply_to_an_inbound_endpoint_is_not_told() -> None:
    found = to_endpoint(resolving(deny("no", 100)))
    assert (found.verdict, found.labels) == ("unknown", {"platform"})
    assert to_endpoint(resolving(deny("no", 100)), 443).verdict == "blocked"


def test_an_inbound_endpoint_whose_address_is_not_told_is_somewhere_in_its_subnet() -> None:
    found = to_endpoint(resolving(address=None))
    assert found.verdict == "reachable"


def test_sites_ask_an_inbound_endpoint_by_the_gateway() -> None:
    subnets: dict[str, Any] = {
        "dns": {"addressPrefix": "10.0.4.0/28", "delegations": DELEGATED},
        "GatewaySubnet": "10.0.255.0/27",
    }
    network = estate(
        vnet("a", "10.0.0.0/16", subnets=subnets),
        gateway("gw", "a"), site("branch", "192.168.7.0/24"), tunnel("t", "gw", "branch"),
        resource(INBOUND, "dns/in", {"ipConfigurations": [
            {"subnet": {"id": subnet_id("a", "dns")}, "privateIpAddress": "10.0.4.4"},
        ]}),
    )  # fmt: skip
    assert asked(network, "onprem 192.168.7.0/24", "in", 53, "udp").verdict == "reachable"
    assert asked(network, "onprem 192.168.7.0/24", "in", 80, "tcp").verdict == "blocked"


def test_an_inbound_endpoint_starts_nothing() -> None:
    found = asked(resolving(), "in", "web")
    assert (found.verdict, found.stops) == ("blocked", ["starts-nothing"])
