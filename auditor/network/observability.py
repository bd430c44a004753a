"""Questions about what is logged: diagnostic settings per resource, flow logs per target (G-*)."""

from __future__ import annotations

from collections import defaultdict

from auditor.errors import Undetermined
from auditor.ids import fold, parent, subscription
from auditor.network.gaps import unread_below, unread_type
from auditor.network.graph import Network, question
from auditor.network.untold_homes import perhaps_meant_by, why_open
from auditor.remedy import unused_name
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.monitoring import (
    DataCollectionRule,
    DataCollectionRuleAssociation,
    DiagnosticSetting,
    FlowLog,
    LogSettings,
    NetworkWatcher,
)
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.snapshot.document import Gap

_SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"
_ASSOCIATIONS = "providers/Microsoft.Insights/dataCollectionRuleAssociations"


@question
def diagnostics(network: Network) -> dict[str, tuple[DiagnosticSetting, ...]]:
    """The diagnostic settings of each resource, by the resource's folded id."""
    found: dict[str, list[DiagnosticSetting]] = defaultdict(list)
    for setting in network.all(DiagnosticSetting):
        above = parent(setting.id)
        if above is not None:
            found[fold(above)].append(setting)
    return {key: tuple(settings) for key, settings in found.items()}


def new_setting(network: Network, node: Node) -> str:
    """Give a name for a diagnostic setting that a resource has not yet."""
    settings = diagnostics(network).get(node.key, ())
    return unused_name("to-log-analytics", [each.label.lower() for each in settings])


def diagnostics_exported(network: Network, node: Node) -> bool:
    """Whether the snapshot would hold the diagnostic settings of a resource.

    They are extension resources that no list of a group returns (G-1): without any of any
    resource, nobody knows whether there are none or nobody asked. Nor when their list was
    not read whole.
    """
    return bool(diagnostics(network)) and unread_below(network, node.id, _SETTINGS) is None


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
        for name in enabled_logs(setting)
    )


def enabled_logs(setting: DiagnosticSetting) -> frozenset[str]:
    """The enabled log categories of one setting, as `logged` tells them."""
    entries = setting.properties.logs or ()
    return frozenset(name for entry in entries if entry.enabled for name in _names(entry))


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
    """The flow logs of each target, by the target's folded id; disabled ones left out.

    `is_watched` tells whether one of them is known to be enabled.
    """
    found: dict[str, list[FlowLog]] = defaultdict(list)
    for log in network.all(FlowLog):
        target = walk.peek(walk.peek(log, "properties"), "target_resource_id")
        if target and _enabled(log) is not False:
            found[fold(target)].append(log)
    return {key: tuple(logs) for key, logs in found.items()}


def _enabled(log: FlowLog) -> bool | None:
    try:
        return log.properties.enabled
    except Undetermined:
        return None


def is_watched(network: Network, *targets: str | None) -> bool:
    """Whether an enabled flow log has one of these targets.

    Raises Undetermined when there is one that does not say whether it is enabled, or whose target
    may be one of them.
    """
    logs = [log for each in targets if each for log in flow_logs(network).get(fold(each), ())]
    if any(_enabled(log) for log in logs):
        return True
    for log in logs:
        raise Undetermined(f"whether flow log {log.label} is enabled", resource=log.id)
    found = (network.find(each) for each in targets if each)
    for node in (each for each in found if isinstance(each, Node)):
        for edge in perhaps_meant_by(network, node, _TARGET):
            raise Undetermined(why_open(node, edge), resource=edge.spelled)
    return False


_TARGET = "targetResourceId"
"""By which field a flow log names what it watches."""


def aimless_flow_log(network: Network, vnet: VirtualNetwork) -> FlowLog | None:
    """Give a flow log that does not tell what it watches and may watch a VNet, if there is one.

    Not one that is known to be off, nor one of another region: a flow log watches what is in its
    own. Where one of the two leaves its region open, it may be the same.
    """
    here = _region(vnet)
    for log in _aimless(network):
        there = _region(log)
        if None in (here, there) or (here and here == there):
            return log
    return None


