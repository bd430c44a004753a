"""Where the members of a gateway's pools are, and who they are (A-26, A-27, K-50 to K-62)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import Address, address_or_none
from auditor.errors import Undetermined
from auditor.ids import fold, group_key, parent
from auditor.ids import name as last_segment
from auditor.network.address_plan import Whereabouts, who_may_have
from auditor.network.clusters import (
    ServiceFrontend,
    cluster_by_group,
    cluster_of,
    node_group,
    node_subnets,
    pod_subnets,
    service_frontends,
)
from auditor.network.doubt import Doubt, doubt, settled
from auditor.network.export_commands import records_of
from auditor.network.gaps import unread_type
from auditor.network.gateway_homes import subnet_of, vnet_of
from auditor.network.gateways import Member, entries_of, gateway_of, hiding
from auditor.network.graph import Network, possibly, question, question_about
from auditor.network.holes import holes
from auditor.network.names import (
    linked_networks,
    private_records,
    records_whole,
    resolvers,
    untold_links,
)
from auditor.network.whereabouts import locate_from
from auditor.resources.application_gateways import ApplicationGateway, GatewayPool
from auditor.resources.base import Ref
from auditor.resources.dns import PrivateDnsZone, VirtualNetworkLink
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@question
def members(network: Network) -> tuple[Member | Doubt, ...]:
    """Give every member of every pool that is written as an address or a name.

    A doubt stands for each that is not told, and for the pools of a gateway that hides them.
    """
    told = (entry for pool in network.all(GatewayPool) for entry in entries_of(network, pool))
    return (*told, *hiding(network, lambda gateway: gateway.pools, "backend pools"))


def addressed_members(network: Network) -> tuple[Member | Doubt, ...]:
    """Give the members that are addresses, and doubts for those that may be."""
    return tuple(
        member
        for member in members(network)
        if isinstance(member, Doubt) or member.address is not None
    )


@question_about
def whereabouts(network: Network, member: Member) -> Whereabouts:
    """Tell where the address of a member lies, seen from the gateway's subnet.

    Raises Undetermined when the gateway's VNet is not in the snapshot, and for a name.
    """
    if member.address is None:
        raise Undetermined(f"the address of {member.text}", resource=member.id)
    gateway = gateway_of(network, member.pool)
    vnet_of(network, gateway)
    return locate_from(network, member.address, subnet_of(network, gateway))


@question
def judged_members(network: Network) -> tuple[Member | Doubt, ...]:
    """Give the members that somebody known should answer for.

    Those are addresses in a network the gateway reaches, and names that a linked private zone
    covers; and those of which the snapshot does not tell.
    """
    return tuple(
        member
        for member in members(network)
        if isinstance(member, Doubt) or _is_ours(network, member)
    )


def _is_ours(network: Network, member: Member) -> bool:
    try:
        if member.address is not None:
            return whereabouts(network, member).key is not None
        vnet = vnet_of(network, gateway_of(network, member.pool))
        return resolution(network, vnet, member.text).zone is not None
    except Undetermined:
        return True


@question
def public_addresses(network: Network) -> dict[Address, PublicIp]:
    """Give the public IPs of the snapshot by their address."""
    found: dict[Address, PublicIp] = {}
    for public in network.all(PublicIp):
        address = address_or_none(_public_text(public))
        if address is not None:
            found[address] = public
    return found


def _public_text(public: PublicIp) -> str:
    try:
        return public.properties.ip_address or ""
    except Undetermined:
        return ""


class Resolution(msgspec.Struct, frozen=True):
    """How a name resolves in a VNet, as far as private zones tell.

    `zone` is the private zone that answers for it, None when no linked zone covers it; `found`
    whether the zone has a record for it.
    """

    zone: PrivateDnsZone | None
    found: bool


def resolution(network: Network, vnet: VirtualNetwork, host: str) -> Resolution:
    """Look a name up as a VNet does: the longest linked zone that covers it (L-11, L-12).

    Raises Undetermined when the DNS servers, or the records of the zone, are not told.
    """
    name = host.rstrip(".").lower()
    doubt = _untold_zone(network, name)
    best: tuple[PrivateDnsZone, VirtualNetworkLink | None] | None = None
    for key in resolvers(network, vnet):
        for zone in _zones_of(network).get(key, ()):
            suffix = zone.label.lower()
            longer = best is None or len(suffix) > len(best[0].label)
            if longer and (name == suffix or name.endswith(f".{suffix}")):
                best = (zone, _links(network).get((zone.key, key)))
    if doubt is not None and (best is None or len(doubt[0]) > len(best[0].label)):
        raise doubt[1]
    if best is None:
        return Resolution(None, False)
    zone, link = best
    hosts = {record.host for record in private_records(network).get(zone.key, ())}
    found = name in hosts or any(one in hosts for one in wildcards(name, zone.label.lower()))
    if not found and not records_whole(network, zone):
        missing = f"the records of the private zone {zone.label}"
        raise Undetermined(missing, resource=zone.id, remedy=records_of(zone))
    falls_back = link is not None and (link.properties.resolution_policy or "").lower() == (
        "nxdomainredirect"
    )
    return Resolution(None, False) if falls_back and not found else Resolution(zone, found)


def _untold_zone(network: Network, name: str) -> tuple[str, Undetermined] | None:
    """The longest zone that covers a name and has a link nobody tells where it leads, with why."""
    found = [
        (last_segment(zone), doubt)
        for zone, doubt in untold_links(network).items()
        if f".{name}".endswith(f".{last_segment(zone)}")
    ]
    return max(found, key=lambda one: len(one[0]), default=None)


def wildcards(name: str, zone: str) -> Iterator[str]:
    """Give the wildcards of a zone that may answer for a name, the nearest first."""
    rest = name
    while rest != zone and "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"


@question
def _zones_of(network: Network) -> dict[str, tuple[PrivateDnsZone, ...]]:
    """Give the private zones linked to each VNet, by its key."""
    found: dict[str, list[PrivateDnsZone]] = {}
    for zone in network.all(PrivateDnsZone):
        for vnet in linked_networks(network).get(zone.key, ()):
            found.setdefault(vnet, []).append(zone)
    return {key: tuple(zones) for key, zones in found.items()}


@question
def _links(network: Network) -> dict[tuple[str, str], VirtualNetworkLink]:
    """Give the links by the keys of their zone and their VNet."""
    found: dict[tuple[str, str], VirtualNetworkLink] = {}
    for link in network.all(VirtualNetworkLink):
        ref = _network_of(link)
        if ref and ref.id:
            found[fold(parent(link.id) or ""), fold(ref.id)] = link
    return found


def _network_of(link: VirtualNetworkLink) -> Ref | None:
    try:
        return link.properties.virtual_network
    except Undetermined:
        return None  # `resolution` asks `untold_links`


class ClusterBackend(msgspec.Struct, frozen=True):
    """A pool with members in an AKS cluster: the cluster, and the frontend of each address.

    `frontends` are those of the cluster's load balancers on which a Kubernetes Service answers.
    """

    pool: GatewayPool
    cluster: ManagedCluster
    frontends: dict[Address, ServiceFrontend]

    @property
    def id(self) -> str:
        """The pool's id."""
        return self.pool.id


