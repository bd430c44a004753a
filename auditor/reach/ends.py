"""From what a person selects to the points that packets start and end at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatch

from auditor.addresses import AddressSet
from auditor.errors import Undetermined, UsageError
from auditor.network.address_plan import all_owned_addresses, owned_addresses, unlisted
from auditor.network.clusters import node_group, pod_subnets
from auditor.network.databases import approved_connections, injected
from auditor.network.egress import absent_nics
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import network_key
from auditor.network.selection import Selection
from auditor.network.selectors import Kind as Chosen
from auditor.network.selectors import select
from auditor.reach.absent import (
    behind_gateways,
    in_absent_networks,
    nobody,
    told_of_absent,
)
from auditor.reach.doors import door_point
from auditor.reach.entrances import entrances
from auditor.reach.gatewaying import point_of
from auditor.reach.hosting import api_server_points, hosted
from auditor.reach.paths import aims
from auditor.reach.points import (
    Kind,
    Point,
    anywhere_in,
    endpoint,
    frontend,
    internet,
    machine,
    machines_of,
    on_premises,
    part_in_subnet,
    usable,
)
from auditor.reach.services import service
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.bastion import Bastion
from auditor.resources.compute import (
    ScaleSet,
    ScaleSetInterface,
    ScaleSetIpConfiguration,
    VirtualMachine,
)
from auditor.resources.firewalls import Firewall
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint
from auditor.resources.hybrid import LocalNetworkGateway, VirtualNetworkGateway
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer, MySqlSingleServer
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.selector import Selector
from auditor.special_addresses import PUBLIC


@dataclass(frozen=True, slots=True)
class Ends:
    """The points that a selector stands for; `reasons` tell why there may be more."""

    points: tuple[Point, ...]
    reasons: tuple[Reason, ...] = ()


@question_about
def ends_of(network: Network, selector: Selector) -> Ends:
    """Give the points of a selector. Raises UsageError when it fits nothing."""
    return ends_in(network, select(network, selector))


def ends_in(network: Network, selection: Selection) -> Ends:
    """Give the points of a selection, each once, sorted by id."""
    reasons = list(selection.doubts)
    kind = selection.selector.kind
    points: list[Point] = []
    if kind is Chosen.INTERNET:
        points.append(internet(PUBLIC))
    elif kind is Chosen.ON_PREMISES:
        points.append(behind_gateways(network, selection.addresses, selection.doubts))
    elif kind is Chosen.ADDRESS:
        points += _with_address(network, selection.addresses)
    for node in selection.nodes:
        try:
            points += points_of(node, network)
        except Undetermined as unknown:
            reasons.append(gap(unknown, node.id))
    named = {(point.kind, point.id.lower(), point.addresses): point for point in points}
    ordered = sorted(named.values(), key=lambda point: (point.id.lower(), point.kind.value))
    return Ends(tuple(ordered), tuple(sorted(set(reasons))))


def _with_address(network: Network, addresses: AddressSet) -> Iterator[Point]:
    """Give whoever has some addresses: the internet, and what is in the VNets that hold them."""
    if addresses.overlaps(PUBLIC):
        yield internet(addresses)
    found = False
    rest = addresses
    for subnet in network.all(Subnet):
        try:
            here = usable(subnet) & addresses
        except Undetermined:
            continue
        if not here:
            continue
        found = True
        if addresses.size == 1:
            yield from _with_one(network, subnet, addresses)
            continue
        for point in points_of(subnet, network):
            if point.kind is Kind.SUBNET:
                yield replace(point, addresses=here)
            elif point.addresses.overlaps(addresses):
                yield point
    for point in _in_missing_networks(network, addresses):
        yield point
        rest = rest - point.addresses
    yield from in_absent_networks(network, rest)
    rest = rest - told_of_absent(network) - PUBLIC
    if not found and rest:
        yield on_premises(rest)


def _with_one(network: Network, subnet: Subnet, one: AddressSet) -> Iterator[Point]:
    """Give whoever in a subnet has, or may have, one address of it; nobody else is there."""
    listed = points_of(subnet, network)
    strangers = subnet.key in unlisted(network) and _has_strangers(network, subnet, listed)
    found = False
    for point in listed:
        if point.kind is Kind.SUBNET and point.node is subnet:
            if strangers:
                found = True
                yield replace(point, addresses=one)
        elif any(each.addresses.overlaps(one) for each in _answering(network, point)):
            found = True
            yield point
    if found:
        return
    owners = _owners(network, subnet, one)
    try:
        for owner in owners:
            yield from points_of(owner.root, network)
    except Undetermined as unknown:
        yield nobody(network, subnet, one, gap(unknown, subnet.id))
    if not owners:
        yield nobody(network, subnet, one)


def _owners(network: Network, subnet: Subnet, one: AddressSet) -> tuple[Node, ...]:
    """Give the parts of resources that have an address of a subnet."""
    owned = owned_addresses(network, network_key(subnet.id))
    [prefix] = one.prefixes()
    return tuple(owner.node for owner in owned.get(prefix.address, ()))


def _answering(network: Network, point: Point) -> Iterable[Point]:
    """Give a point as who answers: a gateway does so at its private frontends."""
    return aims(network, point) if point.kind is Kind.GATEWAY else (point,)


def _in_missing_networks(network: Network, addresses: AddressSet) -> Iterator[Point]:
    """Give listed machines that have some addresses in networks that the input does not hold."""
    for key, by_address in all_owned_addresses(network).items():
        if key in network.nodes:
            continue
        for address, owners in by_address.items():
            if AddressSet.from_range(address, address) <= addresses:
                for owner in owners:
                    yield from points_of(owner.node, network)


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
    return machines_of(network, node)


@points_of.register
def _(node: IpConfiguration, network: Network) -> tuple[Point, ...]:
    nic = node.owner
    if isinstance(nic, NetworkInterface) and nic.properties.private_endpoint is not None:
        return points_of(nic, network)
    return (machine(network, node),)


@points_of.register
def _(node: ScaleSetIpConfiguration, network: Network) -> tuple[Point, ...]:
    return (machine(network, node),)


@points_of.register
def _(node: ScaleSet, network: Network) -> tuple[Point, ...]:
    return _each(network, node.interfaces)


@points_of.register
def _(node: VirtualMachine, network: Network) -> tuple[Point, ...]:
    profile = node.properties.network_profile
    refs = profile.network_interfaces or () if profile is not None else ()
    found = (network.get(ref, NetworkInterface) for ref in refs)
    return _each(network, (nic for nic in found if nic is not None))


@points_of.register
def _(node: Subnet, network: Network) -> tuple[Point, ...]:
    listed: list[Point] = []
    for edge in network.referrers(node, "subnet"):
        if not isinstance(edge.source, VirtualNetwork | Subnet):
            try:
                listed += points_of(edge.source, network)
            except Undetermined:
                continue
    if listed and not _has_strangers(network, node, listed):
        return tuple(listed)
    return (*listed, anywhere_in(network, node))


def _has_strangers(network: Network, subnet: Subnet, listed: Iterable[Point]) -> bool:
    """Whether machines may be in a subnet that no listed point stands for."""
    if subnet.key not in unlisted(network):
        return False
    try:
        if subnet.delegated_to or any(absent_nics(network, subnet)):
            return True
    except Undetermined:
        return True
    models = any(isinstance(point.nic, ScaleSetInterface) for point in listed)
    pools = any(isinstance(edge.source, AgentPool) for edge in network.referrers(subnet))
    return pools and not models


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
def _(node: Firewall, network: Network) -> tuple[Point, ...]:
    return tuple(part_in_subnet(network, Kind.FIREWALL, each) for each in node.ip_configurations)


@points_of.register(Bastion)
@points_of.register(VirtualNetworkGateway)
def _(node: Bastion | VirtualNetworkGateway, network: Network) -> tuple[Point, ...]:
    return tuple(part_in_subnet(network, Kind.PLATFORM, each) for each in node.ip_configurations)


@points_of.register
def _(node: LocalNetworkGateway, network: Network) -> tuple[Point, ...]:
    space = node.properties.local_network_address_space
    prefixes = space.prefixes if space is not None else ()
    return (on_premises(AddressSet.from_prefixes(prefixes)),)


@points_of.register(FrontDoorEndpoint)
@points_of.register(ClassicFrontDoor)
def _(node: FrontDoorEndpoint | ClassicFrontDoor, network: Network) -> tuple[Point, ...]:
    return (door_point(node),)


@points_of.register
def _(node: PublicIp, network: Network) -> tuple[Point, ...]:
    owners = [each.node for each in entrances(network) if each.address.lower() == node.key]
    return _each(network, owners)


@points_of.register
def _(node: ManagedCluster, network: Network) -> tuple[Point, ...]:
    nodes = (each for each in node_group(network, node) if isinstance(each, ScaleSet))
    found = _each(network, nodes)
    pools = () if found else _each(network, node.pools)
    pods = (anywhere_in(network, subnet) for subnet in pod_subnets(network, node))
    return (*found, *pools, *pods, *api_server_points(network, node), service(node))


@points_of.register
def _(node: AgentPool, network: Network) -> tuple[Point, ...]:
    subnet = network.get(node.vnet_subnet_id, Subnet)
    if subnet is None:
        raise Undetermined(f"the subnet of agent pool {node.label}", resource=node.id)
    return (anywhere_in(network, subnet),)


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


def subnets_of(
    network: Network, selector: Selector | None
) -> tuple[tuple[Subnet, ...], tuple[Reason, ...]]:
    """Give the subnets that a selector stands for, those of VNets too, and why there may be more.

    All, without a selector. Raises UsageError when it stands for none.
    """
    if selector is None:
        return network.all(Subnet), ()
    selection = select(network, selector)
    found: dict[str, Subnet] = {}
    reasons = list(selection.doubts)
    for node in selection.nodes:
        try:
            if isinstance(node, Subnet):
                found[node.key] = node
            elif isinstance(node, VirtualNetwork):
                found.update((subnet.key, subnet) for subnet in node.subnets)
        except Undetermined as unknown:
            reasons.append(gap(unknown, node.id))
    if selection.selector.kind is Chosen.ADDRESS:
        found.update((subnet.key, subnet) for subnet in _holding(network, selection.addresses))
    if not found and not reasons:
        raise UsageError(f"{selector.text} is no subnet and no virtual network",
                         advice="a matrix is between subnets")  # fmt: skip
    return tuple(found[key] for key in sorted(found)), tuple(sorted(set(reasons)))


def _holding(network: Network, addresses: AddressSet) -> Iterator[Subnet]:
    for subnet in network.all(Subnet):
        try:
            if usable(subnet).overlaps(addresses):
                yield subnet
        except Undetermined:
            continue
