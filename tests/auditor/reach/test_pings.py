"""Pings that a public frontend answers itself: no machine behind it gets them (E-11)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Location
from auditor.intent import read_intent
from auditor.network.graph import Network
from auditor.reach.intents import judgements
from auditor.reach.listing import exposed
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import estate

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked, lb, lb_probe, lb_rule, ref

CLIENT = "52.10.0.7"
PROBED = lb_rule(probe=ref("Microsoft.Network/loadBalancers/probes", "lb", "probe"))
PROBES = deny("probes", 200, ports="8080")


def behind(*rules: Any, lb_rules: Any = (PROBED,), intents: Any = (), **more: Any) -> Network:
    """NIC web behind lb's public frontend 20.50.1.2, whose rule has a probe on port 8080."""
    return estate(
        nsg(*rules),
        nic("web", nsg="nsg"),
        pip("pip"),
        lb(*lb_rules, probes=[lb_probe(8080)], **more),
        vnet(subnet()),
        intents=intents,
    )


def test_E_11_a_public_frontend_answers_pings_itself_and_no_machine_gets_them() -> None:
    network = behind(deny("pings", 100, protocol="Icmp"))
    found = asked(network, CLIENT, "front", None, "icmp")
    assert (found.verdict, found.arrives) == ("reachable", "20.50.1.2:0")
    assert found.step("load-balancer").says == (
        "front answers pings itself while a machine behind https is up: none of them gets it (E-11)"
    )
    assert asked(network, CLIENT, "web", None, "icmp").verdict == "blocked"
    assert asked(network, CLIENT, "front", 22).verdict == "blocked"


def test_E_11_the_public_address_stands_for_its_frontend() -> None:
    network = behind()
    [target] = ends_of(network, parse_selector("20.50.1.2")).points
    assert asked(network, CLIENT, target, None, "icmp").verdict == "reachable"


def test_E_11_nothing_that_the_internet_reaches_is_told_of_pings() -> None:
    assert [each.answer.protocol for each in exposed(behind(rule("in", 100, ports="8443")))] == [
        "tcp"
    ]
    assert exposed(behind(rule("in", 100, protocol="Icmp"))) == ()


@pytest.mark.parametrize(
    ("rules", "more", "verdict", "words"),
    [
        ([PROBES], {}, "blocked", "all machines behind https are down"),
        ([], {"members": []}, "blocked", "no machine behind https"),
        ([], {"lb_rules": []}, "blocked", "no rule of the load balancer"),
        ([], {"sku": "Basic"}, "blocked", "a Basic load balancer"),
        ([], {"sku": None}, "unknown", ""),
        ([], {"lb_rules": [lb_rule()]}, "unknown", ""),
    ],
)
def test_E_11_nobody_answers_where_no_machine_is_up(
    rules: list[Any], more: dict[str, Any], verdict: str, words: str
) -> None:
    found = asked(behind(*rules, **more), CLIENT, "front", None, "icmp")
    assert found.verdict == verdict
    assert words in " ".join(step.says for step in found.one.hops)
    assert not any(step.opening for step in found.one.blockers)


def test_E_11_from_inside_the_way_out_has_to_be_open_for_pings() -> None:
    shut = behind(deny("no", 100, direction="Outbound", destinationAddressPrefix="Internet"))
    assert asked(shut, "web", "front", None, "icmp").stops[0] == "nsg-outbound"
    inside = estate(nic("web"), nic("app", address="10.0.0.5"), lb(PROBED, public=False,
                    members=["app"], probes=[lb_probe(8080)]), vnet(subnet()))  # fmt: skip
    assert asked(inside, "web", "front", None, "icmp").verdict == "blocked"


def test_E_11_pings_count_for_an_intent_that_speaks_of_them() -> None:
    def outcome(expect: str, protocol: str) -> str:
        table = {"name": "pings", "from": "internet", "to": "name:lb", "expect": expect,
                 "protocol": protocol}  # fmt: skip
        intent = read_intent(table, Location("auditor.toml", 7, "/intent/0"))
        [found] = judgements(behind(deny("no", 100, ports="8443"), intents=(intent,)))
        return found.outcome.value

    assert outcome("unreachable", "icmp") == "broken"
    assert outcome("unreachable", "any") == "broken"
    assert outcome("unreachable", "tcp") == "kept"
    assert outcome("reachable", "icmp") == "kept"
    assert outcome("reachable", "any") == "broken"  # who asks for anything means a machine
