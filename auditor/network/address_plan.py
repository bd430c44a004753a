"""Who owns which private address (DESIGN 3: `who_owns(address)`).

Owners are what ARM lists: ip configurations of NICs (private endpoints' among them), frontends of
load balancers and application gateways, firewalls, VNet gateways, Route Servers. Instances of
scale sets, nodes and pods of AKS, and what platform services inject have addresses that no list
of resources holds; where such a thing lives in a subnet, *nobody listed owns it* is no proof that
nobody owns it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, Prefix, parse_address, parse_prefix
from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.ids import name as last_segment
from auditor.network.gaps import unread_type
from auditor.network.graph import Network, question, question_about
from auditor.network.on_premises import learns_routes, on_premises
from auditor.network.private_link import interfaces_of
from auditor.network.routing_domains import (
    is_network,
    near_keys,
    neighbours,
    network_key,
    space_of,
    spelled,
)
from auditor.network.strays import irregular
from auditor.network.untold import untold_parts
from auditor.resources import walk
from auditor.resources.application_gateways import (
    ApplicationGateway,
    GatewayFrontend,
    GatewayIpConfiguration,
    PrivateLinkIpConfiguration,
)
from auditor.resources.base import Node, Ref, kind_of
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.virtual_wan import HubIpConfiguration, VirtualHub

_OWNERS = (
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/loadBalancers",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/virtualNetworkGateways",
    "Microsoft.Network/virtualHubs",
    "Microsoft.Network/virtualHubs/ipConfigurations",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.ContainerService/managedClusters",
)
OWNING = (
    IpConfiguration,
    LoadBalancerFrontend,
    GatewayFrontend,
    PrivateLinkIpConfiguration,
    FirewallIpConfiguration,
    VpnGatewayIpConfiguration,
    HubIpConfiguration,
)
"""The parts that stand in a subnet with an address of their own."""

_LARGEST_BLOCK = 256
"""Addresses. Azure gives a NIC blocks of sixteen; no more than this many are looked at."""

_CROWDED = {
    ScaleSetIpConfiguration: "the instances of the scale set {}",
    AgentPool: "the nodes and pods of the AKS pool {}",
    GatewayIpConfiguration: "the instances of the application gateway {}",
    VpnGatewayIpConfiguration: "the instances of the gateway {}",
}


class Owner(msgspec.Struct, frozen=True):
    """Who holds an address: `node` is the ip configuration or frontend, `subnet` the subnet's id.

    `static` is false only when Azure says that it chose the address itself (`Dynamic`).
    """

    node: Node
    address: Address
    subnet: str
    static: bool

    @property
    def holder(self) -> Node:
        """The resource: the NIC, load balancer, gateway or firewall."""
        return self.node.root


class Whereabouts(msgspec.Struct, frozen=True):
    """Where an address lies, seen from a VNet, and who owns it.

    `key` is that of the network whose address space holds it (the VNet, a network near it), None
    when none does; `subnet` the subnet of it, when one holds the address. When `owners` is empty
    and `unsure` is too, nobody owns the address; otherwise `unsure` says what is not told.
    """

    address: Address
    owners: tuple[Owner, ...]
    key: str | None
    subnet: Subnet | None
    unsure: str


def owned_addresses(network: Network, key: str) -> dict[Address, tuple[Owner, ...]]:
    """Give the owners in one network (a VNet's or a hub's key) by their address."""
    return all_owned_addresses(network).get(key, {})


def all_owned_addresses(network: Network) -> dict[str, dict[Address, tuple[Owner, ...]]]:
    """Give the owners by their network's key, then by their address."""
    return _holdings(network)[0]


