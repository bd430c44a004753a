"""How machines of a subnet reach the internet (R-30 to R-37)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.errors import Undetermined
from auditor.ids import fold, known_as, parent
from auditor.ids import name as last_segment
from auditor.network.clusters import cluster_of
from auditor.network.default_routes import may_learn_default
from auditor.network.exposure import carried
from auditor.network.graph import Network, question, question_about
from auditor.network.interfaces import Configuration
from auditor.network.on_premises import gateways_serving, on_premises
from auditor.network.pools import pools_listing
from auditor.network.route_tables import default_route
from auditor.network.routing_domains import without_network
from auditor.network.scale_sets import is_flexible
from auditor.network.untold_homes import perhaps_meant_by, why_open
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration, VirtualMachine
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import BackendPool, LoadBalancer
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.snapshot.document import Dialect

PRIVATE_BY_DEFAULT = "2025-07-01"
"""The api-version from which a template's new subnets are private unless they say otherwise."""


class Implicit(msgspec.Struct, frozen=True):
    """A machine that may leave by default outbound access.

    `lacks` says what is not told of it, `told_by` is the id of the resource that would tell it.
    """

    node: Node
    lacks: str = ""
    told_by: str = ""

    @property
    def name(self) -> str:
        """The name of the machine, scale set or agent pool."""
        if isinstance(self.node, NetworkInterface):
            machine = self.node.properties.virtual_machine
            return known_as(machine.id) if machine and machine.id else self.node.label
        return self.node.label


@question
def machine_subnets(network: Network) -> tuple[Subnet, ...]:
    """Give the subnets that virtual machines live in: of their own, of scale sets or of AKS.

    Those that a service was given by delegation are left out (R-34). A subnet that lists a NIC
    which is not in the snapshot is among them: it may be a machine's.
    """
    return tuple(subnet for subnet in network.all(Subnet) if _has_machines(network, subnet))


def _has_machines(network: Network, subnet: Subnet) -> bool:
    try:
        if subnet.delegated_to:
            return False
        there = machines_told(network, subnet) or perhaps_inside(network, subnet)
        return bool(there) or any(absent_nics(network, subnet))
    except Undetermined:
        return True


def machines_in(network: Network, subnet: Subnet) -> Iterator[Node]:
    """Give the NICs of machines, the scale sets and the agent pools in a subnet, each once."""
    found = {node.key: node for node in machines_told(network, subnet)}
    for key in sorted(found):
        yield found[key]


def has_machine(network: Network, nic: NetworkInterface) -> bool:
    """Tell whether an interface is a machine's.

    Raises Undetermined for one that names nobody, where some machine does not tell its own: a
    plan may know them only after apply.
    """
    if nic.properties.virtual_machine is not None:
        return True
    p = nic.properties
    unsure = _of_untold_interfaces(network)
    if unsure is None or p.private_endpoint or p.private_link_service or p.hosted_workloads:
        return False
    raise Undetermined(unsure.missing, resource=unsure.resource)


@question
def _of_untold_interfaces(network: Network) -> Undetermined | None:
    """Say of the first machine that does not tell its interfaces that it does not."""
    for machine in network.all(VirtualMachine):
        try:
            profile = machine.properties.network_profile
            for ref in (profile.network_interfaces if profile else None) or ():
                _ = ref.id
        except Undetermined:
            return Undetermined(f"the interfaces of {machine.label}", resource=machine.id)
    return None


@question_about
def machines_told(network: Network, subnet: Subnet) -> tuple[Node, ...]:
    """Give the same in no order, once for each time they name the subnet."""
    found: list[Node] = []
    for edge in subnet.incoming or ():
        node = edge.source
        if edge.kind not in _NAMING:
            continue
        if isinstance(node, IpConfiguration):
            nic = node.owner
            if isinstance(nic, NetworkInterface) and has_machine(network, nic):
                found.append(nic)
        elif isinstance(node, ScaleSetIpConfiguration):
            if cluster_of(network, node.root) is None:
                found.append(node.root)
        elif isinstance(node, AgentPool):
            found.append(node)
    return tuple(found)


_NAMING = ("subnet", "vnetSubnetID")
"""How machines and pools name the subnet that they are in."""


