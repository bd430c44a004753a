"""Sites that reach a subnet straight, while its replies go by the firewall (P-11)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import Answer, arm_id, ask, estate

from ...exposed import SUBNET, nic, nsg, subnet, vnet
from ...firewalls import collection, firewall, group, network_rule, policy
from ...networks import gateway, site, tunnel
from ...routing import route, table

BACK = route("10.50.0.0/16", "VirtualAppliance", "10.0.9.4")
THERE = route("10.0.1.0/24", "VirtualAppliance", "10.0.9.4")
FIREWALL = {
    "name": "home",
    "properties": {
        "privateIPAddress": "10.0.9.4",
        "subnet": {"id": arm_id(SUBNET, "vnet", "AzureFirewallSubnet")},
    },
}


def hub(
    *at_machines: Any,
    at_gateway: tuple[Any, ...] = (),
    network: Any = None,
    hidden: str = "",
    **connection: Any,
) -> Network:
    """NIC a behind the gateway of site 10.50.0.0/16, beside a firewall that lets all pass."""
    return estate(
        nsg(),
        nic("a", subnet="a", address="10.0.1.4"),
        table("rt", *at_machines, disableBgpRoutePropagation=False),
        table("rt-gateway", *at_gateway),
        firewall(ipConfigurations=[FIREWALL]),
        policy("rules"),
        group("rules", 100, collection("all", 100, "Allow", network_rule("all"))),
        gateway("vgw", "vnet", enableBgp=bool(connection.get("enableBgp"))),
        site("office", "10.50.0.0/16"),
        tunnel("to-office", "vgw", "office", **connection),
        network
        or vnet(
            subnet("a", "10.0.1.0/24", nsg="nsg", routeTable={"id": table("rt")["id"]}),
            subnet("AzureFirewallSubnet", "10.0.9.0/26"),
            subnet("GatewaySubnet", "10.0.8.0/27", routeTable={"id": table("rt-gateway")["id"]}),
        ),
        unresolved=((hidden, "[parameters('table')]"),) if hidden else (),
    )


def asked(network: Network) -> Answer:
    return ask("RTE-005", network)


def test_P_11_replies_by_the_firewall_to_what_came_by_the_gateway_get_lost() -> None:
    (finding,) = asked(hub(BACK)).broken

    assert finding.subject == arm_id(SUBNET, "vnet", "a")
    assert finding.message.startswith(
        "what on premises sends to vnet/a arrives, and the replies get lost (tcp 10.50.0.4 to 10.0."
    )
    assert "give the gateway's subnet a route to a by the firewall too" in finding.remedy
    assert finding.evidence[-1].resource.endswith("/routeTables/rt")


def test_P_11_so_do_replies_of_sites_to_what_went_by_the_gateway() -> None:
    (finding,) = asked(hub(at_gateway=(THERE,))).broken

    assert finding.subject == arm_id(SUBNET, "vnet", "a")
    assert finding.message.startswith("what vnet/a sends to on premises arrives, and the replies")
    assert "give a a route to the sites by the firewall too" in finding.remedy
    assert finding.evidence[-1].resource.endswith("/routeTables/rt-gateway")


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(hub(BACK, at_gateway=(THERE,)), id="both_by_the_firewall"),
        pytest.param(hub(), id="neither_by_the_firewall"),
        pytest.param(
            hub(route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4")), id="sites_by_the_gateway"
        ),
        pytest.param(hub(BACK, enableBgp=True), id="learned_prefixes"),
    ],
)
def test_where_both_directions_take_one_way_replies_are_kept(network: Network) -> None:
    answer = asked(network)
    assert (answer.broken, answer.unknown) == ([], [])


def test_a_subnet_that_does_not_tell_its_table_hides_no_other() -> None:
    vnet_of_all = vnet(
        subnet("a", "10.0.1.0/24", nsg="nsg", routeTable={"id": table("rt")["id"]}),
        subnet("b", "10.0.2.0/24", nsg="nsg"),
        subnet("AzureFirewallSubnet", "10.0.9.0/26"),
        subnet("GatewaySubnet", "10.0.8.0/27", routeTable={"id": table("rt-gateway")["id"]}),
    )
    network = hub(
        BACK,
        at_gateway=(route("10.0.2.0/24", "VirtualAppliance", "10.0.9.4"),),
        network=vnet_of_all,
        hidden="/properties/subnets/1/properties/routeTable",
    )
    assert [each.subject for each in asked(network).broken] == [arm_id(SUBNET, "vnet", "a")]
