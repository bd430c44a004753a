"""A node subnet cannot hold the cluster at its declared maximum.

## Why it matters
The autoscaler and every upgrade ask for addresses at the worst moment. When the subnet is full,
nodes do not start, upgrades stop half way, and a subnet that is in use cannot grow.

## What fails
For each subnet that holds nodes: the sum over its pools, of all clusters in it, of

    (most nodes + surge) x (1 + maxPods)    where pods take addresses of the node subnet,
    (most nodes + surge)                    for overlay, kubenet and pod subnets,

plus load-balancer frontends, private endpoints and other NICs in it, is larger than the subnet
less the five addresses Azure keeps of each range. `most nodes` is `maxCount` with autoscaling,
else `count`; the surge is `maxSurge`, else a tenth and at least one node. A pool that does not say
its numbers, or a subnet that is not in the snapshot, gives *unknown*.

## What to do
Lower `maxCount` or `maxPods`, add a range to the subnet, put pools in a larger subnet, or move to
Azure CNI overlay, where pods take no addresses of the network.

## References
- https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning
- Facts K-5, K-20, K-21, K-22, D-1
"""

from __future__ import annotations

from auditor.network import clusters
from auditor.network.graph import evidence, question
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@question
def clusters_with_subnets(network: Network) -> tuple[ManagedCluster, ...]:
    """The clusters that were given a subnet; AKS sizes its own networks itself."""
    return tuple(
        cluster
        for cluster in network.all(ManagedCluster)
        if any(pool.vnet_subnet_id for pool in cluster.pools)
    )


@rule(
    "AKS-008",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=clusters_with_subnets,
    peers=("PSR:AKS.CNISubnetSize", "AZQ:e620fa98", "CHK:AKS 06.04.02"),
)
def node_subnet_too_small(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Add up what every pool in each of the cluster's subnets may need."""
    for subnet in clusters.node_subnets(network, cluster):
        finding = _judge(network, cluster, subnet)
        if finding is not None:
            yield finding


def _judge(network: Network, cluster: ManagedCluster, subnet: Subnet) -> Finding | None:
    pools = clusters.pools_by_subnet(network)[subnet.key]
    nodes = sum(clusters.node_addresses(owner, pool) for owner, pool in pools)
    others = clusters.other_addresses(network, subnet)
    room = clusters.capacity(subnet)
    if nodes + others <= room:
        return None
    names = ", ".join(sorted({f"{owner.label}/{pool.label}" for owner, pool in pools}))
    return Finding(
        subject=cluster.id,
        message=f"subnet {subnet.label} gives out {room} addresses; at their declared maximum "
        f"{names} need {nodes}" + (f", others {others}" if others else ""),
        remedy="move to overlay, so that pods take no addresses of the subnet: "
        + az(
            "aks",
            "update",
            resource_group=cluster.resource_group,
            name=cluster.label,
            network_plugin="azure",
            network_plugin_mode="overlay",
        )
        if _pods_inside(cluster)
        else f"lower the pools' maxCount by {nodes + others - room} nodes in all, "
        "or put a pool in a larger subnet",
        related=(subnet.id,),
        evidence=(
            *(
                evidence(pool, "/maxCount" if pool.enable_auto_scaling else "/count", number)
                for owner, pool in pools
                if owner is cluster and (number := clusters.most_nodes(pool)) is not None
            ),
            evidence(subnet, "/properties", ", ".join(map(str, subnet.prefixes))),
        ),
        key=subnet.key,
        covers=(("ADR-013", subnet.id),),
    )


def _pods_inside(cluster: ManagedCluster) -> bool:
    return any(clusters.cni(cluster, pool) is clusters.Cni.NODE_SUBNET for pool in cluster.pools)
