"""Facts that several others are made of, or that one rule alone decides, each by its number."""

from __future__ import annotations

from typing import Any

import pytest

from auditor import simulate
from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.simulate import Fate, Packet
from auditor.testing import arm_id, estate, resource

from ...exposed import NIC, deny, nic, nsg, pip, rule, subnet, vnet
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, policy
from ...networks import gateway, peer, site, subnet_id, tunnel
from ...networks import nic as nic_in
from ...networks import vnet as net
from ...reaching import asked, lb, lb_rule
from ...routing import TABLE, endpoint, route, steered, table

FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
BALANCER = "Microsoft.Network/loadBalancers"


def test_R_4_each_kind_of_optional_route_leads_somewhere() -> None:
    network = estate(
        net(
            "a",
            "10.0.0.0/16",
            subnets={"app": "10.0.0.0/24", "GatewaySubnet": "10.0.9.0/27"},
            peers=[peer("b", "10.1.0.0/16", **FLAGS)],
        ),
        net(
            "b",
            "10.1.0.0/16",
            subnets={"app": "10.1.0.0/24"},
            peers=[peer("a", "10.0.0.0/16", **FLAGS)],
        ),
        gateway("gw", "a"),
        site("site", "192.168.0.0/16"),
        tunnel("tunnel", "gw", "site"),
        endpoint("pe", "10.0.0.9", ("a", "app")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )
    hops = {
        target: asked(network, "web", target).step("route").says.rpartition(" ")[2]
        for target in ("db", "pe", "onprem 192.168.1.1/32")
    }
    assert hops == {
        "db": "VNetPeering",
        "pe": "InterfaceEndpoint",
        "onprem 192.168.1.1/32": "VirtualNetworkGateway",
    }


def _across(sku: str, region: str) -> Network:
    """Frontend lb of network a in West Europe, NIC web behind it; NIC far in a peer elsewhere."""
    pool = f"{BALANCER}/backendAddressPools"
    front = f"{BALANCER}/frontendIPConfigurations"
    settings = {
        "frontendIPConfigurations": [
            {
                "name": "front",
                "properties": {
                    "privateIPAddress": "10.0.0.10",
                    "subnet": {"id": subnet_id("a", "app")},
                },
            }
        ],
        "backendAddressPools": [
            {
                "name": "pool",
                "properties": {
                    "backendIPConfigurations": [
                        {"id": arm_id(f"{NIC}/ipConfigurations", "web", "primary")}
                    ]
                },
            }
        ],
        "loadBalancingRules": [
            {
                "name": "https",
                "properties": {
                    "frontendIPConfiguration": {"id": arm_id(front, "lb", "front")},
                    "backendAddressPool": {"id": arm_id(pool, "lb", "pool")},
                    "protocol": "Tcp",
                    "frontendPort": 443,
                    "backendPort": 443,
                },
            }
        ],
    }
    one = net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"},
              peers=[peer("b", "10.1.0.0/16", **FLAGS)])  # fmt: skip
    other = net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"},
                peers=[peer("a", "10.0.0.0/16", **FLAGS)])  # fmt: skip
    return estate(
        one | {"location": "westeurope"},
        other | {"location": region},
        resource(BALANCER, "lb", settings, sku={"name": sku}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("far", "10.1.0.4", ("b", "app")),
    )


def test_R_21_a_basic_frontend_does_not_answer_another_region() -> None:
    found = asked(_across("Basic", "northeurope"), "far", "front")
    assert (found.verdict, found.stops) == ("blocked", ["route"])
    assert found.one.blockers[0].opening.endswith("Standard: Basic serves one region (R-21)")
    assert asked(_across("Standard", "northeurope"), "far", "front").verdict == "reachable"
    assert asked(_across("Basic", "westeurope"), "far", "front").verdict == "reachable"


def test_R_32_what_comes_in_from_the_internet_is_answered_past_a_nat_gateway() -> None:
    kind = "Microsoft.Network/natGateways"
    network = estate(
        nsg(rule("https", 100, "Internet", "443")),
        nic("web", public="pip", nsg="nsg"),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
        vnet(subnet(natGateway={"id": arm_id(kind, "nat")})),
        resource(
            kind,
            "nat",
            {"publicIpAddresses": [{"id": arm_id("Microsoft.Network/publicIPAddresses", "out")}]},
        ),
        pip("out", address="20.50.1.9"),
    )
    inbound = asked(network, "internet", "web")
    assert inbound.verdict == "reachable"
    assert inbound.step("nsg-inbound").rule == "securityRules/https"
    outbound = asked(network, "web", "52.10.0.7")
    there = outbound.one.arrives_as
    assert there is not None
    assert str(there.source) == "20.50.1.9"


def test_E_8_a_frontend_with_nothing_answers_nobody() -> None:
    network = estate(nic("web"), pip("pip"), lb(members=()), vnet(subnet()))
    found = asked(network, "internet", "front")
    assert (found.verdict, found.stops) == ("blocked", ["load-balancer"])
    used = estate(
        nsg(rule("https", 100, "Internet", "8443")),
        nic("web", nsg="nsg"),
        pip("pip"),
        lb(lb_rule()),
        vnet(subnet()),
    )
    assert asked(used, "internet", "front").verdict == "reachable"


def _translated(*rules: Any) -> Network:
    home = {
        "name": "home",
        "properties": {
            "privateIPAddress": "10.0.9.4",
            "publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")},
            "subnet": {"id": arm_id("Microsoft.Network/virtualNetworks/subnets", "vnet",
                                    "AzureFirewallSubnet")},
        },
    }  # fmt: skip
    through = [{"name": "d", "properties": {"addressPrefix": "0.0.0.0/0",
                "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.9.4"}}]  # fmt: skip
    table = "Microsoft.Network/routeTables"
    return estate(
        firewall(ipConfigurations=[home]),
        policy("g"),
        group("g", 100, collection("nat", 100, "Dnat", nat_rule("web", "10.0.0.4:443"))),
        pip("pip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "home")),
        nsg(*rules, deny("rest", 200)),
        nic("web", nsg="nsg"),
        resource(table, "rt", {"routes": through}),
        vnet(
            subnet(routeTable={"id": arm_id(table, "rt")}),
            subnet("AzureFirewallSubnet", "10.0.9.0/26"),
        ),
    )


def test_E_23_behind_nat_rules_the_client_and_the_firewall_must_both_get_in() -> None:
    client, own = rule("client", 100, "52.10.0.7", "443"), rule("own", 110, "10.0.9.0/26", "443")
    for rules, verdict in (((client, own), "reachable"), ((client,), "unknown"),
                           ((own,), "unknown"), ((), "blocked")):  # fmt: skip
        assert asked(_translated(*rules), "52.10.0.7", "web", 8080).verdict == verdict


def test_N_54_a_group_with_no_member_by_name_may_hold_every_network() -> None:
    kind = "Microsoft.Network/networkManagers/securityAdminConfigurations"
    any_of = [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}]
    managed = estate(
        resource("Microsoft.Network/networkManagers", "avnm"),
        resource("Microsoft.Network/networkManagers/networkGroups", "avnm/group"),
        resource(kind, "avnm/config"),
        resource(
            f"{kind}/ruleCollections",
            "avnm/config/collection",
            {
                "appliesToGroups": [
                    {
                        "networkGroupId": arm_id(
                            "Microsoft.Network/networkManagers/networkGroups", "avnm", "group"
                        )
                    }
                ]
            },
        ),
        resource(
            f"{kind}/ruleCollections/rules",
            "avnm/config/collection/no",
            {
                "access": "Deny", "direction": "Inbound", "priority": 10, "protocol": "Tcp",
                "sources": any_of, "destinations": any_of,
                "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["22"],
            },
            kind="Custom",
        ),
        nic("web"),
        nic("jump", address="10.0.0.5"),
        vnet(subnet()),
    )  # fmt: skip
    assert asked(managed, "jump", "web", 22).labels == {"avnm-unknown"}
    assert asked(managed, "jump", "web", 23).verdict == "reachable"


