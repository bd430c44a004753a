"""Entrances of which not all is told: firewalls' NAT rules, gateway load balancers, hidden ones."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...exposed import SUBNET, nic, nsg, pip, rule, subnet, vnet
from ...firewalls import collection, firewall, group, nat_rule, network_rule, policy
from ...reaching import asked, lb, lb_rule, ref
from ...routing import route, table

CLIENT = "52.10.0.7"


def translated(*rules: Any) -> Network:
    """NIC web behind the NAT rule of a firewall at 20.50.1.2:8080, and network rules."""
    back = table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))
    home = {
        "name": "home",
        "properties": {
            "privateIPAddress": "10.0.9.4",
            "publicIPAddress": ref("Microsoft.Network/publicIPAddresses", "pip"),
            "subnet": {"id": arm_id(SUBNET, "vnet", "AzureFirewallSubnet")},
        },
    }
    return estate(
        firewall(ipConfigurations=[home]),
        policy("rules"),
        group(
            "rules",
            100,
            collection("nat", 100, "Dnat", nat_rule("web", "10.0.0.4:443")),
            *([collection("net", 200, "Deny", *rules)] if rules else []),
        ),
        nsg(rule("in", 100)),
        nic("web"),
        pip("pip"),
        back,
        vnet(
            subnet(nsg="nsg", routeTable={"id": back["id"]}),
            subnet("AzureFirewallSubnet", "10.0.9.0/26"),
        ),
    )


def test_E_21_what_a_nat_rule_lets_in_passes() -> None:
    assert asked(translated(), CLIENT, "web", 8080).verdict == "reachable"
    other = network_rule("other", "*", "10.0.0.4", "22")
    assert asked(translated(other), CLIENT, "web", 8080).verdict == "reachable"


def test_E_21_whether_a_network_rule_denies_it_afterwards_is_in_doubt() -> None:
    found = asked(translated(network_rule("no", "*", "10.0.0.4", "443")), CLIENT, "web", 8080)

    assert found.verdict == "unknown"
    assert "semantics:E-21" in found.labels


def test_E_19b_what_a_gateway_load_balancer_does_is_not_told() -> None:
    chained = lb(lb_rule())
    front = chained["properties"]["frontendIPConfigurations"][0]["properties"]
    front["gatewayLoadBalancer"] = ref(
        "Microsoft.Network/loadBalancers/frontendIPConfigurations", "gwlb", "front"
    )
    network = estate(
        nsg(rule("in", 100)), nic("web", nsg="nsg"), pip("pip"), chained, vnet(subnet())
    )

    found = asked(network, CLIENT, "web")

    assert (found.verdict, found.labels) == ("unknown", {"gwlb"})


def test_a_nic_that_does_not_tell_its_address_may_have_one() -> None:
    hidden = nic("web", nsg="nsg")
    network = estate(
        nsg(rule("in", 100)),
        hidden,
        vnet(subnet()),
        unresolved=(("/properties/ipConfigurations/0/properties/publicIPAddress", "a hole"),),
    )

    found = asked(network, CLIENT, "web")

    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