@question
def cluster_backends(network: Network) -> tuple[ClusterBackend | Doubt, ...]:
    """Give the pools whose members lie in an AKS cluster of the snapshot, each with the cluster.

    A member lies in a cluster when a Kubernetes Service of it answers on the address, or when the
    address is in a subnet of its nodes or pods and nobody outside the cluster owns it.
    A gateway that an ingress controller writes (AGIC) sends to pods, and is left out (A-54);
    `require_no_controller` raises where that is not told. A doubt stands for a pool of which the
    snapshot does not tell whether it belongs to a cluster.
    """
    if not network.all(ManagedCluster):
        return ()
    found = (_in_cluster(network, pool) for pool in network.all(GatewayPool))
    untold = hiding(network, lambda gateway: gateway.pools, "backend pools")
    return (*(one for one in found if one is not None), *untold)


def _in_cluster(network: Network, pool: GatewayPool) -> ClusterBackend | Doubt | None:
    doubts: list[Doubt] = []
    for entry in entries_of(network, pool):
        try:
            cluster = _cluster_of_member(network, settled(entry))
        except Undetermined as unknown:
            doubts.append(doubt(pool.id, unknown))
            continue
        if cluster is not None:
            if is_controlled(network, pool):
                return None
            return ClusterBackend(pool, cluster, _frontends(network, cluster))
    return doubts[0] if doubts and not is_controlled(network, pool) else None


def _cluster_of_member(network: Network, member: Member) -> ManagedCluster | None:
    if member.address is None:
        return None
    served = _public_services(network).get(member.address)
    if served is not None:
        return served.cluster
    here = whereabouts(network, member)
    clusters = [cluster_of(network, owner.holder) for owner in here.owners]
    if clusters:
        return None if None in clusters else clusters[0]
    if here.subnet is not None:
        return _clusters_by_subnet(network).get(here.subnet.key)
    if here.key is not None and here.unsure:
        may = who_may_have(network, here)
        told_by, remedy = (may.told_by, may.remedy) if may is not None else ("", "")
        missing = f"where {here.address} lies: {here.unsure}"
        raise Undetermined(missing, resource=told_by or member.id, remedy=remedy)
    return None


