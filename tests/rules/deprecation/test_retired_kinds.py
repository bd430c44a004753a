"""The rules that judge one word of one resource, each on both sides and without it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.finding import Finding, Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster

Json = dict[str, Any]
N = "Microsoft.Network"
GATEWAY = f"{N}/applicationGateways"
WATCHER = f"{N}/networkWatchers/flowLogs"


def pip(sku: str | None, **more: Any) -> Json:
    beside: Json = {"sku": {"name": sku}} if sku is not None else {}
    return resource(f"{N}/publicIPAddresses", "it", more, **beside)


def balancer(sku: str | None, group: str = "rg") -> Json:
    more: Json = {"sku": {"name": sku}} if sku is not None else {}
    return resource(f"{N}/loadBalancers", "it", group=group, **more)


def gateway(tier: str | None, **more: Any) -> Json:
    sku = {"sku": {"tier": tier, "name": f"{tier}_Medium"}} if tier is not None else {"sku": {}}
    return resource(GATEWAY, "it", {**sku, **more})


def flow_log(target: str | None) -> Json:
    settings = {"enabled": False, **({"targetResourceId": target} if target else {})}
    return resource(WATCHER, "w/it", settings)


def kubenet(plugin: str | None) -> Json:
    return cluster("it", network={"networkPlugin": plugin, "networkPluginMode": None})


def mysql(kind: str) -> Json:
    return resource(f"Microsoft.DBforMySQL/{kind}", "it")


NSG = arm_id(f"{N}/networkSecurityGroups", "nsg")
VNET = arm_id(f"{N}/virtualNetworks", "a")

BROKEN = [
    ("DEP-001", pip("Basic"), "/sku/name"),
    ("DEP-001", pip("basic"), "/sku/name"),
    ("DEP-002", balancer("Basic"), "/sku/name"),
    ("DEP-003", gateway("Standard"), "/properties/sku/tier"),
    ("DEP-003", gateway("WAF"), "/properties/sku/tier"),
    ("DEP-005", flow_log(NSG), "/properties/targetResourceId"),
    ("DEP-005", flow_log(NSG.lower()), "/properties/targetResourceId"),
    ("DEP-008", mysql("servers"), "/id"),
    ("DEP-009", kubenet("kubenet"), "/properties/networkProfile/networkPlugin"),
    ("DEP-009", kubenet("Kubenet"), "/properties/networkProfile/networkPlugin"),
]
KEPT = [
    ("DEP-001", pip("Standard")),
    ("DEP-001", pip("StandardV2")),
    ("DEP-002", balancer("Standard")),
    ("DEP-002", balancer("Gateway")),
    ("DEP-003", gateway("Standard_v2")),
    ("DEP-003", gateway("WAF_v2")),
    ("DEP-003", gateway("Basic")),
    ("DEP-005", flow_log(VNET)),
    ("DEP-008", mysql("flexibleServers")),
    ("DEP-009", kubenet("azure")),
    ("DEP-009", kubenet("none")),
]
UNKNOWN = [
    ("DEP-001", pip(None), "SKU of public IP it"),
    ("DEP-001", pip(""), "SKU of public IP it"),
    ("DEP-002", balancer(None), "SKU of load balancer it"),
    ("DEP-002", balancer(""), "SKU of load balancer it"),
    ("DEP-003", gateway(None), "tier of Application Gateway it"),
    ("DEP-003", gateway(""), "tier of Application Gateway it"),
    ("DEP-005", flow_log(None), "target of flow log it"),
    ("DEP-009", kubenet(None), "network plugin of cluster it"),
]


@pytest.mark.parametrize(("rule", "it", "pointer"), BROKEN)
def test_retired(rule: str, it: Json, pointer: str) -> None:
    [finding] = ask(rule, estate(it)).broken
    assert finding.subject == it["id"]
    assert finding.evidence[0].pointer == pointer
    assert re.search(r"\bit\b", finding.remedy)


@pytest.mark.parametrize(("rule", "it"), KEPT)
def test_not_retired(rule: str, it: Json) -> None:
    answer = ask(rule, estate(it))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize(("rule", "it", "missing"), UNKNOWN)
def test_not_told(rule: str, it: Json, missing: str) -> None:
    answer = ask(rule, estate(it))
    assert (answer.kept, answer.broken) == (0, [])
    assert missing in answer.unknown[0].missing


def told(rule: str, it: Json, day: datetime) -> Finding:
    [finding] = ask(rule, estate(it, as_of=day)).broken
    return finding


@pytest.mark.parametrize(
    ("day", "severity", "words"),
    [
        (datetime(2027, 12, 31, tzinfo=UTC), Severity.MEDIUM, "in 91 days"),
        (datetime(2028, 1, 1, tzinfo=UTC), Severity.HIGH, "in 90 days"),
        (datetime(2028, 3, 31, tzinfo=UTC), Severity.HIGH, "today"),
        (datetime(2028, 4, 1, tzinfo=UTC), Severity.HIGH, "ended on 2028-03-31"),
    ],
)
def test_it_is_judged_as_of_the_day_of_the_audit(
    day: datetime, severity: Severity, words: str
) -> None:
    finding = told("DEP-009", kubenet("kubenet"), day)
    assert finding.severity is severity
    assert words in finding.message


def test_a_dynamic_address_is_made_static_first() -> None:
    [dynamic] = ask("DEP-001", estate(pip("Basic", publicIPAllocationMethod="Dynamic"))).broken
    assert dynamic.remedy.count("az network public-ip update") == 2
    owner = {"id": arm_id(f"{N}/networkInterfaces/ipConfigurations", "nic-web", "ip")}
    held = pip("Basic", publicIPAllocationMethod="Static", ipConfiguration=owner)
    [static] = ask("DEP-001", estate(held)).broken
    assert static.remedy.startswith("detach it from nic-web, then az network public-ip update")
    assert "--allocation-method" not in static.remedy


def test_a_dynamic_address_is_kept_while_it_is_detached() -> None:
    owner = {"id": arm_id(f"{N}/networkInterfaces/ipConfigurations", "nic-web", "ip")}
    held = pip("Basic", publicIPAllocationMethod="Dynamic", ipConfiguration=owner)
    [finding] = ask("DEP-001", estate(held)).broken
    static, detach, upgrade = finding.remedy.split(", then ")
    assert static.endswith("--allocation-method Static")
    assert (detach, upgrade[-14:]) == ("detach it from nic-web", "--sku Standard")


@pytest.mark.parametrize("told_by_address", [True, False])
def test_a_vpn_gateway_migrates_with_its_address(told_by_address: bool) -> None:
    place = arm_id(f"{N}/virtualNetworkGateways/ipConfigurations", "gw", "c")
    held = pip("Basic", **({"ipConfiguration": {"id": place}} if told_by_address else {}))
    configuration = {"name": "c", "properties": {"publicIPAddress": {"id": held["id"]}}}
    settings = {"gatewayType": "Vpn", "ipConfigurations": [configuration]}
    gw = resource(f"{N}/virtualNetworkGateways", "gw", settings)
    [finding] = ask("DEP-001", estate(held, gw)).broken
    assert finding.remedy == (
        "migrate gw, which keeps its address: az network vnet-gateway migration prepare "
        "--resource-group rg --gateway-name gw --migration-type UpgradeDeploymentToStandardIP && "
        "az network vnet-gateway migration execute --resource-group rg --gateway-name gw && "
        "az network vnet-gateway migration commit --resource-group rg --gateway-name gw"
    )
    gw["properties"]["gatewayType"] = "ExpressRoute"
    [finding] = ask("DEP-001", estate(held, gw)).broken
    assert finding.remedy == (
        "upgrade the virtual network gateway gw first, to one with a Standard address"
    )


def test_another_owner_is_upgraded_first() -> None:
    owner = {"id": arm_id(f"{N}/loadBalancers/frontendIPConfigurations", "lb", "f")}
    [finding] = ask("DEP-001", estate(pip("Basic", ipConfiguration=owner))).broken
    assert finding.remedy == "upgrade the load balancer lb first, to one with a Standard address"


def test_the_balancer_of_a_cluster_moves_with_the_cluster() -> None:
    own = balancer("Basic", group="MC_rg_shop_westeurope")
    [finding] = ask("DEP-002", estate(cluster("shop"), own)).broken
    assert finding.remedy == ("az aks update --resource-group rg --name shop --migrate-vmas-to-vms")


def inside(enabled: bool | None, tier: str = "WAF_v2", **more: Any) -> Answer:
    block = {} if enabled is None else {"enabled": enabled}
    return ask("DEP-004", estate(gateway(tier, webApplicationFirewallConfiguration=block, **more)))


def test_a_waf_inside_the_gateway() -> None:
    [finding] = inside(True).broken
    assert finding.evidence[0].pointer == (
        "/properties/webApplicationFirewallConfiguration/enabled"
    )
    assert "--policy-name it-waf --state Enabled --mode Prevention && az" in finding.remedy
    assert finding.remedy.endswith(" --remove webApplicationFirewallConfiguration")
    assert "ApplicationGatewayWebApplicationFirewallPolicies/it-waf" in finding.remedy


def test_a_policy_a_disabled_block_and_v1() -> None:
    assert inside(True, firewallPolicy={"id": "/policy"}).kept == 1
    assert inside(False).kept == 1
    assert inside(True, tier="WAF").kept == 1
    assert ask("DEP-004", estate(gateway("Standard_v2"))).kept == 1


def test_a_block_that_does_not_say_is_unknown() -> None:
    answer = inside(None)
    assert (answer.kept, answer.broken) == (0, [])
    assert "whether the WAF inside it is enabled" in answer.unknown[0].missing
