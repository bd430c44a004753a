"""Questions about AKS clusters: what is theirs, how pods are addressed, how many addresses.

Facts K-1 to K-34.
"""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import fold, group_key, parent
from auditor.network.export_commands import in_node_group_of
from auditor.network.graph import Network, evidence, possibly, question, question_about
from auditor.network.routing_domains import without_network
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

N = TypeVar("N", bound=Node)

RESERVED = 5
"""Addresses Azure keeps of every IPv4 subnet (D-1)."""


class Cni(enum.Enum):
    """How pods of a pool get their addresses (K-2)."""

    NODE_SUBNET = "node subnet"
    POD_SUBNET = "pod subnet"
    OVERLAY = "overlay"
    KUBENET = "kubenet"
    OTHER = "a plugin of its own"


def outbound_type(cluster: ManagedCluster) -> str | None:
    """Give `outboundType` (K-4), lower case; None when the cluster does not say."""
    profile = cluster.properties.network_profile
    kind = profile.outbound_type if profile else None
    return kind.lower() if kind else None


def plugin(cluster: ManagedCluster) -> Cni:
    """Tell how pods are addressed, pod subnets left aside: those are a choice of each pool.

    Raises Undetermined without a network plugin.
    """
    profile = cluster.properties.network_profile
    name = (profile.network_plugin or "").lower() if profile else ""
    if not name:
        raise Undetermined(f"the network plugin of cluster {cluster.label}", resource=cluster.id)
    if name == "kubenet":
        return Cni.KUBENET
    if name != "azure":
        return Cni.OTHER
    mode = (profile.network_plugin_mode or "").lower() if profile else ""
    if mode not in ("", "overlay"):
        lacks = f"the network plugin mode of cluster {cluster.label}"
        raise Undetermined(lacks, resource=cluster.id)
    return Cni.OVERLAY if mode else Cni.NODE_SUBNET


def cni(cluster: ManagedCluster, pool: AgentPool) -> Cni:
    """Tell how the pods of a pool are addressed. Raises Undetermined without a network plugin."""
    found = plugin(cluster)
    return Cni.POD_SUBNET if found is Cni.NODE_SUBNET and pool.pod_subnet_id else found


def most_nodes(pool: AgentPool) -> int:
    """Give the number of nodes a pool may grow to. Raises Undetermined when it does not say.

    A maximum beside no word about scaling does not: pools that do not scale have none.
    """
    if pool.enable_auto_scaling is None and pool.max_count is not None:
        raise Undetermined(f"enableAutoScaling of agent pool {pool.label}", resource=pool.id)
    number = pool.max_count if pool.enable_auto_scaling else pool.count
    if number is None:
        wanted = "maxCount" if pool.enable_auto_scaling else "count"
        raise Undetermined(f"{wanted} of agent pool {pool.label}", resource=pool.id)
    return number


def surge(pool: AgentPool) -> int:
    """Give the extra nodes of an upgrade: `maxSurge`, else 10 % and at least one (K-21)."""
    nodes = most_nodes(pool)
    given = pool.upgrade_settings.max_surge if pool.upgrade_settings else None
    if given is None or given == "":
        return max(1, math.ceil(nodes / 10))
    text = str(given)
    try:
        if text.endswith("%"):
            return math.ceil(nodes * int(text[:-1]) / 100)
        return int(text)
    except ValueError:
        raise Undetermined(f"maxSurge of agent pool {pool.label}", resource=pool.id) from None


def peak_nodes(pool: AgentPool) -> int:
    """Give the most nodes a pool can have at once: all it may grow to, and an upgrade's."""
    return most_nodes(pool) + surge(pool)


def pods_per_node(pool: AgentPool) -> int:
    """Give `maxPods`. Raises Undetermined when the pool does not say."""
    if pool.max_pods is None:
        raise Undetermined(f"maxPods of agent pool {pool.label}", resource=pool.id)
    return pool.max_pods


def node_addresses(cluster: ManagedCluster, pool: AgentPool) -> int:
    """Give the addresses a pool takes of its node subnet at its peak (K-21)."""
    each = 1 + pods_per_node(pool) if cni(cluster, pool) is Cni.NODE_SUBNET else 1
    return peak_nodes(pool) * each


def pod_subnet_addresses(pool: AgentPool) -> int:
    """Give the addresses a pool takes of its pod subnet at its peak, in the batches AKS takes.

    Sixteen at a time: dynamic allocation keeps eight free, static blocks one more than the pods.
    """
    static = (pool.pod_ip_allocation_mode or "").lower() == "staticblock"
    batches = math.ceil((pods_per_node(pool) + (1 if static else 8)) / 16)
    return peak_nodes(pool) * 16 * batches


@question
def pools_by_subnet(network: Network) -> dict[str, tuple[tuple[ManagedCluster, AgentPool], ...]]:
    """The pools whose nodes live in each subnet, by the subnet's folded id."""
    return _by_subnet(network, "vnetSubnetID")


