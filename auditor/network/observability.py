"""Questions about what is logged: diagnostic settings per resource, flow logs per target (G-*)."""

from __future__ import annotations

from collections import defaultdict

from auditor.ids import fold, parent
from auditor.network.graph import Network, question
from auditor.resources.base import Node
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.monitoring import (
    DataCollectionRule,
    DataCollectionRuleAssociation,
    DiagnosticSetting,
    FlowLog,
    LogSettings,
)


@question
def diagnostics(network: Network) -> dict[str, tuple[DiagnosticSetting, ...]]:
    """The diagnostic settings of each resource, by the resource's folded id."""
    found: dict[str, list[DiagnosticSetting]] = defaultdict(list)
    for setting in network.all(DiagnosticSetting):
        above = parent(setting.id)
        if above is not None:
            found[fold(above)].append(setting)
    return {key: tuple(settings) for key, settings in found.items()}


def diagnostics_exported(network: Network) -> bool:
    """Whether the snapshot holds any diagnostic setting at all.

    They are extension resources that no list of a group returns (G-1): without any, nobody knows
    whether there are none or nobody asked.
    """
    return bool(diagnostics(network))


def sends(setting: DiagnosticSetting) -> bool:
    """Whether a setting has a destination."""
    p = setting.properties
    return any(
        (
            p.workspace_id,
            p.storage_account_id,
            p.event_hub_authorization_rule_id,
            p.marketplace_partner_id,
        )
    )


def logged(network: Network, node: Node) -> frozenset[str]:
    """The enabled log categories of a resource, lower case; a group is told as `group:<name>`."""
    return frozenset(
        name
        for setting in diagnostics(network).get(node.key, ())
        if sends(setting)
        for entry in setting.properties.logs or ()
        if entry.enabled
        for name in _names(entry)
    )


def _names(entry: LogSettings) -> tuple[str, ...]:
    names = []
    if entry.category:
        names.append(entry.category.lower())
    if entry.category_group:
        names.append(f"group:{entry.category_group.lower()}")
    return tuple(names)


def logs_category(categories: frozenset[str], wanted: str) -> bool:
    """Whether a category is among the enabled ones, by itself or by the group of all logs."""
    return wanted.lower() in categories or "group:alllogs" in categories


@question
def flow_logs(network: Network) -> dict[str, tuple[FlowLog, ...]]:
    """The enabled flow logs of each target, by the target's folded id."""
    found: dict[str, list[FlowLog]] = defaultdict(list)
    for log in network.all(FlowLog):
        if log.properties.target_resource_id and log.properties.enabled is not False:
            found[fold(log.properties.target_resource_id)].append(log)
    return {key: tuple(logs) for key, logs in found.items()}


def container_logs(network: Network, cluster: ManagedCluster) -> bool | None:
    """Whether the cluster's container logs reach a workspace (G-4); None when it cannot be told.

    Through the add-on, the monitor profile, or an associated data collection rule with a
    container stream. With an add-on that authenticates by Entra ID the rule decides; when none
    was exported the add-on's word is taken.
    """
    addon = cluster.addon("omsagent")
    if addon is not None and addon.enabled:
        return True
    profile = cluster.properties.azure_monitor_profile
    if profile is not None and profile.container_insights and profile.container_insights.enabled:
        return True
    return _collected(network, cluster)


def _collected(network: Network, cluster: ManagedCluster) -> bool | None:
    for association in network.all(DataCollectionRuleAssociation):
        if fold(parent(association.id) or "") != cluster.key:
            continue
        rule = network.find(association.properties.data_collection_rule_id)
        if not isinstance(rule, DataCollectionRule):
            return None
        streams = {s for flow in rule.properties.data_flows or () for s in flow.streams or ()}
        if any(stream.lower().startswith("microsoft-container") for stream in streams):
            return True
    return False
