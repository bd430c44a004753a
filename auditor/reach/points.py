"""Where packets start and end: machines, frontends, gateways, endpoints, the world outside.

A point has addresses of which one is its own; when several are listed it is not told which (the
instances of a scale set, a machine whose address was not given yet), with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERYTHING, NOTHING, AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.graph import Missing, Network, model_key, possibly, question_about
from auditor.network.group_members import addresses_of
from auditor.network.interfaces import Configuration, Interface
from auditor.network.names import endpoint_addresses
from auditor.network.private_link import interfaces_of
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import network_key
from auditor.reach.subnet_addresses import free_in, instances_in, may_have, possible, usable
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.compute import ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PUBLIC


class Kind(Enum):
    """What a point is."""

    MACHINE = "machine"
    """An ip configuration of a NIC, or of a scale set's model NIC."""
    SUBNET = "subnet"
    """Any machine in a subnet that has no security group of its own."""
    FRONTEND = "frontend"
    """A frontend of a load balancer, before it chooses a machine."""
    GATEWAY = "gateway"
    """An application gateway: it answers on its listeners and starts flows of its own."""
    ENDPOINT = "endpoint"
    """A private endpoint, or an inbound endpoint of a DNS resolver."""
    FIREWALL = "firewall"
    PLATFORM = "platform"
    """A Bastion host, or a VPN gateway."""
    SERVICE = "service"
    """A platform service with a public name: an API server, a database."""
    INTERNET = "internet"
    ON_PREMISES = "onprem"
    NOBODY = "nobody"
    """An address of a subnet that no listed resource has; its id is the subnet's."""
    UNANSWERED = "unanswered"
    """A public address of the input that nobody has, or nobody who is told; its id is its own."""
    BEYOND = "beyond"
    """Somebody in a peered network that the input does not hold; its id is the network's."""

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


class Point(msgspec.Struct, frozen=True):
    """One place where packets start or end.

    `node` is the ip configuration, frontend, gateway, endpoint or subnet, None outside Azure.
    `home` is the key of its VNet. `reasons` tell why it is not known which of `addresses` it has.
    `entry` are the addresses by which alone it is asked about, public ones or that of a gateway's
    private frontend; empty: by any way.
    """

    kind: Kind
    id: str
    addresses: AddressSet
    node: Node | None = None
    nic: Interface | None = None
    subnet: Subnet | Missing | None = None
    home: str = ""
    reasons: tuple[Reason, ...] = ()
    entry: AddressSet = NOTHING

    @property
    def outside(self) -> bool:
        """Whether it is no part of a VNet."""
        return self.kind in (Kind.INTERNET, Kind.ON_PREMISES)

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions of IP of its addresses."""
        versions: tuple[Version, ...] = (4, 6)
        return tuple(version for version in versions if self.addresses.intervals(version))

    @property
    def place(self) -> Subnet | None:
        """Its subnet, when the snapshot holds it."""
        return self.subnet if isinstance(self.subnet, Subnet) else None


INTERNET = Point(Kind.INTERNET, "internet", PUBLIC)
"""Any machine on the internet."""


def internet(addresses: AddressSet) -> Point:
    """Give some of the internet."""
    return Point(Kind.INTERNET, "internet", addresses & PUBLIC)


def on_premises(addresses: AddressSet, reasons: tuple[Reason, ...] = ()) -> Point:
    """Give what lies behind gateways."""
    return Point(Kind.ON_PREMISES, "onprem", addresses, reasons=reasons)


@question_about
def machine(network: Network, configuration: Configuration) -> Point:
    """Give the point of an ip configuration. Never raises for what the snapshot lacks."""
    extent = addresses_of(network, configuration)
    subnet, reasons = _subnet(network, configuration)
    nic = configuration.owner
    addresses = extent.may
    doubts = extent.reasons() if extent.doubts else ()
    if extent.doubts and isinstance(subnet, Subnet):
        addresses = (
            may_have(network, configuration, subnet, addresses & possible(subnet)) or addresses
        )
        if addresses == instances_in(network, configuration):
            doubts = () if addresses.size == 1 else (_which(configuration),)
    return Point(
        Kind.MACHINE,
        configuration.id,
        addresses,
        configuration,
        nic if isinstance(nic, NetworkInterface | ScaleSetInterface) else None,
        subnet,
        network_key(subnet.id) if subnet is not None else "",
        (*doubts, *reasons),
    )


def _which(model: Configuration) -> Reason:
    what = f"which instance of scale set {model.root.label} it is"
    return Reason("vmss-model-only", what, model.id)


_ANY = frozenset({"vmss-model-only", "unallocated"})
"""Why a machine may have any address of its subnet, as reasons say it."""


def with_one_address(point: Point, one: AddressSet) -> Point:
    """Give a point as if it had one of the addresses that it may have."""
    unplaced = point.kind is Kind.FRONTEND and point.addresses.size > 1
    return replace(point, addresses=one) if unplaced or point.kind is Kind.MACHINE else point


def is_one(node: Node) -> bool:
    """Tell whether an ip configuration is one machine's: a model's is that of every instance."""
    if not isinstance(node, ScaleSetIpConfiguration):
        return True
    return bool(walk.peek(walk.peek(node.root, "sku"), "capacity") == 1)


def stands_for_several(point: Point) -> bool:
    """Tell whether a point is any instance of a scale set, of which one may ask another."""
    return point.kind is Kind.MACHINE and point.node is not None and not is_one(point.node)


def keys_of(point: Point) -> tuple[str, ...]:
    """Give the keys by which a point may be asked about: an instance, by its model's too (E-2b)."""
    key = point.id.lower()
    if "/virtualmachines/" not in key:
        return (key,)
    model = model_key(key)
    return (key,) if model == key else (key, model)


