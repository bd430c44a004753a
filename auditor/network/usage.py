"""How many addresses of a subnet are taken (D-1, D-10, A-3, K-20).

What lives in a subnet is told twice and not always both times: the subnet lists ip configurations,
and ip configurations name the subnet. The union counts. Application gateways count by the
instances they may grow to, AKS pools by their nodes at the peak, scale sets by their capacity.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.errors import Undetermined
from auditor.finding import Unknown
from auditor.ids import fold, group_key, top_level
from auditor.ids import name as last_segment
from auditor.network import clusters
from auditor.network.address_owners import OWNING
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.graph import Edge, Network
from auditor.network.private_link import interfaces_of
from auditor.network.scale_sets import listed_apart
from auditor.network.untold_homes import doubts_about
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Node, Ref
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet

API_SERVER = 9
"""Addresses of a cluster's API server in a subnet of its own (K-13)."""

RESOLVER = 11
"""Addresses of the one endpoint of a DNS resolver that a subnet may hold: all of a /28, which is
enough for it whatever it is asked (D-9):
https://learn.microsoft.com/azure/dns/dns-private-resolver-overview#subnet-restrictions
"""

_RESOLVERS = "microsoft.network/dnsresolvers"

_ASK_SERVICE = "no export tells it: look at the instances of what the subnet was given to"

_LISTS_ITSELF = frozenset(
    {
        "microsoft.databricks/workspaces",
        "microsoft.hardwaresecuritymodules/dedicatedhsms",
        "microsoft.netapp/volumes",
        "microsoft.network/applicationgateways",
        "microsoft.containerservice/managedclusters",
        "microsoft.dbformysql/flexibleservers",
    }
)
"""Delegations whose demand is counted or listed as NICs; what others inject is in no list."""


class Usage(msgspec.Struct):
    """The IPv4 addresses of a subnet.

    `capacity` counts all of them, `reserved` those that Azure keeps (five of each prefix), `taken`
    who takes how many, `unsure` what takes an unknown number, and which resource would tell it.
    """

    capacity: int
    reserved: int
    taken: dict[str, int] = msgspec.field(default_factory=dict)
    unsure: list[Undetermined] = msgspec.field(default_factory=list)

    @property
    def used(self) -> int:
        """All that is not free: the reserved addresses included."""
        return self.reserved + sum(self.taken.values())

    @property
    def share(self) -> float:
        """The used part of the capacity, 0 to 1 and more."""
        return self.used / self.capacity

    def add(self, who: str, number: int) -> None:
        """Count addresses; nothing when there are none."""
        if number > 0:
            self.taken[who] = self.taken.get(who, 0) + number


def is_roomy(network: Network, subnet: Subnet, threshold: int) -> bool:
    """Tell at a glance that less than a threshold, in percent, of a subnet's addresses is used.

    So it is where there is room for all that anything in it takes, some of them counted twice.
    False: count.
    """
    try:
        return _is_roomy(network, subnet, threshold)
    except Undetermined:
        return False


def _is_roomy(network: Network, subnet: Subnet, threshold: int) -> bool:
    p = subnet.properties
    listed = p.ip_configurations or ()
    if p.application_gateway_ip_configurations or subnet.key in gateways_by_subnet(network):
        return False
    if not all(map(_lists_itself, subnet.delegated_to)) or doubts_about(network, subnet, *_TAKING):
        return False
    for ref in listed:
        if not isinstance(ref.node, _KNOWN):
            return False
    number = len(listed) + len(p.private_endpoints or ())
    for edge in subnet.incoming or ():
        if edge.kind in _ONE_EACH and not isinstance(edge.source, ScaleSetIpConfiguration):
            number += 1
        elif edge.kind in _TAKING:
            number += max(0, _at_most(edge))
    capacity = 0
    for prefix in subnet.prefixes:
        if prefix.version == 4:
            capacity += prefix.last - prefix.first + 1
            number += clusters.RESERVED
    return number * 100 < threshold * capacity


_KNOWN = (IpConfiguration, ScaleSetIpConfiguration, LoadBalancerFrontend)
"""Those that a subnet lists, of which each stands for an address at most."""


_ONE_EACH = ("subnet", "delegatedSubnetResourceId")
"""How those name a subnet who take one address in it, models of scale sets apart."""


_OF_CLUSTERS = {"vnetSubnetID": "nodes", "podSubnetID": "pods", "subnetId": "the API server"}
"""How clusters and their pools name a subnet, and what they have in it."""


_TAKING = frozenset((*_ONE_EACH, *_OF_CLUSTERS))


def _at_most(edge: Edge) -> int:
    """Give the most addresses that somebody takes in a subnet because of one reference to it.

    Raises Undetermined where that is not told, or who else is counted with it.
    """
    node = edge.source
    if isinstance(node, ScaleSetIpConfiguration):
        return _capacity(node.root)
    if edge.kind in _ONE_EACH:
        return 1
    cluster = _cluster_of(node) if edge.kind in _OF_CLUSTERS else None
    if cluster is None:
        return 0
    _group_of(cluster)
    return _of_cluster(cluster, edge)


