"""Network resources that nothing uses.

Two sides tell of a use: the user, by its reference, and the used, by the back references Azure
lists with it. Either may be missing from an export, so both count. Back references exist only in
what Azure answers: a template or a plan has none, and nothing in it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, compress
from operator import attrgetter
from typing import Any

import msgspec

from auditor.errors import Undetermined
from auditor.network.clusters import not_managed_by_aks
from auditor.network.graph import Network, possibly, question
from auditor.network.on_premises import require_connections
from auditor.network.untold_homes import perhaps_meant_by, why_open
from auditor.network.untold_users import GROUP, NAT, TABLE, require_users
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.base import Node, kind_of
from auditor.resources.ddos_protection import DdosProtectionPlan
from auditor.resources.firewalls import IpGroup
from auditor.resources.hybrid import Connection, VirtualNetworkGateway
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.public_addresses import PublicIp
from auditor.resources.routing import RouteTable
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.traffic_manager import TrafficManagerProfile
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.web_application_firewalls import WafPolicy


class Idle(msgspec.Struct, frozen=True):
    """Why nothing uses a resource: `why` completes "... is", `lacks` quotes what is not there."""

    why: str
    lacks: str
    pointer: str = "/properties"


Judge = Callable[[Network, Any], "Idle | None"]


def _used(network: Network, node: Node, *kinds: str) -> bool:
    return bool(network.referrers(node, *kinds))


_PUBLIC = (
    "publicIPAddress",
    "publicIpAddress",
    "publicIpAddresses",
    "publicIpAddressesV6",
    "publicIPs",
    "effectiveOutboundIPs",
)


def _public_ip(network: Network, node: PublicIp) -> Idle | None:
    p = node.properties
    if p.ip_configuration or p.nat_gateway or _used(network, node, *_PUBLIC):
        return None
    return Idle("attached to nothing", "no ipConfiguration, no natGateway")


def _interface(network: Network, node: NetworkInterface) -> Idle | None:
    p = node.properties
    if p.virtual_machine or p.private_endpoint or p.private_link_service or p.hosted_workloads:
        return None
    if any(
        not isinstance(edge.source, NetworkSecurityGroup)
        for edge in network.referrers(node, "networkInterfaces")
    ):
        return None
    return Idle(
        "on no machine, private endpoint or private link service",
        "no virtualMachine, privateEndpoint or privateLinkService",
    )


def _security_group(network: Network, node: NetworkSecurityGroup) -> Idle | None:
    p = node.properties
    if p.subnets or p.network_interfaces or _used(network, node, GROUP):
        return None
    require_users(network, node, GROUP)
    return Idle("on no subnet and no network interface", "no subnets, no networkInterfaces")


def _route_table(network: Network, node: RouteTable) -> Idle | None:
    if node.properties.subnets or _used(network, node, TABLE):
        return None
    require_users(network, node, TABLE)
    return Idle("on no subnet", "no subnets")


def _nat_gateway(network: Network, node: NatGateway) -> Idle | None:
    p = node.properties
    if p.subnets or p.source_virtual_network:
        return None
    if any(isinstance(e.source, Subnet) for e in network.referrers(node, NAT)):
        return None
    require_users(network, node, NAT)
    return Idle("on no subnet", "no subnets")


def _ip_group(network: Network, node: IpGroup) -> Idle | None:
    p = node.properties
    if p.firewalls or p.firewall_policies or _used(network, node):
        return None
    return Idle("in no rule of a firewall", "no firewalls, no firewallPolicies")


def _ddos_plan(network: Network, node: DdosProtectionPlan) -> Idle | None:
    p = node.properties
    if p.virtual_networks or p.public_ip_addresses or _used(network, node, "ddosProtectionPlan"):
        return None
    return Idle("protecting no virtual network", "no virtualNetworks")


def _waf_policy(network: Network, node: WafPolicy) -> Idle | None:
    if node.users or _used(network, node):
        return None
    return Idle("on no gateway, listener, path or endpoint", "used by nothing")


def _virtual_network(network: Network, node: VirtualNetwork) -> Idle | None:
    users = network.referrers(node, "virtualNetwork")
    if node.subnets or any(edge.source.root is not node for edge in users):
        return None
    return Idle("without subnets", "no subnets", "/properties/subnets")


_IN_SUBNET = ("subnet", "vnetSubnetID", "podSubnetID", "subnetId", "delegatedSubnetResourceId")


def _subnet(network: Network, node: Subnet) -> Idle | None:
    p = node.properties
    listed = (
        p.ip_configurations,
        p.application_gateway_ip_configurations,
        p.private_endpoints,
        p.ip_configuration_profiles,
        p.service_association_links,
        p.resource_navigation_links,
    )
    if any(listed) or _used(network, node, *_IN_SUBNET):
        return None
    if node.delegated_to:
        service = node.delegated_to[0]
        raise Undetermined(
            f"what {service} has put in subnet {node.label}",
            resource=node.id,
            remedy="no export of the network tells it: look in the service itself",
        )
    return Idle("without any device", "no ipConfigurations")


def _gateway(network: Network, node: VirtualNetworkGateway) -> Idle | None:
    if node.properties.vpn_client_configuration is not None or _used(
        network, node, "virtualNetworkGateway1", "virtualNetworkGateway2"
    ):
        return None
    if node.subscription.lower() not in _subscriptions_with_connections(network):
        raise Undetermined(
            f"the connections of gateway {node.label}: the snapshot holds none",
            resource=node.id,
            remedy="export them with the rest: "
            + az("network", "vpn-connection", "list", resource_group=node.resource_group),
        )
    require_connections(network, node)
    return Idle("without connections and without VPN clients", "no connection refers to it")


@question
def _subscriptions_with_connections(network: Network) -> frozenset[str]:
    return frozenset(connection.subscription.lower() for connection in network.all(Connection))


def _traffic_manager(network: Network, node: TrafficManagerProfile) -> Idle | None:
    endpoints = node.properties.endpoints
    if endpoints is None:
        raise Undetermined(f"the endpoints of profile {node.label}", resource=node.id)
    return None if endpoints else Idle("without endpoints", "no endpoints", "/properties/endpoints")


_JUDGES: dict[type[Node], Judge] = {
    PublicIp: _public_ip,
    NetworkInterface: _interface,
    NetworkSecurityGroup: _security_group,
    RouteTable: _route_table,
    NatGateway: _nat_gateway,
    IpGroup: _ip_group,
    DdosProtectionPlan: _ddos_plan,
    WafPolicy: _waf_policy,
    VirtualNetwork: _virtual_network,
    Subnet: _subnet,
    VirtualNetworkGateway: _gateway,
    TrafficManagerProfile: _traffic_manager,
}


def idle(network: Network, node: Node) -> Idle | None:
    """Tell why nothing uses a resource, None when something does.

    Raises Undetermined when the snapshot does not tell.
    """
    found = _JUDGES[kind_of(node)](network, node)
    if found is not None:
        for edge in perhaps_meant_by(network, node):
            raise Undetermined(why_open(node, edge), resource=edge.spelled)
    return found


@question
def judgeable(network: Network) -> tuple[Node, ...]:
    """The resources that can be found idle: as Azure answered them, and not AKS's own."""
    return tuple(chain.from_iterable(_by_class(network).values()))


