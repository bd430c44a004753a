"""Which machines are the application that a database serves."""

from __future__ import annotations

from collections import defaultdict

from auditor.ids import group_key
from auditor.network.approval import approved
from auditor.network.clusters import node_subnets, pod_subnets
from auditor.network.databases import Server
from auditor.network.graph import Network, question
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet


def application_of(
    network: Network, server: Server, declared: tuple[str, ...]
) -> tuple[Subnet, ...]:
    """Give the subnets of the application: those declared, else of the cluster beside the server.

    The clusters in the server's resource group; if there is none, the only cluster of the input.
    None: nobody tells who the application is. Raises Undetermined when the subnets of the cluster
    are not in the snapshot.
    """
    if declared:
        return tuple(s for s in network.all(Subnet) if approved(declared, s.id))
    clusters = _by_group(network).get(group_key(server.id), ())
    if not clusters and len(network.all(ManagedCluster)) == 1:
        clusters = network.all(ManagedCluster)
    found = {
        subnet.key: subnet
        for cluster in clusters
        for subnet in (*node_subnets(network, cluster), *pod_subnets(network, cluster))
    }
    return tuple(found[key] for key in sorted(found))


@question
def _by_group(network: Network) -> dict[tuple[str, str], tuple[ManagedCluster, ...]]:
    found: dict[tuple[str, str], list[ManagedCluster]] = defaultdict(list)
    for cluster in network.all(ManagedCluster):
        found[group_key(cluster.id)].append(cluster)
    return {key: tuple(each) for key, each in found.items()}
