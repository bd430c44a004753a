"""GW-022: what the security group of a gateway's subnet must let in."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet
from auditor.network.gateway_subnets import OWN_DELEGATION
from auditor.network.service_tags import ServiceTags
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import NSG, deny, nsg, rule
from ..gateways import HOME, gateway, home, listener, told
from ..gateways import rule as routing

MANAGER = rule("manager", 110, "GatewayManager", "65200-65535")
PROBES = rule("probes", 120, "AzureLoadBalancer", "*", protocol="*")
DENY = deny("no", 4096)
PRIVATE = [
    {"name": "private", "properties": {"privateIPAddress": "10.0.1.10", "subnet": {"id": HOME}}}
]


def guarded(**more: Any) -> dict[str, Any]:
    return home(networkSecurityGroup={"id": arm_id(NSG, "nsg")}, **more)


def judged(*rules: Any, made: Any = None, tags: ServiceTags | None = None, **more: Any) -> Answer:
    """Ask about a gateway in a subnet whose group has these rules."""
    resources = guarded(**more), nsg(*rules), made or gateway()
    network = estate(*resources, tags=tags) if tags else estate(*resources)
    return ask("GW-022", network)


def keys(answer: Answer) -> list[str]:
    return [finding.key for finding in answer.broken]


def test_A_10_a_group_that_lets_both_in_is_kept() -> None:
    assert judged(MANAGER, PROBES, DENY).kept == 1


def test_a_subnet_without_group_is_kept() -> None:
    assert ask("GW-022", estate(home(), gateway())).kept == 1


def test_N_10_the_default_rules_let_in_probes_but_no_manager() -> None:
    answer = judged()

    assert keys(answer) == ["GatewayManager"]
    assert "DenyAllInBound of nsg" in answer.broken[0].message
    assert "--priority 4096" in answer.broken[0].remedy


def test_N_15_a_denial_of_everything_keeps_probes_out() -> None:
    made = guarded(), nsg(MANAGER, DENY), gateway()

    (finding,) = ask("GW-022", estate(*made)).broken

    assert finding.key == "AzureLoadBalancer"
    assert finding.message == (
        "no of nsg keeps AzureLoadBalancer on port 65200-65535 out of snet-gateway, "
        "the subnet of agw-shop"
    )
    assert finding.witness is not None
    assert finding.witness["source"] == "168.63.129.16"
    assert told(finding, *made)


def test_a_listener_that_probes_do_not_get_at_is_unknown() -> None:
    web = [listener("web"), routing("web", "web", pool="p")]
    rules = [MANAGER, deny("no-80", 105, "*", "80"), PROBES, DENY]

    answer = judged(*rules, made=gateway(*web))

    assert ([u.key for u in answer.unknown], answer.broken) == (["AzureLoadBalancer"], [])
    assert "whether Azure probes port 80 of agw-shop" in answer.unknown[0].missing
    assert "let AzureLoadBalancer in on every port" in answer.unknown[0].remedy
    assert judged(*rules).kept == 1, "nobody listens there"


def test_the_command_lets_probes_in_on_every_port() -> None:
    (finding,) = judged(MANAGER, DENY).broken

    assert finding.remedy.endswith(
        "--protocol '*' --source-address-prefixes AzureLoadBalancer --destination-port-ranges '*'"
    )


def test_two_commands_take_two_priorities() -> None:
    first, second = judged(DENY).broken

    assert "--priority 4095 " in first.remedy
    assert "--priority 4094 " in second.remedy


def test_a_denial_before_which_nothing_is_free_moves_behind() -> None:
    second, first = judged(deny("no", 100)).broken

    move = "rule update --resource-group rg --nsg-name nsg --name no --priority 110 && az "
    assert move in first.remedy
    assert "--name AllowAzureLoadBalancer --priority 108 " in first.remedy
    assert move in second.remedy
    assert "--name AllowGatewayManager --priority 109 " in second.remedy


def test_a_denial_does_not_move_behind_another_rule() -> None:
    found = judged(deny("no", 100), rule("web", 102, ports="443")).broken

    assert all("--name no --priority 101 && az " in each.remedy for each in found)
    assert all(" --priority 100 " in each.remedy for each in found)
    stuck = judged(deny("no", 100), rule("web", 101, ports="443")).broken
    assert [each.remedy for each in stuck] == [
        "allow it: give the rules of nsg other priorities, none is free before no, and allow "
        f"{who} on port 65200-65535 there"
        for who in ("GatewayManager", "AzureLoadBalancer")
    ]


@pytest.mark.parametrize(
    ("ports", "broken"),
    [("65200-65535", 0), ("65201-65535", 1), ("65200-65534", 1), ("*", 0), ("65503-65534", 1)],
)
def test_A_10_all_ports_of_the_second_generation(ports: str, broken: int) -> None:
    assert len(judged(rule("manager", 110, "GatewayManager", ports)).broken) == broken


@pytest.mark.parametrize(
    ("ports", "broken"), [("65503-65534", 0), ("65504-65534", 1), ("65503-65533", 1)]
)
def test_A_10_all_ports_of_the_first_generation(ports: str, broken: int) -> None:
    manager = rule("manager", 110, "GatewayManager", ports)
    assert len(judged(manager, made=gateway(tier="WAF")).broken) == broken


@pytest.mark.parametrize("source", ["*", "Internet", "0.0.0.0/0", "GATEWAYMANAGER"])
def test_whatever_holds_the_manager_lets_it_in(source: str) -> None:
    assert judged(rule("in", 110, source, "65200-65535")).kept == 1


def test_a_rule_for_one_source_port_lets_nobody_in() -> None:
    manager = rule("manager", 110, "GatewayManager", "65200-65535", sourcePortRange="443")
    assert keys(judged(manager)) == ["GatewayManager"]


def test_tcp_is_what_is_asked_for() -> None:
    manager = rule("manager", 110, "GatewayManager", "65200-65535", protocol="Udp")
    assert keys(judged(manager)) == ["GatewayManager"]


@pytest.mark.parametrize("source", ["AzureCloud", "20.0.0.0/8", ["20.0.0.0/8", "51.0.0.0/8"]])
def test_who_may_hold_the_manager_is_unknown(source: Any) -> None:
    answer = judged(rule("in", 110, source, "65200-65535"))
    assert ([u.key for u in answer.unknown], answer.broken) == (["GatewayManager"], [])


def test_N_28_a_tag_file_tells_who_the_manager_is() -> None:
    tags = ServiceTags({"GatewayManager": AddressSet.from_text(["20.1.0.0/16"])})
    literal = rule("in", 110, "20.0.0.0/8", "65200-65535")

    assert judged(literal, tags=tags).kept == 1
    assert keys(judged(rule("in", 110, "21.0.0.0/8", "65200-65535"), tags=tags)) == [
        "GatewayManager"
    ]


def test_a_rule_for_a_part_of_the_subnet_is_unknown() -> None:
    manager = rule(
        "manager", 110, "GatewayManager", "65200-65535", destinationAddressPrefix="10.0.1.0/26"
    )
    answer = judged(manager)
    assert (len(answer.unknown), answer.broken) == (1, [])
    elsewhere = rule(
        "manager", 110, "GatewayManager", "65200-65535", destinationAddressPrefix="10.0.9.0/24"
    )
    assert keys(judged(elsewhere)) == ["GatewayManager"]


def test_A_5_isolated_gateways_need_no_manager_but_probes() -> None:
    delegated = [{"name": "own", "properties": {"serviceName": OWN_DELEGATION}}]
    private = gateway(frontendIPConfigurations=PRIVATE)

    assert judged(PROBES, DENY, made=private).kept == 1
    assert judged(PROBES, DENY, delegations=delegated).kept == 1
    assert keys(judged(DENY, made=private)) == ["AzureLoadBalancer"]
    assert keys(judged(DENY, delegations=delegated)) == ["AzureLoadBalancer"]


def test_the_first_generation_is_never_isolated() -> None:
    made = gateway(frontendIPConfigurations=PRIVATE, tier="Standard")
    assert keys(judged(PROBES, DENY, made=made)) == ["GatewayManager"]


def test_a_generation_that_is_not_told_is_unknown_where_it_matters() -> None:
    made = gateway(sku={})
    assert judged(rule("in", 100, "*", "*"), made=made).kept == 1
    answer = judged(made=made)
    assert (len(answer.unknown), answer.broken) == (1, [])
    assert "tier" in answer.unknown[0].missing


def test_listeners_that_are_not_told_are_unknown_where_they_matter() -> None:
    lost = gateway(listener("web", frontendPort=None), routing("web", "web", pool="p"))
    rules = [MANAGER, deny("no-80", 105, "*", "80"), PROBES, DENY]

    answer = judged(*rules, made=lost)

    assert ([u.key for u in answer.unknown], answer.broken) == (["AzureLoadBalancer"], [])
    assert judged(MANAGER, PROBES, DENY, made=lost).kept == 1


def test_a_group_that_is_not_here_is_unknown() -> None:
    answer = ask("GW-022", estate(guarded(), gateway()))
    assert len(answer.unknown) == 2
    assert "nsg" in answer.unknown[0].missing


def test_a_gateway_without_a_known_subnet_is_unknown() -> None:
    answer = ask("GW-022", estate(gateway()))
    assert (len(answer.unknown), answer.broken) == (1, [])


def test_two_gateways_of_a_subnet_are_told_once() -> None:
    answer = ask("GW-022", estate(guarded(), nsg(), gateway(), gateway(name="agw-two")))
    (finding,) = answer.broken
    assert "the subnet of agw-shop, agw-two" in finding.message
    assert len(finding.related) == 2


def test_a_hollow_group_beside_changes_nothing() -> None:
    beside = resource(NSG, "other")
    network = estate(guarded(), nsg(MANAGER, PROBES, DENY), gateway(), beside)
    assert ask("GW-022", network).kept == 1
