"""Ids that are written out in full, and may mean what a template declares for an untold group."""

from __future__ import annotations

import json
import re

import pytest

from auditor.finding import Finding, Unknown
from auditor.network.advice import advice
from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import FRONTEND, PIP, POOL, SUBNET, Json, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked, lb, lb_rule

OPEN = "{resource-group:site}"
NAT_RULE = "Microsoft.Network/loadBalancers/inboundNatRules"


def declared(balancer: Json, home: str) -> Json:
    """Give a balancer of group rg as a template declares it, for a group that is told or not."""
    text = json.dumps(balancer).replace("/resourceGroups/rg/", f"/resourceGroups/{home}/")
    moved: Json = json.loads(text)
    return moved


def site(pool: str = "pool", home: str = OPEN) -> Network:
    """Machine web names a pool in group rg-live; the balancer is of a template, in group `home`."""
    named = [{"id": arm_id(POOL, "lb", pool, group="rg-live")}]
    return estate(
        nsg(rule("all", 100, "*", "*")),
        vnet(subnet("app", nsg="nsg")),
        nic("web", configuration={"loadBalancerBackendAddressPools": named}),
        declared(lb(lb_rule(), members=()), home),
        pip("pip", arm_id(FRONTEND, "lb", "front", group=home), group=home),
    )


def test_E_14_a_machine_may_mean_the_pool_of_a_template_that_tells_no_group() -> None:
    """EXP-006 said that there is no machine behind its rule."""
    network = site()
    (finding,) = ask("EXP-006", network).broken
    assert "open from the internet: perhaps TCP 443 (whether " in finding.message
    assert "which web names, is of lb: its template does not tell where it goes" in finding.message
    (unknown,) = ask("LB-001", network).unknown
    assert unknown.missing.startswith(f"whether {arm_id(POOL, 'lb', 'pool', group='rg-live')}")
    assert asked(network, "internet", "web").verdict == "unknown"


@pytest.mark.parametrize(("pool", "home"), [("other", OPEN), ("pool", "rg")])
def test_E_14_not_one_of_another_name_nor_of_another_group_that_is_told(
    pool: str, home: str
) -> None:
    network = site(pool, home)
    (finding,) = ask("EXP-006", network).broken
    assert "nothing, since there is no machine behind" in finding.message
    assert ask("LB-001", network).names == ["lb"]


def test_E_1_an_address_of_a_template_may_be_that_which_somebody_names() -> None:
    there = {"publicIPAddress": {"id": arm_id(PIP, "pip", group="rg-live")}}
    network = estate(vnet(subnet("app")), nic("web", configuration=there), pip("pip", group=OPEN))
    (unknown,) = ask("EXP-001", network).unknown
    assert unknown.missing.endswith(
        "which web names, is pip: its template does not tell where it goes"
    )


def test_E_18_a_nat_rule_of_a_template_may_point_at_who_names_it() -> None:
    """EXP-007 said that it points at no machine yet."""
    named = [{"id": arm_id(NAT_RULE, "lb", "ssh", group="rg-live")}]
    front = {"id": arm_id(FRONTEND, "lb", "front")}
    ssh = {"protocol": "Tcp", "frontendPort": 2222, "backendPort": 22}
    rules = [{"name": "ssh", "properties": {**ssh, "frontendIPConfiguration": front}}]
    for home, pointed in ((OPEN, True), ("rg", False)):
        network = estate(
            vnet(subnet("app")),
            nic("web", configuration={"loadBalancerInboundNatRules": named}),
            declared(lb(members=(), inboundNatRules=rules), home),
            pip("pip", arm_id(FRONTEND, "lb", "front", group=home), group=home),
        )
        (finding,) = ask("EXP-007", network).broken
        assert ("points at no machine yet" not in finding.message) is pointed


NSG = "Microsoft.Network/networkSecurityGroups"
SHUT = arm_id(NSG, "shut", group="rg-live")


def group(home: str = "rg-live") -> Json:
    rules = [rule("ssh", 100, "*", "22")]
    return resource(
        NSG, "shut", {"provisioningState": "Succeeded", "securityRules": rules}, group=home
    )


def live(*more: Json) -> Network:
    """A template's machine web names a group of rg-live, in the subscription it deploys to."""
    web = nic("web", group=OPEN)
    named = re.sub("(?<=/subscriptions/)[^/]+", "{subscription}", SHUT)
    web["properties"]["networkSecurityGroup"] = {"id": named}
    return estate(vnet(subnet("app")), web, *more)


def gov_006(network: Network) -> tuple[list[Finding], list[Unknown]]:
    answer = ask("GOV-006", network)
    broken = [each for each in answer.broken if each.subject.endswith("/shut")]
    return broken, [each for each in answer.unknown if each.subject.endswith("/shut")]


def test_what_a_template_names_in_its_own_subscription_may_be_what_an_export_tells() -> None:
    """It was told as missing, and the group of the export as standing before nothing."""
    network = live(group())
    written = f"name it in full in the template or plan, if that is meant: {SHUT}"

    broken, (unknown,) = gov_006(network)
    assert broken == []
    assert unknown.missing.endswith(f"leaves to its deployment: whether {SHUT} is that")
    assert unknown.remedy == written

    (idle,) = [each for each in ask("GOV-001", network).unknown if each.subject == SHUT]
    assert idle.missing.endswith("is shut: the template does not tell where that goes")
    assert advice(network, idle) == written
    (finding,) = ask("NSG-005", network).broken
    assert finding.severity is None


def test_what_nobody_tells_is_to_be_exported_and_named_by_its_whole_id() -> None:
    (finding,), unknown = gov_006(live())
    assert unknown == []
    assert finding.remedy.startswith(
        "export it with the rest, and name it in full in the template or plan: az resource show"
    )


def test_two_templates_that_name_one_another_are_to_be_one() -> None:
    _, (unknown,) = gov_006(live(group("{resource-group:other}")))
    assert unknown.remedy == "make one of both, or audit what was deployed"


@pytest.mark.parametrize("many", [False, True])
def test_a_part_with_an_id_of_its_own_is_its_resources_all_the_same(many: bool) -> None:
    """What Azure answered was copied into a template: web did not reach db beside it."""
    network = declared(vnet(subnet("app"), subnet("data", "10.0.1.0/24")), OPEN)
    for part in network["properties"]["subnets"]:
        part["id"] = arm_id(SUBNET, "vnet", part["name"])
    more = [vnet(name=f"more-{number}") for number in range(300)] if many else []
    joined = estate(network, nic("web"), nic("db", subnet="data", address="10.0.1.4"), *more)
    found = asked(joined, "web", "db")
    assert found.verdict == "unknown"