def _capacity(scale_set: Node) -> int:
    sku = scale_set.sku if isinstance(scale_set, ScaleSet) else None
    if sku is None or sku.capacity is None:
        raise _no_capacity(scale_set)
    return sku.capacity


def _no_capacity(scale_set: Node) -> Undetermined:
    return Undetermined(f"the capacity of scale set {scale_set.label}", resource=scale_set.id)


def not_counted(usage: Usage, subnet: Subnet, subject: str, *, key: str = "") -> Unknown:
    """Say what takes an unknown number of a subnet's addresses, and who would tell it."""
    lacking = sorted(usage.unsure, key=lambda each: (each.missing, each.resource))
    first = next((each for each in lacking if each.resource), lacking[0])
    missing = "; ".join(dict.fromkeys(each.missing for each in lacking))
    others = dict.fromkeys((subnet.id, first.resource))
    return Unknown(
        subject,
        missing=f"{missing}, in subnet {subnet.label}",
        remedy=first.remedy,
        related=tuple(each for each in others if each and each != subject),
        key=key,
        told_by=first.resource,
    )


def used_addresses(network: Network, subnet: Subnet) -> Usage | None:
    """Count what takes addresses of a subnet; None when it has no IPv4 prefix.

    Raises Undetermined when the subnet does not tell its prefixes.
    """
    if not subnet.prefixes:
        raise Undetermined(f"the address prefix of subnet {subnet.label}", resource=subnet.id)
    v4 = [prefix for prefix in subnet.prefixes if prefix.version == 4]
    if not v4:
        return None
    usage = Usage(sum(prefix.size for prefix in v4), clusters.RESERVED * len(v4))
    listed = _listed(subnet)
    groups = _clusters(network, subnet, usage)
    _gateways(network, subnet, listed, usage)
    inside = [edge.source for edge in network.referrers(subnet, "subnet")]
    sets = _scale_sets(network, inside, listed, usage, groups)
    usage.add(
        "ip configurations",
        _configurations(network, inside, listed, groups, sets)
        + _endpoints_not_listed(network, subnet, inside, listed),
    )
    _delegations(network, subnet, usage)
    usage.unsure += doubts_about(network, subnet, *_TAKING)
    return usage


def _clusters(network: Network, subnet: Subnet, usage: Usage) -> set[tuple[str, str]]:
    """Count nodes and pods at the peak; give the clusters' node groups, whose VMs they are."""
    groups: set[tuple[str, str]] = set()
    for edge in network.referrers(subnet, *_OF_CLUSTERS):
        cluster = _cluster_of(edge.source)
        if cluster is None:
            continue
        groups |= _group_of(cluster)
        try:
            what = _OF_CLUSTERS[edge.kind]
            usage.add(f"{what} of {cluster.label}", _of_cluster(cluster, edge))
        except Undetermined as unknown:
            usage.unsure.append(unknown)
    return groups


def _cluster_of(node: Node) -> ManagedCluster | None:
    cluster = node if isinstance(node, ManagedCluster) else node.owner
    return cluster if isinstance(cluster, ManagedCluster) else None


def _group_of(cluster: ManagedCluster) -> set[tuple[str, str]]:
    group = cluster.properties.node_resource_group
    return {(cluster.subscription.lower(), group.lower())} if group else set()


def _of_cluster(cluster: ManagedCluster, edge: Edge) -> int:
    """Give what a cluster takes of a subnet because of one reference to it, at the peak."""
    node = edge.source
    if edge.kind == "subnetId":
        return API_SERVER
    if not isinstance(node, AgentPool):
        return 0
    if edge.kind == "podSubnetID":
        return clusters.pod_subnet_addresses(node)
    return clusters.node_addresses(cluster, node)


def _gateways(network: Network, subnet: Subnet, listed: set[str], usage: Usage) -> None:
    here = gateways_by_subnet(network).get(subnet.key, ())
    for owner in sorted({_gateway_key(key) for key in listed} - {g.key for g in here}):
        if owner:
            spelled = _spelled(subnet, owner)
            usage.unsure.append(
                Undetermined(f"application gateway {last_segment(spelled)}", resource=spelled)
            )
    for gateway in here:
        try:
            usage.add(f"application gateway {gateway.label}", gateway_addresses(gateway))
        except Undetermined as unknown:
            usage.unsure.append(unknown)


def gateway_addresses(gateway: ApplicationGateway) -> int:
    """Give what a gateway takes at its largest: instances and private frontends (A-3)."""
    p = gateway.properties
    most = p.autoscale_configuration.max_capacity if p.autoscale_configuration else None
    if most is None and p.sku is not None:
        most = p.sku.capacity
    if most is None:
        raise Undetermined(
            f"the capacity of application gateway {gateway.label}", resource=gateway.id
        )
    private = sum(1 for each in gateway.frontends if each.properties.subnet is not None)
    return most + private


