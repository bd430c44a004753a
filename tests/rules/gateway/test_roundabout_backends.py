"""A gateway asks a member at the address in its pool: who gets there otherwise does not help it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate

from ...exposed import NIC, PIP, balancer, deny, forwards, nic, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway, lb, lb_rule
from ..test_parts_apart import Json
from .test_blocked_backend import second_gateway

SHUT = deny("no-networks", 100, "VirtualNetwork")
OPEN = rule("web", 200, "*", "8080")


def judged(*beside: Any, rules: Any = (SHUT, OPEN), public: str | None = None) -> Answer:
    """Gateway agw in vnet/gw, and NIC nic-web, whose group lets in the internet alone."""
    network = estate(
        nsg(*rules),
        nic("nic-web", public=public),
        pip("pip"),
        app_gateway(),
        *beside,
        vnet(
            subnet(nsg="nsg"),
            subnet("gw", "10.0.1.0/26"),
            subnet("gw2", "10.0.2.0/26"),
        ),
    )
    return ask("GW-004", network)


def told(answer: Answer) -> list[str]:
    assert answer.unknown == []
    return [finding.message.split(" (")[0] for finding in answer.broken]


LOST = ["agw cannot reach 10.0.0.4:8080"]
PUBLIC = pip("pip-web", address="20.50.1.9")


def test_E_12_a_public_address_of_the_member_does_not_help() -> None:
    assert told(judged(PUBLIC, public="pip-web")) == LOST


def test_E_12_nor_does_a_public_load_balancer_before_it() -> None:
    front = balancer(public="pip-web", loadBalancingRules=[forwards("web", 8080)])
    assert told(judged(PUBLIC, front)) == LOST


def test_nor_does_an_internal_one_with_an_address_of_its_own() -> None:
    """Floating IP: the group sees the frontend's address, and lets that in."""
    floats = rule("frontend", 90, "10.0.1.0/26", "8080", destinationAddressPrefix="10.0.0.10")
    front = lb(
        lb_rule("web", 8080, 8080, enableFloatingIP=True),
        public=False,
        members=["nic-web"],
    )
    assert told(judged(front, rules=(floats, SHUT, OPEN))) == LOST


@pytest.mark.parametrize("entered", ["private", "public"])
def test_A_28_nor_does_another_gateway_that_reaches_it(entered: str) -> None:
    lets_second = rule("second", 90, "10.0.2.0/26", "8080")
    second: Json = second_gateway("gw2", listeners=[(entered, 443), (entered, 8080)])
    front, inside = second["properties"]["frontendIPConfigurations"]
    front["properties"]["publicIPAddress"]["id"] = arm_id(PIP, "pip-web")
    inside["properties"]["privateIPAddress"] = "10.0.2.20"
    assert told(judged(PUBLIC, second, rules=(lets_second, SHUT, OPEN))) == LOST


def test_nor_does_a_public_address_of_a_member_whose_own_is_not_told() -> None:
    pool = {
        "backendIPConfigurations": [{"id": arm_id(f"{NIC}/ipConfigurations", "nic-web", "primary")}]
    }
    network = estate(
        nsg(SHUT, OPEN),
        nic("nic-web", public="pip-web", address=None),
        pip("pip"),
        PUBLIC,
        app_gateway(backendAddressPools=[{"name": "pool", "properties": pool}]),
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26")),
    )
    assert len(ask("GW-004", network).broken) == 1


def test_the_member_itself_is_still_reached() -> None:
    lets_first = rule("first", 90, "10.0.1.0/26", "8080")
    assert told(judged(PUBLIC, rules=(lets_first, SHUT, OPEN), public="pip-web")) == []
