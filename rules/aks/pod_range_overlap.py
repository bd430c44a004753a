"""The cluster's pod range overlaps addresses that are used elsewhere.

## Why it matters
Inside a cluster an address of the pod range is a pod. Nodes and pods can never reach what has the
same address outside: a database in a peered network, a machine in the office, a VPN client. It
shows when the first node gets the part of the range that the other side uses, months later.

## What fails
A range of `networkProfile.podCidr` or `podCidrs` of a cluster with overlay or kubenet (with the
other plugins pods take addresses of the network) shares an address with

- the address space of a network the cluster is in, or of one joined with it: peered, or connected
  to the same virtual hub or Virtual WAN (of a subnet peering only the subnets that take part),
- a site behind a VPN that the network uses, or the pool of its VPN clients,
- a range in the parameter `on-premises`,
- the pod range of another kubenet cluster in the same network, when this one is kubenet too.
  Overlay clusters may share a pod range.

When all that is met are sites that are wider than the range (a summary such as `10.0.0.0/8`), only
their share is lost: severity high. An overlap with the cluster's own service range is rule
AKS-012's.

A network, gateway or site that is not in the snapshot gives *unknown*, beside what is certain. A
peer that is not in it is judged by the address space that the peering tells of it; *unknown* where
it tells none. Prefixes learned by BGP or ExpressRoute are *unknown* until `on-premises` names what
is used there.

## What to do
Choose a range nobody uses, and create the cluster anew with it. Overlay clusters may all use the
same one.

## References
- https://learn.microsoft.com/azure/aks/azure-cni-overlay
- https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning
- Facts D-7, K-2, K-3, K-33, R-19, R-25
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.network import clusters
from auditor.network.cluster_commands import created_anew
from auditor.network.cluster_ranges import (
    clash_told,
    clashes,
    doubts,
    free_pod_range,
    has_pod_range,
    pod_claims,
)
from auditor.network.graph import Network, possibly, question
from auditor.network.on_premises import Elsewhere
from auditor.network.routing_domains import Claim
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Outcomes, Severity, Unknown, rule


@question
def clusters_with_pod_ranges(network: Network) -> tuple[ManagedCluster, ...]:
    """The clusters whose pods have a range of their own."""
    return tuple(
        cluster for cluster in network.all(ManagedCluster) if possibly(has_pod_range, cluster)
    )


@rule(
    "AKS-013",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=clusters_with_pod_ranges,
    parameters=Elsewhere,
)
def pod_range_overlap(network: Network, cluster: ManagedCluster, params: Elsewhere) -> Outcomes:
    """Compare the pod ranges with what is around the cluster, and kubenet clusters in pairs."""
    ranges = pod_claims(cluster)
    for clash in clashes(network, cluster, ranges, params):
        remedy = _remedy(network, cluster, clash.mine, params)
        yield clash_told(cluster, clash, "pod range", remedy)
    yield from _with_clusters(network, cluster, ranges, params)
    yield from doubts(network, cluster, params)


def _with_clusters(
    network: Network, cluster: ManagedCluster, ranges: tuple[Claim, ...], params: Elsewhere
) -> Iterator[Finding | Unknown]:
    """Tell each pair of clusters once, of the one whose id sorts last."""
    for other in clusters.neighbours_in_network(network, cluster):
        if other.key >= cluster.key:
            continue
        try:
            if not _both_kubenet(cluster, other):
                continue
            theirs = pod_claims(other)
        except Undetermined as unknown:
            yield Unknown(
                cluster.id,
                missing=unknown.missing,
                related=(other.id,),
                key=other.key,
                told_by=unknown.resource,
            )
            continue
        yield from _shared(network, cluster, ranges, other, theirs, params)


def _both_kubenet(cluster: ManagedCluster, other: ManagedCluster) -> bool:
    """Whether two clusters may not share a range; one that surely is no kubenet cluster may."""
    pair = (cluster, other)
    return all(possibly(_is_kubenet, one) for one in pair) and all(map(_is_kubenet, pair))


def _is_kubenet(cluster: ManagedCluster) -> bool:
    return clusters.plugin(cluster) is clusters.Cni.KUBENET


def _shared(
    network: Network,
    cluster: ManagedCluster,
    ranges: tuple[Claim, ...],
    other: ManagedCluster,
    others: tuple[Claim, ...],
    params: Elsewhere,
) -> Iterator[Finding]:
    for mine in ranges:
        for theirs in others:
            if mine.prefix.overlaps(theirs.prefix):
                yield Finding(
                    subject=cluster.id,
                    message=f"pod range {mine.prefix} of cluster {cluster.label} overlaps "
                    f"{theirs.prefix} of the kubenet cluster {other.label} in the same network",
                    remedy=_remedy(network, cluster, mine, params),
                    related=(other.id,),
                    evidence=(mine.evidence, theirs.evidence),
                    key=f"{other.key} {mine.prefix} {theirs.prefix}",
                )


def _remedy(network: Network, cluster: ManagedCluster, mine: Claim, params: Elsewhere) -> str:
    free = free_pod_range(network, cluster, mine.prefix, params)
    return "create the cluster anew with a range of its own: " + created_anew(
        network,
        cluster,
        network_plugin="azure",
        network_plugin_mode="overlay",
        pod_cidr=str(free) if free else "<a free range>",
    )
