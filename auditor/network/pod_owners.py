"""Whose pods have an address: of clusters that give pods a range of their own (K-2, A-54)."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims
from auditor.network.clusters import cluster_of, node_subnets, virtual_networks
from auditor.network.graph import Network, question, question_about
from auditor.network.routing_domains import near_keys
from auditor.resources.base import Node
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@question_about
def clusters_with_pod(
    network: Network, vnet: VirtualNetwork, address: Address
) -> tuple[ManagedCluster, ...]:
    """Give the clusters in a network or near it whose pods may have an address."""
    near = {vnet.key, *near_keys(network, vnet.key)}
    return tuple(
        cluster
        for cluster, homes in _with_ranges(network)
        if homes & near and any(address in claim.prefix for claim in pod_claims(cluster))
    )


@question
def _with_ranges(network: Network) -> tuple[tuple[ManagedCluster, frozenset[str]], ...]:
    """The clusters that tell a range of pods, and the keys of the networks of their nodes."""
    found = []
    for cluster in network.all(ManagedCluster):
        try:
            homes = frozenset(home.key for home in virtual_networks(network, cluster))
            if pod_claims(cluster):
                found.append((cluster, homes))
        except Undetermined:
            continue  # other rules tell what a cluster lacks
    return tuple(found)


def is_node_of(network: Network, node: Node, clusters: Iterable[ManagedCluster]) -> bool:
    """Tell whether something is, or may be, a node of one of some clusters, or a subnet of them."""
    if not isinstance(node, Subnet):
        return cluster_of(network, node) in tuple(clusters)
    for cluster in clusters:
        try:
            if node in node_subnets(network, cluster):
                return True
        except Undetermined:
            return True
    return False