def absent_nics(network: Network, subnet: Subnet) -> Iterator[str]:
    """Give the ids of what a subnet lists as NICs and the snapshot does not hold.

    NICs of the private endpoints that it lists too are no machines'; Azure names them after those.
    """
    endpoints = tuple(
        f"/networkinterfaces/{last_segment(ref.id).lower()}.nic."
        for ref in subnet.properties.private_endpoints or ()
        if ref.id
    )
    for ref in subnet.properties.ip_configurations or ():
        if ref.node is not None:  # as most are, and ids are long
            continue
        text = ref.id or ""
        low = text.lower()
        if "/networkinterfaces/" not in low or fold(parent(text) or text) in network.nodes:
            continue
        if any(endpoint in low for endpoint in endpoints):
            continue
        if not isinstance(network.find(ref), Node) and not _of_cluster(network, low):
            yield text


def perhaps_inside(network: Network, subnet: Subnet) -> tuple[Undetermined, ...]:
    """Give why there may be more machines: ids that lead nowhere and may mean a subnet."""
    machines = IpConfiguration | ScaleSetIpConfiguration | AgentPool
    edges = perhaps_meant_by(network, subnet, *_NAMING)
    return tuple(
        Undetermined(why_open(subnet, edge), resource=edge.source.root.id)
        for edge in edges
        if isinstance(edge.source, machines)
    )


def _of_cluster(network: Network, text: str) -> bool:
    """Tell whether an id lies in the node group of a cluster that is judged by itself."""
    return cluster_of(network, Node(id=text)) is not None


@question_about
def implicit_machines(network: Network, subnet: Subnet) -> tuple[Implicit, ...]:
    """Give the machines that have no outbound method of their own, as far as is told."""
    return tuple(_implicit(network, subnet))


def implicit_machine(network: Network, subnet: Subnet, node: Node) -> Implicit | None:
    """Give one of the machines that have no outbound method of their own, if it is one."""
    return _by_node(network, subnet).get(node.key)


@question_about
def _by_node(network: Network, subnet: Subnet) -> dict[str, Implicit]:
    return {each.node.key: each for each in implicit_machines(network, subnet)}


def _implicit(network: Network, subnet: Subnet) -> Iterator[Implicit]:
    for node in machines_in(network, subnet):
        try:
            if _is_implicit(network, node):
                yield Implicit(node)
        except Undetermined as unknown:
            yield Implicit(node, unknown.missing, unknown.resource or node.id)


def _is_implicit(network: Network, node: Node) -> bool:
    if isinstance(node, NetworkInterface):
        return _nic_is_implicit(network, node)
    if isinstance(node, ScaleSet):
        return _scale_set_is_implicit(network, node)
    cluster = node.owner
    if not isinstance(cluster, ManagedCluster):
        raise Undetermined(f"the cluster of agent pool {node.label}", resource=node.id)
    return _cluster_is_implicit(cluster)


def _nic_is_implicit(network: Network, nic: NetworkInterface) -> bool:
    assigned = nic.properties.default_outbound_connectivity_enabled
    if assigned is not None:
        return assigned
    machine = nic.properties.virtual_machine
    instance_of = network.find(machine)
    if isinstance(instance_of, ScaleSet):
        return _instance_is_implicit(network, nic, instance_of)
    if machine is not None and not machine.id:
        raise Undetermined(f"what machine {nic.label} belongs to", resource=nic.id)
    found = network.get(machine, VirtualMachine)
    if found is None or found.properties.virtual_machine_scale_set is not None:
        return False
    return not any(_goes_out(network, each) for each in nics_of(network, found))


def _instance_is_implicit(network: Network, nic: NetworkInterface, scale_set: ScaleSet) -> bool:
    """Tell it of an instance by its own NICs, and by the model where not all are listed (E-2b)."""
    if cluster_of(network, scale_set) is not None:
        raise Undetermined(f"what node {nic.label} belongs to", resource=nic.id)
    if is_flexible(scale_set):
        return False
    one = parent(nic.key) or ""
    own = [each for each in network.below(f"{one}/") if isinstance(each, NetworkInterface)]
    if any(_goes_out(network, each) for each in own):
        return False
    return len(own) >= len(scale_set.interfaces) or _scale_set_is_implicit(network, scale_set)


