"""Entrances of which not all is told: firewalls' NAT rules, gateway load balancers, hidden ones."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...exposed import SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...firewalls import collection, firewall, group, nat_rule, network_rule, policy
from ...networks import hub
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


@pytest.mark.parametrize("carrier", ["nic", "balancer"])
def test_U_2_a_public_address_that_is_named_and_absent_may_be_none(carrier: str) -> None:
    """A dynamic one of a machine that is stopped has no address; what rules deny is blocked."""
    own = [nic("web", public="pip", nsg="nsg")] if carrier == "nic" else [
        nic("web", nsg="nsg"), lb(lb_rule(back=443))]  # fmt: skip
    network = estate(nsg(rule("in", 100, "Internet", "443")), *own, vnet(subnet()))
    found = asked(network, CLIENT, "web")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    assert asked(network, CLIENT, "web", 22).verdict == "blocked"
    whole = estate(nsg(rule("in", 100, "Internet", "443")), *own, vnet(subnet()), pip("pip"))
    assert asked(whole, CLIENT, "web").verdict == "reachable"


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


def test_E_21_a_firewall_whose_subnet_is_not_told_may_lead_anywhere() -> None:
    home = {
        "name": "home",
        "properties": {
            "privateIPAddress": "10.0.9.4",
            "publicIPAddress": ref("Microsoft.Network/publicIPAddresses", "pip"),
            "subnet": {"id": arm_id(SUBNET, "vnet", "AzureFirewallSubnet")},
        },
    }
    network = estate(
        firewall(ipConfigurations=[home]),
        policy("rules"),
        group("rules", 100, collection("nat", 100, "Dnat", nat_rule("web", "10.0.0.4:443"))),
        nic("web"),
        pip("pip"),
        vnet(subnet()),
    )

    assert asked(network, CLIENT, "fw", 8080).verdict == "unknown"


def test_E_2_what_a_firewall_of_a_virtual_hub_translates_is_in_doubt() -> None:
    """No public IP stands for its addresses, and what the hub teaches is told nowhere (R-29)."""
    of_hub: Any = {
        "virtualHub": {"id": arm_id("Microsoft.Network/virtualHubs", "h")},
        "hubIPAddresses": {
            "privateIPAddress": "10.8.0.4",
            "publicIPs": {"addresses": [{"address": "20.50.1.2"}], "count": 1},
        },
    }

    def secured(*rules: Any) -> Network:
        return estate(
            *hub("h", "10.8.0.0/23", "vnet"),
            firewall(**of_hub),
            policy("rules"),
            group("rules", 100, collection("nat", 100, "Dnat", nat_rule("web", "10.0.0.4:443"))),
            nsg(*rules),
            nic("web", nsg="nsg"),
            nic("other", nsg="nsg", address="10.0.0.5"),
            vnet(subnet()),
        )

    found = asked(secured(rule("in", 100)), CLIENT, "web", 8080)
    assert found.verdict == "unknown"
    assert "bgp-routes-unknown" in found.labels
    assert asked(secured(rule("in", 100)), CLIENT, "web", 443).verdict == "blocked"
    assert asked(secured(rule("in", 100)), CLIENT, "other", 8080).verdict == "blocked"
    assert asked(secured(deny("no", 100)), CLIENT, "web", 8080).verdict == "blocked"
