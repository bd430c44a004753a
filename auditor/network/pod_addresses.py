"""Addresses of pods on the NICs of nodes, and by whose address others see what the pods send.

Where pods have addresses of the nodes' subnet, a node's NIC has one ip configuration for itself and
one for each of its pods (K-23). Inside their network pods keep their address; everybody else sees
that of their node, which translates before anything in Azure looks at it (section 5.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.addresses import AddressError, AddressSet, parse_prefix
from auditor.errors import Undetermined
from auditor.network.clusters import Cni, cluster_of, node_group, plugin
from auditor.network.graph import Network, question, question_about
from auditor.network.interfaces import Configuration, configuration_of
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetInterface
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@question_about
def node_of_pod(network: Network, configuration: Configuration) -> Configuration | None:
    """Give the ip configuration of the node whose pod has another one; None: it is no pod's."""
    nic = configuration.owner
    if not isinstance(nic, NetworkInterface | ScaleSetInterface):
        return None
    cluster = cluster_of(network, nic)
    try:
        if cluster is None or plugin(cluster) is not Cni.NODE_SUBNET:
            return None
        told = (configuration.properties.private_ip_address_version or "").lower()
        own = configuration_of(nic, 6 if told == "ipv6" else 4)
        return own if own is not configuration and not _is_public(configuration) else None
    except Undetermined:
        return None


def _is_public(configuration: Configuration) -> bool:
    """Whether somebody gave it a public address, as nobody does for a pod."""
    if isinstance(configuration, IpConfiguration):
        return configuration.properties.public_ip_address is not None
    return configuration.properties.public_ip_address_configuration is not None


def kept_inside(network: Network, configuration: Configuration) -> AddressSet | None:
    """Give the addresses towards which a pod keeps its own; None where that is not told."""
    subnet = network.get(configuration.properties.subnet, Subnet)
    vnet = network.holder(subnet, VirtualNetwork) if subnet is not None else None
    try:
        return AddressSet.from_prefixes(vnet.prefixes) if vnet is not None else None
    except Undetermined:
        return None


@question
def nodes_with_pods(network: Network) -> tuple[tuple[Configuration, AddressSet], ...]:
    """Give the nodes of clusters whose pods have a range of their own, and that range (K-33)."""
    found: list[tuple[Configuration, AddressSet]] = []
    for cluster in network.all(ManagedCluster):
        try:
            ranges = _own_range(cluster)
        except (Undetermined, AddressError):
            continue
        for nic in _nics(node_group(network, cluster) if ranges else ()):
            own = _of_node(nic)
            if own is not None:
                found.append((own, ranges))
    return tuple(found)


@question
def ranges_behind(network: Network) -> dict[str, AddressSet]:
    """Give the range of pods behind each node, by the key of its ip configuration."""
    return {own.key: ranges for own, ranges in nodes_with_pods(network)}


def _nics(group: Iterable[Node]) -> Iterator[NetworkInterface | ScaleSetInterface]:
    """Give the NICs of a node resource group, the models of scale sets too."""
    for node in group:
        if isinstance(node, NetworkInterface):
            yield node
        elif isinstance(node, ScaleSet):
            yield from walk.peek(node, "interfaces") or ()


def _own_range(cluster: ManagedCluster) -> AddressSet:
    profile = cluster.properties.network_profile
    if profile is None or plugin(cluster) not in (Cni.OVERLAY, Cni.KUBENET):
        return AddressSet()
    told = [profile.pod_cidr, *(profile.pod_cidrs or ())]
    return AddressSet.from_prefixes(parse_prefix(each) for each in told if each)


def _of_node(nic: NetworkInterface | ScaleSetInterface) -> Configuration | None:
    """Give the ip configuration of a node by its NIC; None: it is that of an endpoint, say."""
    try:
        instance = "/virtualmachinescalesets/" in nic.key
        if instance or walk.peek(nic.properties, "virtual_machine") is not None:
            return configuration_of(nic, 4)
    except Undetermined:
        pass
    return None