def nics_of(network: Network, machine: VirtualMachine) -> tuple[NetworkInterface, ...]:
    """Give the NICs of a machine, told by either side. Raises Undetermined when one is absent."""
    profile = machine.properties.network_profile
    listed = (
        (network.get(ref, NetworkInterface) for ref in (profile.network_interfaces or ()))
        if (profile)
        else ()
    )
    nics = {nic.key: nic for nic in listed if nic is not None}
    for edge in network.referrers(machine, "virtualMachine"):
        if isinstance(edge.source, NetworkInterface):
            nics[edge.source.key] = edge.source
    return tuple(nics.values())


def _goes_out(network: Network, nic: NetworkInterface) -> bool:
    return any(
        configuration.properties.public_ip_address is not None
        or carried(network, configuration)
        or _in_standard_pool(network, configuration)
        for configuration in nic.ip_configurations
    )


def _in_standard_pool(network: Network, configuration: Configuration) -> bool:
    """Tell whether some pool is of a Standard load balancer, which ends default access (R-33).

    Told by either side. A pool that lists a mere address of the machine does not count: it keeps
    its access.
    """
    for ref in configuration.properties.load_balancer_backend_address_pools or ():
        pool = network.get(ref, BackendPool)
        if _is_standard(network, pool, ref.id or ""):
            return True
    return any(_is_standard(network, p, p.id) for p in pools_listing(network, configuration))


def _is_standard(network: Network, pool: BackendPool | None, pool_id: str) -> bool:
    balancer = network.holder(pool, LoadBalancer) if pool is not None else None
    name = balancer.sku.name if balancer is not None and balancer.sku is not None else None
    if not name:
        raise Undetermined(f"the SKU of the load balancer of {pool_id}", resource=pool_id)
    return name.lower() != "basic"


def _scale_set_is_implicit(network: Network, scale_set: ScaleSet) -> bool:
    if is_flexible(scale_set):
        return False
    for nic in scale_set.interfaces:
        for configuration in nic.ip_configurations:
            p = configuration.properties
            if p.public_ip_address_configuration is not None:
                return False
            if _in_standard_pool(network, configuration):
                return False
    return True


def _cluster_is_implicit(cluster: ManagedCluster) -> bool:
    """Only nodes behind a Basic load balancer are: every other outbound type is a choice (R-39)."""
    profile = cluster.properties.network_profile
    if profile is None or not profile.outbound_type:
        raise Undetermined(f"the outbound type of cluster {cluster.label}", resource=cluster.id)
    if profile.outbound_type.lower() != "loadbalancer":
        return False
    if not profile.load_balancer_sku:
        raise Undetermined(f"the load balancer SKU of cluster {cluster.label}", resource=cluster.id)
    return profile.load_balancer_sku.lower() == "basic"


def is_private(subnet: Subnet) -> bool:
    """Tell whether a subnet has no default outbound access (R-34).

    What Azure answers without the property has it. Raises Undetermined for a template of an
    api-version whose default is the other way.
    """
    told = subnet.properties.default_outbound_access
    if told is not None:
        return not told
    record = subnet.root.record
    if record is None or record.dialect is Dialect.ARM:
        return False
    version = record.api_version or ""
    if version >= PRIVATE_BY_DEFAULT:
        raise Undetermined(
            f"defaultOutboundAccess of subnet {subnet.label}, whose default is another since "
            f"api-version {PRIVATE_BY_DEFAULT} ({version})",
            resource=subnet.id,
        )
    return False


def explicit_way(network: Network, subnet: Subnet) -> str:
    """Tell how a whole subnet leaves explicitly: NAT gateway, or a default route elsewhere (R-30).

    Empty when it does not.
    """
    nat = subnet.properties.nat_gateway
    if nat is not None and nat.id:
        return f"NAT gateway {last_segment(nat.id)}"
    route = default_route(network, subnet)
    return f"route {route.label}" if route is not None else ""


def learned_default(network: Network, subnet: Subnet) -> str:
    """Tell what may teach a subnet a default route that is not in ARM, or gives it one.

    Empty when nothing does. Raises Undetermined when the VNet or its gateways are not told.
    """
    table = network.get(subnet.properties.route_table, RouteTable)
    if table is not None and table.properties.disable_bgp_route_propagation:
        return ""
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None:
        raise without_network(subnet)
    for gateway in gateways_serving(network, vnet):
        if gateway.properties.gateway_default_site is not None:
            return f"the default site of gateway {gateway.label}"
    for claim in on_premises(network, vnet):
        if claim.text == "0.0.0.0/0":
            return f"the site {claim.node.label}, written as {claim.text},"
    return may_learn_default(network, vnet)
