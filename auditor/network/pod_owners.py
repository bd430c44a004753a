"""Whose pods have an address: of clusters that give pods a range of their own (K-2, A-54)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims
from auditor.network.clusters import Cni, cluster_of, node_subnets, plugin, virtual_networks
from auditor.network.gateway_subnets import OWN_DELEGATION
from auditor.network.graph import Network, question, question_about
from auditor.network.routing_domains import near_keys
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Node
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PUBLIC


@question_about
def clusters_with_pod(
    network: Network, vnet: VirtualNetwork, address: Address
) -> tuple[ManagedCluster, ...]:
    """Give the clusters in a network or near it whose pods may have an address."""
    near = {vnet.key, *near_keys(network, vnet.key)}
    around = {one.key: one for key in near for one in _with_ranges(network).get(key, ())}
    return tuple(
        around[key]
        for key in sorted(around)
        if any(address in claim.prefix for claim in pod_claims(around[key]))
    )


def reaches_overlay(
    network: Network, vnet: VirtualNetwork, subnet: Subnet, address: Address
) -> bool:
    """Tell whether gateways in a subnet reach an address as that of a pod of an overlay (A-54).

    Azure joins a subnet that is delegated to application gateways with the pods. Raises
    Undetermined of another: controllers of old fill pools that they do not reach.
    """
    clusters = clusters_with_pod(network, vnet, address)
    overlays = [one for one in clusters if plugin(one) is Cni.OVERLAY]
    if overlays and not any(one.lower() == OWN_DELEGATION for one in subnet.delegated_to):
        raise Undetermined(
            f"whether {subnet.label}, which is not delegated to application gateways, is joined "
            f"with the overlay of {overlays[0].label}, whose pods may have such addresses",
            resource=subnet.id,
            remedy="no export tells it: delegate the subnet to Microsoft.Network/"
            "applicationGateways, which joins it with the overlay, or ask the gateway whether it "
            "gets through: az network application-gateway show-backend-health",
        )
    return bool(overlays)


def require_pods_told(
    network: Network, gateway: ApplicationGateway, vnet: VirtualNetwork, address: Address
) -> None:
    """Raise Undetermined where an address may be a pod of the cluster that writes a gateway.

    It may where that cluster is not in the input, or one there does not tell where its pods are.
    """
    if address in PUBLIC:
        return
    for untold in _untold(network):
        raise Undetermined(
            f"whether {address} is a pod: {untold.missing}",
            resource=untold.resource,
            remedy=untold.remedy,
        )
    near = {vnet.key, *near_keys(network, vnet.key)}
    if not any(near & homes for _, homes in _homes(network)):
        raise Undetermined(
            f"the cluster whose ingress controller writes {gateway.label}, "
            f"of which {address} may be a pod",
            resource=gateway.id,
            remedy=f"export the cluster with the rest: {az('aks', 'list')}",
        )


def is_kubenet(cluster: ManagedCluster) -> bool:
    """Tell whether routes lead to the pods of a cluster, by their nodes; False: not told, too."""
    try:
        return plugin(cluster) is Cni.KUBENET
    except Undetermined:
        return False


@question
def _with_ranges(network: Network) -> dict[str, list[ManagedCluster]]:
    """The clusters that tell a range of pods, by the keys of the networks of their nodes."""
    found: dict[str, list[ManagedCluster]] = defaultdict(list)
    for cluster, homes in _homes(network):
        try:
            if pod_claims(cluster):
                for home in homes:
                    found[home].append(cluster)
        except Undetermined:
            continue  # other rules tell what a cluster lacks
    return found


@question
def _homes(network: Network) -> tuple[tuple[ManagedCluster, frozenset[str]], ...]:
    """The clusters that tell the networks of their nodes, with the keys of these."""
    found = []
    for cluster in network.all(ManagedCluster):
        try:
            homes = frozenset(home.key for home in virtual_networks(network, cluster))
        except Undetermined:
            continue
        found.append((cluster, homes))
    return tuple(found)


@question
def _untold(network: Network) -> tuple[Undetermined, ...]:
    """What clusters do not tell of where their nodes and pods are."""
    found = []
    for cluster in network.all(ManagedCluster):
        try:
            _ = virtual_networks(network, cluster), pod_claims(cluster)
        except Undetermined as unknown:
            found.append(unknown)
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
