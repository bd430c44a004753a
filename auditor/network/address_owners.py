"""Who owns which private address (DESIGN 3), network by network.

Owners are what ARM lists: ip configurations of NICs (private endpoints' among them), frontends of
load balancers and application gateways, firewalls, VNet gateways, Route Servers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from auditor.addresses import Address, Prefix, parse_address, parse_prefix
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.network.routing_domains import network_key
from auditor.resources import walk
from auditor.resources.application_gateways import GatewayFrontend, PrivateLinkIpConfiguration
from auditor.resources.base import Node
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_wan import HubIpConfiguration, VirtualHub

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
        nodes = network.all(cls)
        every = walk.read_each(nodes, "properties")
        methods = walk.read_each(every, _METHOD)
        for node, settings, method in zip(nodes, every, methods, strict=True):
            try:  # as `placed` does, and at once
                text, subnet = settings.private_ip_address, settings.subnet.id
            except (Undetermined, AttributeError):
                text, subnet = placed(settings)
            if not text:
                continue
            block = parse_prefix(text)
            first = Address(block.version, block.first)
            if not subnet:
                lost[first] = (*lost.get(first, ()), node)
                continue
            home = homes.get(subnet)
            if home is None:
                home = homes[subnet] = network_key(subnet)
            static = not isinstance(method, str) or method.lower() != "dynamic"
            held = found[home]
            for address in (first,) if block.first == block.last else _addresses(block):
                owner = Owner(node, address, subnet, static)
                held[address] = (*held[address], owner) if address in held else (owner,)
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


_METHOD = "private_ip_allocation_method"


def _addresses(block: Prefix) -> list[Address]:
    """The addresses of a block (`privateIPAddress` with a prefix length)."""
    last = min(block.last, block.first + _LARGEST_BLOCK - 1)
    return [Address(block.version, value) for value in range(block.first, last + 1)]


def placed(settings: object) -> tuple[str | None, str | None]:
    """Give the address of an ip configuration and its subnet's id, as far as the snapshot tells."""
    told: Any = settings
    try:
        return told.private_ip_address, told.subnet.id
    except (Undetermined, AttributeError):
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
