"""The pod range cannot hold the cluster at its declared maximum.

## Why it matters
A node without addresses for its pods does not become ready; the cluster stops growing, and a pod
range cannot be changed in place on every cluster.

## What fails
- Overlay and kubenet: every node takes a /24 of the pod range, so the sum of (most nodes + surge)
  over the pools is larger than the number of /24 in `podCidr`.
- Pod subnet: the pools' nodes take addresses of `podSubnetID` in batches of sixteen (with dynamic
  allocation eight are kept free, so a node with 110 pods takes 128), more than the subnet gives
  out.

Pods in the node subnet are AKS-008's. A pool that does not say its numbers gives *unknown*.

## What to do
Lower `maxCount`, widen the pod range (`az aks update --pod-cidr` on overlay clusters), or give the
pools a larger pod subnet.

## References
- https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay
- https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-pod-subnet
- Section 5.3, facts K-21, K-33
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import Prefix
from auditor.network import clusters
from auditor.network.cluster_ranges import pod_claims
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, rule

_NODE_BITS = 24


@rule("AKS-009", severity=Severity.CRITICAL, since="0.1.0", of=every(ManagedCluster))
def pod_space_too_small(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Judge the pod range of overlay and kubenet, and every pod subnet."""
    yield from _pod_range(cluster)
    for subnet in clusters.pod_subnets(network, cluster):
        yield from _pod_subnet(network, cluster, subnet)


def _pod_range(cluster: ManagedCluster) -> Iterator[Finding]:
    claims = [claim for claim in pod_claims(cluster) if claim.prefix.version == 4]
    if not claims or not cluster.pools:
        return
    ranges = [claim.prefix for claim in claims]
    nodes = sum(map(clusters.peak_nodes, cluster.pools))
    room = sum(map(_node_blocks, ranges))
    if nodes > room:
        told = ", ".join(map(str, ranges))
        yield Finding(
            subject=cluster.id,
            message=f"pod range {told} holds {room} nodes of a /24 each; the pools of "
            f"{cluster.label} may need {nodes}",
            remedy=az(
                "aks",
                "update",
                resource_group=cluster.resource_group,
                name=cluster.label,
                pod_cidr=str(_wide_enough(ranges[0], nodes)),
            ),
            evidence=(
                *(claim.evidence for claim in claims),
                *(
                    evidence(
                        pool,
                        "/maxCount" if pool.enable_auto_scaling else "/count",
                        clusters.most_nodes(pool),
                    )
                    for pool in cluster.pools
                ),
            ),
            key="pod range",
        )


def _node_blocks(prefix: Prefix) -> int:
    return 1 << (_NODE_BITS - prefix.length) if prefix.length <= _NODE_BITS else 0


def _wide_enough(prefix: Prefix, nodes: int) -> Prefix:
    return Prefix.of(4, prefix.first, max(0, _NODE_BITS - (nodes - 1).bit_length()))


def _pod_subnet(network: Network, cluster: ManagedCluster, subnet: Subnet) -> Iterator[Finding]:
    users = clusters.pools_by_pod_subnet(network)[subnet.key]
    needed = sum(clusters.pod_subnet_addresses(pool) for _, pool in users)
    room = clusters.capacity(subnet)
    if needed > room:
        names = ", ".join(sorted({f"{owner.label}/{pool.label}" for owner, pool in users}))
        yield Finding(
            subject=cluster.id,
            message=f"pod subnet {subnet.label} gives out {room} addresses; at their declared "
            f"maximum {names} take {needed}",
            remedy=f"lower maxCount or maxPods of {names}, or give them a larger pod subnet",
            related=(subnet.id,),
            evidence=(evidence(subnet, "/properties", ", ".join(map(str, subnet.prefixes))),),
            key=subnet.key,
            covers=(("ADR-013", subnet.id),),
        )