def _scale_sets(
    network: Network,
    inside: Iterable[Node],
    listed: set[str],
    usage: Usage,
    groups: set[tuple[str, str]],
) -> set[str]:
    """Count instances by capacity; give the keys of the scale sets counted, clusters' included."""
    models: dict[str, list[ScaleSetIpConfiguration]] = {}
    for node in inside:
        if isinstance(node, ScaleSetIpConfiguration) and _is_v4(node):
            models.setdefault(node.root.key, []).append(node)
    for key, configurations in models.items():
        scale_set = configurations[0].root
        if not isinstance(scale_set, ScaleSet) or group_key(scale_set.id) in groups:
            continue
        capacity = scale_set.sku.capacity if scale_set.sku else None
        instances = sum(1 for each in listed if each.startswith(f"{key}/"))
        apart = listed_apart(network, scale_set)
        if capacity is None and not (instances or apart):
            usage.unsure.append(_no_capacity(scale_set))
        wanted = max(0, (capacity or 0) - apart) * len(configurations)
        usage.add(f"scale set {scale_set.label}", max(wanted, instances))
    return set(models)


def _listed(subnet: Subnet) -> set[str]:
    return {_key(ref) for ref in _refs(subnet) if ref.id}


def _refs(subnet: Subnet) -> tuple[Ref, ...]:
    p = subnet.properties
    return (*(p.ip_configurations or ()), *(p.application_gateway_ip_configurations or ()))


def _spelled(subnet: Subnet, owner: str) -> str:
    """Give the id of whoever owns what a subnet lists, as it is spelled there."""
    texts = (ref.id or "" for ref in _refs(subnet))
    tops = (top_level(text) for text in texts if fold(text).startswith(f"{owner}/"))
    return next(filter(None, tops), owner)


def _key(ref: Ref) -> str:
    known = ref.node is not None and ref.node.id is ref.id  # one copy of the text, folded before
    return ref.node.key if known else fold(ref.id or "")


def _gateway_key(key: str) -> str:
    head, found, tail = key.partition("/applicationgateways/")
    return f"{head}{found}{tail.partition('/')[0]}" if found else ""


_OF_ITS_OWN = (*OWNING, BastionIpConfiguration)


def _configurations(
    network: Network,
    inside: Iterable[Node],
    listed: set[str],
    groups: set[tuple[str, str]],
    sets: set[str],
) -> int:
    """Count ip configurations, named from either side, that are nobody's counted before."""
    named = {node.key for node in inside if isinstance(node, _OF_ITS_OWN)}
    of_sets = tuple(f"{each}/" for each in sets)
    counted = 0
    for key in named | listed:
        if "/applicationgateways/" in key or key.startswith(of_sets):
            continue
        node = network.nodes.get(key)
        if node is not None and not _is_v4(node):
            continue
        counted += not (groups and _is_node_of(key) and group_key(key) in groups)
    return counted


def _is_node_of(key: str) -> bool:
    return "/virtualmachinescalesets/" in key or "/networkinterfaces/aks-" in key


def _endpoints_not_listed(
    network: Network, subnet: Subnet, inside: Iterable[Node], listed: set[str]
) -> int:
    """Count private endpoints whose NIC neither side tells of."""
    endpoints = {_key(ref) for ref in subnet.properties.private_endpoints or () if ref.id}
    endpoints.update(node.key for node in inside if isinstance(node, PrivateEndpoint))
    if not endpoints:
        return 0
    unknown = sum(1 for key in listed if key not in network.nodes)
    without = sum(1 for key in endpoints if not interfaces_of(network, key))
    return max(0, without - unknown)


def _delegations(network: Network, subnet: Subnet, usage: Usage) -> None:
    servers = len(network.referrers(subnet, "delegatedSubnetResourceId"))
    usage.add("database servers", servers)
    if is_for_resolvers(subnet):
        counted = usage.taken.get("ip configurations", 0)
        usage.add("the endpoint of a DNS resolver", RESOLVER - counted)
    usage.unsure.extend(
        Undetermined(f"how many addresses {service} takes", remedy=_ASK_SERVICE)
        for service in subnet.delegated_to
        if not _lists_itself(service) and service.lower() != _RESOLVERS
    )


def is_for_resolvers(subnet: Subnet) -> bool:
    """Tell whether a subnet is delegated to DNS resolvers, of whose endpoints it holds one."""
    return any(service.lower() == _RESOLVERS for service in subnet.delegated_to)


def _lists_itself(service: str) -> bool:
    return service.lower() in _LISTS_ITSELF


def _is_v4(node: Node) -> bool:
    settings = walk.peek(node, "properties")
    version = walk.peek(settings, "private_ip_address_version")
    address = walk.peek(settings, "private_ip_address")
    is_v6 = isinstance(version, str) and version.lower() == "ipv6"
    return not is_v6 and not (isinstance(address, str) and ":" in address)
