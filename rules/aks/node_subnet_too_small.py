"""A node subnet cannot hold the cluster at its declared maximum.

## Why it matters
The autoscaler and every upgrade ask for addresses at the worst moment. When the subnet is full,
nodes do not start, upgrades stop half way, and a subnet that is in use cannot grow.

## What fails
For each subnet that holds nodes: the sum over its pools, of all clusters in it, of

    (most nodes + surge) x (1 + maxPods)    where pods take addresses of the node subnet,
    (most nodes + surge)                    for overlay, kubenet and pod subnets,

plus the five addresses Azure keeps of each range, load-balancer frontends, private endpoints and
whatever else is in it, is larger than the subnet. `most nodes` is `maxCount` with autoscaling, else
`count`; the surge is `maxSurge`, else a tenth and at least one node.

A pool that does not say its numbers, a neighbour in the subnet of unknown size, or a subnet that is
not in the snapshot gives *unknown*. Networks that AKS makes and sizes itself are not judged.

## What to do
Lower `maxCount` or `maxPods`, add a range to the subnet, put pools in a larger subnet, or move to
Azure CNI overlay, where pods take no addresses of the network.

## References
- https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning
- Facts K-5, K-20, K-21, K-22, D-1
"""

from __future__ import annotations

from auditor.ids import fold
from auditor.network import clusters
from auditor.network.cluster_commands import grown_less
from auditor.network.cluster_ranges import overlay_range
from auditor.network.graph import Network, possibly, question
from auditor.network.routing_domains import claims_of_subnet
from auditor.network.usage import Usage, is_roomy, not_counted, used_addresses
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Outcomes, Severity, apart, rule


@question
def clusters_with_subnets(network: Network) -> tuple[ManagedCluster, ...]:
    """The clusters that were given a subnet; AKS sizes its own networks itself."""
    return tuple(
        cluster
        for cluster in network.all(ManagedCluster)
        if possibly(lambda each: any(pool.vnet_subnet_id for pool in each.pools), cluster)
    )


@rule(
    "AKS-008",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=clusters_with_subnets,
    peers=("PSR:AKS.CNISubnetSize", "AZQ:e620fa98", "CHK:AKS 06.04.02"),
)
def node_subnet_too_small(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Add up what every pool in each of the cluster's subnets may need, and who else is there."""
    ids = dict.fromkeys(pool.vnet_subnet_id for pool in cluster.pools if pool.vnet_subnet_id)
    yield from apart(
        cluster.id,
        {fold(each): each for each in ids}.items(),
        lambda subnet_id: _judge(network, cluster, network.get(subnet_id, Subnet)),
    )


def _judge(network: Network, cluster: ManagedCluster, subnet: Subnet | None) -> Outcomes:
    if subnet is None or is_roomy(network, subnet, 100):
        return
    usage = used_addresses(network, subnet)
    if usage is None:
        return
    if usage.used > usage.capacity:
        yield _finding(network, cluster, subnet, usage)
    elif usage.unsure:
        yield not_counted(usage, subnet, cluster.id, key=subnet.key)


def _finding(network: Network, cluster: ManagedCluster, subnet: Subnet, usage: Usage) -> Finding:
    pools = clusters.pools_by_subnet(network)[subnet.key]
    takers = sorted(usage.taken.items(), key=lambda each: (-each[1], each[0]))
    told = ", ".join(f"{number} for {who}" for who, number in takers)
    return Finding(
        subject=cluster.id,
        message=f"subnet {subnet.label} has {usage.capacity} addresses; with the pools at their "
        f"declared maximum it needs {usage.used}: {usage.reserved} reserved, {told}",
        remedy=_remedy(network, cluster, subnet, usage),
        related=(subnet.id,),
        evidence=(
            *(clusters.scale_evidence(pool) for owner, pool in pools if owner is cluster),
            *(claim.evidence for claim in claims_of_subnet(subnet)),
        ),
        key=subnet.key,
        covers=(("ADR-013", subnet.id),),
    )


def _remedy(network: Network, cluster: ManagedCluster, subnet: Subnet, usage: Usage) -> str:
    if clusters.plugin(cluster) is not clusters.Cni.NODE_SUBNET:
        over = usage.used - usage.capacity
        pools = clusters.pools_by_subnet(network)[subnet.key]
        names = ", ".join(sorted({f"{owner.label}/{pool.label}" for owner, pool in pools}))
        return (
            f"whoever runs the cluster{'s' if len({c.key for c, _ in pools}) > 1 else ''} chooses: "
            f"lower maxCount of {names}, in all by at least {over} node{'s' if over > 1 else ''} "
            f"with surge{grown_less(pools, over)}; or move a pool to a larger subnet"
        )
    return "move to overlay, so that pods take no addresses of the subnet: " + az(
        "aks",
        "update",
        resource_group=cluster.resource_group,
        name=cluster.label,
        network_plugin_mode="overlay",
        pod_cidr=overlay_range(network, cluster),
    )
