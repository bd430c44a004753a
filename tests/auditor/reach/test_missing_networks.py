"""What a missing network hides is not told: *blocked* is no answer there (U-2)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...exposed import GATEWAY, NIC, NSG, PIP, nsg, pip, rule
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, network_rule, policy
from ...networks import gateway, nic, peer, site, subnet_id, tunnel, vnet
from ...reaching import app_gateway, asked
from ...routing import route, steered, table

OFFICE = "onprem 192.168.0.0/16"
FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}


def without(name: str, *resources: Any) -> Network:
    return estate(*(each for each in resources if each["name"] != name))


def branch() -> list[Any]:
    """NIC web in a network with a VPN gateway, which leads to the office."""
    return [
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "GatewaySubnet": "10.0.9.0/27"}),
        gateway("vpn", "a"),
        tunnel("t", "vpn", "office"),
        site("office", "192.168.0.0/16"),
        nic("web", "10.0.0.4", ("a", "app")),
    ]


def guarded() -> list[Any]:
    """NIC web in a spoke, steered to a firewall in the hub, whose NAT rule leads to it."""
    home = {
        "privateIPAddress": "10.1.0.4",
        "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id(PIP, "pip")},
    }
    return [
        vnet("hub", "10.1.0.0/16", subnets={"AzureFirewallSubnet": "10.1.0.0/26"},
             peers=[peer("spoke", "10.0.0.0/16", **FLAGS)]),
        vnet("spoke", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24", "rt")},
             peers=[peer("hub", "10.1.0.0/16", **FLAGS)]),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.1.0.4")),
        firewall(ipConfigurations=[{"name": "c", "properties": home}]),
        policy("g"),
        group("g", 100,
              collection("out", 100, "Allow", network_rule("any", "10.0.0.0/24", "*", "443")),
              collection("in", 200, "Dnat", nat_rule("web", "10.0.0.4:443"))),
        pip("pip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "c")),
        nic("web", "10.0.0.4", ("spoke", "app")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "target", "port"), [("web", "52.10.0.7", 443), ("internet", "web", 8080)]
)
def test_U_2_a_firewall_in_a_missing_network(source: str, target: str, port: int) -> None:
    assert asked(estate(*guarded()), source, target, port).verdict == "reachable"
    found = asked(without("hub", *guarded()), source, target, port)
    assert found.verdict == "unknown"
    assert found.labels


def test_U_2_by_which_gateway_sites_reach_a_missing_network_is_not_told() -> None:
    joined = branch()
    assert asked(estate(*joined), "onprem 192.168.0.0/16", "web").verdict == "reachable"
    found = asked(without("a", *joined), "onprem 192.168.0.0/16", "web")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_U_2_as_whom_a_machine_of_a_missing_network_leaves_is_not_told() -> None:
    office = {"startIpAddress": "52.10.0.1", "endIpAddress": "52.10.0.9"}
    settings = {
        "fullyQualifiedDomainName": "db.example",
        "network": {"publicNetworkAccess": "Enabled"},
        "firewallRules": [{"name": "office", "properties": office}],
    }
    joined = [
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        nic("web", "10.0.0.4", ("a", "app"), vm="web",
            configuration={"publicIPAddress": {"id": arm_id(PIP, "pip")}}),
        resource("Microsoft.Compute/virtualMachines", "web", {}),
        pip("pip", address="52.10.0.7"),
        resource("Microsoft.DBforMySQL/flexibleServers", "db", settings),
    ]  # fmt: skip
    assert asked(estate(*joined), "web", "db", 3306).verdict == "reachable"
    assert asked(without("a", *joined), "web", "db", 3306).verdict == "unknown"


def test_U_2_where_a_connection_of_an_inventory_leads_is_not_told() -> None:
    joined = branch()
    assert asked(estate(*joined), "web", "onprem 192.168.0.0/16").verdict == "reachable"
    del joined[2]["properties"]
    found = asked(estate(*joined), "web", "onprem 192.168.0.0/16")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


@pytest.mark.parametrize("ends", [("web", OFFICE), (OFFICE, "web")])
def test_U_2_a_gateway_that_a_connection_alone_tells_of_may_stand_in_a_network_of_its_region(
    ends: tuple[str, str],
) -> None:
    joined = branch()
    assert asked(estate(*joined), *ends).verdict == "reachable"
    found = asked(without("vpn", *joined), *ends)
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    joined[0]["location"] = "northeurope"
    assert asked(without("vpn", *joined), *ends).verdict == "blocked"


@pytest.mark.parametrize("pooled", [True, False])
def test_U_2_a_balancer_that_its_machines_alone_tell_of_may_be_the_next_hop(pooled: bool) -> None:
    pools = [{"id": arm_id("Microsoft.Network/loadBalancers/backendAddressPools", "ilb", "pool")}]
    joins: Any = {"loadBalancerBackendAddressPools": pools} if pooled else {}
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24"), "edge": "10.0.1.0/24",
                                          "data": "10.0.3.0/24"}),
        table("rt", route("10.0.3.0/24", "VirtualAppliance", "10.0.1.10")),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", "10.0.3.4", ("a", "data")),
        nic("nva", "10.0.1.4", ("a", "edge"), enableIPForwarding=True, configuration=joins),
    )  # fmt: skip
    found = asked(network, "web", "db")
    assert found.verdict == ("unknown" if pooled else "blocked")


def before_a_spoke(member: str, *, peered: bool = True, peer_of: str = "vnet") -> list[Any]:
    """NIC web in a spoke, and a gateway in a network of its own that sends on to a member."""
    pool = arm_id(f"{GATEWAY}/backendAddressPools", "agw", "pool")
    joins = {"applicationGatewayBackendAddressPools": [{"id": pool}]} if member == "web" else {}
    front = arm_id(f"{GATEWAY}/frontendIPConfigurations", "agw", "public")
    there = [peer("spoke", "10.2.0.0/16", **FLAGS)]
    back = [peer(peer_of, "10.0.0.0/16", **FLAGS)]
    return [
        vnet("vnet", "10.0.0.0/16", subnets={"gw": "10.0.1.0/24"}, peers=there),
        vnet("spoke", "10.2.0.0/16", subnets={"app": "10.2.0.0/24"}, peers=back if peered else ()),
        app_gateway(members=() if joins else (member,), port=8080),
        pip("pip", front),
        pip("own", arm_id(f"{NIC}/ipConfigurations", "web", "primary"), address="20.50.1.3"),
        nic("web", "10.2.0.4", ("spoke", "app"),
            configuration={"publicIPAddress": {"id": arm_id(PIP, "own")}, **joins},
            networkSecurityGroup={"id": arm_id(NSG, "nsg")}),
        nsg(rule("https", 100, ports="8080")),
        nic("other", "10.2.0.5", ("spoke", "app")),
    ]  # fmt: skip


@pytest.mark.parametrize("member", ["10.2.0.4", "20.50.1.3", "web"])
def test_U_2_whom_a_gateway_in_a_missing_network_sends_on_to_is_not_told(member: str) -> None:

    def by_gateway(network: Network) -> list[str]:
        found = asked(network, "internet", "web").answers
        return [each.verdict.value for each in found if each.via]

    assert by_gateway(estate(*before_a_spoke(member))) == ["reachable"]
    network = without("vnet", *before_a_spoke(member))
    assert by_gateway(network) == ["unknown"]
    words = [step.says for each in asked(network, "internet", "web").answers for step in each.hops]
    assert not [each for each in words if "at  do" in each]
    others = asked(network, "internet", "other").answers
    assert {each.verdict.value for each in others} == {"blocked"}


def test_a_gateway_in_a_missing_network_sends_nothing_to_one_that_is_not_joined_with_it() -> None:
    for settings in ({"peered": False}, {"peer_of": "third"}):
        network = without("vnet", *before_a_spoke("10.2.0.4", **settings))
        found = asked(network, "internet", "web").answers
        assert not [each for each in found if each.via]