@question
def _holdings(
    network: Network,
) -> tuple[dict[str, dict[Address, tuple[Owner, ...]]], dict[Address, tuple[Node, ...]]]:
    found: dict[str, dict[Address, tuple[Owner, ...]]] = defaultdict(dict)
    lost: dict[Address, tuple[Node, ...]] = {}
    homes: dict[str, str] = {}
    for cls in OWNING:
        for node in network.all(cls):
            owners = _owned_by(node)
            for owner in owners:
                home = homes.get(owner.subnet)
                if home is None:
                    home = homes[owner.subnet] = network_key(owner.subnet)
                _add(found[home], owner)
            text = None if owners else _told(walk.peek(node, "properties"))[0]
            if text:
                block = parse_prefix(text)
                address = Address(block.version, block.first)
                lost[address] = (*lost.get(address, ()), node)
    for hub in network.all(VirtualHub):
        for text in walk.peek(walk.peek(hub, "properties"), "virtual_router_ips") or ():
            _add(found[_hub_home(hub)], Owner(hub, parse_address(text), "", False))
    for firewall in network.all(Firewall):
        for key, owner in _in_hub(firewall):
            _add(found[key], owner)
    return dict(found), lost


def _add(held: dict[Address, tuple[Owner, ...]], owner: Owner) -> None:
    address = owner.address
    held[address] = (*held[address], owner) if address in held else (owner,)


def _owned_by(node: Node) -> tuple[Owner, ...]:
    """Give what an ip configuration owns: nothing where the snapshot does not tell it.

    One address, or all those of a block (`privateIPAddress` with a prefix length).
    """
    settings = walk.peek(node, "properties")
    text, subnet_id = _told(settings)
    if not text or not subnet_id:
        return ()
    block = parse_prefix(text)
    method = walk.peek(settings, "private_ip_allocation_method") or ""
    static = method.lower() != "dynamic"
    if block.first == block.last:  # as nearly always
        return (Owner(node, Address(block.version, block.first), subnet_id, static),)
    last = min(block.last, block.first + _LARGEST_BLOCK - 1)
    return tuple(
        Owner(node, Address(block.version, value), subnet_id, static)
        for value in range(block.first, last + 1)
    )


def _told(settings: object) -> tuple[str | None, str | None]:
    """The address of an ip configuration and its subnet's id, as far as the snapshot tells."""
    subnet = walk.peek(settings, "subnet")
    return walk.peek(settings, "private_ip_address"), walk.peek(subnet, "id")


def homeless(network: Network) -> dict[Address, tuple[Node, ...]]:
    """Give, by address, the parts that tell their address and not the subnet they stand in."""
    return _holdings(network)[1]


def _hub_home(hub: VirtualHub) -> str:
    for configuration in walk.peek(walk.peek(hub, "properties"), "ip_configurations") or ():
        owner_subnet = walk.peek(walk.peek(configuration, "properties"), "subnet")
        if owner_subnet is not None and walk.peek(owner_subnet, "id"):
            return network_key(owner_subnet.id)
    return hub.key


def _in_hub(firewall: Firewall) -> Iterator[tuple[str, Owner]]:
    settings = walk.peek(firewall, "properties")
    hub = walk.peek(walk.peek(settings, "virtual_hub"), "id")
    text = walk.peek(walk.peek(settings, "hub_ip_addresses"), "private_ip_address")
    if hub and text:
        yield fold(hub), Owner(firewall, parse_address(text), "", False)


@question_about
def unlisted(network: Network, subnet: Subnet) -> str:
    """Give who lives in a subnet with addresses that the snapshot does not list; empty: nobody.

    Then all its owners are listed.
    """
    for edge in network.referrers(subnet):
        words = _CROWDED.get(kind_of(edge.source))
        if words:
            return words.format(edge.source.root.label)
        if isinstance(edge.source, PrivateEndpoint) and not interfaces_of(network, edge.source.id):
            return f"the address of the private endpoint {edge.source.label}, whose NIC is not told"
        if isinstance(edge.source, OWNING) and not all(_told(walk.peek(edge.source, "properties"))):
            return f"the address of {edge.source.label} of {edge.source.root.label}"
    try:
        if subnet.delegated_to:
            return f"what {subnet.delegated_to[0]} injects"
        for ref in subnet.properties.ip_configurations or ():
            absent = _absent(network, ref)
            if absent:
                return f"the address of {absent}, which is not in the snapshot"
    except Undetermined as unknown:
        return f"{unknown.missing} of the subnet"
    return ""


