from __future__ import annotations

import pytest

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.learned_routes import learns_routes
from auditor.network.on_premises import client_pools, on_premises
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.testing import arm_id, estate, resource

from ...networks import gateway, hub, peer, site, tunnel, vnet


def prefixes(network: Network, name: str) -> list[str]:
    return [str(claim.prefix) for claim in on_premises(network, named(network, name))]


def named(network: Network, name: str) -> VirtualNetwork:
    return next(each for each in network.all(VirtualNetwork) if each.name == name)


def test_r_24_a_site_is_reached_through_its_connection() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16"), gateway("gw", "a"), site("office", "192.168.0.0/24"),
        tunnel("t", "gw", "office"), site("elsewhere", "10.0.0.0/8"),
    )  # fmt: skip
    assert prefixes(network, "a") == ["192.168.0.0/24"]


def test_r_17_a_spoke_reaches_the_sites_of_the_hub_it_transits() -> None:
    network = estate(
        vnet("hub", "10.0.0.0/16", peers=[peer("spoke", allowGatewayTransit=True), peer("alone")]),
        vnet("spoke", "10.1.0.0/16", peers=[peer("hub", useRemoteGateways=True)]),
        vnet("alone", "10.2.0.0/16", peers=[peer("hub", useRemoteGateways=False)]),
        gateway("gw", "hub"), site("office", "192.168.0.0/24"), tunnel("t", "gw", "office"),
    )  # fmt: skip
    assert prefixes(network, "spoke") == ["192.168.0.0/24"]
    assert prefixes(network, "alone") == []


def test_transit_through_an_absent_hub_is_unknown() -> None:
    network = estate(vnet("spoke", "10.1.0.0/16", peers=[peer("hub", useRemoteGateways=True)]))
    with pytest.raises(Undetermined, match="hub is not in the snapshot"):
        prefixes(network, "spoke")


def test_an_absent_site_is_unknown() -> None:
    network = estate(vnet("a", "10.0.0.0/16"), gateway("gw", "a"), tunnel("t", "gw", "office"))
    with pytest.raises(Undetermined, match="office is not in the snapshot"):
        prefixes(network, "a")


def test_a_gateway_that_only_the_subnet_tells_of_is_unknown() -> None:
    listed = arm_id("Microsoft.Network/virtualNetworkGateways/ipConfigurations", "gw", "default")
    subnet = {"addressPrefix": "10.0.0.0/27", "ipConfigurations": [{"id": listed}]}
    network = estate(vnet("a", "10.0.0.0/16", subnets={"GatewaySubnet": subnet}))
    with pytest.raises(Undetermined, match="virtualNetworkGateways/gw is not"):
        prefixes(network, "a")


def test_a_prefix_translated_on_its_way_in_is_left_out() -> None:
    rule = arm_id("Microsoft.Network/virtualNetworkGateways/natRules", "gw", "in")
    translation = {
        "name": "in",
        "id": rule,
        "properties": {
            "mode": "IngressSnat",
            "internalMappings": [{"addressSpace": "10.0.0.0/24"}],
            "externalMappings": [{"addressSpace": "172.20.0.0/24"}],
        },
    }
    network = estate(
        vnet("a", "10.0.0.0/16"), gateway("gw", "a", natRules=[translation]),
        site("office", "10.0.0.0/24", "10.5.0.0/24"),
        tunnel("t", "gw", "office", ingressNatRules=[{"id": rule}]),
    )  # fmt: skip
    assert prefixes(network, "a") == ["10.5.0.0/24"]


def test_a_hub_brings_its_sites() -> None:
    hub_id = arm_id("Microsoft.Network/virtualHubs", "vhub")
    site_id = arm_id("Microsoft.Network/vpnSites", "branch")
    network = estate(
        vnet("one", "10.1.0.0/16"),
        *hub("vhub", "10.0.0.0/23", "one"),
        resource(
            "Microsoft.Network/vpnGateways",
            "vpn",
            {
                "virtualHub": {"id": hub_id},
                "connections": [{"name": "c", "properties": {"remoteVpnSite": {"id": site_id}}}],
            },
        ),
        resource(
            "Microsoft.Network/vpnSites",
            "branch",
            {"addressSpace": {"addressPrefixes": ["192.168.7.0/24"]}},
        ),
    )
    assert prefixes(network, "one") == ["192.168.7.0/24"]


@pytest.mark.parametrize(
    ("kind", "bgp", "word"), [("ExpressRoute", False, "ExpressRoute"), ("Vpn", True, "BGP")]
)
def test_r_25_what_bgp_teaches_is_told_to_be_unknown(kind: str, bgp: bool, word: str) -> None:
    network = estate(
        vnet("a", "10.0.0.0/16"), gateway("gw", "a", kind=kind), site("office"),
        tunnel("t", "gw", "office", enableBgp=bgp),
    )  # fmt: skip
    assert word in learns_routes(network, named(network, "a"))


def test_static_routes_are_all_there_is_without_bgp() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16"), gateway("gw", "a"), site("office", "192.168.0.0/24"),
        tunnel("t", "gw", "office"),
    )  # fmt: skip
    assert learns_routes(network, named(network, "a")) == ""


def test_r_28_a_route_server_teaches() -> None:
    subnet = arm_id("Microsoft.Network/virtualNetworks/subnets", "a", "RouteServerSubnet")
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"RouteServerSubnet": "10.0.0.0/27"}),
        resource("Microsoft.Network/virtualHubs", "rs", {}, kind="RouteServer"),
        resource(
            "Microsoft.Network/virtualHubs/ipConfigurations",
            "rs/config",
            {"subnet": {"id": subnet}},
        ),
    )
    assert "Route Server" in learns_routes(network, named(network, "a"))


def test_client_pools_are_told_once_each() -> None:
    network = estate(
        gateway(
            "gw",
            "a",
            vpnClientConfiguration={
                "vpnClientAddressPool": {"addressPrefixes": ["172.16.200.0/24"]},
                "vngClientConnectionConfigurations": [
                    {
                        "name": "staff",
                        "properties": {
                            "vpnClientAddressPool": {
                                "addressPrefixes": ["172.16.200.0/24", "172.16.201.0/24"]
                            }
                        },
                    }
                ],
            },
        )
    )
    (node,) = network.all(VirtualNetworkGateway)
    found = client_pools(node)
    assert sorted(str(claim.prefix) for claim in found) == ["172.16.200.0/24", "172.16.201.0/24"]
