"""Addresses of subnets that nobody has, or nobody that the input lists (D-1)."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.reach.answer import Answer, answers
from auditor.reach.points import Kind
from auditor.reach.replay import check
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate

from ...exposed import NIC, NSG, deny, nsg
from ...firewalls import firewall
from ...networks import nic, subnet_id, vnet
from ...reaching import app_gateway

WEB = arm_id(f"{NIC}/ipConfigurations", "web", "primary")
LISTED: Any = {"addressPrefix": "10.0.0.0/24", "ipConfigurations": [{"id": WEB}]}


def network(*more: Any, app: Any = "10.0.0.0/24") -> Network:
    """NIC web alone in a subnet, and NIC jump in another one."""
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": app, "ops": "10.0.1.0/24"}),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("jump", "10.0.1.4", ("a", "ops")),
        *more,
    )


def told(network: Network, source: str, target: str) -> Answer:
    [one], [other] = (ends_of(network, parse_selector(each)).points for each in (source, target))
    [found] = answers(network, one, other, protocols=("tcp",))
    check(network, found)
    return found


def test_an_address_that_nobody_listed_has_may_be_nobodys() -> None:
    found = told(network(), "name:jump", "10.0.0.77")
    assert found.verdict.value == "unknown"
    assert {reason.label for reason in found.reasons} == {"nobody-listed"}
    assert told(network(), "10.0.0.77", "name:jump").verdict.value == "unknown"
    assert told(network(), "name:jump", "10.0.0.4").verdict.value == "reachable"


def test_an_address_is_nobodys_where_the_subnet_lists_everybody() -> None:
    found = told(network(app=LISTED), "name:jump", "10.0.0.77")
    assert found.verdict.value == "blocked"
    assert [step.code for step in found.blockers] == ["nobody"]
    assert told(network(app=LISTED), "10.0.0.77", "name:jump").verdict.value == "blocked"


def test_filters_stop_what_is_for_nobody_too() -> None:
    guarded = {
        "addressPrefix": "10.0.0.0/24",
        "networkSecurityGroup": {"id": arm_id(NSG, "nsg")},
    }
    found = told(network(nsg(deny("no", 100)), app=guarded), "name:jump", "10.0.0.77")
    assert found.verdict.value == "blocked"
    assert "nsg-inbound" in {step.code for step in found.blockers}


def test_a_gateway_has_the_addresses_of_its_frontends_only() -> None:
    home = estate(
        vnet("vnet", "10.0.0.0/16", subnets={"gw": "10.0.1.0/24", "ops": "10.0.2.0/24"}),
        app_gateway(listeners=(("private", 443),)),
        nic("jump", "10.0.2.4", ("vnet", "ops")),
    )
    [front] = ends_of(home, parse_selector("10.0.1.20")).points
    assert front.kind is Kind.GATEWAY
    [other] = ends_of(home, parse_selector("10.0.1.77")).points
    assert other.kind is Kind.NOBODY
    assert "gateway" in other.reasons[0].detail


def test_a_firewall_has_its_address() -> None:
    home = estate(
        vnet("b", "10.1.0.0/16", subnets={"AzureFirewallSubnet": "10.1.0.0/26"}),
        firewall(
            ipConfigurations=[
                {
                    "name": "c",
                    "properties": {
                        "privateIPAddress": "10.1.0.4",
                        "subnet": {"id": subnet_id("b", "AzureFirewallSubnet")},
                    },
                }
            ]
        ),
    )
    assert [p.kind for p in ends_of(home, parse_selector("10.1.0.4")).points] == [Kind.FIREWALL]
