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

from ...exposed import NIC, NSG, deny, nsg, subnet
from ...exposed import nic as nic_of
from ...exposed import vnet as vnet_of
from ...firewalls import firewall
from ...networks import nic, subnet_id, vnet
from ...reaching import app_gateway, asked, lb, lb_rule

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


def unplaced_frontend() -> Network:
    """NICs web and client, and an internal frontend that does not tell its address yet."""
    balancer = lb(lb_rule(), public=False)
    [front] = balancer["properties"]["frontendIPConfigurations"]
    del front["properties"]["privateIPAddress"]
    client = nic_of("client", address="10.0.0.20")
    names = ("web", "client")
    listed = [{"id": arm_id(f"{NIC}/ipConfigurations", each, "primary")} for each in names]
    return estate(nic_of("web"), client, balancer, vnet_of(subnet(ipConfigurations=listed)))


def test_a_frontend_without_an_address_has_one_that_nobody_else_has() -> None:
    found = asked(unplaced_frontend(), "client", "front")
    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:8443")
    other = asked(unplaced_frontend(), "client", "front", 22)
    assert (other.verdict, other.stops) == ("blocked", ["load-balancer"])
    assert other.one.witness is not None
    assert str(other.one.witness.destination) not in ("10.0.0.4", "10.0.0.20")


def test_an_address_that_a_frontend_may_have_is_not_certain() -> None:
    here = unplaced_frontend()
    points = ends_of(here, parse_selector("10.0.0.77")).points
    assert {point.kind for point in points} == {Kind.FRONTEND, Kind.NOBODY}
    [front] = [point for point in points if point.kind is Kind.FRONTEND]
    found = asked(here, "client", front)
    assert (found.verdict, found.labels) == ("unknown", {"unallocated"})