@question
def _services(network: Network) -> dict[str, dict[Address, ServiceFrontend]]:
    """The frontends of each cluster by address: unconnected clusters may use the same ones."""
    found: dict[str, dict[Address, ServiceFrontend]] = {}
    for one in service_frontends(network):
        address = address_or_none(one.address)
        if address is not None:
            found.setdefault(one.cluster.key, {})[address] = one
    return found


@question
def _public_services(network: Network) -> dict[Address, ServiceFrontend]:
    return {
        address: one
        for frontends in _services(network).values()
        for address, one in frontends.items()
        if one.public_ip is not None
    }


@question
def _clusters_by_subnet(network: Network) -> dict[str, ManagedCluster]:
    found: dict[str, ManagedCluster] = {}
    for cluster in network.all(ManagedCluster):
        for subnet in _subnets(network, cluster):
            found.setdefault(subnet.key, cluster)
    return found


def _subnets(network: Network, cluster: ManagedCluster) -> Iterator[Subnet]:
    for of in (node_subnets, pod_subnets):
        try:
            yield from of(network, cluster)
        except Undetermined:
            continue


def _frontends(network: Network, cluster: ManagedCluster) -> dict[Address, ServiceFrontend]:
    return _services(network).get(cluster.key, {})


def balancers_told(network: Network, cluster: ManagedCluster) -> bool:
    """Tell whether the snapshot holds the load balancers of a cluster, with all they answer on.

    They lie in its node resource group; a list that is not whole tells of none, nor do those of a
    group of which another resource names one that is not there.
    """
    if unread_type(network, "Microsoft.Network/loadBalancers", cluster.id) is not None:
        return False
    if cluster.key in _lacking_balancers(network):
        return False
    found = [node for node in node_group(network, cluster) if isinstance(node, LoadBalancer)]
    return bool(found) and all(map(_tells_all, found))


@question
def _lacking_balancers(network: Network) -> frozenset[str]:
    """The keys of the clusters in whose node resource group a load balancer is named and absent."""
    absent = (hole.missing.key for hole in holes(network))
    groups = {group_key(key) for key in absent if "/microsoft.network/loadbalancers/" in key}
    clusters = cluster_by_group(network)
    return frozenset(clusters[group].key for group in groups if group in clusters)


def _tells_all(balancer: LoadBalancer) -> bool:
    try:
        for frontend in balancer.frontends:
            p = frontend.properties
            if not (p.private_ip_address or p.public_ip_address or p.public_ip_prefix):
                return False
        uses = (rule.properties.frontend_ip_configuration for rule in balancer.rules)
        return balancer.properties.load_balancing_rules is not None and all(
            use is not None and use.id for use in uses
        )
    except Undetermined:
        return False


def is_controlled(network: Network, pool: GatewayPool) -> bool:
    """Whether an ingress controller in a cluster writes the gateway (A-53, A-54)."""
    gateway = pool.owner
    if not isinstance(gateway, ApplicationGateway):
        return False
    return gateway.key in _gateways_of_addons(network) or not possibly(_is_untagged, gateway)


def _is_untagged(gateway: ApplicationGateway) -> bool:
    tags = ("managed-by-k8s-ingress", "ingress-for-aks-cluster-id")
    return not any(gateway.tag(tag) for tag in tags)


def require_no_controller(backend: ClusterBackend) -> None:
    """Raise Undetermined when an ingress controller of the cluster may write the pool.

    Only the cluster's own could: a controller fills pools with the pods of its cluster (A-54).
    """
    tuple(_of_addons(backend.cluster))
    gateway = backend.pool.owner
    if isinstance(gateway, ApplicationGateway):
        _is_untagged(gateway)


@question
def _gateways_of_addons(network: Network) -> frozenset[str]:
    found: set[str] = set()
    for cluster in network.all(ManagedCluster):
        try:
            found.update(_of_addons(cluster))
        except Undetermined:
            continue  # `require_no_controller` raises
    return frozenset(found)


def _of_addons(cluster: ManagedCluster) -> Iterator[str]:
    for name, addon in (cluster.properties.addon_profiles or {}).items():
        if addon and name.lower() == "ingressapplicationgateway" and addon.enabled:
            config = addon.config or {}
            texts = (
                config.get("effectiveApplicationGatewayId"),
                config.get("applicationGatewayId"),
            )
            yield from (fold(text) for text in texts if isinstance(text, str) and text)
