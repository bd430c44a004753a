from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

Json = dict[str, Any]
GATEWAY = "Microsoft.Network/applicationGateways"
PROFILE = "Microsoft.Cdn/profiles"
CLASSIC = "Microsoft.Network/frontDoors"
ACCESS, FIREWALL = "ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog"
WORKSPACE = {"workspaceId": arm_id("Microsoft.OperationalInsights/workspaces", "log")}


def gateway(tier: str | None = "WAF_v2", **more: Any) -> Json:
    sku = {"sku": {"name": tier, "tier": tier}} if tier else {}
    return resource(GATEWAY, "agw", {**sku, **more})


def setting(of: str, *categories: str, group: str = "", on: bool = True, **to: Any) -> Json:
    logs: list[Json] = [{"category": each, "enabled": on} for each in categories]
    if group:
        logs.append({"categoryGroup": group, "enabled": on})
    return {
        "id": f"{of}/providers/microsoft.insights/diagnosticSettings/d",
        "name": "d",
        "type": "Microsoft.Insights/diagnosticSettings",
        "properties": {"logs": logs, **(to or WORKSPACE)},
    }


AGW = arm_id(GATEWAY, "agw")
ELSEWHERE = setting(arm_id(GATEWAY, "another"), ACCESS)


def asked(*resources: Json) -> Answer:
    return ask("OBS-005", estate(*resources))


def test_no_setting_of_its_own() -> None:
    [finding] = asked(gateway(), ELSEWHERE).broken
    assert finding.subject == AGW
    assert (
        finding.message == f"Application Gateway agw sends no {ACCESS} and no {FIREWALL} anywhere"
    )
    assert finding.evidence[0].pointer == "/properties"
    assert f"--resource {AGW}" in finding.remedy


@pytest.mark.parametrize(
    "settings",
    [
        [setting(AGW, ACCESS, FIREWALL)],
        [setting(AGW, ACCESS.upper(), FIREWALL.lower())],
        [setting(AGW, group="allLogs")],
        [setting(AGW.upper(), group="AllLogs")],
        [setting(AGW, ACCESS, FIREWALL, storageAccountId="/sa")],
        [setting(AGW, ACCESS, FIREWALL, eventHubAuthorizationRuleId="/eh")],
        [setting(AGW, ACCESS, FIREWALL, marketplacePartnerId="/partner")],
    ],
)
def test_both_logs_go_somewhere(settings: list[Json]) -> None:
    assert asked(gateway(), *settings).kept == 1


def test_two_settings_add_up() -> None:
    other = setting(AGW, FIREWALL)
    other["id"] += "2"
    assert asked(gateway(), setting(AGW, ACCESS), other).kept == 1


def test_what_is_disabled_or_goes_nowhere_is_not_sent() -> None:
    assert len(asked(gateway(), setting(AGW, ACCESS, FIREWALL, on=False)).broken) == 1
    assert len(asked(gateway(), setting(AGW, ACCESS, FIREWALL, workspaceId=None)).broken) == 1
    assert len(asked(gateway(), setting(AGW, group="audit")).broken) == 1


def test_the_firewall_log_is_asked_of_a_waf_only() -> None:
    access = setting(AGW, ACCESS)
    assert asked(gateway("Standard_v2"), access).kept == 1
    [finding] = asked(gateway("WAF_v2"), access).broken
    assert finding.message == f"Application Gateway agw sends no {FIREWALL} anywhere"
    assert finding.evidence[0].resource == access["id"]
    assert finding.evidence[0].pointer == "/properties/logs"
    policy = {"firewallPolicy": {"id": "/policy"}}
    assert len(asked(gateway("Standard_v2", **policy), access).broken) == 1
    block = {"webApplicationFirewallConfiguration": {"enabled": False}}
    assert asked(gateway("Standard_v2", **block), access).kept == 1


def test_a_gateway_without_a_tier_is_unknown() -> None:
    answer = asked(gateway(None), setting(AGW, ACCESS))
    assert (answer.kept, answer.broken) == (0, [])
    assert "tier of Application Gateway agw" in answer.unknown[0].missing
    assert asked(gateway(None), setting(AGW, ACCESS, FIREWALL)).kept == 1


def test_without_any_setting_it_is_unknown() -> None:
    answer = asked(gateway())
    assert (answer.kept, answer.broken) == (0, [])
    assert "diagnostic settings of Application Gateway agw" in answer.unknown[0].missing
    assert f"--resource {AGW}" in answer.unknown[0].remedy


def door(sku: str = "Premium_AzureFrontDoor") -> Json:
    return resource(PROFILE, "afd", sku={"name": sku})


AFD = arm_id(PROFILE, "afd")


def test_front_door() -> None:
    protection = resource(f"{PROFILE}/securityPolicies", "afd/waf")
    assert asked(door(), setting(AFD, "FrontDoorAccessLog")).kept == 1
    [finding] = asked(door(), protection, setting(AFD, "FrontDoorAccessLog")).broken
    assert "Front Door afd sends no FrontDoorWebApplicationFirewallLog" in finding.message
    assert asked(door(), protection, setting(AFD, group="allLogs")).kept == 1


def test_a_content_delivery_network_is_no_front_door() -> None:
    assert asked(door("Standard_Microsoft"), ELSEWHERE).broken == []


def test_front_door_classic() -> None:
    fd = arm_id(CLASSIC, "fd")
    linked = {"webApplicationFirewallPolicyLink": {"id": "/policy"}}
    classic = resource(CLASSIC, "fd", {"frontendEndpoints": [{"name": "e", "properties": linked}]})
    [finding] = asked(classic, setting(fd, "FrontdoorAccessLog")).broken
    assert "FrontdoorWebApplicationFirewallLog" in finding.message
    assert asked(resource(CLASSIC, "fd"), setting(fd, "FrontdoorAccessLog")).kept == 1


def test_its_settings_were_not_read() -> None:
    gap = Gap("denied", f"{AGW}/providers/Microsoft.Insights/diagnosticSettings", "refused (403)")

    answer = ask("OBS-005", estate(gateway(), ELSEWHERE, gaps=(gap,)))

    assert (answer.broken, answer.kept) == ([], 0)
    assert [each.subject for each in answer.unknown] == [AGW]


def test_the_remedy_sends_only_what_no_other_setting_sends() -> None:
    [whole] = asked(gateway(), ELSEWHERE).broken
    assert """--logs '[{"categoryGroup":"allLogs","enabled":true}]'""" in whole.remedy
    [half] = asked(gateway(), setting(AGW, ACCESS)).broken
    assert f"""--logs '[{{"category":"{FIREWALL}","enabled":true}}]'""" in half.remedy