_PLACES = re.compile(
    r"/properties/(ipConfigurations|frontendIPConfigurations)(/\d+(/properties(/subnet.*)?)?)?",
    re.IGNORECASE,
)
"""What tells, together, where in the networks a resource stands and with which addresses."""


def hidden_addresses(network: Network, key: str) -> str:
    """Tell who may have any address of a network: whose places the snapshot does not tell at all.

    Empty when there is no such resource in the subscription of the network with this key, where
    its machines are. An address without an owner is nobody's only then.
    """
    return _hidden(network).get(_subscription(key), "")


@question_about
def _unread_owners(network: Network, subscription: str) -> str:
    """The first list of resources with private addresses that was not read whole, and why.

    Of those of one subscription: what has an address in a network is of the network's own.
    """
    if not network.gaps:
        return ""
    for arm_type in _OWNERS:
        gap = unread_type(network, arm_type, subscription)
        if gap is not None:
            return f"{gap.subject} was not read whole ({gap.detail})"
    return ""


@question
def _hidden(network: Network) -> dict[str, str]:
    """Whose addresses and subnets are not told, by subscription."""
    found: dict[str, str] = {}
    cut = {each.node.key for each in untold_parts(network) if _PLACES.fullmatch(each.pointer)}
    others = (network.all(cls) for cls in (LoadBalancer, ApplicationGateway, Firewall))
    for node in chain(irregular(network), *others):
        if node.key in cut or _is_hollow(node):
            found.setdefault(_subscription(node.key), f"the addresses of {node.label}")
    return found


def _is_hollow(node: Node) -> bool:
    """Whether a resource, or a part that may have an address, tells nothing of where it stands."""
    holes = node.record.unresolved if node.record is not None else ()
    if holes and any(_PLACES.fullmatch(pointer) for pointer, _ in holes):
        return True
    settings = walk.peek(node, "properties")
    if settings is None:
        return True
    fronts = isinstance(node, LoadBalancer | ApplicationGateway)
    listed = walk.peek(settings, "frontend_ip_configurations" if fronts else "ip_configurations")
    if listed is None and isinstance(node, Firewall):
        return walk.peek(settings, "virtual_hub") is None  # one that runs is in a hub or has some
    return any(walk.peek(part, "properties") is None for part in listed or ())


def _subscription(key: str) -> str:
    return key.partition("/resourcegroups/")[0]


def _absent(network: Network, ref: Ref) -> str:
    if ref.node is not None:  # as most are, and ids are long
        return ""
    text = ref.id or ""
    holder = parent(text)
    if not text or fold(text) in network.nodes or (holder and fold(holder) in network.nodes):
        return ""
    node = network.find(ref)
    return "" if isinstance(node, Node) else text


@question_about
def locate(network: Network, address: Address, vnet: VirtualNetwork) -> Whereabouts:
    """Find an address as seen from a VNet: in it, in the networks near it, or beyond.

    Never raises for what the snapshot lacks: `unsure` of the answer tells it.
    """
    here = locate_among(network, address, vnet, near_keys(network, vnet.key))
    if here.key is not None or here.unsure:
        return here
    return replace(here, unsure=_beyond(network, address, vnet))


def locate_among(
    network: Network, address: Address, vnet: VirtualNetwork, others: frozenset[str]
) -> Whereabouts:
    """Find an address in a VNet and in other networks, given by their keys."""
    held = _held(network, address, vnet, others)
    if held:
        home: str | None = held[0][0]
        subnet = _subnet_of(network, home, address)
        owners = tuple(owner for _, each in held for owner in each)
        return Whereabouts(address, owners, home, subnet, "")
    home, unsure = _home(network, address, vnet, others)
    subnet = _subnet_of(network, home, address)
    if home is not None:
        unsure = _unsure_in(network, home, subnet)
    for node in homeless(network).get(address, ()):
        unsure = unsure or f"the subnet of {node.label} of {node.root.label}, which has the address"
    return Whereabouts(address, (), home, subnet, unsure)


@question
def _holders(network: Network) -> dict[Address, set[str]]:
    """Give the keys of the networks in which somebody owns an address, by address."""
    found: dict[Address, set[str]] = defaultdict(set)
    for key, by_address in all_owned_addresses(network).items():
        for address in by_address:
            found[address].add(key)
    return dict(found)


