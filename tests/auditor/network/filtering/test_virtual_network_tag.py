"""The tag VirtualNetwork, and Internet with it, as one subnet sees them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet, parse_address
from auditor.network.extents import Extent
from auditor.network.service_tags import ServiceTags
from auditor.network.virtual_network_tag import virtual_network
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate, resource

from .... import networks as n
from ....exposed import nsg, ref, rule
from ....guarded import Asked, asks, out_deny

TABLE = "Microsoft.Network/routeTables"
APPLIANCE = {"nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.1.4"}
PUBLIC = "52.10.0.7"


def table(*routes: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    listed = [
        {"name": f"r{i}", "properties": {"addressPrefix": prefix, **hop}}
        for i, (prefix, hop) in enumerate(routes)
    ]
    return resource(TABLE, "udr", {"routes": listed, "disableBgpRoutePropagation": False, **more})


def seen(*others: Any, app: Any = None, peers: Any = (), tags: ServiceTags | None = None) -> Extent:
    """What VirtualNetwork holds in subnet hub/app."""
    subnets = {
        "app": {"addressPrefix": "10.0.0.0/24", **(app or {})},
        "GatewaySubnet": "10.0.9.0/24",
    }
    network = estate(n.vnet("hub", "10.0.0.0/16", subnets=subnets, peers=peers), *others)
    (subnet,) = (each for each in network.all(Subnet) if each.id.endswith("hub/subnets/app"))
    return virtual_network(network, subnet, tags or ServiceTags({}))


def judged(extent: Extent, text: str) -> bool | str:
    """Whether it holds an address, or why that is not told."""
    address = parse_address(text)
    if address in extent.must:
        return True
    return extent.reasons(address)[0].label if address in extent.open else False


UDR = {"routeTable": ref(arm_id(TABLE, "udr"))}


def test_N_20_the_own_space_and_the_host() -> None:
    extent = seen()
    assert extent.must == AddressSet.from_text(["10.0.0.0/16", "168.63.129.16"])
    assert not extent.doubts


def spoke(**more: Any) -> Any:
    return n.vnet(
        "spoke",
        "10.1.0.0/16",
        subnets={"app": "10.1.0.0/24"},
        peers=[n.peer("hub", "10.0.0.0/16", **more)],
    )


def test_N_23_a_peer_is_in_while_it_has_access() -> None:
    granted = [n.peer("spoke", "10.1.0.0/16", allowVirtualNetworkAccess=True)]
    refused = [n.peer("spoke", "10.1.0.0/16", allowVirtualNetworkAccess=False)]
    untold = [n.peer("spoke", "10.1.0.0/16")]
    assert judged(seen(spoke(), peers=granted), "10.1.0.4") is True
    assert judged(seen(spoke(), peers=refused), "10.1.0.4") is False
    assert judged(seen(spoke(), peers=untold), "10.1.0.4") == "collection-gap"
    assert judged(seen(spoke(), peers=granted), "10.2.0.4") is False


def test_R_14_a_peering_counts_when_both_sides_are_connected() -> None:
    here = [n.peer("spoke", "10.1.0.0/16", allowVirtualNetworkAccess=True)]
    initiated = [n.peer("spoke", "10.1.0.0/16", state="Initiated", allowVirtualNetworkAccess=True)]
    assert judged(seen(spoke(), peers=initiated), "10.1.0.4") is False
    assert judged(seen(spoke(state="Disconnected"), peers=here), "10.1.0.4") is False
    assert judged(seen(spoke(state=None), peers=here), "10.1.0.4") == "collection-gap"
    assert judged(seen(peers=here), "10.1.0.4") is True  # the far side is not exported


def test_R_18_what_is_not_synced_is_in_doubt() -> None:
    peers = [
        n.peer("spoke", "10.1.0.0/16", allowVirtualNetworkAccess=True,
               remoteVirtualNetworkAddressSpace={"addressPrefixes": ["10.1.0.0/16", "10.3.0.0/16"]})
    ]  # fmt: skip
    extent = seen(spoke(), peers=peers)
    assert judged(extent, "10.1.0.4") is True
    assert judged(extent, "10.3.0.4") == "semantics:R-18"


def test_R_19_a_subnet_peering_counts_its_subnets() -> None:
    def peers(local: str) -> Any:
        return [n.peer("spoke", "10.1.0.0/16", allowVirtualNetworkAccess=True,
                       peerCompleteVnets=False, localSubnetNames=[local],
                       remoteSubnetNames=["app"])]  # fmt: skip

    assert judged(seen(spoke(), peers=peers("app")), "10.1.0.4") is True
    assert judged(seen(spoke(), peers=peers("app")), "10.1.1.4") is False
    assert judged(seen(spoke(), peers=peers("other")), "10.1.0.4") == "semantics:R-19"


@pytest.mark.parametrize(
    ("ours", "theirs", "held"),
    [
        ({}, {}, True),
        ({"state": "Disconnected"}, {}, False),
        ({}, {"state": "Disconnected"}, False),
        ({}, {"allowGatewayTransit": False}, False),
        ({}, None, False),
    ],
    ids=["lent", "disconnected", "disconnected-there", "not-lent", "one-sided"],
)
def test_R_17_sites_of_a_gateway_that_is_surely_not_lent_are_not_held(
    ours: Any, theirs: Any, held: bool
) -> None:
    far = {"allowGatewayTransit": True, **(theirs or {})}
    extent = seen(
        n.vnet("far", "10.5.0.0/16", peers=[] if theirs is None else [n.peer("hub", **far)]),
        n.gateway("vpn", "far", vpnClientConfiguration={
            "vpnClientAddressPool": {"addressPrefixes": ["172.31.0.0/24"]}}),
        n.site("office", "192.168.0.0/24"),
        n.tunnel("t", "vpn", "office"),
        peers=[n.peer("far", useRemoteGateways=True, **ours)],
    )  # fmt: skip
    for address in ("192.168.0.9", "172.31.0.9"):
        assert judged(extent, address) is held


def test_R_17_sites_are_in_doubt_where_the_far_side_does_not_tell_whether_it_lends() -> None:
    far = n.vnet("far", "10.5.0.0/16", peers=[n.peer("hub", allowGatewayTransit=True)])
    gateway, tunnel = n.gateway("vpn", "far"), n.tunnel("t", "vpn", "office")
    ours = [n.peer("far", useRemoteGateways=True)]
    site = n.site("office", "192.168.0.0/24")
    assert judged(seen(far, gateway, site, tunnel, peers=ours), "192.168.0.9") is True
    del far["properties"]["virtualNetworkPeerings"]
    assert judged(seen(far, gateway, site, tunnel, peers=ours), "192.168.0.9") == "collection-gap"


def test_N_20_sites_behind_a_gateway() -> None:
    gateway = n.gateway("vpn", "hub")
    site, tunnel = n.site("office", "192.168.0.0/24"), n.tunnel("t", "vpn", "office")
    assert judged(seen(gateway, site, tunnel), "192.168.0.9") is True
    assert judged(seen(gateway, site), "192.168.0.9") is False
    kept_out = table(disableBgpRoutePropagation=True)
    extent = seen(gateway, site, tunnel, kept_out, app=UDR)
    assert judged(extent, "192.168.0.9") == "semantics:N-20"


def test_R_25_what_bgp_teaches_may_be_anything() -> None:
    gateway = n.gateway("er", "hub", kind="ExpressRoute")
    assert judged(seen(gateway), "192.168.0.9") == "bgp-routes-unknown"
    assert judged(seen(gateway), PUBLIC) == "bgp-routes-unknown"
    assert judged(seen(gateway), "10.0.7.7") is True


def test_R_29_a_virtual_hub_teaches_too() -> None:
    assert judged(seen(*n.hub("h", "10.9.0.0/24", "hub")), "10.5.0.1") == "bgp-routes-unknown"


def test_N_21_routes_count_in_their_own_subnet_only() -> None:
    route = ("192.168.0.0/16", APPLIANCE)
    assert judged(seen(table(route), app=UDR), "192.168.1.1") == "semantics:N-22"
    assert judged(seen(table(route)), "192.168.1.1") is False


def test_N_22_a_default_route_may_make_it_everything() -> None:
    extent = seen(table(("0.0.0.0/0", APPLIANCE)), app=UDR)
    assert judged(extent, PUBLIC) == "semantics:N-22"
    assert judged(extent, "10.0.3.3") is True
    assert judged(extent, "2a01::1") is False


def test_N_22_a_route_to_a_service_tag() -> None:
    route = ("Storage", {"nextHopType": "Internet"})
    assert judged(seen(table(route), app=UDR), PUBLIC) == "semantics:N-22"
    assert judged(seen(table(route), app=UDR), "192.168.0.1") is False
    tags = ServiceTags({"Storage": AddressSet.from_text(["52.20.0.0/16"])})
    extent = seen(table(route), app=UDR, tags=tags)
    assert judged(extent, "52.20.1.1") == "semantics:N-22"
    assert judged(extent, PUBLIC) is False


def test_R_22_a_connected_group_may_hold_anybody() -> None:
    kind = "Microsoft.Network/networkManagers/connectivityConfigurations"
    extent = seen(resource(kind, "avnm/mesh", {"connectivityTopology": "Mesh"}))
    assert judged(extent, "10.5.0.1") == "avnm-unknown"


def test_U_2_a_route_table_that_is_not_there() -> None:
    extent = seen(app={"routeTable": ref(arm_id(TABLE, "gone"))})
    assert judged(extent, "10.5.0.1") == "collection-gap"
    assert judged(extent, "10.0.5.1") is True


def web(*rules: Any, routes: Any = (), prefix: str = "10.0.0.0/16", **more: Any) -> Asked:
    subnets = {
        "app": {
            "addressPrefix": "10.0.0.0/24",
            "networkSecurityGroup": ref(arm_id("Microsoft.Network/networkSecurityGroups", "nsg")),
            **UDR,
        }
    }
    return asks(
        n.vnet("vnet", "10.0.0.0/16", prefix, subnets=subnets),
        nsg(*rules),
        n.nic("web", "10.0.0.4", ("vnet", "app")),
        table(*routes),
        **more,
    )


def test_N_22_a_deny_of_internet_may_never_match() -> None:
    rules = [out_deny("no-internet", 100, "Internet")]
    plain, tunnelled = web(*rules), web(*rules, routes=[("0.0.0.0/0", APPLIANCE)])
    assert plain.outbound(PUBLIC) == "Deny securityRules/no-internet at subnet"
    assert tunnelled.outbound(PUBLIC) == "Unknown: semantics:N-22"
    assert tunnelled.inbound("10.0.5.5").startswith("Allow defaultSecurityRules/AllowVnetInBound")


def test_N_22_either_default_rule_lets_a_tunnelled_flow_out() -> None:
    tunnelled = web(routes=[("0.0.0.0/0", APPLIANCE)])
    assert tunnelled.outbound(PUBLIC) == "Allow by one or another: semantics:N-22"
    assert tunnelled.inbound(PUBLIC) == "Unknown: semantics:N-22"


def test_N_24_internet_is_what_the_network_is_not() -> None:
    asked = web(out_deny("no", 100, "Internet"))
    assert asked.outbound(PUBLIC) == "Deny securityRules/no at subnet"
    assert asked.outbound("10.0.7.7").startswith("Allow defaultSecurityRules/AllowVnetOutBound")
    assert asked.outbound("10.200.0.1") == "Deny by one or another: semantics:N-24"
    assert asked.inbound(PUBLIC).startswith("Deny defaultSecurityRules/DenyAllInBound")


def test_N_25_public_ranges_of_a_network_are_its_own() -> None:
    asked = web(rule("in", 100, "Internet"), prefix="172.40.0.0/16")
    assert asked.inbound("172.40.1.1").startswith("Allow defaultSecurityRules/AllowVnetInBound")
    assert asked.inbound("172.41.1.1") == "Allow securityRules/in at subnet"
    assert asked.outbound("172.40.1.1").startswith("Allow defaultSecurityRules/AllowVnetOutBound")


@pytest.mark.parametrize("text", ["10.0.0.0/8", "fd00::/8"])
def test_unknown_routes_reach_no_other_version(text: str) -> None:
    extent = seen(table((text, APPLIANCE)), app=UDR)
    other = "fd00::1" if "." in text else "10.9.9.9"
    assert judged(extent, other) is False
