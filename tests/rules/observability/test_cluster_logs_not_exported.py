from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster, cluster_id

Json = dict[str, Any]
WORKSPACE = arm_id("Microsoft.OperationalInsights/workspaces", "log")
RULE = arm_id("Microsoft.Insights/dataCollectionRules", "dcr")


def setting(*categories: str, group: str = "", of: str = "", **to: Any) -> Json:
    logs: list[Json] = [{"category": each, "enabled": True} for each in categories]
    if group:
        logs.append({"categoryGroup": group, "enabled": True})
    return {
        "id": f"{of or cluster_id()}/providers/microsoft.insights/diagnosticSettings/d",
        "type": "Microsoft.Insights/diagnosticSettings",
        "properties": {"logs": logs, "workspaceId": WORKSPACE, **to},
    }


def addon(name: str = "omsagent", *, on: bool = True, entra: str | None = None) -> Json:
    config = {"logAnalyticsWorkspaceResourceID": WORKSPACE}
    if entra is not None:
        config["useAADAuth"] = entra
    return {"addonProfiles": {name: {"enabled": on, "config": config if on else None}}}


def association(of: str = "") -> Json:
    kind = "Microsoft.Insights/dataCollectionRuleAssociations"
    return {
        "id": f"{of or cluster_id()}/providers/{kind}/ContainerInsightsExtension",
        "type": kind,
        "properties": {"dataCollectionRuleId": RULE},
    }


def collection(stream: str, destination: str = "ws", workspace: str | None = WORKSPACE) -> Json:
    to = {"name": "ws", "workspaceResourceId": workspace}
    return resource(
        "Microsoft.Insights/dataCollectionRules",
        "dcr",
        {
            "destinations": {"logAnalytics": [to]},
            "dataFlows": [{"streams": [stream], "destinations": [destination]}],
        },
    )


AUDIT = setting("kube-audit-admin")


def asked(shop: Json, *resources: Json) -> Answer:
    return ask("OBS-006", estate(shop, *resources))


def test_both_are_told_in_one_finding() -> None:
    [finding] = asked(cluster(), setting("kube-scheduler")).broken
    assert finding.subject == cluster_id()
    assert finding.message == (
        "cluster shop sends no control-plane audit logs and no container logs anywhere"
    )
    assert finding.evidence[0].pointer == "/properties"
    first, _, second = finding.remedy.partition(" && ")
    assert first.startswith("az monitor diagnostic-settings create")
    assert second.startswith("az aks enable-addons --resource-group rg --name shop")


@pytest.mark.parametrize(
    "audit",
    [
        setting("kube-audit"),
        setting("Kube-Audit-Admin"),
        setting(group="allLogs"),
        setting(group="audit"),
        setting("kube-audit", of=cluster_id().replace("resourceGroups", "resourcegroups")),
    ],
)
def test_audit_logs(audit: Json) -> None:
    assert asked(cluster(**addon()), audit).kept == 1


def test_a_setting_without_a_destination_sends_nothing() -> None:
    [finding] = asked(cluster(**addon()), setting("kube-audit", workspaceId=None)).broken
    assert finding.message.endswith("no control-plane audit logs anywhere")
    assert finding.evidence[0].pointer == "/properties/addonProfiles"


def test_without_any_setting_it_is_unknown() -> None:
    answer = asked(cluster(**addon()))
    assert (answer.kept, answer.broken) == (0, [])
    assert "diagnostic settings of cluster shop" in answer.unknown[0].missing


def test_that_unknown_does_not_hide_the_container_logs() -> None:
    answer = asked(cluster())
    assert [finding.message for finding in answer.broken] == [
        "cluster shop sends no container logs anywhere"
    ]
    assert len(answer.unknown) == 1


@pytest.mark.parametrize("name", ["omsagent", "omsAgent", "OMSAGENT"])
def test_k_70_the_addon_is_spelled_in_several_ways(name: str) -> None:
    assert asked(cluster(**addon(name)), AUDIT).kept == 1


@pytest.mark.parametrize(
    "profiles", [addon(on=False), {"addonProfiles": {"azurepolicy": None}}, {"addonProfiles": {}}]
)
def test_without_the_addon_nothing_is_collected(profiles: Json) -> None:
    assert len(asked(cluster(**profiles), AUDIT).broken) == 1


def test_an_addon_that_does_not_say_whether_it_is_on_is_unknown() -> None:
    silent = addon()
    del silent["addonProfiles"]["omsagent"]["enabled"]
    answer = asked(cluster(**silent), setting("kube-audit"))
    assert (answer.kept, answer.broken) == (0, [])
    assert [each.missing for each in answer.unknown] == [
        "whether the add-on omsagent of cluster shop is enabled"
    ]


def test_an_addon_with_a_workspace_key_needs_no_rule() -> None:
    assert asked(cluster(**addon(entra="false")), AUDIT).kept == 1


def test_g_4_with_entra_id_the_rule_decides() -> None:
    shop = cluster(**addon(entra="true"))
    good = collection("Microsoft-ContainerLogV2")
    assert asked(shop, AUDIT, association(), good).kept == 1
    answer = asked(shop, AUDIT)
    assert (answer.kept, answer.broken) == (0, [])
    assert "data collection rules that cluster shop" in answer.unknown[0].missing
    missing = asked(shop, AUDIT, association())
    assert (missing.kept, missing.broken) == (0, [])
    assert RULE in missing.unknown[0].missing


def test_the_monitor_profile_leaves_it_to_a_rule_as_well() -> None:
    shop = cluster(azureMonitorProfile={"containerInsights": {"enabled": True}})
    assert len(asked(shop, AUDIT).unknown) == 1
    good = collection("Microsoft-ContainerInsights-Group-Default")
    assert asked(shop, AUDIT, association(), good).kept == 1


@pytest.mark.parametrize(
    "useless",
    [
        collection("Microsoft-ContainerInventory"),
        collection("Microsoft-Perf"),
        collection("Microsoft-ContainerLogV2", destination="elsewhere"),
        collection("Microsoft-ContainerLogV2", workspace=None),
    ],
)
def test_a_rule_without_container_logs_to_a_workspace(useless: Json) -> None:
    shop = cluster(**addon(entra="true"))
    assert len(asked(shop, AUDIT, association(), useless).broken) == 1


def test_metrics_are_no_logs() -> None:
    shop = cluster(azureMonitorProfile={"metrics": {"enabled": True}})
    assert len(asked(shop, AUDIT).broken) == 1


def test_an_association_of_another_cluster_is_none() -> None:
    other = association(cluster_id("blog"))
    assert len(asked(cluster(), AUDIT, other, collection("Microsoft-ContainerLogV2")).broken) == 1


@pytest.mark.parametrize("what", ["diagnosticSettings", "dataCollectionRuleAssociations"])
def test_what_says_where_they_go_was_not_read(what: str) -> None:
    gap = Gap("failed", f"{cluster_id()}/providers/Microsoft.Insights/{what}", "Azure answered 500")
    another = setting("kube-audit", of=arm_id("Microsoft.Network/applicationGateways", "agw"))
    told = {
        "diagnosticSettings": [another, association(), collection("Microsoft-ContainerLogV2")],
        "dataCollectionRuleAssociations": [AUDIT],
    }

    answer = ask("OBS-006", estate(cluster(), *told[what], gaps=(gap,)))

    assert (answer.broken, answer.kept) == ([], 0)
    assert [each.subject for each in answer.unknown] == [cluster_id()]
