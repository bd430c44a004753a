"""NAT rules of Azure Firewalls that lead to public addresses (E-1, E-23, E-24)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.listing import exposed
from auditor.testing import arm_id, estate

from ...exposed import FRONTEND, PIP, deny, pip, ref, rule
from ...exposed import nsg as group_of
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, policy
from ...networks import nic, subnet_id, vnet
from ...reaching import asked, lb, lb_rule
from ...routing import route, steered, table

OWN, FURTHER, BALANCED, FREE = "20.50.1.2", "20.50.1.3", "20.50.2.1", "20.50.3.1"
CLIENT = "52.10.0.7"
NSG = arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
DEFAULT = route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4")
HOST = route(f"{OWN}/32", "Internet", name="host")


def network(to: str, *routes: Any, only: str = OWN, more: Any = ()) -> Network:
    """NIC web behind a public balancer, before which a firewall translates port 8080."""
    configuration = {
        "privateIPAddress": "10.0.9.4",
        "subnet": {"id": subnet_id("a", "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id(PIP, "own")},
    }
    carried = f"{FIREWALL}/azureFirewallIpConfigurations"
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.0.0/24", "rt", networkSecurityGroup={"id": NSG}),
                "AzureFirewallSubnet": "10.0.9.0/26",
            },
        ),
        group_of(rule("https", 100, only, ports="443"), deny("rest", 200)),
        table("rt", *routes),
        firewall(ipConfigurations=[{"name": "one", "properties": configuration}, *more]),
        policy("g"),
        group("g", 100, collection("nat", 100, "Dnat", nat_rule("out", to, OWN))),
        pip("own", arm_id(carried, "fw", "one"), address=OWN),
        pip("further", arm_id(carried, "fw", "two"), address=FURTHER) if more else pip("spare"),
        lb(lb_rule(back=443)),
        pip("pip", arm_id(FRONTEND, "lb", "front"), address=BALANCED),
        pip("free", address=FREE),
        nic("web", "10.0.0.4", ("a", "app")),
    )


def test_E_24_a_rule_to_a_balancers_public_address_leads_behind_it_as_the_firewall() -> None:
    found = asked(network(f"{BALANCED}:443"), CLIENT, "web", 8080)
    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:443")
    listed = {e.answer.target.id.split("/")[8] for e in exposed(network(f"{BALANCED}:443"))}
    assert "web" in listed


def test_E_24_the_clients_address_is_not_seen_behind_it() -> None:
    found = asked(network(f"{BALANCED}:443", only=CLIENT), CLIENT, "web", 8080)
    assert (found.verdict, found.stops) == ("blocked", ["nsg-inbound"])


def test_R_13_its_replies_must_leave_straight_for_the_firewalls_public_address() -> None:
    shut = asked(network(f"{BALANCED}:443", DEFAULT), CLIENT, "web", 8080)
    assert shut.verdict == "blocked"
    assert asked(network(f"{BALANCED}:443", DEFAULT, HOST), CLIENT, "web", 8080).verdict == (
        "reachable"
    )


def test_E_24_by_which_of_several_addresses_it_leaves_is_not_told() -> None:
    two = {"name": "two", "properties": {"publicIPAddress": ref(arm_id(PIP, "further"))}}
    there = network(f"{BALANCED}:443", DEFAULT, HOST, more=[two])
    assert asked(there, CLIENT, "web", 8080).verdict == "unknown"


@pytest.mark.parametrize(
    ("to", "verdict"), [(FREE, "blocked"), ("9.9.9.9", "unknown"), (OWN, "unknown")]
)
def test_E_1_at_the_address_that_a_rule_leads_to_nobody_or_somebody_answers(
    to: str, verdict: str
) -> None:
    assert asked(network(f"{to}:443"), CLIENT, "fw", 8080).verdict == verdict
