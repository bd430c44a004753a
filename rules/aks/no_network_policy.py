"""No network policy engine runs in the cluster.

## Why it matters
Without an engine every NetworkPolicy is accepted and ignored: any pod reaches any pod, in every
namespace. Network security groups do not see traffic between pods on one node.

## What fails
A cluster whose `networkProfile.networkPolicy` is absent, empty or `none`, unless its dataplane is
Cilium, which enforces policies by itself. AKS runs no engine unless it is asked to, so absent means
none. A cluster without a network profile gives *unknown*, and so does one with an engine other than
`azure`, `calico` and `cilium`, or one that brought its own network plugin (`none`): whether that
enforces policies is not in Azure.

## What to do
Turn an engine on. Cilium is the one Microsoft develops; Azure NPM (`azure`) is being retired. It
needs overlay or pod subnets, so other clusters move to overlay first. NetworkPolicies that were
ignored until then start to work: read them before.

## References
- https://learn.microsoft.com/azure/aks/use-network-policies
- Facts K-2, K-43
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.network.cluster_ranges import overlay_range
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

_ENGINES = ("azure", "calico", "cilium")


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
    engine = (profile.network_policy or "none").lower()
    if engine in _ENGINES or (profile.network_dataplane or "").lower() == "cilium":
        return
    if engine != "none":
        missing = f"whether the engine {engine} of {cluster.label} enforces policies"
        yield Unknown(cluster.id, missing=missing)
        return
    if (profile.network_plugin or "").lower() == "none":
        yield Unknown(
            cluster.id, missing=f"whether the network plugin of {cluster.label} enforces policies"
        )
        return
    told = profile.network_policy is not None
    pointer = "/properties/networkProfile" + ("/networkPolicy" if told else "")
    yield Finding(
        subject=cluster.id,
        message=f"cluster {cluster.label} enforces no NetworkPolicy: any pod reaches any pod",
        remedy=" && ".join(_steps(network, cluster)),
        evidence=(evidence(cluster, pointer, profile.network_policy or "no networkPolicy"),),
    )


def _steps(network: Network, cluster: ManagedCluster) -> Iterator[str]:
    """Cilium needs overlay or pod subnets; kubenet and node subnets move to overlay first."""
    group, name = cluster.resource_group, cluster.label
    profile = cluster.properties.network_profile
    overlay = (walk.peek(profile, "network_plugin_mode") or "").lower() == "overlay"
    # What is not told of the pools changes what to do, not what is found.
    pools = walk.peek(cluster.properties, "agent_pool_profiles") or ()
    if not overlay and not any(walk.peek(pool, "pod_subnet_id") for pool in pools):
        yield az(
            "aks",
            "update",
            resource_group=group,
            name=name,
            network_plugin="azure",
            network_plugin_mode="overlay",
            # Kubenet has a range of its own, which it keeps.
            pod_cidr=None if walk.peek(profile, "pod_cidr") else overlay_range(network, cluster),
        )
    yield az("aks", "update", resource_group=group, name=name, network_dataplane="cilium")
