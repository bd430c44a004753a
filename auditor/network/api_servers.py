"""Questions about the API servers of private clusters: by which names they are found (K-12)."""

from __future__ import annotations

from auditor.ids import fold, type_of
from auditor.network.clusters import node_group
from auditor.network.graph import Network
from auditor.network.private_link import endpoints_by_target
from auditor.resources.dns import PrivateDnsZone
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.private_endpoints import PrivateEndpoint


def clusters_behind(network: Network, endpoint: PrivateEndpoint) -> tuple[ManagedCluster, ...]:
    """Give the clusters of the input to whose API servers a private endpoint leads."""
    targets = (each.properties.private_link_service_id for each in endpoint.connections)
    found = (network.nodes.get(fold(target)) for target in targets if target)
    return tuple(node for node in found if isinstance(node, ManagedCluster))


def absent_clusters(network: Network, endpoint: PrivateEndpoint) -> tuple[str, ...]:
    """Give the ids of the clusters outside the input to whose API servers an endpoint leads."""
    targets = (each.properties.private_link_service_id or "" for each in endpoint.connections)
    return tuple(
        target
        for target in targets
        if (type_of(target) or "").lower() == "microsoft.containerservice/managedclusters"
        and fold(target) not in network.nodes
    )


def endpoints_of(network: Network, cluster: ManagedCluster) -> tuple[PrivateEndpoint, ...]:
    """Give the private endpoints of the input that lead to a cluster's API server."""
    pairs = endpoints_by_target(network).get(cluster.key, ())
    return tuple(endpoint for endpoint, _ in pairs)


def has_public_name(cluster: ManagedCluster) -> bool:
    """Tell whether a public name gives the private address of an API server."""
    access = cluster.properties.api_server_access_profile
    if access is None:
        return False
    return bool(access.enable_private_cluster_public_fqdn) or _zone(cluster) == "none"


def is_zone_absent(network: Network, cluster: ManagedCluster) -> bool:
    """Tell whether AKS made a zone for an API server, beside its nodes, that the input lacks."""
    made = _zone(cluster) in ("", "system")
    return made and not any(isinstance(n, PrivateDnsZone) for n in node_group(network, cluster))


def _zone(cluster: ManagedCluster) -> str:
    access = cluster.properties.api_server_access_profile
    return (access.private_dns_zone or "").lower() if access is not None else ""
