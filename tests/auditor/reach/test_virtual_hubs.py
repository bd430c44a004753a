"""Paths that meet a virtual hub: what it teaches is not told, and the answer says so (R-29)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, estate, resource

from ...exposed import pip
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, policy
from ...networks import Json, hub, nic, peer, subnet_id, vnet
from ...reaching import asked
from ...routing import endpoint, route, steered, table

A, B = "10.1.0.0/16", "10.2.0.0/16"
TAUGHT = "bgp-routes-unknown"


def two(*more: Json, app: Any = "10.1.0.0/24", peers: Any = ((), ())) -> Any:
    """Machines in two networks; what joins them comes with `more`."""
    return estate(
        vnet("a", A, subnets={"app": app}, peers=peers[0]),
        vnet("b", B, subnets={"data": "10.2.0.0/24"}, peers=peers[1]),
        nic("web", "10.1.0.4", ("a", "app")),
        nic("db", "10.2.0.4", ("b", "data")),
        *more,
    )


def test_R_29_networks_on_one_hub_are_unknown_and_the_hub_is_named() -> None:
    answer = asked(two(*hub("h", "10.0.0.0/23", "a", "b")), "web", "db")
    assert (answer.verdict, answer.labels) == ("unknown", {TAUGHT})
    assert [reason.detail for reason in answer.one.reasons] == ["what the virtual hub h teaches"]
    route, back = answer.step("route"), answer.step("return-route")
    assert (route.passes, back.passes) == (None, None)


@pytest.mark.parametrize(("wan", "verdict"), [("wan", "unknown"), ("another", "blocked")])
def test_R_29_hubs_of_one_virtual_wan_are_joined(wan: str, verdict: str) -> None:
    hubs = *hub("h", "10.0.0.0/23", "a"), *hub("i", "10.8.0.0/23", "b", wan=wan)
    assert asked(two(*hubs), "web", "db").verdict == verdict


def test_R_29_a_hub_that_is_not_in_the_input() -> None:
    inside = arm_id("Microsoft.Network/virtualNetworks", "HV_h_1")
    ours = peer("HV_h_1")
    ours["name"] = "RemoteVnetToHubPeering_1"
    assert ours["properties"]["remoteVirtualNetwork"]["id"] == inside
    answer = asked(two(peers=((ours,), (ours,))), "web", "db")
    assert answer.verdict == "unknown"
    assert TAUGHT in answer.labels
    assert asked(two(peers=((ours,), ())), "web", "db").verdict == "blocked"


def test_R_29_a_peer_of_a_network_on_the_hub_may_have_a_static_route() -> None:
    """Its packets come back by the appliance to which the hub's static route leads."""

    def reach(*subnet: str) -> str:
        app = steered("10.3.0.0/24") if subnet else "10.3.0.0/24"
        there = two(
            *hub("h", "10.0.0.0/23", "a", "b"),
            vnet("c", "10.3.0.0/16", subnets={"app": app}, peers=[peer("b", B)]),
            nic("far", "10.3.0.4", ("c", "app")),
            nic("nva", "10.2.0.5", ("b", "data"), enableIPForwarding=True),
            table("rt", route("10.1.0.0/16", "VirtualAppliance", "10.2.0.5")),
            peers=((), [peer("c", "10.3.0.0/16")]),
        )
        return asked(there, "web", "far").verdict

    assert (reach("rt"), reach()) == ("unknown", "blocked")


def test_R_29_one_network_on_a_hub_and_another_on_none_stay_apart() -> None:
    assert asked(two(*hub("h", "10.0.0.0/23", "a")), "web", "db").verdict == "blocked"


def test_R_12_a_subnet_that_takes_no_learned_routes_reaches_nobody_by_the_hub() -> None:
    closed = table("rt", disableBgpRoutePropagation=True)
    there = two(*hub("h", "10.0.0.0/23", "a", "b"), closed, app=steered("10.1.0.0/24"))
    assert asked(there, "web", "db").verdict == "blocked"


def test_what_a_security_group_denies_is_blocked_all_the_same() -> None:
    denied = {
        "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*",
        "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "*",
    }  # fmt: skip
    group = "Microsoft.Network/networkSecurityGroups"
    nsg = resource(group, "nsg", {"securityRules": [{"name": "deny", "properties": denied}]})
    there = estate(
        vnet("a", A, subnets={"app": "10.1.0.0/24"}),
        vnet("b", B, subnets={"data": {"addressPrefix": "10.2.0.0/24",
                                       "networkSecurityGroup": {"id": arm_id(group, "nsg")}}}),
        nic("web", "10.1.0.4", ("a", "app")), nic("db", "10.2.0.4", ("b", "data")), nsg,
        *hub("h", "10.0.0.0/23", "a", "b"),
    )  # fmt: skip
    assert asked(there, "web", "db").verdict == "blocked"


def test_R_7_a_peering_beside_the_hub_still_decides() -> None:
    peers = ([peer("b", B)], [peer("a", A)])
    there = two(*hub("h", "10.0.0.0/23", "a", "b"), peers=peers)
    assert asked(there, "web", "db").verdict == "reachable"


def test_R_29_private_endpoints_behind_the_hub() -> None:
    there = two(*hub("h", "10.0.0.0/23", "a", "b"), endpoint("pe", "10.2.0.9", ("b", "data")))
    assert asked(there, "web", "pe").verdict == "unknown"


def test_R_29_what_comes_from_sites_by_the_hub() -> None:
    answer = asked(two(*hub("h", "10.0.0.0/23", "a", "b")), "onprem 192.168.0.0/16", "db")
    assert (answer.verdict, answer.labels) == ("unknown", {TAUGHT})
    assert answer.step("virtual-hub").passes is None
    assert asked(two(), "onprem 192.168.0.0/16", "db").verdict == "blocked"


@pytest.mark.parametrize(("on_hub", "verdict"), [(("a", "b"), "unknown"), (("a",), "blocked")])
def test_R_29_what_a_firewall_beside_the_hub_lets_in(on_hub: tuple[str, ...], verdict: str) -> None:
    home = {
        "name": "home",
        "properties": {
            "privateIPAddress": "10.1.9.4",
            "publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")},
            "subnet": {"id": subnet_id("a", "AzureFirewallSubnet")},
        },
    }
    subnets = {"AzureFirewallSubnet": "10.1.9.0/26"}
    network = estate(
        firewall(ipConfigurations=[home]),
        policy("g"),
        group("g", 100, collection("nat", 100, "Dnat", nat_rule("web", "10.2.0.4:443"))),
        pip("pip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "home")),
        vnet("a", A, subnets=subnets),
        vnet("b", B, subnets={"data": "10.2.0.0/24"}),
        nic("db", "10.2.0.4", ("b", "data")),
        *hub("h", "10.0.0.0/23", *on_hub),
    )
    answer = asked(network, "internet", "db", 8080)
    assert answer.verdict == verdict
    assert (TAUGHT in answer.labels) is (verdict == "unknown")