def test_R_5_a_route_into_the_network_for_a_peers_addresses_is_not_told() -> None:
    """Whether the next hop VnetLocal follows a peering no page says; to strangers it leads not."""

    def between(prefix: str, address: str) -> tuple[str, set[str]]:
        network = estate(
            net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")},
                peers=[peer("b", "10.1.0.0/16", **FLAGS)]),
            net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"},
                peers=[peer("a", "10.0.0.0/16", **FLAGS)]),
            net("c", "10.2.0.0/16", subnets={"app": "10.2.0.0/24"}),
            table("rt", route(prefix, "VnetLocal"), disableBgpRoutePropagation=True),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("db", "10.1.0.4", ("b", "app")),
            nic_in("far", "10.2.0.4", ("c", "app")),
        )  # fmt: skip
        found = asked(network, "web", address)
        return found.verdict, found.labels

    assert between("10.1.0.0/24", "db") == ("unknown", {"semantics:R-5"})
    assert between("10.0.0.0/8", "db") == ("reachable", set())
    assert between("10.2.0.0/24", "far") == ("blocked", set())


def test_L_4_whether_a_route_into_the_network_leads_to_an_endpoint_is_not_told() -> None:
    """It takes the place of the endpoint's own where the endpoint's subnet lets routes do so."""

    def through(policy: str) -> tuple[str, set[str]]:
        network = estate(
            net("a", "10.0.0.0/16",
                subnets={"app": steered("10.0.0.0/24"),
                         "pe": {"addressPrefix": "10.0.1.0/24",
                                "privateEndpointNetworkPolicies": policy}}),
            table("rt", route("10.0.0.0/16", "VnetLocal"), disableBgpRoutePropagation=True),
            nic_in("web", "10.0.0.4", ("a", "app")),
            endpoint("door", "10.0.1.9", ("a", "pe")),
        )  # fmt: skip
        found = asked(network, "web", "door")
        return found.verdict, found.labels

    assert through("Enabled") == ("unknown", {"semantics:L-4"})
    assert through("Disabled") == ("reachable", set())


