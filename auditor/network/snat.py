"""Ports for outbound connections: how many there are, how many machines share them (R-31, R-35)."""

from __future__ import annotations

import re
from collections import defaultdict

from auditor.addresses import parse_prefix
from auditor.errors import Undetermined
from auditor.network.backends import members
from auditor.network.clusters import cluster_of, peak_nodes
from auditor.network.graph import Network
from auditor.network.scale_sets import listed_apart
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.load_balancers import BackendPool, LoadBalancerFrontend, OutboundRule
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.public_addresses import PublicIp, PublicIpPrefix

PORTS_OF_FRONTEND = 64_000
"""Ports a load balancer gives out for each public address."""

PORTS_OF_NAT_GATEWAY = 64_512
"""Ports a NAT gateway has for each public address."""

_TIERS = ((50, 1024), (100, 512), (200, 256), (400, 128), (800, 64), (1000, 32))
"""Machines in a pool, and the ports each gets when the rule leaves the number to Azure."""

_INSTANCE = re.compile(r"(.*/virtualmachinescalesets/[^/]+)/virtualmachines/([^/]+)/")


def automatic_ports(machines: int) -> int:
    """Give the ports each machine gets when `allocatedOutboundPorts` is 0 or absent."""
    return next((ports for most, ports in _TIERS if machines <= most), 32)


def machines_in(network: Network, pool: BackendPool) -> int:
    """Count the machines of a pool: ip configurations, and scale sets by their capacity.

    Raises Undetermined when a scale set tells neither its capacity nor its instances.
    """
    instances: dict[str, set[str]] = defaultdict(set)
    models: dict[str, int] = defaultdict(int)
    single = 0
    for member in members(network, pool):
        node = network.nodes.get(member)
        match = _INSTANCE.match(member)
        if isinstance(node, ScaleSetIpConfiguration):
            models[node.root.key] += 1
        elif match:
            instances[match.group(1)].add(member)
        else:
            single += 1
    total = single
    for key in instances.keys() | models.keys():
        total += max(
            len(instances[key]), _capacity(network, key, models[key], bool(instances[key]))
        )
    return total


def _capacity(network: Network, key: str, configurations: int, listed: bool) -> int:
    scale_set = network.nodes.get(key)
    if not isinstance(scale_set, ScaleSet):
        return 0
    capacity = scale_set.sku.capacity if scale_set.sku else None
    apart = listed_apart(network, scale_set)
    if capacity is None and not (listed or apart):
        raise Undetermined(f"the capacity of scale set {scale_set.label}", resource=scale_set.id)
    return max(0, (capacity or 0) - apart) * max(1, configurations)


def addresses_of_rule(network: Network, rule: OutboundRule) -> int:
    """Count the public addresses of an outbound rule. Raises Undetermined when one is not told."""
    total = 0
    frontends = rule.properties.frontend_ip_configurations or ()
    for ref in frontends:
        frontend = network.get(ref, LoadBalancerFrontend)
        if frontend is None or not frontend.public:
            continue
        if frontend.properties.public_ip_prefix is not None:
            total += _size(network, frontend.properties.public_ip_prefix)
        elif frontend.properties.public_ip_address is not None:
            total += 1
    if not total:
        raise Undetermined(f"the addresses of outbound rule {rule.label}", resource=rule.id)
    return total


def _size(network: Network, ref: Ref) -> int:
    prefix = network.get(ref, PublicIpPrefix)
    if prefix is None:
        return 0
    if prefix.properties.ip_prefix:
        return parse_prefix(prefix.properties.ip_prefix).size
    length = prefix.properties.prefix_length
    if length is None or not 0 <= length <= 32:
        raise Undetermined(f"the length of public IP prefix {prefix.label}", resource=prefix.id)
    return 1 << 32 - length


def addresses_of_gateway(network: Network, gateway: NatGateway) -> int:
    """Count the IPv4 addresses of a NAT gateway.

    Raises Undetermined when a prefix is not told, and when the gateway tells no address and an
    address tells that it is the gateway's (E-1).
    """
    p = gateway.properties
    if not p.public_ip_addresses and not p.public_ip_prefixes:
        for edge in network.referrers(gateway, "natGateway"):
            if isinstance(edge.source, PublicIp | PublicIpPrefix):
                whose = f"the addresses of NAT gateway {gateway.label}"
                missing = f"{whose}: {edge.source.label} says it is its"
                raise Undetermined(missing, resource=gateway.id)
    single = [ref for ref in p.public_ip_addresses or () if not _is_v6(network, ref)]
    return len(single) + sum(_size(network, ref) for ref in p.public_ip_prefixes or ())


def _is_v6(network: Network, ref: Ref) -> bool:
    node = network.find(ref)
    version = node.properties.public_ip_address_version if isinstance(node, PublicIp) else None
    return (version or "").lower() == "ipv6"


def is_clusters_own(network: Network, rule: OutboundRule) -> bool:
    """Tell whether AKS keeps an outbound rule, with as many ports as its cluster promises."""
    cluster = cluster_of(network, rule)
    if cluster is None:
        return False
    try:
        return (rule.properties.allocated_outbound_ports or 0) == cluster_promise(cluster)
    except Undetermined:
        return False


def cluster_promise(cluster: ManagedCluster) -> int:
    """Give the ports a cluster promises each node; 0 leaves the number to Azure."""
    profile = cluster.properties.network_profile
    settings = profile.load_balancer_profile if profile is not None else None
    return (settings.allocated_outbound_ports or 0) if settings is not None else 0


def cluster_addresses(network: Network, cluster: ManagedCluster) -> int:
    """Count a cluster's outbound addresses. Raises Undetermined when they are not told."""
    profile = cluster.properties.network_profile
    settings = profile.load_balancer_profile if profile else None
    if settings is None:
        raise Undetermined(
            f"the outbound addresses of cluster {cluster.label}", resource=cluster.id
        )
    if settings.effective_outbound_ips:
        return len(settings.effective_outbound_ips)
    total = 0
    if settings.outbound_ips is not None:
        total += len(settings.outbound_ips.public_ips or ())
    if settings.outbound_ip_prefixes is not None:
        for ref in settings.outbound_ip_prefixes.public_ip_prefixes or ():
            total += _size(network, ref)
    if settings.managed_outbound_ips is not None:
        total += settings.managed_outbound_ips.count or 0
    if not total:
        raise Undetermined(
            f"the outbound addresses of cluster {cluster.label}", resource=cluster.id
        )
    return total


def cluster_machines(cluster: ManagedCluster) -> int:
    """Count the nodes of a cluster at its peak. Raises Undetermined when a pool does not say."""
    return sum(peak_nodes(pool) for pool in cluster.pools)