_NOWHERE: frozenset[str] = frozenset()


def _held(
    network: Network, address: Address, vnet: VirtualNetwork, others: frozenset[str]
) -> list[tuple[str, tuple[Owner, ...]]]:
    """Give the owners in a VNet and in others by their network's key, its own first."""
    holding = _holders(network).get(address, _NOWHERE)
    own = vnet.key
    homes = [own] if own in holding else []
    if len(holding) > len(homes):
        # The intersection of two sets takes as long as the smaller is large.
        homes += sorted((others & holding) - {own})
    owned = all_owned_addresses(network)
    return [(home, owned[home][address]) for home in homes]


def _home(
    network: Network, address: Address, vnet: VirtualNetwork, others: frozenset[str]
) -> tuple[str | None, str]:
    """Give the network whose space holds an address, or what is not told of those that may."""
    claimed, untold = _spaces(network)
    near = others | {vnet.key}
    bits = 32 if address.version == 4 else 128
    around = (Prefix.of(address.version, address.value, length) for length in range(bits + 1))
    found = {key for prefix in around for key in claimed.get(prefix, ()) if key in near}
    if found:
        return min(found, key=lambda key: (key != vnet.key, key)), ""
    return None, next((untold[key] for key in sorted(near & untold.keys())), "")


@question
def _spaces(network: Network) -> tuple[dict[Prefix, list[str]], dict[str, str]]:
    """Give who claims each prefix, and what is not told of whose space."""
    claimed: dict[Prefix, list[str]] = defaultdict(list)
    untold: dict[str, str] = {}
    kinds = (*network.all(VirtualNetwork), *network.all(VirtualHub))
    joined = (key for key in neighbours(network) if is_network(key))
    for key in {node.key for node in kinds} | set(joined):
        try:
            for claim in space_of(network, key):
                claimed[claim.prefix].append(key)
        except Undetermined as unknown:
            untold[key] = unknown.missing
    return dict(claimed), untold


def _unsure_in(network: Network, home: str, subnet: Subnet | None) -> str:
    node = network.nodes.get(home)
    if node is None:
        return f"{last_segment(spelled(network, home))}, which is not in the snapshot"
    if isinstance(node, VirtualHub):
        return f"what runs in the hub {node.label}"
    if subnet is None:
        return _unplaced(node) if isinstance(node, VirtualNetwork) else ""
    return unlisted(network, subnet) or _unread_owners(network, _subscription(home))


def _unplaced(vnet: VirtualNetwork) -> str:
    """Tell what keeps open in which subnet of a network an address lies; empty: in none."""
    try:
        for subnet in vnet.subnets:
            _ = subnet.prefixes
    except Undetermined as unknown:
        missing = unknown.missing
        return missing if " " in missing else f"the {missing} of {vnet.label}"
    return ""


def _subnet_of(network: Network, key: str | None, address: Address) -> Subnet | None:
    node = network.nodes.get(key) if key else None
    if isinstance(node, VirtualNetwork):
        subnets: list[Subnet] = walk.peek(walk.peek(node, "properties"), "subnets") or []
        for subnet in subnets:
            try:
                if any(address in prefix for prefix in subnet.prefixes):
                    return subnet
            except Undetermined:
                continue
    return None


def _beyond(network: Network, address: Address, vnet: VirtualNetwork) -> str:
    try:
        for claim in on_premises(network, vnet):
            if address in claim.prefix:
                return f"the site {claim.node.label}"
        learned = learns_routes(network, vnet)
    except Undetermined as unknown:
        return unknown.missing
    return f"what {learned} teaches" if learned else ""


def who_owns(network: Network, address: Address, vnet: VirtualNetwork) -> tuple[Owner, ...]:
    """Give the owners of an address in a VNet and the networks near it; none: nobody owns it.

    Raises Undetermined when the snapshot does not list everything that may own it.
    """
    found = locate(network, address, vnet)
    if not found.owners and found.unsure:
        raise Undetermined(found.unsure, resource=found.subnet.id if found.subnet else "")
    return found.owners
