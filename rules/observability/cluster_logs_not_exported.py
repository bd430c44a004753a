"""The cluster's control-plane or container logs go nowhere.

## Why it matters
AKS keeps neither: without a diagnostic setting the API server's audit log is gone when it is
needed, and without Container insights what a container wrote is gone with the container.

## What fails
- No diagnostic setting of the cluster sends `kube-audit` or `kube-audit-admin` (or a group that
  holds them: `allLogs`, `audit`) to a destination.
- Container logs reach no workspace: neither through the add-on `omsagent` with a workspace key, nor
  through an associated data collection rule that sends a container stream to a workspace.

Both are told in one finding. When the snapshot holds no diagnostic setting of any resource, the
first is *unknown*. The second is when the add-on or the monitor profile signs in with Entra ID,
which leaves it to a rule, and no association of the cluster, or not its rule, is in the snapshot;
and when the add-on does not say whether it is enabled.
So is either when Azure refused to list the settings, or the associations, of the cluster.

## What to do
Create a diagnostic setting with the audit categories, and enable Container insights with your
workspace.

## References
- https://learn.microsoft.com/azure/aks/monitor-aks
- Facts G-1 to G-5, K-70
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network import observability
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

_CONTROL_PLANE = "control-plane audit logs"
_CONTAINERS = "container logs"
_AUDIT = frozenset({"kube-audit", "kube-audit-admin", "group:alllogs", "group:audit"})


@rule(
    "OBS-006",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(ManagedCluster),
    peers=(
        "PSR:AKS.AuditLogs",
        "PSR:AKS.PlatformLogs",
        "PSR:AKS.ContainerInsights",
        "CKV_AZURE_4",
        "PRW:aks_cluster_azure_monitor_enabled",
        "TRV:AZU-0040",
        "AZQ:aks-001",
        "AZQ:dcaf8128",
        "SPP:kubernetes_cluster_logging_enabled",
    ),
)
def cluster_logs_not_exported(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Judge the control plane and the containers, and tell both in one finding."""
    lacking: list[str] = []
    if not observability.diagnostics_exported(network, cluster):
        yield Unknown(
            cluster.id,
            missing=f"the diagnostic settings of cluster {cluster.label}",
            remedy=az("monitor", "diagnostic-settings", "list", resource=cluster.id),
            key="diagnostic settings",
        )
    elif not observability.logged(network, cluster) & _AUDIT:
        lacking.append(_CONTROL_PLANE)
    try:
        if not observability.container_logs(network, cluster):
            lacking.append(_CONTAINERS)
    except Undetermined as unknown:
        yield Unknown(
            cluster.id,
            missing=unknown.missing,
            remedy=az(
                "monitor",
                "data-collection",
                "rule",
                "association",
                "list-by-resource",
                resource=cluster.id,
            ),
            key="data collection rule",
        )
    if lacking:
        yield Finding(
            subject=cluster.id,
            message=f"cluster {cluster.label} sends no {' and no '.join(lacking)} anywhere",
            remedy=" && ".join(_remedies(network, cluster, lacking)),
            evidence=_quoted(cluster),
        )


def _remedies(network: Network, cluster: ManagedCluster, lacking: list[str]) -> Iterator[str]:
    workspace = "<id of the workspace>"
    if _CONTROL_PLANE in lacking:
        yield az(
            "monitor",
            "diagnostic-settings",
            "create",
            name=observability.new_setting(network, cluster),
            resource=cluster.id,
            workspace=workspace,
            logs='[{"category":"kube-audit-admin","enabled":true}]',
        )
    if _CONTAINERS in lacking:
        yield az(
            "aks",
            "enable-addons",
            resource_group=cluster.resource_group,
            name=cluster.label,
            addons="monitoring",
            workspace_resource_id=workspace,
        )


def _quoted(cluster: ManagedCluster) -> tuple[Evidence, ...]:
    profiles = cluster.properties.addon_profiles
    if profiles is None:
        return (evidence(cluster, "/properties", "no addonProfiles"),)
    on = sorted(name for name, addon in profiles.items() if addon and addon.enabled)
    return (evidence(cluster, "/properties/addonProfiles", ", ".join(on) or "none enabled"),)