@question
def suspects(network: Network) -> tuple[Node, ...]:
    """Give those of them that do not plainly list who uses them."""
    found = (_without_users(cls, nodes) for cls, nodes in _by_class(network).items())
    return tuple(chain.from_iterable(found))


@question
def _by_class(network: Network) -> dict[type[Node], tuple[Node, ...]]:
    told = ((cls, _answered(network.all(cls))) for cls in _JUDGES)
    return {cls: tuple(not_managed_by_aks(network, nodes)) for cls, nodes in told}


_USERS: dict[type[Node], tuple[str, ...]] = {
    NatGateway: ("subnets",),
    NetworkInterface: ("virtual_machine", "private_endpoint"),
    NetworkSecurityGroup: ("subnets",),
    PublicIp: ("ip_configuration", "nat_gateway"),
    RouteTable: ("subnets",),
    Subnet: ("ip_configurations", "application_gateway_ip_configurations", "private_endpoints"),
    VirtualNetwork: ("subnets",),
}
"""Where resources of which there are many list users first."""


def _without_users(cls: type[Node], nodes: Sequence[Node]) -> Sequence[Node]:
    for field in _USERS.get(cls, ()):
        pairs = zip(nodes, walk.read_each(nodes, f"properties.{field}"), strict=True)
        nodes = [node for node, told in pairs if not told or told is walk.UNTOLD]
    return nodes


_state = attrgetter("properties.provisioning_state")


def _answered(nodes: Sequence[Node]) -> Sequence[Node]:
    """Those that Azure told, or may have: its answers carry a state, what people write does not."""
    try:
        return list(compress(nodes, map(_state, nodes)))
    except (Undetermined, AttributeError):
        return [node for node in nodes if possibly(_is_answered, node)]


def _is_answered(node: Node) -> bool:
    if isinstance(node, TrafficManagerProfile):
        return True  # has no state; its endpoints are listed with it in either form
    settings: Any = getattr(node, "properties")  # noqa: B009  # not of Node, of each judged class
    try:
        return bool(settings.provisioning_state)
    except (Undetermined, AttributeError):
        return False