def is_supposed(point: Point) -> bool:
    """Tell whether it is not told that a point has the one address it is asked about by."""
    if point.kind is Kind.NOBODY:
        return True
    if point.kind is Kind.SUBNET and point.addresses.size == 1 and point.reasons:
        return True  # somebody who is not listed may have it
    return (
        point.kind in (Kind.MACHINE, Kind.FRONTEND)
        and point.addresses.size == 1
        and any(reason.label in _ANY for reason in point.reasons)
    )


def _subnet(
    network: Network,
    node: Configuration
    | LoadBalancerFrontend
    | GatewayFrontend
    | PrivateEndpoint
    | FirewallIpConfiguration
    | BastionIpConfiguration
    | VpnGatewayIpConfiguration,
) -> tuple[Subnet | Missing | None, tuple[Reason, ...]]:
    try:
        found = network.find(node.properties.subnet)
    except Undetermined as unknown:
        return None, (gap(unknown, node.id),)
    if isinstance(found, Subnet):
        return found, ()
    lacks = Reason("collection-gap", f"the subnet of {node.label}", node.id)
    return (found if isinstance(found, Missing) else None), (lacks,)


def machines_of(network: Network, nic: Interface) -> tuple[Point, ...]:
    """Give the points of a NIC. Raises Undetermined when the snapshot does not tell them."""
    return tuple(machine(network, configuration) for configuration in nic.ip_configurations)


@question_about
def anywhere_in(network: Network, subnet: Subnet) -> Point:
    """Give any machine of a subnet, of which only the subnet's own filters are known."""
    try:
        addresses = usable(subnet)
        reasons: tuple[Reason, ...] = ()
    except Undetermined as unknown:
        addresses, reasons = EVERYTHING, (gap(unknown, subnet.id),)
    return Point(
        Kind.SUBNET, subnet.id, addresses, subnet, None, subnet, network_key(subnet.id), reasons
    )


@question_about
def frontend(network: Network, node: LoadBalancerFrontend) -> Point:
    """Give the point of a frontend; a public one has no address of a VNet, nor one untold."""
    try:
        public = node.public
    except Undetermined as unknown:
        return Point(Kind.FRONTEND, node.id, NOTHING, node, reasons=(gap(unknown, node.id),))
    if public:
        return Point(Kind.FRONTEND, node.id, NOTHING, node)
    return _private_frontend(network, Kind.FRONTEND, node.id, node)


@question_about
def gateway_frontend(network: Network, node: GatewayFrontend) -> Point:
    """Give an application gateway at one of its private frontends."""
    return _private_frontend(network, Kind.GATEWAY, node.root.id, node)


def _private_frontend(
    network: Network, kind: Kind, arm_id: str, node: LoadBalancerFrontend | GatewayFrontend
) -> Point:
    subnet, reasons = _subnet(network, node)
    address = node.properties.private_ip_address
    if address:
        addresses = AddressSet.from_text([address])
    else:
        addresses = free_in(network, subnet) if isinstance(subnet, Subnet) else NOTHING
        reasons = (*reasons, Reason("unallocated", f"the address of {node.label}", node.id))
    home = network_key(subnet.id) if subnet is not None else ""
    return Point(kind, arm_id, addresses, node, None, subnet, home, reasons)


