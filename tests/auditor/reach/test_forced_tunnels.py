"""The internet by way of sites: routes that lead everything to a gateway (R-12, R-13, R-25)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...egress import VM
from ...exposed import NIC, NSG, PIP, deny, nsg, pip, rule
from ...networks import gateway, nic, peer, site, subnet_id, tunnel, vnet
from ...reaching import asked
from ...routing import route, steered, table

CLIENT = "52.10.0.7"


def tunnelled(*more: Any, app: Any = "10.0.0.0/24", **settings: Any) -> Network:
    """NIC web with a public address, in a VNet with VPN gateway vpn to a site."""
    configuration = {
        "privateIPAddress": "10.0.0.4",
        "subnet": {"id": subnet_id("a", "app")},
        "publicIPAddress": {"id": arm_id(PIP, "pip")},
    }
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": app, "GatewaySubnet": "10.0.9.0/27"}),
        gateway("vpn", "a", **{"enableBgp": False, **settings}),
        nsg(rule("in", 100)),
        resource(
            NIC,
            "web",
            {
                "networkSecurityGroup": {"id": arm_id(NSG, "nsg")},
                "virtualMachine": {"id": arm_id(VM, "web")},
                "ipConfigurations": [{"name": "primary", "properties": configuration}],
            },
        ),
        resource(VM, "web"),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
        *more,
    )


OFFICE = site("office", "192.168.0.0/16"), tunnel("line", "vpn", "office")


def by_table() -> Network:
    """A route table leads everything to the gateway."""
    return tunnelled(
        *OFFICE,
        table("rt", route("0.0.0.0/0", "VirtualNetworkGateway")),
        app=steered("10.0.0.0/24"),
    )


def by_site() -> Network:
    """The site is said to have every address."""
    return tunnelled(site("office", "0.0.0.0/0"), tunnel("line", "vpn", "office"))


def by_default_site() -> Network:
    """The gateway has a default site."""
    default = {"id": arm_id("Microsoft.Network/localNetworkGateways", "office")}
    return tunnelled(*OFFICE, gatewayDefaultSite=default)


def test_R_13_what_sites_do_with_packets_for_the_internet_is_not_told() -> None:
    for network in (by_table(), by_site(), by_default_site()):
        found = asked(network, "web", CLIENT)
        assert (found.verdict, found.labels) == ("unknown", {"forced-tunnel-unknown"})


def test_R_13_replies_by_a_gateway_never_reach_the_internet() -> None:
    for network in (by_table(), by_site(), by_default_site()):
        shut = asked(network, CLIENT, "web")
        assert (shut.verdict, shut.stops) == ("blocked", ["asymmetric-return"])


def test_R_25_what_bgp_teaches_leaves_both_ways_in_doubt() -> None:
    network = tunnelled(
        site("office", "192.168.0.0/16"),
        tunnel("line", "vpn", "office", enableBgp=True),
        enableBgp=True,
    )
    assert asked(network, "web", CLIENT).verdict == "unknown"
    back = asked(network, CLIENT, "web")
    assert (back.verdict, back.labels) == ("unknown", {"bgp-routes-unknown"})


def test_R_12_a_table_may_keep_out_what_bgp_teaches() -> None:
    network = tunnelled(
        site("office", "192.168.0.0/16"),
        tunnel("line", "vpn", "office", enableBgp=True),
        table("rt", disableBgpRoutePropagation=True),
        app=steered("10.0.0.0/24"),
        enableBgp=True,
    )
    assert asked(network, "web", CLIENT).verdict == "reachable"
    assert asked(network, CLIENT, "web").verdict == "reachable"


def test_without_forced_tunnelling_the_internet_is_reached() -> None:
    network = tunnelled(*OFFICE)
    assert asked(network, "web", CLIENT).verdict == "reachable"
    assert asked(network, CLIENT, "web").verdict == "reachable"


def test_filters_come_before_a_tunnel() -> None:
    shut = tunnelled(
        *OFFICE,
        nsg(deny("no", 100, direction="Outbound"), name="out"),
        table("rt", route("0.0.0.0/0", "VirtualNetworkGateway")),
        app={
            **steered("10.0.0.0/24"),
            "networkSecurityGroup": {"id": arm_id(NSG, "out")},
        },
    )
    assert asked(shut, "web", CLIENT).verdict == "blocked"


def test_R_26_a_route_to_a_gateway_that_is_not_there_brings_no_reply_back() -> None:
    """The hub has one, and its peer does not use it: replay and sets say the same."""
    flags: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
    network = estate(
        vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.9.0/27"},
             peers=[peer("a", "10.1.0.0/16", allowGatewayTransit=True, **flags)]),
        vnet("a", "10.1.0.0/16", subnets={"app": steered("10.1.0.0/24")},
             peers=[peer("hub", "10.0.0.0/16", useRemoteGateways=False, **flags)]),
        table("rt", route("192.168.7.0/24", "VirtualNetworkGateway")),
        gateway("vpn", "hub", enableBgp=False),
        site("site", "192.168.7.0/24"),
        tunnel("tunnel", "vpn", "site", enableBgp=False, connectionStatus="Connected"),
        nic("web", "10.1.0.4", ("a", "app")),
    )  # fmt: skip
    for source, target in (("onprem 192.168.7.0/24", "web"), ("web", "onprem 192.168.7.0/24")):
        assert asked(network, source, target).verdict == "blocked"


@pytest.mark.parametrize(
    ("site_has", "verdict"), [("192.168.0.0/16", "reachable"), ("0.0.0.0/0", "unknown")]
)
def test_R_13_a_bastion_whose_replies_go_to_a_site_may_not_answer(
    site_has: str, verdict: str
) -> None:
    kind = "Microsoft.Network/bastionHosts"
    settings = {
        "subnet": {"id": subnet_id("a", "AzureBastionSubnet")},
        "publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")},
    }
    network = estate(
        vnet("a", "10.0.0.0/16",
            subnets={"AzureBastionSubnet": "10.0.4.0/26", "GatewaySubnet": "10.0.9.0/27"}),
        resource("Microsoft.Network/publicIPAddresses", "pip",
                 {"ipAddress": "20.50.1.2", "publicIPAllocationMethod": "Static"},
                 sku={"name": "Standard"}),
        resource(kind, "bas", {"ipConfigurations": [{"name": "c", "properties": settings}]},
                 sku={"name": "Standard"}),
        gateway("gw", "a", enableBgp=False),
        site("hq", site_has),
        tunnel("t", "gw", "hq", enableBgp=False),
    )  # fmt: skip
    assert asked(network, "52.10.0.7", "bas").verdict == verdict
