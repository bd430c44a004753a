"""A network is not linked to the private zone it needs.

## Why it matters
A private zone answers only the networks it is linked to. From any other network the name of the
service resolves to its public address, or to nothing: the application works in one network and
fails in the next, and the private endpoint is walked around.

## What fails
A network needs a private zone when

- a private endpoint in it has a zone group with that zone,
- a MySQL flexible server is in one of its subnets and names the zone,
- a private AKS cluster's nodes are in it and the cluster names the zone,

and the network that resolves its names (itself; with DNS servers of its own, the networks those
are in) has no link to the zone. A peered network with cluster nodes in it that resolves without
such a link is told with severity medium: whether they use the service, only you know.

DNS servers outside every network of the snapshot, and a zone, its links, or the network of what
needs it that are not in the snapshot, give *unknown*. What a DNS server of one's own answers is
not in Azure: the link of its network is what is judged.

## What to do
Link the zone to the network.

## References
- https://learn.microsoft.com/azure/private-link/private-endpoint-dns
- Facts L-11 to L-14, L-21, K-12, R-23
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network import clusters, names
from auditor.network.api_servers import endpoints_of
from auditor.network.export_commands import links_of
from auditor.network.graph import Network, evidence, question
from auditor.network.namesakes import nth_anywhere
from auditor.network.peerings import told_peerings
from auditor.network.reads import CLUSTERS, DATABASES
from auditor.remedy import az, unused_name
from auditor.resources.base import Node
from auditor.resources.dns import PrivateDnsZone
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.rule import Finding, Outcomes, Reads, Severity, Unknown, not_told, rule


class Need(msgspec.Struct, frozen=True):
    """A zone that networks need: `users` pairs what needs it with where that is (None: untold).

    With `missing`, a resource that does not tell which zone it needs.
    """

    id: str
    users: list[tuple[Node, VirtualNetwork | None]] = msgspec.field(default_factory=list)
    missing: str = ""


Use: TypeAlias = tuple[str, VirtualNetwork | None]


@question
def needed_zones(network: Network) -> tuple[Need, ...]:
    """The private zones that endpoints, servers and clusters need."""
    needs: dict[str, Need] = {}
    for user, uses in _users(network):
        try:
            for zone_id, vnet in uses:
                needs.setdefault(fold(zone_id), Need(zone_id)).users.append((user, vnet))
        except Undetermined as unknown:
            needs.setdefault(user.key, Need(user.id, missing=unknown.missing))
    return tuple(needs[key] for key in sorted(needs))


def _users(network: Network) -> Iterator[tuple[Node, Iterator[Use]]]:
    for endpoint in network.all(PrivateEndpoint):
        yield endpoint, _of_endpoint(network, endpoint)
    for server in network.all(MySqlFlexibleServer):
        yield server, _of_server(network, server)
    for cluster in network.all(ManagedCluster):
        yield cluster, _of_cluster(network, cluster)


def _of_endpoint(network: Network, endpoint: PrivateEndpoint) -> Iterator[Use]:
    for group in names.zone_groups(network).get(endpoint.key, ()):
        for config in group.properties.private_dns_zone_configs or ():
            zone = config.properties.private_dns_zone_id
            if not zone:
                missing = f"the private zones of {group.label} of {endpoint.label}"
                raise Undetermined(missing, resource=group.id)
            subnet = endpoint.properties.subnet
            yield zone, _vnet(network, subnet.id if subnet else None)


def _of_server(network: Network, server: MySqlFlexibleServer) -> Iterator[Use]:
    settings = server.properties.network
    if settings and settings.private_dns_zone_resource_id:
        vnet = _vnet(network, settings.delegated_subnet_resource_id)
        yield settings.private_dns_zone_resource_id, vnet


def _of_cluster(network: Network, cluster: ManagedCluster) -> Iterator[Use]:
    access = cluster.properties.api_server_access_profile
    zone = access.private_dns_zone if access and access.enable_private_cluster else None
    if zone and zone.startswith("/"):
        for vnet in _cluster_networks(network, cluster):
            yield zone, vnet


def _cluster_networks(
    network: Network, cluster: ManagedCluster
) -> tuple[VirtualNetwork | None, ...]:
    try:
        return clusters.virtual_networks(network, cluster)
    except Undetermined:
        return (None,)


def _vnet(network: Network, subnet_id: str | None) -> VirtualNetwork | None:
    subnet = network.find(subnet_id)
    owner = subnet.owner if isinstance(subnet, Subnet) else None
    return owner if isinstance(owner, VirtualNetwork) else None


@rule(
    "DNS-005",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=needed_zones,
    reads=Reads(
        subjects=("privateEndpoints", "privateEndpoints/privateDnsZoneGroups", DATABASES, CLUSTERS),
        anywhere=("privateEndpoints", "privateEndpoints/privateDnsZoneGroups", DATABASES, CLUSTERS),
    ),
)
def network_without_zone_link(network: Network, need: Need) -> Outcomes:
    """Compare the networks that need the zone with those it is linked to."""
    if need.missing:
        yield Unknown(need.id, missing=f"the private zone it needs: {need.missing}")
        return
    zone = network.get(need.id, PrivateDnsZone)
    if zone is None:
        return
    if not names.links_exported(network, zone):
        missing = f"the network links of private zone {zone.label}"
        yield Unknown(zone.id, missing=missing, remedy=links_of(zone))
        return
    linked = names.linked_networks(network).get(zone.key, frozenset())
    homes: dict[str, tuple[VirtualNetwork, Node]] = {}
    for user, vnet in need.users:
        if vnet is None:
            yield _untold_home(network, zone, user)
        else:
            homes.setdefault(vnet.key, (vnet, user))
    for vnet, user in homes.values():
        yield from _judge(network, zone, linked, vnet, user, None)
    for vnet, user in _neighbours(network, homes).values():
        yield from _judge(network, zone, linked, vnet, user, Severity.MEDIUM)
    for unknown in _untold_neighbours(network, homes):
        yield not_told(zone.id, unknown, f"peers {unknown.resource.lower()}")


def _subnet_of(user: Node) -> str | None:
    if isinstance(user, MySqlFlexibleServer):
        settings = user.properties.network
        return settings.delegated_subnet_resource_id if settings else None
    subnet = user.properties.subnet if isinstance(user, PrivateEndpoint) else None
    return subnet.id if subnet else None


def _untold_home(network: Network, zone: PrivateDnsZone, user: Node) -> Unknown:
    lacks = Undetermined(f"the virtual network of {user.label}", resource=user.id)
    try:
        if isinstance(user, ManagedCluster):
            clusters.virtual_networks(network, user)
        else:
            network.get(_subnet_of(user), Subnet)
    except Undetermined as unknown:
        lacks = unknown
    return Unknown(
        zone.id,
        missing=f"the network of {user.label}: {lacks.missing}",
        remedy=lacks.remedy,
        related=(user.id,),
        key=user.key,
        told_by=lacks.resource,
    )


def _judge(
    network: Network,
    zone: PrivateDnsZone,
    linked: frozenset[str],
    vnet: VirtualNetwork,
    user: Node,
    severity: Severity | None,
) -> Outcomes:
    try:
        resolving = names.resolvers(network, vnet)
    except Undetermined as unknown:
        yield Unknown(
            zone.id,
            missing=unknown.missing,
            remedy=unknown.remedy,
            related=(vnet.id,),
            key=vnet.key,
        )
        return
    if all(key in linked for key in resolving):
        return
    doubt = names.untold_links(network).get(zone.key)
    if doubt is not None:
        yield Unknown(zone.id, missing=doubt.missing, related=(vnet.id,), key=vnet.key)
        return
    target = next(key for key in resolving if key not in linked)
    resolver = network.nodes[target]
    through = "" if resolver is vnet else f", which resolves in {resolver.label},"
    yield Finding(
        subject=zone.id,
        message=f"private zone {zone.label} is not linked to {resolver.label}; {user.label} in "
        f"{vnet.label}{through} needs it"
        if severity is None
        else f"private zone {zone.label} is not linked to {resolver.label}, whose nodes reach "
        f"{user.label} by peering",
        remedy=az(
            "network",
            "private-dns",
            "link",
            "vnet",
            "create",
            resource_group=zone.resource_group,
            zone_name=zone.label,
            name=_link_name(network, zone, resolver),
            virtual_network=resolver.id,
            registration_enabled=False,
        ),
        related=(vnet.id, user.id),
        evidence=(evidence(zone, "/name", zone.label),),
        severity=severity,
        covers=tuple(_endpoints_without_name(network, user)) if severity is None else (),
        key=vnet.key,
    )


def _endpoints_without_name(network: Network, user: Node) -> Iterator[tuple[str, str]]:
    """Name what PE-005 tells of an API server, whose record is in the zone that is not linked."""
    if isinstance(user, ManagedCluster):
        for endpoint in endpoints_of(network, user):
            yield "PE-005", endpoint.id


def _link_name(network: Network, zone: PrivateDnsZone, vnet: Node) -> str:
    """A name for the link to a VNet that no link of the zone has, or is to get."""
    links = network.below(f"{zone.key}/virtualnetworklinks/")
    nth = nth_anywhere(network, vnet)
    return unused_name(f"link-{vnet.label}", [link.label.lower() for link in links], nth=nth)


def _neighbours(
    network: Network, homes: dict[str, tuple[VirtualNetwork, Node]]
) -> dict[str, tuple[VirtualNetwork, Node]]:
    """The networks peered with a home that hold cluster nodes."""
    found: dict[str, tuple[VirtualNetwork, Node]] = {}
    for vnet, user in homes.values():
        for peering in told_peerings(network, vnet)[0]:
            near = network.find(peering.properties.remote_virtual_network)
            if (
                isinstance(near, VirtualNetwork)
                and near.key not in homes
                and peering.connected
                and near.key in networks_with_nodes(network)
            ):
                found.setdefault(near.key, (near, user))
    return found


def _untold_neighbours(
    network: Network, homes: dict[str, tuple[VirtualNetwork, Node]]
) -> Iterator[Undetermined]:
    """Say which homes do not tell all their peerings, where there are nodes that may be beyond."""
    if networks_with_nodes(network) <= homes.keys():
        return
    for vnet, _ in homes.values():
        others = told_peerings(network, vnet)[1]
        if others is not None:
            yield others


@question
def networks_with_nodes(network: Network) -> frozenset[str]:
    """The folded ids of the VNets that hold cluster nodes."""
    found = (network.nodes.get(key) for key in clusters.pools_by_subnet(network))
    return frozenset(subnet.owner.key for subnet in found if subnet and subnet.owner)