def _region(node: FlowLog | VirtualNetwork) -> str | None:
    """Give a region, empty where there is none; None where it is left open."""
    try:
        return (node.location or "").lower()
    except Undetermined:
        return None


def flow_logs_unread(network: Network, arm_id: str) -> Gap | None:
    """Give the gap that may hide flow logs of a resource: they are in its subscription (G-9)."""
    for kind in ("Microsoft.Network/networkWatchers/flowLogs", "Microsoft.Network/networkWatchers"):
        if (gap := unread_type(network, kind, arm_id)) is not None:
            return gap
    return None


def flow_logs_exported(network: Network, arm_id: str) -> bool:
    """Whether the input would hold the flow logs of a resource, which are of its subscription.

    They are listed one network watcher at a time, and no watcher names them (G-9): without any,
    nobody knows whether there are none or nobody asked. A snapshot asks by itself.
    """
    return (subscription(arm_id) or "").lower() in _with_flow_logs(network)


@question
def _with_flow_logs(network: Network) -> frozenset[str]:
    """The subscriptions whose flow logs the input holds, or would."""
    asked = (each for each in network.all(NetworkWatcher) if network.asked_below(each))
    return frozenset(each.subscription.lower() for each in (*network.all(FlowLog), *asked))


@question
def _aimless(network: Network) -> tuple[FlowLog, ...]:
    return tuple(
        log
        for log in network.all(FlowLog)
        if _enabled(log) is not False
        and not walk.peek(walk.peek(log, "properties"), "target_resource_id")
    )


_CONTAINER_LOGS = frozenset(
    {
        "microsoft-containerlog",
        "microsoft-containerlogv2",
        "microsoft-containerlogv2-highscale",
        "microsoft-containerinsights-group-default",
    }
)


def container_logs(network: Network, cluster: ManagedCluster) -> bool:
    """Whether the cluster's container logs reach a workspace (G-4).

    By the add-on with a key of its workspace, or by an associated data collection rule with a
    container stream; the add-on and the monitor profile with Entra ID leave it to such a rule.
    Raises Undetermined when they do and the snapshot has no association of the cluster, when the
    rule is not in it, when the associations could not be read, or when the add-on does not say
    whether it is enabled.
    """
    addon = cluster.addon("omsagent")
    on = addon is not None and bool(addon.enabled)
    by_key = (
        on and str((addon.config or {}).get("useAADAuth")).lower() != "true" if addon else False
    )
    if by_key:
        return True
    rules = associated_rules(network).get(cluster.key, ())
    if any(_collects(network, each) for each in rules):
        return True
    profile = cluster.properties.azure_monitor_profile
    insights = profile.container_insights if profile else None
    asked = unread_below(network, cluster.id, _ASSOCIATIONS) is None
    if not asked or (not rules and (on or (insights is not None and insights.enabled))):
        raise Undetermined(
            f"the data collection rules that cluster {cluster.label} is associated with"
        )
    if addon is not None and addon.enabled is None:
        raise Undetermined(f"whether the add-on omsagent of cluster {cluster.label} is enabled")
    return False


@question
def associated_rules(network: Network) -> dict[str, tuple[str, ...]]:
    """The ids of the data collection rules of each resource, by the resource's folded id."""
    found: dict[str, list[str]] = defaultdict(list)
    for association in network.all(DataCollectionRuleAssociation):
        for reference in walk.references(association):
            found[fold(parent(association.id) or "")].append(reference.target)
    return {key: tuple(rules) for key, rules in found.items()}


def _collects(network: Network, rule_id: str) -> bool:
    rule = network.get(rule_id, DataCollectionRule)
    if rule is None:
        return False
    destinations = rule.properties.destinations
    workspaces = {
        each.name
        for each in (destinations.log_analytics or () if destinations else ())
        if each.workspace_resource_id
    }
    return any(
        workspaces & set(flow.destinations or ())
        and _CONTAINER_LOGS & {stream.lower() for stream in flow.streams or ()}
        for flow in rule.properties.data_flows or ()
    )