@question
def pools_by_pod_subnet(
    network: Network,
) -> dict[str, tuple[tuple[ManagedCluster, AgentPool], ...]]:
    """The pools whose pods live in each pod subnet, by the subnet's folded id."""
    return _by_subnet(network, "podSubnetID")


def _by_subnet(
    network: Network, kind: str
) -> dict[str, tuple[tuple[ManagedCluster, AgentPool], ...]]:
    found: dict[str, list[tuple[ManagedCluster, AgentPool]]] = defaultdict(list)
    for pool in network.all(AgentPool):
        for reference in walk.references(pool):
            if reference.kind == kind and isinstance(pool.owner, ManagedCluster):
                found[fold(reference.target)].append((pool.owner, pool))
    return {key: tuple(pools) for key, pools in found.items()}


def scale_evidence(pool: AgentPool) -> Evidence:
    """Quote the number that `most_nodes` gives."""
    key = "maxCount" if pool.enable_auto_scaling else "count"
    inside = "" if pool.record is None else "/properties"
    return evidence(pool, f"{inside}/{key}", most_nodes(pool))


@question_about
def node_subnets(network: Network, cluster: ManagedCluster) -> tuple[Subnet, ...]:
    """The subnets the cluster's nodes are put in, each once; none for a managed VNet.

    Raises Undetermined when one is not in the snapshot.
    """
    found = (network.get(pool.vnet_subnet_id, Subnet) for pool in cluster.pools)
    return tuple({subnet.key: subnet for subnet in found if subnet is not None}.values())


@question_about
def pod_subnets(network: Network, cluster: ManagedCluster) -> tuple[Subnet, ...]:
    """The subnets its pods are put in (`podSubnetID`), each once."""
    found = (network.get(pool.pod_subnet_id, Subnet) for pool in cluster.pools)
    return tuple({subnet.key: subnet for subnet in found if subnet is not None}.values())


def subnet_ids(cluster: ManagedCluster) -> tuple[str | None, ...]:
    """The ids of the subnets its nodes and pods are put in, each once; None: a managed VNet."""
    found: dict[str, str | None] = {}
    for pool in cluster.pools:
        found.setdefault(fold(pool.vnet_subnet_id or ""), pool.vnet_subnet_id)
        if pool.pod_subnet_id:
            found.setdefault(fold(pool.pod_subnet_id), pool.pod_subnet_id)
    return tuple(found.values())


def network_of(subnet: Subnet) -> VirtualNetwork:
    """The virtual network of a subnet. Raises Undetermined when it is not in the snapshot."""
    if isinstance(subnet.owner, VirtualNetwork):
        return subnet.owner
    raise without_network(subnet)


def virtual_networks(network: Network, cluster: ManagedCluster) -> tuple[VirtualNetwork, ...]:
    """The VNets its nodes and pods are in: brought along, or managed by AKS in the node group.

    Raises Undetermined when they are not in the snapshot.
    """
    found: dict[str, VirtualNetwork] = {}
    for subnet in (*node_subnets(network, cluster), *pod_subnets(network, cluster)):
        home = network_of(subnet)
        found[home.key] = home
    if any(pool.vnet_subnet_id is None for pool in cluster.pools):
        managed = [n for n in node_group(network, cluster) if isinstance(n, VirtualNetwork)]
        if not managed:
            group = cluster.properties.node_resource_group or "the node resource group"
            raise Undetermined(
                f"the virtual network that AKS manages in {group}",
                resource=cluster.id,
                remedy=in_node_group_of(cluster, "vnet"),
            )
        found.update((vnet.key, vnet) for vnet in managed)
    return tuple(found[key] for key in sorted(found))


@question
def _by_network(network: Network) -> dict[str, tuple[ManagedCluster, ...]]:
    found: dict[str, dict[str, ManagedCluster]] = defaultdict(dict)
    for pools in (pools_by_subnet(network), pools_by_pod_subnet(network)):
        for subnet, users in pools.items():
            for cluster, _ in users:
                found[fold(parent(subnet) or "")][cluster.key] = cluster
    return {key: tuple(each.values()) for key, each in found.items()}


def neighbours_in_network(network: Network, cluster: ManagedCluster) -> tuple[ManagedCluster, ...]:
    """The other clusters with nodes or pods in the networks that this one was given."""
    homes = {fold(parent(subnet) or "") for subnet in subnet_ids(cluster) if subnet}
    found = {other.key: other for home in homes for other in _by_network(network).get(home, ())}
    return tuple(found[key] for key in sorted(found) if key != cluster.key)


@question
def _groups(network: Network) -> dict[tuple[str, str], tuple[Node, ...]]:
    found = {}
    for key in cluster_by_group(network):
        below = network.below(f"/subscriptions/{key[0]}/resourcegroups/{key[1]}/")
        found[key] = tuple(node for node in below if node.record is not None)
    return found


def _group_key(cluster: ManagedCluster) -> tuple[str, str] | None:
    group = walk.peek(walk.peek(cluster, "properties"), "node_resource_group")
    return (cluster.subscription.lower(), group.lower()) if group else None


