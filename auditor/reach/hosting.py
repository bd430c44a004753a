"""Platform services that answer inside networks: in a subnet of theirs, or at private endpoints.

API servers of AKS (K-12, K-13) and MySQL servers (L-21, L-25): each answers on one port.
"""

from __future__ import annotations

from collections import defaultdict

from auditor import ids
from auditor.addresses import PortSet
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.asleep import stopped
from auditor.network.clusters import cluster_of, node_group
from auditor.network.graph import Network, question, question_about
from auditor.network.private_link import endpoints_by_target
from auditor.reach.balancing import TCP
from auditor.reach.bounds import Bounds
from auditor.reach.points import Kind, Point, anywhere_in, endpoint, frontend
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources.base import Node
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet

_PORTS = {
    "microsoft.containerservice/managedclusters": 443,
    "microsoft.dbformysql/flexibleservers": 3306,
    "microsoft.dbformysql/servers": 3306,
}
"""The TCP port that services answer on, by their type (K-10, L-25)."""

_API_SERVER = "kube-apiserver"
"""What AKS calls the private endpoint of a cluster's API server, in its node resource group."""


def hosted(network: Network, node: Node, subnet: Subnet) -> Point:
    """Give a service that stands in a subnet, at an address that nobody tells.

    But the load balancer before an API server tells it, where the input has that (K-13).
    """
    place = anywhere_in(network, subnet)
    fronts = [each for each in _fronts_in(network, subnet) if _server(network, each) is node]
    known = frontend(network, fronts[0]) if len(fronts) == 1 else place
    return Point(Kind.SUBNET, node.id, known.addresses, node, None, subnet, place.home,
                 known.reasons)  # fmt: skip


def api_server_at(network: Network, front: LoadBalancerFrontend) -> Point | None:
    """Give the API server behind a frontend in a subnet of such; Azure has its machines (K-13)."""
    cluster = _server(network, front)
    subnet = network.find(front.properties.subnet) if cluster is not None else None
    return hosted(network, cluster, subnet) if cluster and isinstance(subnet, Subnet) else None


@question_about
def _server(network: Network, front: LoadBalancerFrontend) -> ManagedCluster | None:
    """Give the cluster whose API server a frontend stands before.

    Of several in one subnet it is that in whose node resource group the load balancer lies.
    """
    try:
        subnet = network.find(front.properties.subnet)
    except Undetermined:
        return None
    clusters = _clusters_by_subnet(network).get(subnet.key, ()) if subnet is not None else ()
    if len(clusters) > 1:
        clusters = tuple(each for each in clusters if cluster_of(network, front) is each)
    return clusters[0] if len(clusters) == 1 else None


@question
def _clusters_by_subnet(network: Network) -> dict[str, tuple[ManagedCluster, ...]]:
    """The clusters whose API servers stand in a subnet, by its key."""
    found: dict[str, list[ManagedCluster]] = defaultdict(list)
    for cluster in network.all(ManagedCluster):
        subnet = _api_subnet(network, cluster)
        if subnet is not None:
            found[subnet.key].append(cluster)
    return {key: tuple(each) for key, each in found.items()}


def _api_subnet(network: Network, cluster: ManagedCluster) -> Subnet | None:
    """Give the subnet of a cluster's API server, where it is told to have one (K-13)."""
    try:
        access = cluster.properties.api_server_access_profile
        inside = access is not None and access.enable_vnet_integration
        return network.get(access.subnet_id if access and inside else None, Subnet)
    except Undetermined:
        return None


def _fronts_in(network: Network, subnet: Subnet) -> list[LoadBalancerFrontend]:
    edges = network.referrers(subnet, "subnet")
    return [edge.source for edge in edges if isinstance(edge.source, LoadBalancerFrontend)]


def is_hosted(point: Point) -> bool:
    """Tell whether a point is a service in a subnet."""
    return isinstance(point.node, ManagedCluster | MySqlFlexibleServer)


def on_its_port(trail: Trail, service_id: str) -> Trail:
    """Add that a service answers on one port only, where its type tells which."""
    number = _PORTS.get((ids.type_of(service_id) or "").lower())
    if number is None:
        return trail
    taken = trail.space.having(protocols=TCP, destination_ports=PortSet.of(number))
    return remark(
        trail,
        "service",
        service_id,
        lambda _: f"{ids.name(service_id)} answers TCP {number}",
        Bounds.exactly(taken),
        passed=once_started(trail.network, service_id, number),
        stopped=f"{ids.name(service_id)} answers TCP {number} only",
    )


def once_started(network: Network, service_id: str, port: int) -> str:
    """Say of a service that is stopped what it answers when it runs; empty of any other."""
    asleep = stopped(network, service_id)
    return asleep and f"{asleep}: once started, it answers TCP {port}"


def service_behind(node: PrivateEndpoint) -> str:
    """Give the id of the service that a private endpoint leads to; empty when it is not told."""
    try:
        found = {fold(c.properties.private_link_service_id or ""): c for c in node.connections}
    except Undetermined:
        return ""
    if len(found) != 1:
        return ""
    [connection] = found.values()
    return connection.properties.private_link_service_id or ""


@question_about
def api_server_points(network: Network, cluster: ManagedCluster) -> tuple[Point, ...]:
    """Give where a cluster's API server answers inside networks, as far as the input tells."""
    found: dict[str, Point] = {}
    named = [node for node, _ in endpoints_by_target(network).get(cluster.key, ())]
    for node in (*named, *node_group(network, cluster)):
        if isinstance(node, PrivateEndpoint) and (node in named or _is_api_server(node)):
            found[node.key] = endpoint(network, node)
    subnet = _api_subnet(network, cluster)
    if subnet is not None:
        found[subnet.key] = hosted(network, cluster, subnet)
    return tuple(found[key] for key in sorted(found))


def _is_api_server(node: PrivateEndpoint) -> bool:
    return node.label.lower().startswith(_API_SERVER)
