"""Who has an address: private ones by network, public ones everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.graph import Missing, Network, question, question_about
from auditor.resources.application_gateways import GatewayFrontend
from auditor.resources.base import Named, Node, Ref
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.compute import ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateLinkServiceIpConfiguration
from auditor.resources.public_addresses import PublicIp
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.virtual_wan import HubIpConfiguration
from auditor.simulate.endpoints import address_of, endpoints_in, is_of_endpoint, private_address
from auditor.simulate.filter import Groups
from auditor.simulate.logic import follow, follow_of, told, told_of
from auditor.simulate.peers import network_of
from auditor.simulate.trip import Configuration

_HOLDERS: tuple[type[Node], ...] = (
    IpConfiguration,
    LoadBalancerFrontend,
    GatewayFrontend,
    FirewallIpConfiguration,
    VpnGatewayIpConfiguration,
    HubIpConfiguration,
    PrivateLinkServiceIpConfiguration,
)

Places = dict[Address, list[Node]]


@question_about
def places_in(network: Network, home: VirtualNetwork) -> Places:
    """Find who has each private address of a network."""
    found: Places = defaultdict(list)
    for node in sorted(_holders_in(network, home), key=_by_kind):
        address = private_address(node)
        if address is not None:
            found[address].append(node)
    for address, endpoint in endpoints_in(network, home).items():
        found[address].append(endpoint.resource)
    return found


def _holders_in(network: Network, home: VirtualNetwork) -> Iterator[Node]:
    """Whoever tells a subnet of a network as its own, but for the NICs of private endpoints."""
    subnets = _subnets_by_home(network).get(home.key, ())
    edges = (edge for subnet in subnets for edge in network.referrers(subnet))
    for node in dict.fromkeys(edge.source for edge in edges):
        owner = node.owner
        if isinstance(owner, NetworkInterface) and is_of_endpoint(network, owner):
            continue
        if isinstance(node, _HOLDERS) and _home(network, node) is home:
            yield node


def _by_kind(node: Node) -> tuple[int, str]:
    kind = next(n for n, kind in enumerate(_HOLDERS) if isinstance(node, kind))
    return kind, node.key


@question
def _subnets_by_home(network: Network) -> dict[str, list[Subnet]]:
    found: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in network.all(Subnet):
        home = network_of(network, subnet)
        if home is not None:
            found[home.key].append(subnet)
    return found


def _home(network: Network, node: Node) -> VirtualNetwork | None:
    subnet = subnet_of(network, node)
    return network_of(network, subnet) if subnet is not None else None


@question
def public_addresses(network: Network) -> dict[Address, list[PublicIp]]:
    """Find the resource of each public address."""
    found: dict[Address, list[PublicIp]] = defaultdict(list)
    for each in network.all(PublicIp):
        address = address_of(told_of(each, lambda e: e.properties.ip_address, None))
        if address is not None:
            found[address].append(each)
    return found


_USERS = (
    IpConfiguration,
    LoadBalancerFrontend,
    GatewayFrontend,
    FirewallIpConfiguration,
    BastionIpConfiguration,
    VpnGatewayIpConfiguration,
    HubIpConfiguration,
)


def user_of(network: Network, public: PublicIp) -> Node | Missing | None:
    """Give what a public address is attached to; None when to nothing that receives."""
    users = [
        edge.source
        for edge in network.referrers(public, "publicIPAddress")
        if isinstance(edge.source, _USERS)
    ]
    if len(users) == 1:
        return users[0]
    if users:
        return Missing(public.id, public.key)
    node = follow(network, lambda: public.properties.ip_configuration)
    if isinstance(node, _USERS) or node is None:
        return node
    return Missing(public.id, public.key)


def _field(network: Network, node: Node, attribute: str) -> Node | Missing | None:
    return follow(network, lambda: getattr(getattr(node, "properties", None), attribute, None))


def subnet_of(network: Network, node: Node) -> Subnet | None:
    """Give the subnet of an ip configuration or frontend, None when it is not told."""
    found = _field(network, node, "subnet")
    return found if isinstance(found, Subnet) else None


def nic_of(node: Node) -> NetworkInterface | ScaleSetInterface | None:
    """Give the NIC that holds an ip configuration."""
    owner = node.owner
    return owner if isinstance(owner, NetworkInterface | ScaleSetInterface) else None


def group_at(network: Network, node: Node) -> NetworkSecurityGroup | Missing | None:
    """Give the security group of a subnet or NIC; `Missing` when it is not told (N-2, N-4)."""
    found = _field(network, node, "network_security_group")
    if isinstance(found, NetworkSecurityGroup | Missing):
        return found
    if found is not None:
        return Missing(found.id, found.key)
    for edge in network.referrers(node, "subnets", "networkInterfaces"):
        if isinstance(edge.source, NetworkSecurityGroup):
            return Missing(edge.source.id, edge.source.key)
    return None


_UNFILTERED = ("azurefirewallsubnet", "azurefirewallmanagementsubnet")
_UNSUPPORTED = ("gatewaysubnet", "routeserversubnet")


def groups_of(network: Network, subnet: Subnet | None, nic: Node | None, inbound: bool) -> Groups:
    """Give the security groups a packet must pass at a machine, in order (N-11, N-40 to N-42)."""
    found: list[NetworkSecurityGroup | Missing] = []
    if subnet is None:
        found.append(Missing("the subnet's security group", ""))
    elif subnet.label.lower() not in _UNFILTERED:
        group = group_at(network, subnet)
        if group is not None and subnet.label.lower() in _UNSUPPORTED:
            group = Missing(group.id, group.key)
        if group is not None:
            found.append(group)
    if nic is not None:
        group = group_at(network, nic)
        if group is not None:
            found.append(group)
    return tuple(found if inbound else reversed(found))


def standing(network: Network, nic: Node | None) -> frozenset[str]:
    """Give the folded ids of the application security groups that a NIC is a member of."""
    found: set[str] = set()
    for each in configurations_of(nic):
        for ref in told_of(each, lambda e: e.properties.application_security_groups, None) or ():
            node = network.find(ref)
            if node is not None:
                found.add(node.key)
    return frozenset(found)


def configurations_of(nic: Node | None) -> tuple[Configuration, ...]:
    """Give the ip configurations of a NIC, none when they are not told."""
    if isinstance(nic, NetworkInterface | ScaleSetInterface):
        return tuple(told(lambda: nic.ip_configurations, ()))
    return ()


def subnets_with(home: VirtualNetwork, address: Address) -> list[Subnet] | None:
    """Give the subnets of a network that hold an address; None when they are not told."""
    listed = told(lambda: home.subnets, None)
    if listed is None:
        return None
    found = []
    for subnet in listed:
        prefixes = told_of(subnet, lambda s: s.prefixes, None)
        if not prefixes:
            return None
        if any(address in prefix for prefix in prefixes):
            found.append(subnet)
    return found


def models_in(network: Network, subnet: Subnet) -> Iterator[ScaleSetIpConfiguration]:
    """Give the models whose instances have addresses of a subnet (E-2b)."""
    for each in network.all(ScaleSetIpConfiguration):
        if follow_of(network, each, lambda e: e.properties.subnet) is subnet:
            yield each


def vacant(network: Network, subnet: Subnet) -> bool:
    """Whether everybody in a subnet is known by address, so that no one has any other."""
    p = subnet.properties
    listed = told(lambda: p.ip_configurations, None)
    if listed is None:
        return False
    for ref in listed:
        node = network.find(ref)
        if node is None or isinstance(node, Missing):
            return False
        if private_address(node) is None:
            return False
        if isinstance(node, IpConfiguration) and subnet_of(network, node) is None:
            return False
    for edge in network.referrers(subnet, "subnet"):
        if isinstance(edge.source, LoadBalancerFrontend) and private_address(edge.source) is None:
            return False
    told_empty = (
        lambda: p.delegations,
        lambda: p.private_endpoints,
        lambda: p.application_gateway_ip_configurations,
        lambda: p.ip_configuration_profiles,
        lambda: p.service_association_links,
        lambda: p.resource_navigation_links,
    )
    if not all(_empty(read) for read in told_empty):
        return False
    return not any(True for _ in models_in(network, subnet))


def _empty(read: Callable[[], list[Ref] | list[Named] | object]) -> bool:
    try:
        return not read()
    except Undetermined:
        return False
