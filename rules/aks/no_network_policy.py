"""No network policy engine runs in the cluster.

## Why it matters
Without an engine every NetworkPolicy is accepted and ignored: any pod reaches any pod, in every
namespace. Network security groups do not see traffic between pods on one node.

## What fails
A cluster whose `networkProfile.networkPolicy` is empty or `none`, unless its dataplane is Cilium,
which enforces policies by itself. A cluster without a network profile gives *unknown*.

## What to do
Turn an engine on. Cilium is the one Microsoft develops; Azure NPM (`azure`) is being retired.

## References
- https://learn.microsoft.com/azure/aks/use-network-policies
- Facts K-2, K-43
"""

from __future__ import annotations

from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "AKS-005",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(ManagedCluster),
    peers=(
        "PSR:AKS.NetworkPolicy",
        "CKV_AZURE_7",
        "PRW:aks_network_policy_enabled",
        "TRV:AZU-0043",
        "SPP:kubernetes_cluster_network_policy_enabled",
        "KICS:AKS Network Policy Misconfigured",
        "CHK:AKS 06.07.05",
        "KSC:C-0240",
    ),
)
def no_network_policy(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Judge the engine by its name."""
    profile = cluster.properties.network_profile
    if profile is None:
        yield Unknown(cluster.id, missing=f"the network profile of cluster {cluster.label}")
        return
    if (profile.network_policy or "none").lower() != "none":
        return
    if (profile.network_dataplane or "").lower() == "cilium":
        return
    told = profile.network_policy is not None
    pointer = "/properties/networkProfile" + ("/networkPolicy" if told else "")
    yield Finding(
        subject=cluster.id,
        message=f"cluster {cluster.label} enforces no NetworkPolicy: any pod reaches any pod",
        remedy=az(
            "aks",
            "update",
            resource_group=cluster.resource_group,
            name=cluster.label,
            network_policy="cilium",
            network_dataplane="cilium",
        ),
        evidence=(evidence(cluster, pointer, profile.network_policy or "no networkPolicy"),),
    )
