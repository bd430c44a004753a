from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate

from ...networks import subnet_id, vnet


def judge(rule: str, name: str, *prefixes: str, **parameters: Any) -> Answer:
    subnet = {"addressPrefixes": list(prefixes)}
    return ask(rule, estate(vnet("hub", "10.0.0.0/16", subnets={name: subnet})), **parameters)


@pytest.mark.parametrize(
    ("rule", "name", "enough"),
    [
        ("ADR-009", "GatewaySubnet", 27),
        ("ADR-010", "AzureFirewallSubnet", 26),
        ("ADR-010", "AzureFirewallManagementSubnet", 26),
        ("ADR-011", "AzureBastionSubnet", 26),
        ("ADR-011", "RouteServerSubnet", 27),
    ],
)
def test_d_9_each_side_of_the_boundary(rule: str, name: str, enough: int) -> None:
    assert judge(rule, name, f"10.0.0.0/{enough}").kept == 1
    (finding,) = judge(rule, name, f"10.0.0.0/{enough + 1}").broken
    assert finding.subject == subnet_id("hub", name)
    assert f"is 10.0.0.0/{enough + 1};" in finding.message
    assert f"--name {name} --address-prefixes 10.0.0.0/{enough}" in finding.remedy
    assert finding.evidence[0].value == f"10.0.0.0/{enough + 1}"
    assert judge(rule, name.lower(), f"10.0.0.0/{enough + 1}").broken
    assert judge(rule, name, f"10.0.0.0/{enough + 1}", f"10.0.1.0/{enough}").kept == 1
    assert len(judge(rule, name, "fd00::/64").unknown) == 1
    assert len(judge(rule, name).unknown) == 1


@pytest.mark.parametrize(
    ("other", "block"), [("10.0.9.0/24", "10.0.1.0/26"), ("10.0.1.32/27", "10.0.0.0/26")]
)
def test_a_subnet_grows_where_it_stands_if_there_is_room(other: str, block: str) -> None:
    """A firewall keeps its address, to which routes lead."""
    subnets = {"AzureFirewallSubnet": "10.0.1.0/27", "app": other}
    (finding,) = ask("ADR-010", estate(vnet("hub", "10.0.0.0/16", subnets=subnets))).broken
    assert finding.remedy.endswith(f"--address-prefixes {block}")


@pytest.mark.parametrize("rule", ["ADR-009", "ADR-010", "ADR-011"])
def test_other_subnets_are_no_subjects(rule: str) -> None:
    answer = judge(rule, "app", "10.0.0.0/29")
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_the_boundaries_that_can_be_set() -> None:
    assert judge("ADR-009", "GatewaySubnet", "10.0.0.0/28", longest_prefix=28).kept == 1
    assert judge("ADR-011", "RouteServerSubnet", "10.0.0.0/27", route_server_prefix=26).broken
