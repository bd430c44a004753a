"""What stops what an application gateway would send on, told with all that stands in its way."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import PortSet
from auditor.network.graph import Network
from auditor.reach.answer import answers
from auditor.reach.replay import check
from auditor.testing import arm_id

from ...exposed import PIP, SUBNET, deny, nic, nsg, pip, rule
from ...exposed import ref as idref
from ...firewalls import FIREWALL, firewall, group, policy
from ...reaching import app_gateway, lb, lb_rule, point
from ...relays import CLIENT, gated, relayed
from ...routing import route, table


def refusing(
    network: Network, target: str = "web", source: str = CLIENT, **more: Any
) -> list[tuple[str, list[str]]]:
    """To which ports a gateway answers and yet nothing gets on, and the codes of what stops it."""
    found = answers(network, point(network, source), point(network, target), refusals=True, **more)
    for answer in found:
        check(network, answer)
    return [
        (str(each.ports), [step.code for step in each.blockers])
        for each in found
        if each.via and each.verdict.value == "blocked"
    ]


def test_a_gateway_that_lets_nothing_through_is_told_with_what_stops_it() -> None:
    assert refusing(gated()) == []
    stopped = gated(gateway=app_gateway(operationalState="Stopped"))
    assert refusing(stopped) == [("443", ["gateway-stopped"])]
    behind = gated(backend=[rule("in", 100, "*", "9090"), deny("rest", 200)])
    assert refusing(behind) == [("443", ["nsg-inbound"])]


def test_a_gateway_that_answers_on_no_port_asked_about_stops_nothing() -> None:
    stopped = gated(gateway=app_gateway(operationalState="Stopped"))
    assert refusing(stopped, ports=PortSet.of(22)) == []
    assert refusing(stopped, protocols=("udp",)) == []


def test_a_client_whose_own_rules_let_nothing_out_is_told_so_before_a_gateway() -> None:
    inside = app_gateway(listeners=[("private", 443)], members=["10.0.0.4"])
    shut = nsg(deny("out", 200, direction="Outbound"), name="shut")
    network = gated(nic("desk", address="10.0.0.7", nsg="shut"), shut, gateway=inside)

    assert refusing(network, source="desk", protocols=("tcp",)) == [("443", ["nsg-outbound"])]


def test_P_11_a_gateway_whose_replies_are_lost_opens_no_connection_of_its_own() -> None:
    inside = app_gateway(listeners=[("private", 443)], members=["10.0.0.4"])
    lost = table("lost", route("10.0.5.0/24", "VirtualAppliance", "10.0.8.8"))
    desk = nic("desk", address="10.0.5.7", subnet="desks")
    network = gated(desk, lost, gateway=inside, home={"routeTable": idref(lost["id"])})

    assert refusing(network, source="desk", protocols=("tcp",)) == [("443", ["asymmetric-return"])]


def test_what_does_not_even_get_to_a_gateway_is_told_with_what_stops_it() -> None:
    stopped = app_gateway(operationalState="Stopped")
    shut = nsg(deny("out", 100, direction="Outbound"), name="ops")
    network = gated(nic("ops", nsg="ops", address="10.0.0.7"), shut, gateway=stopped)
    assert refusing(network, source="ops") == [("443", ["nsg-outbound", "gateway-stopped"])]


def test_R_30_a_firewall_on_the_way_to_a_gateway_is_told_as_what_stops_it() -> None:
    """Not the route to it: to take that away would lead past the firewall."""
    settings = {
        "privateIPAddress": "10.0.9.4",
        "subnet": idref(arm_id(SUBNET, "vnet", "AzureFirewallSubnet")),
        "publicIPAddress": idref(arm_id(PIP, "pf")),
    }
    owner = arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "c")
    network = gated(
        firewall(ipConfigurations=[{"name": "c", "properties": settings}]),
        policy("g"),
        group("g", 100),
        pip("pf", owner, address="20.50.1.9"),
        nic("desk", address="10.0.5.7", subnet="desks"),
        (out := table("out", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))),
        desks={"routeTable": idref(out["id"])},
    )

    assert refusing(network, source="desk", protocols=("tcp",)) == [("443", ["firewall"])]


@pytest.mark.parametrize("floating", [False, True])
def test_E_10_what_stops_a_gateway_once_the_balancer_takes_it_is_told_as_well(
    floating: bool,
) -> None:
    """The rules at machines see the gateway's own connection, and the frontend's address (P-4)."""

    def shut(*rules: Any) -> list[str]:
        network = gated(
            lb(lb_rule("https", 443, 443, enableFloatingIP=floating), public=False),
            gateway=app_gateway(members=("10.0.0.10",)),
            backend=[*rules, deny("rest", 200)],
        )
        found = answers(network, point(network, CLIENT), point(network, "web"), refusals=True)
        [refusal] = [each for each in found if each.via]
        return [step.opening for step in refusal.blockers]

    lacks = "add a load-balancing rule for TCP 8080 at front"
    seen = "10.0.0.10" if floating else "10.0.0.4"
    assert shut() == [
        lacks,
        f"add an inbound Allow rule for TCP from 10.0.1.0/26 to {seen} to port 8080 to back, "
        "with a priority below 200 (securityRules/rest)",
    ]
    let = rule("agw", 100, "10.0.1.0/26", "8080", destinationAddressPrefix=seen)
    assert shut(let) == [lacks]


def before_balancer(*rules: Any) -> Network:
    """Gateway agw:443 before balancer 10.0.0.10, whose rules take 443 and 80; the gateway asks 80.

    `rules` are those of the group of NIC web behind it.
    """
    return gated(
        lb(lb_rule("https", 443, 443), lb_rule("http", 80, 80), public=False),
        gateway=app_gateway(members=("10.0.0.10",), port=80),
        backend=rules,
    )


@pytest.mark.parametrize("target", ["web", "front"])
def test_what_a_balancer_takes_by_another_rule_does_not_stop_what_a_gateway_sends(
    target: str,
) -> None:
    network = before_balancer(deny("no80", 100, "*", "80"))
    point_ = point(network, target)
    found = answers(
        network, point(network, CLIENT), point_, protocols=("tcp",), ports=PortSet.of(443),
        refusals=True,
    )  # fmt: skip
    [refused] = [answer for answer in found if answer.via]
    check(network, refused)
    assert [(step.code, step.rule) for step in refused.blockers] == [
        ("nsg-inbound", "securityRules/no80")
    ]
    taken = [step.rule for step in refused.hops if step.code == "load-balancer"]
    assert taken == ["http"]
    [control] = relayed(before_balancer(rule("in", 100, "*", "80")), target)
    assert control.verdict.value == "reachable"