@question_about
def endpoint(network: Network, node: PrivateEndpoint) -> Point:
    """Give the point of a private endpoint. Never raises for what the snapshot lacks."""
    reasons: tuple[Reason, ...] = ()
    addresses = NOTHING
    try:
        addresses = AddressSet.from_text(endpoint_addresses(network, node))
    except Undetermined as unknown:
        reasons = (gap(unknown, node.id),)
    subnet, doubts = _subnet(network, node)
    nics = interfaces_of(network, node.id)
    home = network_key(subnet.id) if subnet is not None else ""
    nic = nics[0] if nics else None
    return Point(Kind.ENDPOINT, node.id, addresses, node, nic, subnet, home, (*reasons, *doubts))


def home_of_endpoint(network: Network, node: PrivateEndpoint) -> str:
    """Give the home of a private endpoint's point without the rest of it."""
    subnet, _ = _subnet(network, node)
    return network_key(subnet.id) if subnet is not None else ""


def vnet_of(network: Network, point: Point) -> VirtualNetwork | None:
    """Give the VNet of a point, when the snapshot holds it."""
    found = network.nodes.get(point.home)
    return found if isinstance(found, VirtualNetwork) else None


def is_unplaced(point: Point) -> bool:
    """Tell whether a point is somewhere in a network, and it is not told in which."""
    return not point.home and point.place is None and bool(point.reasons)


def part_in_subnet(
    network: Network,
    kind: Kind,
    node: FirewallIpConfiguration | BastionIpConfiguration | VpnGatewayIpConfiguration,
) -> Point:
    """Give the point of a platform's part that stands in a subnet of its own.

    Of a firewall's ip configurations only one names a subnet; the others add public addresses.
    """
    if isinstance(node, FirewallIpConfiguration):
        node = _placed(node)
    subnet, reasons = _subnet(network, node)
    text = walk.peek(walk.peek(node, "properties"), "private_ip_address")
    addresses = AddressSet.from_text([text]) if text else NOTHING
    if not text and isinstance(subnet, Subnet):
        addresses = possible(subnet)
        reasons = (*reasons, Reason("unallocated", f"the address of {node.root.label}", node.id))
    home = network_key(subnet.id) if subnet is not None else ""
    if not addresses:
        addresses = _unlisted_space(network, home)
    return Point(kind, node.root.id, addresses, node, None, subnet, home, reasons)


def _unlisted_space(network: Network, home: str) -> AddressSet:
    """Give the addresses of a network (its key) outside the subnets that it lists.

    There a subnet stands that the input names and lacks.
    """
    vnet = network.nodes.get(home)
    try:
        if isinstance(vnet, VirtualNetwork):
            listed = AddressSet.from_prefixes(p for each in vnet.subnets for p in each.prefixes)
            return AddressSet.from_prefixes(vnet.prefixes) - listed
    except Undetermined:
        pass
    return NOTHING


def _placed(node: FirewallIpConfiguration) -> FirewallIpConfiguration:
    """The ip configuration that tells where a firewall stands: this one, or one beside it."""
    firewall = node.root
    beside = firewall.ip_configurations if isinstance(firewall, Firewall) else ()
    return next((each for each in (node, *beside) if possibly(_has_subnet, each)), node)


def _has_subnet(node: FirewallIpConfiguration) -> bool:
    return node.properties.subnet is not None


def gateway(network: Network, node: ApplicationGateway, subnet: Subnet) -> Point:
    """Give an application gateway as what its instances are: any address of its subnet (A-28)."""
    any_of = anywhere_in(network, subnet)
    reason = Reason("gateway-instances", f"which addresses {node.label} has", node.id)
    return Point(
        Kind.GATEWAY,
        node.id,
        any_of.addresses,
        node,
        None,
        subnet,
        any_of.home,
        (*any_of.reasons, reason),
    )


def points_in(network: Network, subnet: Subnet) -> Iterator[Point]:
    """Give the machines of a subnet that the snapshot lists, by id."""
    for edge in network.referrers(subnet, "subnet"):
        if hasattr(edge.source, "owner") and isinstance(
            edge.source.owner, NetworkInterface | ScaleSetInterface
        ):
            yield machine(network, edge.source)  # type: ignore[arg-type]
