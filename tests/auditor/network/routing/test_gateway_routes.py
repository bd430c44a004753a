"""What gateways bring, and what nobody can tell offline (R-7, R-12, R-17, R-24 to R-29)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.network.routing import Hop
from auditor.testing import arm_id, estate, resource

from ....networks import gateway, hub, peer, site, subnet_id, tunnel, vnet, vnet_id
from ....routing import decided, hop, labels, route, routes, steered, table, told

A, B = "10.0.0.0/16", "10.1.0.0/16"
OFFICE = "192.168.0.0/24"
VNG = ("VirtualNetworkGateway", "R-24", "VirtualNetworkGateway")


def own(*more: Any, gw: Any = None, udr: Any = (), peers: Any = (), **settings: Any) -> Network:
    """VNet `a` with a gateway of its own, and a table on subnet `app`."""
    return estate(
        vnet("a", A, subnets={"app": steered("10.0.0.0/24"), "free": "10.0.1.0/24"}, peers=peers),
        table("rt", *udr, **settings),
        gw or gateway("gw", "a"),
        *more,
    )


def office(*prefixes: str, **more: Any) -> tuple[Any, Any]:
    return site("office", *(prefixes or (OFFICE,))), tunnel("t", "gw", "office", **more)


def test_R_24_a_site_is_reached_through_the_gateway() -> None:
    network = own(*office())
    found = hop(network, "192.168.0.9")
    assert decided(found) == VNG
    assert found.route is not None
    assert found.route.node is not None
    assert found.route.node.name == "office"
    assert found.route.pointer == "/properties/localNetworkAddressSpace/addressPrefixes/0"
    assert decided(hop(network, "192.168.1.9")) == ("None", "R-2", "Default")


def test_R_24_a_site_nothing_connects_to_is_not_routed() -> None:
    assert hop(own(site("office", OFFICE)), "192.168.0.9").hop is Hop.NONE


def test_R_24_clients_are_reached_through_the_gateway() -> None:
    pool = {"vpnClientAddressPool": {"addressPrefixes": ["172.20.0.0/24"]}}
    network = own(gw=gateway("gw", "a", vpnClientConfiguration=pool))
    assert decided(hop(network, "172.20.0.9")) == VNG
    assert hop(network, "172.20.1.9").hop is Hop.NONE


def test_R_24_custom_routes_may_be_routed() -> None:
    gw = gateway("gw", "a", customRoutes={"addressPrefixes": ["20.5.0.0/16"]})
    found = hop(own(gw=gw), "20.5.0.1")
    assert labels(found) == {"semantics:R-24"}
    assert found.may == {Hop.GATEWAY, Hop.INTERNET}
    assert hop(own(gw=gw), "20.6.0.1").hop is Hop.INTERNET


def test_R_24_a_default_site_is_a_default_route() -> None:
    default = {"id": arm_id("Microsoft.Network/localNetworkGateways", "office")}
    network = own(*office(), gw=gateway("gw", "a", gatewayDefaultSite=default))
    assert decided(hop(network, "8.8.8.8")) == VNG
    assert decided(hop(own(*office()), "8.8.8.8")) == ("Internet", "R-1", "Default")


def test_R_24_nat_shows_other_addresses_than_the_site_has() -> None:
    rule = arm_id("Microsoft.Network/virtualNetworkGateways/natRules", "gw", "in")
    nat = {
        "name": "in",
        "id": rule,
        "properties": {
            "mode": "IngressSnat",
            "internalMappings": [{"addressSpace": OFFICE}],
            "externalMappings": [{"addressSpace": "172.20.0.0/24"}],
        },
    }
    gw = gateway("gw", "a", natRules=[nat])
    network = own(*office(ingressNatRules=[{"id": rule}]), gw=gw)
    assert decided(hop(network, "172.20.0.9")) == VNG
    assert hop(network, "192.168.0.9").hop is Hop.NONE


def test_R_24_a_vnet_behind_a_gateway_is_routed() -> None:
    kind = "Microsoft.Network/virtualNetworkGateways"
    joined = resource(
        "Microsoft.Network/connections",
        "v2v",
        {
            "connectionType": "Vnet2Vnet",
            "virtualNetworkGateway1": {"id": arm_id(kind, "gw")},
            "virtualNetworkGateway2": {"id": arm_id(kind, "far")},
        },
    )
    network = own(joined, vnet("b", B, subnets={"x": "10.1.0.0/24"}), gateway("far", "b"))
    assert decided(hop(network, "10.1.0.9")) == VNG
    assert decided(hop(network, "10.0.0.9", "x", "b")) == VNG


def test_R_24_a_site_that_is_not_in_the_snapshot_is_not_told() -> None:
    network = own(tunnel("t", "gw", "office"))
    found = hop(network, "192.168.0.9")
    assert labels(found) == {"collection-gap"}
    assert found.may == {Hop.GATEWAY, Hop.NONE}
    assert hop(network, "10.0.0.9").hop is Hop.LOCAL


@pytest.mark.parametrize("kind", ["IPsec", None])
def test_R_24_a_connection_that_does_not_tell_its_site_may_lead_anywhere(kind: str | None) -> None:
    network = own(site("office", OFFICE), tunnel("t", "gw", "office", **_untold(kind)))
    found = hop(network, "192.168.0.9")
    assert labels(found) == {"collection-gap"}
    assert [reason.detail for reason in found.reasons] == [
        "the site that the connection t leads to"
    ]


def test_R_24_a_connection_of_another_kind_has_no_site() -> None:
    network = own(tunnel("t", "gw", "office", **_untold("VPNClient")))
    assert hop(network, "192.168.0.9").hop is Hop.NONE


def _untold(kind: str | None) -> dict[str, Any]:
    return {"localNetworkGateway2": None, "connectionType": kind}


def test_R_12_no_propagation_keeps_static_routes_out_as_well() -> None:
    network = own(*office(), disableBgpRoutePropagation=True)
    assert hop(network, "192.168.0.9").hop is Hop.NONE
    assert decided(hop(network, "192.168.0.9", "free")) == VNG


def test_R_12_no_propagation_keeps_peerings_and_the_network() -> None:
    peers = [peer("b", B)]
    network = own(vnet("b", B, peers=[peer("a", A)]), peers=peers, disableBgpRoutePropagation=True)
    assert hop(network, "10.1.0.1").hop is Hop.PEERING
    assert hop(network, "10.0.9.1").hop is Hop.LOCAL


def test_R_12_no_propagation_settles_what_bgp_would_leave_open() -> None:
    er = gateway("er", "a", kind="ExpressRoute")
    network = own(gw=er, disableBgpRoutePropagation=True)
    assert hop(network, "8.8.8.8").hop is Hop.INTERNET
    assert labels(hop(network, "8.8.8.8", "free")) == {"bgp-routes-unknown"}


@pytest.mark.parametrize(
    ("more", "gw"),
    [
        ((), gateway("er", "a", kind="ExpressRoute")),
        (office(enableBgp=True), None),
    ],
)
def test_R_25_what_bgp_teaches_is_not_told(more: Any, gw: Any) -> None:
    network = own(*more, gw=gw)
    for address in ("8.8.8.8", "192.168.77.1"):
        found = hop(network, address)
        assert labels(found) == {"bgp-routes-unknown"}
        assert Hop.GATEWAY in found.may
    assert hop(network, "10.0.3.3").hop is Hop.LOCAL


def test_R_25_a_learned_route_may_be_longer_than_the_users() -> None:
    er = gateway("er", "a", kind="ExpressRoute")
    network = own(gw=er, udr=[route("0.0.0.0/0", "None"), route("20.1.1.1/32", "None")])
    assert labels(hop(network, "8.8.8.8")) == {"bgp-routes-unknown"}
    assert decided(hop(network, "20.1.1.1")) == ("None", "R-5", "User")


def test_R_25_a_static_route_of_the_same_gateway_settles_it() -> None:
    network = own(*office(enableBgp=True))
    assert decided(hop(network, "192.168.0.9")) == VNG


def test_R_6_a_gateway_comes_before_azure_and_after_the_user() -> None:
    network = own(*office("0.0.0.0/0", "20.0.0.0/8"), udr=[route("20.0.0.0/8", "None")])
    assert decided(hop(network, "8.8.8.8")) == VNG
    assert decided(hop(network, "20.1.1.1")) == ("None", "R-5", "User")
    assert decided(hop(network, "20.1.1.1", "free")) == VNG
    assert "0.0.0.0/0 Internet" not in told(network)


def test_R_7_the_network_and_its_peers_beat_a_gateways_longer_route() -> None:
    network = own(
        *office("10.0.7.0/24", "10.1.7.0/24", "10.2.7.0/24"),
        vnet("b", B, peers=[peer("a", A)]),
        peers=[peer("b", B)],
    )
    assert decided(hop(network, "10.0.7.1")) == ("VnetLocal", "R-1", "Default")
    assert decided(hop(network, "10.1.7.1")) == ("VNetPeering", "R-14", "Default")
    assert decided(hop(network, "10.2.7.1")) == VNG
    beaten = {str(r.prefix) for r in routes(network).routes if not r.active}
    assert beaten == {"10.0.7.0/24", "10.1.7.0/24"}


def test_R_7_a_peering_that_may_be_there_leaves_a_longer_route_open() -> None:
    network = own(*office("10.1.7.0/24"), peers=[peer("b", B, state=None)])
    found = hop(network, "10.1.7.1")
    assert labels(found) == {"collection-gap"}
    assert {Hop.GATEWAY, Hop.PEERING} <= found.may


def spoke(ours: Any, theirs: Any, *more: Any) -> Network:
    return estate(
        vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b", B, **ours)]),
        vnet("b", B, peers=[peer("a", A, **theirs)]),
        gateway("gw", "b"),
        *office(),
        *more,
    )


def test_R_17_a_spoke_has_the_routes_of_the_gateway_it_is_lent() -> None:
    lent = spoke({"useRemoteGateways": True}, {"allowGatewayTransit": True})
    assert decided(hop(lent, "192.168.0.9")) == VNG


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"useRemoteGateways": False}, {"allowGatewayTransit": True}),
        ({"useRemoteGateways": True}, {"allowGatewayTransit": False}),
    ],
)
def test_R_17_transit_needs_both_flags(ours: Any, theirs: Any) -> None:
    assert hop(spoke(ours, theirs), "192.168.0.9").hop is Hop.NONE


def test_R_17_transit_of_a_flag_that_is_not_told_is_unknown() -> None:
    found = hop(spoke({"useRemoteGateways": True}, {}), "192.168.0.9")
    assert labels(found) == {"collection-gap"}


def test_R_17_the_gateways_of_a_peer_outside_the_snapshot_are_not_told() -> None:
    ours = peer("b", B, useRemoteGateways=True)
    network = estate(vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[ours]))
    assert labels(hop(network, "8.8.8.8")) == {"peer-external"}
    assert hop(network, "10.0.0.9").hop is Hop.LOCAL


def test_R_28_what_a_route_server_teaches_is_not_told() -> None:
    configuration = {
        "name": "x",
        "properties": {"subnet": {"id": subnet_id("b", "RouteServerSubnet")}},
    }
    server = resource(
        "Microsoft.Network/virtualHubs", "rs", {"ipConfigurations": [configuration]},
        kind="RouteServer",
    )  # fmt: skip
    lent = spoke({"useRemoteGateways": True}, {"allowGatewayTransit": True}, server)
    assert labels(hop(lent, "8.8.8.8")) == {"bgp-routes-unknown"}
    alone = spoke({"useRemoteGateways": False}, {"allowGatewayTransit": True}, server)
    assert hop(alone, "8.8.8.8").hop is Hop.INTERNET


def test_R_29_what_a_virtual_hub_teaches_is_not_told() -> None:
    def joined(*names: str) -> Network:
        return estate(
            vnet("a", A, subnets={"app": "10.0.0.0/24"}), *hub("h", "10.100.0.0/24", *names)
        )

    found = hop(joined("a"), "10.7.0.1")
    assert labels(found) == {"bgp-routes-unknown"}
    assert "virtual hub h" in found.reasons[0].detail
    assert hop(joined("a"), "10.0.7.1").hop is Hop.LOCAL
    assert hop(joined(), "10.7.0.1").hop is Hop.NONE


def test_R_29_a_hub_that_is_not_in_the_snapshot_teaches_too() -> None:
    inside = {
        "name": "RemoteVnetToHubPeering_1",
        "properties": {
            "peeringState": "Connected",
            "remoteVirtualNetwork": {"id": vnet_id("HV_hub_1")},
            "remoteAddressSpace": {"addressPrefixes": ["10.100.0.0/24"]},
        },
    }
    network = estate(vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[inside]))
    assert labels(hop(network, "10.7.0.1")) == {"bgp-routes-unknown"}
    assert decided(hop(network, "10.100.0.4")) == ("VNetPeering", "R-14", "Default")


def test_U_2_a_table_that_is_not_told_leaves_propagation_open() -> None:
    network = estate(
        vnet("a", A, subnets={"app": steered("10.0.0.0/24")}), gateway("gw", "a"), *office()
    )
    assert labels(hop(network, "192.168.0.9")) == {"collection-gap"}
