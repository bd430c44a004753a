"""A cluster uses the retiring network plugin kubenet.

## Why it matters
kubenet ends on 31 March 2028. It also needs a route table that follows every node, allows one
cluster a subnet, and stops at 400 nodes; Azure CNI overlay has none of these limits.

## What fails
A cluster whose `networkProfile.networkPlugin` is `kubenet`. A cluster without a plugin in its
network profile gives *unknown*.

## What to do
Move the cluster to Azure CNI overlay; the pod range stays, the nodes are re-imaged.

## References
- https://learn.microsoft.com/azure/aks/upgrade-aks-ipam-and-dataplane
- Facts K-2, K-7
"""

from __future__ import annotations

from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule("DEP-009", severity=Severity.MEDIUM, since="0.1.0", of=every(ManagedCluster))
def kubenet(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Judge the plugin by its name."""
    profile = cluster.properties.network_profile
    plugin = profile.network_plugin if profile else None
    if plugin is None:
        yield Unknown(cluster.id, missing=f"the network plugin of cluster {cluster.label}")
    elif plugin.lower() == "kubenet":
        ends = retirement("kubenet")
        day = network.as_of.date()
        yield Finding(
            subject=cluster.id,
            message=f"cluster {cluster.label} uses kubenet; {ends.told(day)}",
            remedy=az(
                "aks",
                "update",
                resource_group=cluster.resource_group,
                name=cluster.label,
                network_plugin="azure",
                network_plugin_mode="overlay",
            ),
            evidence=(evidence(cluster, "/properties/networkProfile/networkPlugin", plugin),),
            severity=ends.severity(Severity.MEDIUM, day),
        )
