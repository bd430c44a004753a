"""Routes to peered VNets and connected groups (R-14 to R-22)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.network.routing import Hop
from auditor.testing import arm_id, estate, resource

from ....networks import peer, vnet, vnet_id
from ....routing import decided, hop, labels, route, routes, steered, table, told

A, B = "10.0.0.0/16", "10.1.0.0/16"


def pair(ours: Any, theirs: Any, *more: Any, subnets: Any = None) -> Network:
    return estate(
        vnet("a", A, subnets=subnets or {"app": "10.0.0.0/24"}, peers=[ours] if ours else ()),
        vnet("b", B, subnets={"x": "10.1.0.0/24"}, peers=[theirs] if theirs else ()),
        *more,
    )


def test_R_14_a_peering_connected_on_both_sides_is_routed() -> None:
    network = pair(peer("b", B), peer("a", A))
    found = hop(network, "10.1.2.3")
    assert decided(found) == ("VNetPeering", "R-14", "Default")
    assert found.route is not None
    assert found.route.far == vnet_id("b").lower()
    assert found.route.node is not None
    assert found.route.node.name == "to-b"
    assert found.route.pointer == "/properties/remoteAddressSpace/addressPrefixes/0"
    assert decided(hop(network, "10.0.2.3", "x", "b"))[0] == "VNetPeering"


@pytest.mark.parametrize("state", ["Initiated", "Disconnected"])
def test_R_14_a_side_that_is_not_connected_ends_both_ways(state: str) -> None:
    for network in (
        pair(peer("b", B, state=state), peer("a", A)),
        pair(peer("b", B), peer("a", A, state=state)),
    ):
        assert decided(hop(network, "10.1.2.3")) == ("None", "R-2", "Default")
        assert decided(hop(network, "10.0.2.3", "x", "b")) == ("None", "R-2", "Default")


def test_R_14_a_peering_without_a_way_back_is_none() -> None:
    assert hop(pair(peer("b", B), None), "10.1.2.3").hop is Hop.NONE


def test_R_14_no_access_only_changes_a_tag_and_not_the_route() -> None:
    network = pair(
        peer("b", B, allowVirtualNetworkAccess=False),
        peer("a", A, allowVirtualNetworkAccess=False),
    )
    found = hop(network, "10.1.2.3")
    assert decided(found) == ("VNetPeering", "R-14", "Default")
    assert not found.drops


def test_R_14_of_a_far_side_outside_the_snapshot_the_route_is_told_and_the_rest_is_not() -> None:
    network = estate(vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b", B)]))
    found = hop(network, "10.1.2.3")
    assert decided(found) == ("VNetPeering", "R-14", "Default")
    assert [reason.label for reason in found.doubts] == ["peer-external"]
    assert hop(network, "10.0.2.3").hop is Hop.LOCAL
    assert hop(network, "10.2.2.3").hop is Hop.NONE


def test_U_1_a_peering_without_a_state_is_not_told() -> None:
    network = pair(peer("b", B, state=None), peer("a", A))
    assert labels(hop(network, "10.1.2.3")) == {"collection-gap"}


def test_R_14_regions_make_a_global_peering() -> None:
    network = estate(
        vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b", B)]),
        {**vnet("b", B, peers=[peer("a", A)]), "location": "eastus"},
    )
    assert hop(network, "10.1.2.3").hop is Hop.GLOBAL_PEERING


def chain() -> Network:
    return estate(
        vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b", B)]),
        vnet("b", B, peers=[peer("a", A), peer("c", "10.2.0.0/16")]),
        vnet("c", "10.2.0.0/16", subnets={"x": "10.2.0.0/24"}, peers=[peer("b", B)]),
    )


def test_R_15_peerings_do_not_add_up() -> None:
    network = chain()
    assert hop(network, "10.1.0.4").hop is Hop.PEERING
    assert decided(hop(network, "10.2.0.4")) == ("None", "R-2", "Default")
    assert decided(hop(network, "10.0.0.4", "x", "c")) == ("None", "R-2", "Default")


def test_cyclic_peerings_end() -> None:
    ring = ["a", "b", "c"]
    space = dict(zip(ring, (A, B, "10.2.0.0/16"), strict=True))
    network = estate(
        *(
            vnet(
                name,
                space[name],
                subnets={"app": space[name].replace("/16", "/24")},
                peers=[peer(far, space[far]) for far in ring],  # itself included
            )
            for name in ring
        )
    )
    for name in ring:
        assert hop(network, "10.2.0.4", vnet_name=name).certain


def test_R_18_what_is_synced_is_routed_and_not_what_is_current() -> None:
    current = {"addressPrefixes": [B, "10.9.0.0/16"]}
    stale = peer(
        "b", B, remoteVirtualNetworkAddressSpace=current, peeringSyncLevel="RemoteNotInSync"
    )
    network = pair(stale, peer("a", A))
    assert hop(network, "10.9.0.1").hop is Hop.NONE
    assert hop(network, "10.1.0.1").hop is Hop.PEERING


def test_R_18_without_a_synced_space_the_current_one_counts_when_in_sync() -> None:
    current = {"addressPrefixes": [B]}
    for level, certain in (("FullyInSync", True), ("LocalNotInSync", False), (None, False)):
        more: Any = {"remoteVirtualNetworkAddressSpace": current, "peeringSyncLevel": level}
        network = pair(peer("b", **more), peer("a", A))
        assert hop(network, "10.1.0.1").certain is certain


def test_R_18_a_peering_that_tells_no_space_may_lead_anywhere_but_home() -> None:
    network = estate(vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b")]))
    assert "collection-gap" in labels(hop(network, "8.8.8.8"))
    assert hop(network, "10.0.0.1").hop is Hop.LOCAL


def subnet_peering(**more: Any) -> Network:
    settings = {
        "peerCompleteVnets": False,
        "localSubnetNames": ["app"],
        "remoteSubnetNames": ["x"],
        **more,
    }
    theirs = {**settings, "localSubnetNames": ["x"], "remoteSubnetNames": ["app"]}
    return estate(
        vnet(
            "a",
            A,
            subnets={"app": "10.0.0.0/24", "db": "10.0.1.0/24"},
            peers=[peer("b", **{"remoteAddressSpace": {"addressPrefixes": [B]}, **settings})],
        ),
        vnet(
            "b",
            B,
            subnets={"x": "10.1.0.0/24", "y": "10.1.1.0/24"},
            peers=[peer("a", A, **theirs)],
        ),
    )


def test_R_19_a_subnet_peering_routes_the_named_subnets_only() -> None:
    network = subnet_peering()
    found = hop(network, "10.1.0.4")
    assert decided(found) == ("VNetPeering", "R-19", "Default")
    assert not found.drops
    assert hop(network, "10.1.1.4").hop is Hop.NONE


def test_R_19_other_subnets_have_the_route_and_their_packets_are_dropped() -> None:
    found = hop(subnet_peering(), "10.1.0.4", "db")
    assert decided(found) == ("VNetPeering", "R-19", "Default")
    assert "db is not among those" in found.drops


def test_R_19_a_named_subnet_that_is_not_synced_is_not_routed() -> None:
    stale = {"addressPrefixes": ["10.1.1.0/24"]}
    assert hop(subnet_peering(remoteAddressSpace=stale), "10.1.0.4").hop is Hop.NONE


def test_R_19_a_peering_for_ipv6_alone_routes_no_ipv4() -> None:
    assert hop(subnet_peering(enableOnlyIPv6Peering=True), "10.1.0.4").hop is Hop.NONE


def test_R_8_a_route_inside_a_peered_space_wins_by_its_length() -> None:
    network = pair(
        peer("b", B), peer("a", A), table("rt", route("10.1.5.0/24", "None")),
        subnets={"app": steered("10.0.0.0/24")},
    )  # fmt: skip
    assert decided(hop(network, "10.1.5.1")) == ("None", "R-5", "User")
    assert decided(hop(network, "10.1.6.1")) == ("VNetPeering", "R-14", "Default")


def test_R_22_a_network_manager_may_join_networks() -> None:
    manager = arm_id("Microsoft.Network/networkManagers", "mgr")
    network = pair(
        None, None, resource("Microsoft.Network/networkManagers", "mgr", {}),
        vnet("p", "20.5.0.0/16"),
    )  # fmt: skip
    for address in ("10.1.0.4", "20.5.0.4"):
        found = hop(network, address)
        assert labels(found) == {"avnm-unknown"}
        assert Hop.CONNECTED_GROUP in found.may
        assert found.reasons[0].resource == manager
    assert hop(network, "10.0.0.4").hop is Hop.LOCAL
    assert hop(network, "8.8.8.8").hop is Hop.INTERNET
    assert hop(pair(None, None), "10.1.0.4").hop is Hop.NONE


MANAGER = "Microsoft.Network/networkManagers"
JOINS = f"{MANAGER}/connectivityConfigurations"


def joining(topology: str | None, *connectivity: str) -> Any:
    groups = [{"groupConnectivity": each} for each in connectivity]
    settings = {"connectivityTopology": topology, "appliesToGroups": groups}
    return resource(JOINS, "mgr/all", settings)


@pytest.mark.parametrize(
    ("more", "joins"),
    [
        ([resource(MANAGER, "mgr", {"networkManagerScopeAccesses": ["SecurityAdmin"]})], False),
        ([resource(MANAGER, "mgr", {"networkManagerScopeAccesses": ["connectivity"]})], True),
        ([resource(MANAGER, "mgr"), joining("HubAndSpoke", "None", "None")], False),
        ([resource(MANAGER, "mgr"), joining("HubAndSpoke", "None", "DirectlyConnected")], True),
        ([resource(MANAGER, "mgr"), joining("HubAndSpoke")], True),
        ([resource(MANAGER, "mgr"), joining("Mesh", "None")], True),
        ([resource(MANAGER, "mgr"), joining(None, "None")], True),
    ],
)
def test_R_22_only_who_may_join_networks_leaves_it_untold(more: list[Any], joins: bool) -> None:
    """Neither a manager that may do something else alone, nor a hub with its spokes."""
    network = pair(None, None, *more)
    found = hop(network, "10.1.0.4")
    assert labels(found) == ({"avnm-unknown"} if joins else set())
    assert found.certain is not joins


def test_R_22_to_a_certain_peer_a_connected_group_leads_as_the_peering_does() -> None:
    manager = resource(MANAGER, "mgr")
    found = hop(pair(peer("b", B), peer("a", A), manager), "10.1.0.4")
    assert (found.hop, found.certain) == (Hop.PEERING, True)
    # Another network with the same addresses may be in the group as well.
    shared = hop(pair(peer("b", B), peer("a", A), manager, vnet("c", "10.1.0.0/24")), "10.1.0.4")
    assert labels(shared) == {"avnm-unknown"}


def test_R_20_two_peers_with_one_space_contradict_each_other() -> None:
    network = estate(
        vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b", B), peer("c", B)]),
        vnet("b", B, peers=[peer("a", A)]), vnet("c", B, peers=[peer("a", A)]),
    )  # fmt: skip
    assert labels(hop(network, "10.1.0.4")) == {"conflict"}
    assert hop(network, "10.0.0.4").certain


def test_a_damaged_peering_is_not_told() -> None:
    network = pair({"name": "odd", "properties": {"peeringState": "Connected"}}, None)
    assert labels(hop(network, "10.1.0.4")) == {"collection-gap"}
    assert hop(network, "10.0.0.4").hop is Hop.LOCAL
    assert labels(routes(network)) == {"collection-gap"}
    assert "10.0.0.0/16 VnetLocal" in told(network)