def node_group(network: Network, cluster: ManagedCluster) -> tuple[Node, ...]:
    """The resources of the cluster's node resource group, `MC_...` or as named (K-1)."""
    key = _group_key(cluster)
    return _groups(network).get(key, ()) if key else ()


@question
def cluster_by_group(network: Network) -> dict[tuple[str, str], ManagedCluster]:
    """The cluster each node resource group belongs to, by subscription and group, lower case."""
    pairs = ((_group_key(cluster), cluster) for cluster in network.all(ManagedCluster))
    return {key: cluster for key, cluster in pairs if key is not None}


def cluster_of(network: Network, node: Node) -> ManagedCluster | None:
    """The cluster in whose node resource group a resource lies, if any."""
    return cluster_by_group(network).get(group_key(node.key))


def pool_name(scale_set: ScaleSet) -> str:
    """Give the name of the agent pool whose nodes a scale set is; empty for any other."""
    return scale_set.tag("aks-managed-poolName") or scale_set.tag("poolName") or ""


def pool_of(network: Network, scale_set: ScaleSet) -> AgentPool | None:
    """Give the agent pool whose nodes a scale set in a node resource group is (K-1)."""
    cluster = cluster_of(network, scale_set)
    pools = cluster.pools if cluster is not None else ()
    name = pool_name(scale_set).lower()
    return next((pool for pool in pools if pool.label.lower() == name), None)


def homeless_cluster(network: Network, pip: PublicIp) -> ManagedCluster | None:
    """Give a cluster that does not tell its node resource group, where a public IP may be in it.

    It looks so by the name of its group or by a Service's tag, and is in no other cluster's (K-1,
    K-57).
    """
    if cluster_of(network, pip) is not None:
        return None
    if not (group_key(pip.key)[1].startswith("mc_") or possibly(_serves, pip)):
        return None
    return _homeless(network).get(pip.subscription.lower())


def _serves(pip: PublicIp) -> bool:
    return bool(services_of(pip))


@question
def _homeless(network: Network) -> dict[str, ManagedCluster]:
    return {
        cluster.subscription.lower(): cluster
        for cluster in network.all(ManagedCluster)
        if _group_key(cluster) is None
    }


def managed_by_aks(network: Network, node: Node) -> bool:
    """Whether a resource is AKS's own to make and delete: it lies in a node resource group (K-1).

    For a cluster that is not in the snapshot, by the name such groups have unless chosen.
    """
    group = group_key(node.key)
    return group[1].startswith("mc_") or group in cluster_by_group(network)


def not_managed_by_aks(network: Network, nodes: Iterable[N]) -> list[N]:
    """Leave out AKS's own resources; at its best where those of one group come together."""
    group, managed = "of nobody", False
    of_clusters = cluster_by_group(network)
    found: list[N] = []
    for node in nodes:
        key = node.key
        if not key.startswith(group):
            of = group_key(key)
            managed = of[1].startswith("mc_") or of in of_clusters
            group = f"/subscriptions/{of[0]}/resourcegroups/{of[1]}/"
        if not managed:
            found.append(node)
    return found


class ServiceFrontend(msgspec.Struct, frozen=True):
    """A load-balancer frontend that serves Kubernetes Services (K-50 to K-60).

    `services` are `namespace/name` where the public address's tags tell them; the names of
    internal ones are not in ARM. `address` is the private or public address, None when unknown.
    """

    cluster: ManagedCluster
    frontend: LoadBalancerFrontend
    public_ip: PublicIp | None
    services: tuple[str, ...]
    address: str | None


@question
def service_frontends(network: Network) -> tuple[ServiceFrontend, ...]:
    """Every frontend of a cluster's load balancers that a Kubernetes Service answers on."""
    return tuple(
        served
        for cluster in network.all(ManagedCluster)
        for node in node_group(network, cluster)
        if isinstance(node, LoadBalancer)
        for served in _served(network, cluster, node)
    )


def _served(
    network: Network, cluster: ManagedCluster, balancer: LoadBalancer
) -> Iterator[ServiceFrontend]:
    used = {
        fold(ref.id)
        for ref in (rule.properties.frontend_ip_configuration for rule in balancer.rules)
        if ref and ref.id
    }
    for frontend in balancer.frontends:
        if frontend.key not in used:
            continue
        found = network.find(frontend.properties.public_ip_address)
        public = found if isinstance(found, PublicIp) else None
        address = public.properties.ip_address if public else frontend.properties.private_ip_address
        yield ServiceFrontend(cluster, frontend, public, services_of(public), address)


def services_of(public: PublicIp | None) -> tuple[str, ...]:
    """The Kubernetes Services a public address is tagged with, `namespace/name` (K-57)."""
    if public is None:
        return ()
    told = public.tag("k8s-azure-service") or public.tag("service") or ""
    return tuple(name.strip() for name in told.split(",") if name.strip())