@pytest.mark.parametrize("prefix", ["10.1.1.0/24", "10.1.1.9/32"])
@pytest.mark.parametrize("lets_routes", ["Enabled", "RouteTableEnabled"])
def test_L_4_whether_a_route_by_an_endpoint_to_itself_leads_to_it_is_not_told(
    prefix: str, lets_routes: str
) -> None:
    """One network away just as in the network of the sender."""
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")},
            peers=[peer("b", "10.1.0.0/16", **FLAGS)]),
        net("b", "10.1.0.0/16",
            subnets={"pe": {"addressPrefix": "10.1.1.0/24",
                            "privateEndpointNetworkPolicies": lets_routes}},
            peers=[peer("a", "10.0.0.0/16", **FLAGS)]),
        table("rt", route(prefix, "VirtualAppliance", "10.1.1.9")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        endpoint("door", "10.1.1.9", ("b", "pe")),
    )  # fmt: skip
    found = asked(network, "web", "door")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:L-4"})


def test_L_4_who_has_an_address_of_two_is_not_told() -> None:
    """Azure gives an address once: the NIC or the private endpoint is not of today."""
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "pe": "10.0.1.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app"), vm="web"),
        nic_in("db", "10.0.1.9", ("a", "pe"), vm="db"),
        endpoint("door", "10.0.1.9", ("a", "pe")),
    )
    for source, target in (("web", "db"), ("db", "web"), ("web", "door")):
        found = asked(network, source, target)
        assert (found.verdict, found.labels) == ("unknown", {"conflict"})
        assert "db has the address of door, too" in {r.detail for r in found.one.reasons}


def test_L_4_how_long_a_route_has_to_be_goes_by_the_prefix_that_the_endpoint_is_in() -> None:
    """Its subnet has another one, of IPv6, which is longer than the route."""
    network = estate(
        net("a", "10.0.0.0/16", "fd00:1::/48",
            subnets={"app": steered("10.0.0.0/24"),
                     "pe": {"addressPrefixes": ["10.0.1.0/24", "fd00:1:0:1::/64"],
                            "privateEndpointNetworkPolicies": "Enabled"}}),
        table("rt", route("10.0.0.0/17", "None"), disableBgpRoutePropagation=True),
        nic_in("web", "10.0.0.4", ("a", "app")),
        endpoint("door", "10.0.1.9", ("a", "pe")),
    )  # fmt: skip
    found = asked(network, "web", "door")
    assert (found.verdict, found.labels) == ("blocked", set())
    assert found.step("route").rule == "to-10.0.0.0-17"


@pytest.mark.parametrize("hop", [("VnetLocal",), ("VirtualAppliance", "10.0.1.9")])
def test_a_route_into_the_network_does_not_lead_to_the_endpoint_of_another(hop: Any) -> None:
    """Which is not connected, and has an address that is at home here, too."""
    far = {"addressPrefix": "10.0.1.0/24", "privateEndpointNetworkPolicies": "Enabled"}
    network = estate(
        net("a", "10.0.0.0/16",
            subnets={"app": steered("10.0.0.0/24"), "other": "10.0.1.0/24"}),
        net("c", "10.0.0.0/16", subnets={"pe": far}),
        table("rt", route("10.0.1.0/24", *hop)),
        nic_in("web", "10.0.0.4", ("a", "app")),
        endpoint("door", "10.0.1.9", ("c", "pe")),
    )  # fmt: skip
    assert asked(network, "web", "door").verdict == "blocked"


@pytest.mark.parametrize("lets_routes", ["Disabled", "Enabled"])
@pytest.mark.parametrize("lacks", ["table", "routes"])
def test_L_4_routes_that_are_not_told_may_be_for_an_endpoints_very_address(
    lacks: str, lets_routes: str
) -> None:
    ends = {"addressPrefix": "10.0.1.0/24", "privateEndpointNetworkPolicies": lets_routes}
    tables = {"table": [], "routes": [resource(TABLE, "rt", {})]}
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24"), "pe": ends}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        endpoint("door", "10.0.1.9", ("a", "pe")),
        *tables[lacks],
    )
    found = asked(network, "web", "door")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    sent = Packet(parse_address("10.0.0.4"), parse_address("10.0.1.9"), "tcp", 50000, 443)
    (end,) = simulate.replay(network, arm_id(NIC, "web"), sent)
    assert end.fate is Fate.UNKNOWN
