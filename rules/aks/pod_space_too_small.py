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

Pods in the node subnet are AKS-008's. A pool that does not say its numbers, a cluster with overlay
or kubenet that does not say its pod range, or a pod subnet that is not in the snapshot gives
*unknown*.

## What to do
Lower `maxCount`, widen the pod range (`az aks update --pod-cidr` on overlay clusters), or give the
pools a larger pod subnet.

## References
- https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay
- https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-pod-subnet
- Facts K-21, K-33
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import Prefix
from auditor.errors import Undetermined
from auditor.ids import fold, resource_group
from auditor.network import clusters
from auditor.network.cluster_ranges import pod_claims, wider_range
from auditor.network.graph import Network, possibly, question
from auditor.network.routing_domains import claims_of_subnet, network_key
from auditor.network.subnets import free_prefix, siblings_of, vnet_name
from auditor.remedy import az, unused_name
from auditor.resources import walk
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Outcomes, Severity, apart, rule

_NODE_BITS = 24


@question
def clusters_with_pod_space(network: Network) -> tuple[ManagedCluster, ...]:
    """The clusters whose pods have a range or a subnet apart from the nodes."""
    return tuple(each for each in network.all(ManagedCluster) if possibly(_has_pod_space, each))


def _has_pod_space(cluster: ManagedCluster) -> bool:
    apart_from_nodes = (clusters.Cni.OVERLAY, clusters.Cni.KUBENET, clusters.Cni.POD_SUBNET)
    return any(clusters.cni(cluster, pool) in apart_from_nodes for pool in cluster.pools)


@rule("AKS-009", severity=Severity.CRITICAL, since="0.1.0", of=clusters_with_pod_space)
def pod_space_too_small(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Judge the pod range of overlay and kubenet, and every pod subnet."""
    ids = dict.fromkeys(pool.pod_subnet_id for pool in cluster.pools if pool.pod_subnet_id)
    parts: list[tuple[str, str | None]] = [("pod range", None)]
    parts += [(fold(each), each) for each in ids]
    yield from apart(
        cluster.id,
        dict(parts).items(),
        lambda subnet_id: (
            _pod_subnet(network, cluster, network.get(subnet_id, Subnet))
            if subnet_id
            else _pod_range(network, cluster)
        ),
    )


def _pod_range(network: Network, cluster: ManagedCluster) -> Iterator[Finding]:
    claims = [claim for claim in pod_claims(cluster) if claim.prefix.version == 4]
    if not claims:
        return
    nodes = sum(map(clusters.peak_nodes, cluster.pools))
    room = sum(_node_blocks(claim.prefix) for claim in claims)
    if nodes > room:
        told = ", ".join(str(claim.prefix) for claim in claims)
        yield Finding(
            subject=cluster.id,
            message=f"pod range {told} holds {room} nodes of a /24 each; the pools of "
            f"{cluster.label} may need {nodes}",
            remedy=_widen(network, cluster, claims[0].prefix, nodes),
            evidence=(
                *(claim.evidence for claim in claims),
                *(clusters.scale_evidence(pool) for pool in cluster.pools),
            ),
            key="pod range",
        )


def _node_blocks(prefix: Prefix) -> int:
    return 1 << (_NODE_BITS - prefix.length) if prefix.length <= _NODE_BITS else 0


def _widen(network: Network, cluster: ManagedCluster, prefix: Prefix, nodes: int) -> str:
    overlay = clusters.plugin(cluster) is clusters.Cni.OVERLAY
    length = max(0, _NODE_BITS - (nodes - 1).bit_length())
    wide = wider_range(network, cluster, prefix, length)
    return ("" if overlay else "when the cluster is moved from kubenet to overlay: ") + az(
        "aks",
        "update",
        resource_group=cluster.resource_group,
        name=cluster.label,
        network_plugin=None if overlay else "azure",
        network_plugin_mode=None if overlay else "overlay",
        pod_cidr=str(wide) if wide else "<a free range>",
    )


def _pod_subnet(
    network: Network, cluster: ManagedCluster, subnet: Subnet | None
) -> Iterator[Finding]:
    if subnet is None:
        return
    users = clusters.pools_by_pod_subnet(network)[subnet.key]
    needed = sum(clusters.pod_subnet_addresses(pool) for _, pool in users)
    prefixes = [prefix for prefix in subnet.prefixes if prefix.version == 4]
    if not prefixes:
        raise Undetermined(f"the address prefix of subnet {subnet.label}", resource=subnet.id)
    room = sum(prefix.size - clusters.RESERVED for prefix in prefixes)
    if needed > room:
        names = ", ".join(sorted({f"{owner.label}/{pool.label}" for owner, pool in users}))
        yield Finding(
            subject=cluster.id,
            message=f"pod subnet {subnet.label} gives out {room} addresses; at their declared "
            f"maximum {names} may take {needed}",
            remedy=_fit(network, subnet, names, needed),
            related=(subnet.id,),
            evidence=(
                *(claim.evidence for claim in claims_of_subnet(subnet)),
                *(clusters.scale_evidence(pool) for owner, pool in users if owner is cluster),
            ),
            key=subnet.key,
            covers=(("ADR-013", subnet.id),),
        )


def _fit(network: Network, subnet: Subnet, names: str, needed: int) -> str:
    """Propose the smallest subnet that holds the pods; a pool keeps that with which it was made."""
    length = 32 - (needed + clusters.RESERVED - 1).bit_length()
    free = free_prefix(network, subnet, length)
    create = az(
        *("network", "vnet", "subnet", "create"),
        resource_group=resource_group(subnet.id),
        vnet_name=vnet_name(subnet),
        name=unused_name(f"{subnet.label}-2", {each.label for each in _beside(network, subnet)}),
        address_prefixes=str(free) if free else f"<a free /{length}>",
        network_security_group=_named(subnet, "network_security_group"),
        route_table=_named(subnet, "route_table"),
        nat_gateway=_named(subnet, "nat_gateway"),
    )
    return (
        f"whoever runs the cluster chooses: lower maxCount of {names}, or make new pools with a "
        f"pod subnet of a /{length}, which holds the {needed} addresses: {create}"
    )


def _named(subnet: Subnet, setting: str) -> str | None:
    """What the pod subnet has now: pods in another are to be let in and out by the same."""
    return walk.peek(walk.peek(subnet.properties, setting), "id") or None


def _beside(network: Network, subnet: Subnet) -> tuple[Subnet, ...]:
    return siblings_of(network, network_key(subnet.id))
