"""Platform services that answer inside networks: in a subnet of theirs, or at private endpoints.

API servers of AKS (K-12, K-13) and MySQL servers (L-21, L-25): each answers on one port.
"""

from __future__ import annotations

from auditor import ids
from auditor.addresses import PortSet
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.asleep import stopped
from auditor.network.clusters import node_group
from auditor.network.graph import Network, question_about
from auditor.network.private_link import endpoints_by_target
from auditor.reach.balancing import TCP
from auditor.reach.bounds import Bounds
from auditor.reach.points import Kind, Point, anywhere_in, endpoint
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources.base import Node
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
    """Give a service that stands in a subnet, at an address that nobody tells."""
    place = anywhere_in(network, subnet)
    return Point(Kind.SUBNET, node.id, place.addresses, node, None, subnet, place.home,
                 place.reasons)  # fmt: skip


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
    try:
        access = cluster.properties.api_server_access_profile
        inside = access is not None and access.enable_vnet_integration
        subnet = network.get(access.subnet_id if access and inside else None, Subnet)
    except Undetermined:
        subnet = None
    if subnet is not None:
        found[subnet.key] = hosted(network, cluster, subnet)
    return tuple(found[key] for key in sorted(found))


def _is_api_server(node: PrivateEndpoint) -> bool:
    return node.label.lower().startswith(_API_SERVER)
