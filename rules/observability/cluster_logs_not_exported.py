"""The cluster's control-plane or container logs go nowhere.

## Why it matters
AKS keeps neither: without a diagnostic setting the API server's audit log is gone when it is
needed, and without Container insights what a container wrote is gone with the container.

## What fails
- No diagnostic setting of the cluster sends `kube-audit` or `kube-audit-admin` (or a group that
  holds them: `allLogs`, `audit`) to a destination.
- Container logs reach no workspace: neither the add-on `omsagent`, nor the monitor profile, nor an
  associated data collection rule with a container stream.

Each is told in one finding. When the snapshot holds no diagnostic setting of any resource, the
first is *unknown*.

## What to do
Create a diagnostic setting with the audit categories, and enable Container insights with your
workspace.

## References
- https://learn.microsoft.com/azure/aks/monitor-aks
- Facts G-1 to G-5, K-70
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.network import observability
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

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
    audited = bool(observability.logged(network, cluster) & _AUDIT)
    collected = observability.container_logs(network, cluster)
    lacking = []
    if not audited and observability.diagnostics_exported(network):
        lacking.append("control-plane audit logs")
    if collected is False:
        lacking.append("container logs")
    if lacking:
        yield Finding(
            subject=cluster.id,
            message=f"cluster {cluster.label} sends no {' and no '.join(lacking)} anywhere",
            remedy=" && ".join(_remedies(cluster, lacking)),
            evidence=(evidence(cluster, "/properties/addonProfiles", _addons(cluster)),),
        )
    if not audited and not observability.diagnostics_exported(network):
        yield Unknown(
            cluster.id,
            missing=f"the diagnostic settings of cluster {cluster.label}",
            remedy=az("monitor", "diagnostic-settings", "list", resource=cluster.id),
            key="diagnostic settings",
        )
    if collected is None:
        yield Unknown(
            cluster.id,
            missing=f"the data collection rule that cluster {cluster.label} is associated with",
            key="data collection rule",
        )


def _remedies(cluster: ManagedCluster, lacking: list[str]) -> Iterator[str]:
    workspace = "<id of the workspace>"
    if "control-plane audit logs" in lacking:
        yield az(
            "monitor",
            "diagnostic-settings",
            "create",
            name="to-log-analytics",
            resource=cluster.id,
            workspace=workspace,
            logs='[{"category":"kube-audit-admin","enabled":true}]',
        )
    if "container logs" in lacking:
        yield az(
            "aks",
            "enable-addons",
            resource_group=cluster.resource_group,
            name=cluster.label,
            addons="monitoring",
            workspace_resource_id=workspace,
        )


def _addons(cluster: ManagedCluster) -> str:
    on = [name for name, a in (cluster.properties.addon_profiles or {}).items() if a and a.enabled]
    return ", ".join(sorted(on)) or "none enabled"
