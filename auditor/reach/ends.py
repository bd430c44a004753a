"""The points that packets start and end at: those of a resource or of a part of one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import singledispatch

from msgspec.structs import replace

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.clusters import node_group, pod_subnets
from auditor.network.databases import approved_connections, injected
from auditor.network.graph import Network
from auditor.network.instances import adds_nobody
from auditor.network.interfaces import serves_private_link
from auditor.network.reasons import Reason, gap
from auditor.network.scale_sets import (
    is_flexible,
    machines_in,
    machines_lacking,
)
from auditor.reach.doors import door_point
from auditor.reach.entrances import entrances
from auditor.reach.gatewaying import point_of
from auditor.reach.hosting import api_server_points, hosted
from auditor.reach.hub_points import hub_firewall, hub_gateway
from auditor.reach.owners import has_strangers
from auditor.reach.points import (
    Kind,
    Point,
    anywhere_in,
    endpoint,
    frontend,
    machine,
    machines_of,
    on_premises,
    part_in_subnet,
)
from auditor.reach.resolvers import resolver
from auditor.reach.services import service
from auditor.reach.unanswered import unanswered
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.bastion import Bastion
from auditor.resources.compute import (
    ScaleSet,
    ScaleSetInterface,
    ScaleSetIpConfiguration,
    VirtualMachine,
)
from auditor.resources.dns_resolvers import DnsResolver, ResolverInboundEndpoint
from auditor.resources.firewalls import Firewall
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint, FrontDoorProfile
from auditor.resources.hybrid import (
    LocalNetworkGateway,
    VirtualNetworkGateway,
    VpnGatewayIpConfiguration,
)
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer, MySqlSingleServer
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.virtual_wan import HubVpnGateway


@singledispatch
def points_of(node: Node, network: Network) -> tuple[Point, ...]:
    """Give the points of a resource or part. Raises Undetermined when the snapshot lacks them."""
    raise Undetermined(f"what {node.label} sends or receives", resource=node.id)


def _each(network: Network, nodes: Iterable[Node]) -> tuple[Point, ...]:
    return tuple(point for node in nodes for point in points_of(node, network))


@points_of.register(NetworkInterface)
@points_of.register(ScaleSetInterface)
def _(node: NetworkInterface | ScaleSetInterface, network: Network) -> tuple[Point, ...]:
    if isinstance(node, NetworkInterface) and node.properties.private_endpoint is not None:
        owner = network.get(node.properties.private_endpoint, PrivateEndpoint)
        return (endpoint(network, owner),) if owner is not None else ()
    return () if serves_private_link(node) else machines_of(network, node)


@points_of.register
def _(node: IpConfiguration, network: Network) -> tuple[Point, ...]:
    nic = node.owner
    if isinstance(nic, NetworkInterface) and nic.properties.private_endpoint is not None:
        return points_of(nic, network)
    return () if serves_private_link(nic) else (machine(network, node),)


@points_of.register
def _(node: ScaleSetIpConfiguration, network: Network) -> tuple[Point, ...]:
    return (machine(network, node),)


@points_of.register
def _(node: ScaleSet, network: Network) -> tuple[Point, ...]:
    if not is_flexible(node):
        return _each(network, node.interfaces)
    listed: list[Point] = []
    for each in machines_in(network, node):
        with suppress(Undetermined):  # `lacks` tells of it
            listed += points_of(each, network)
    lacks = machines_lacking(network, node)
    models = _each(network, node.interfaces) if lacks else ()
    if lacks and not (listed or models):
        raise Undetermined(lacks, resource=node.id)
    return (*listed, *models)


def besides(network: Network, node: Node) -> tuple[Reason, ...]:
    """Why something may be more than its points tell: of scale sets, clusters and gateways."""
    if isinstance(node, ManagedCluster):
        return tuple(_nodes_of(network, node)[1])
    if isinstance(node, ApplicationGateway):
        return _untold_frontends(node)
    if not isinstance(node, ScaleSet) or not is_flexible(node) or node.interfaces:
        return ()
    lacks = machines_lacking(network, node)
    return (Reason("collection-gap", lacks, node.id),) if lacks else ()


def _untold_frontends(gateway: ApplicationGateway) -> tuple[Reason, ...]:
    try:
        _ = gateway.frontends
    except Undetermined:
        return (Reason("collection-gap", f"the frontends of {gateway.label}", gateway.id),)
    return ()


@points_of.register
def _(node: VirtualMachine, network: Network) -> tuple[Point, ...]:
    profile = node.properties.network_profile
    refs = profile.network_interfaces or () if profile is not None else ()
    found = (network.get(ref, NetworkInterface) for ref in refs)
    return _each(network, (nic for nic in found if nic is not None))


@points_of.register
def _(node: Subnet, network: Network) -> tuple[Point, ...]:
    listed = _listed_in(network, node)
    if listed and not has_strangers(network, node, listed):
        return tuple(listed)
    return (*listed, _anybody_else(network, node, listed))


def _listed_in(network: Network, subnet: Subnet) -> list[Point]:
    """Give who is told to be in a subnet."""
    listed: list[Point] = []
    for edge in network.referrers(subnet, "subnet"):
        if adds_nobody(network, edge.source):
            continue
        if not isinstance(edge.source, VirtualNetwork | Subnet):
            try:
                listed += points_of(edge.source, network)
            except Undetermined:
                continue
    return listed


def _unlisted_in(network: Network, subnet: Subnet) -> Point:
    return _anybody_else(network, subnet, _listed_in(network, subnet))


def _anybody_else(network: Network, subnet: Subnet, listed: Iterable[Point]) -> Point:
    """Give any machine of a subnet that is not listed: none has the address of one that is."""
    there = anywhere_in(network, subnet)
    taken, _ = AddressSet.union(point.addresses for point in listed if not point.reasons)
    left = there.addresses - taken
    return replace(there, addresses=left) if left else there


@points_of.register
def _(node: VirtualNetwork, network: Network) -> tuple[Point, ...]:
    return _each(network, node.subnets)


@points_of.register
def _(node: LoadBalancer, network: Network) -> tuple[Point, ...]:
    return _each(network, node.frontends)


@points_of.register
def _(node: LoadBalancerFrontend, network: Network) -> tuple[Point, ...]:
    return (frontend(network, node),)


@points_of.register
def _(node: ApplicationGateway, network: Network) -> tuple[Point, ...]:
    return (point_of(network, node),)


@points_of.register
def _(node: GatewayFrontend, network: Network) -> tuple[Point, ...]:
    return points_of(node.root, network)


@points_of.register
def _(node: PrivateEndpoint, network: Network) -> tuple[Point, ...]:
    return (endpoint(network, node),)


@points_of.register
def _(node: DnsResolver, network: Network) -> tuple[Point, ...]:
    below = network.below(f"{node.key}/")
    found = _each(network, (each for each in below if isinstance(each, ResolverInboundEndpoint)))
    if not found and not network.asked_below(node):
        raise Undetermined(f"the inbound endpoints of {node.label}", resource=node.id)
    return found


@points_of.register
def _(node: ResolverInboundEndpoint, network: Network) -> tuple[Point, ...]:
    return resolver(network, node)


@points_of.register
def _(node: Firewall, network: Network) -> tuple[Point, ...]:
    found = [part_in_subnet(network, Kind.FIREWALL, each) for each in node.ip_configurations]
    settings = walk.peek(node, "properties")
    if not found and walk.peek(settings, "virtual_hub") is not None:
        found.append(hub_firewall(node))
    return tuple({point.addresses: point for point in found}.values())


@points_of.register(Bastion)
@points_of.register(VirtualNetworkGateway)
def _(node: Bastion | VirtualNetworkGateway, network: Network) -> tuple[Point, ...]:
    return tuple(part_in_subnet(network, Kind.PLATFORM, each) for each in node.ip_configurations)


@points_of.register
def _(node: LocalNetworkGateway, network: Network) -> tuple[Point, ...]:
    space = node.properties.local_network_address_space
    prefixes = space.prefixes if space is not None else ()
    return (on_premises(AddressSet.from_prefixes(prefixes)),)


@points_of.register
def _(node: FrontDoorProfile, network: Network) -> tuple[Point, ...]:
    below = network.below(f"{node.key}/")
    found = _each(network, (each for each in below if isinstance(each, FrontDoorEndpoint)))
    if not found:
        raise Undetermined(f"the endpoints of {node.label}", resource=node.id)
    return found


@points_of.register(FrontDoorEndpoint)
@points_of.register(ClassicFrontDoor)
def _(node: FrontDoorEndpoint | ClassicFrontDoor, network: Network) -> tuple[Point, ...]:
    return (door_point(node),)


@points_of.register
def _(node: PublicIp, network: Network) -> tuple[Point, ...]:
    owners = [each.node for each in entrances(network) if each.address.lower() == node.key]
    if not owners:
        return tuple(point for point in unanswered(network) if point.node is node)
    text = walk.peek(walk.peek(node, "properties"), "ip_address")
    entry = AddressSet.from_text([text]) if text else AddressSet()
    found = (point for owner in owners for point in answering(network, owner))
    return tuple(replace(point, entry=entry) for point in found)


def answering(network: Network, carrier: Node) -> tuple[Point, ...]:
    """Give who answers at a public address: what carries it, or else what that is a part of."""
    if isinstance(carrier, HubVpnGateway):
        return (hub_gateway(carrier),)
    if isinstance(carrier, VpnGatewayIpConfiguration):  # each has an address of its own
        return (part_in_subnet(network, Kind.PLATFORM, carrier),)
    registered = points_of.dispatch(type(carrier)) is not points_of.dispatch(object)
    return points_of(carrier if registered else carrier.root, network)


@points_of.register
def _(node: ManagedCluster, network: Network) -> tuple[Point, ...]:
    machines, _ = _nodes_of(network, node)
    pods = (_unlisted_in(network, subnet) for subnet in pod_subnets(network, node))
    return (*machines, *pods, *api_server_points(network, node), service(node))


def _nodes_of(network: Network, cluster: ManagedCluster) -> tuple[list[Point], list[Reason]]:
    """Give a cluster's machines, by its scale sets or else by its pools, and what is not told."""
    sets = [each for each in node_group(network, cluster) if isinstance(each, ScaleSet)]
    lacks: list[Reason] = []
    for carriers in (sets, cluster.pools):
        found: list[Point] = []
        for each in carriers:
            try:
                found += points_of(each, network)
            except Undetermined as unknown:
                lacks.append(gap(unknown, each.id))
        if found:
            return found, lacks
    return [], lacks


@points_of.register
def _(node: AgentPool, network: Network) -> tuple[Point, ...]:
    subnet = network.get(node.vnet_subnet_id, Subnet)
    if subnet is None:
        raise Undetermined(f"the subnet of agent pool {node.label}", resource=node.id)
    return (_unlisted_in(network, subnet),)


@points_of.register(MySqlFlexibleServer)
@points_of.register(MySqlSingleServer)
def _(node: MySqlFlexibleServer | MySqlSingleServer, network: Network) -> tuple[Point, ...]:
    if isinstance(node, MySqlFlexibleServer) and injected(node):
        place = node.properties.network
        target = place.delegated_subnet_resource_id if place is not None else None
        subnet = network.get(target, Subnet)
        if subnet is None:
            raise Undetermined(f"the subnet of {node.label}", resource=node.id)
        return (hosted(network, node, subnet),)
    ids = approved_connections(network, node)
    endpoints = (network.find(each) for each in ids)
    private = _each(network, (each for each in endpoints if isinstance(each, PrivateEndpoint)))
    return (*private, service(node))
