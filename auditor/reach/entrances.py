"""What the internet can address, and whoever answers there (E-1 to E-20).

Only entrances that lead into a network, or to a gateway of one. What a platform service answers by
itself (an API server, a database) is in `services`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from auditor import ids
from auditor.addresses import Address, AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.exposure import carried, may_carry
from auditor.network.graph import Missing, Network, question
from auditor.network.reasons import Reason, gap
from auditor.reach.balancing import chained, forwards_of
from auditor.reach.hub_points import public_of
from auditor.resources import walk
from auditor.resources.application_gateways import GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_wan import HubVpnGateway
from auditor.snapshot.document import Dialect

Carrier: TypeAlias = (
    IpConfiguration
    | ScaleSetIpConfiguration
    | LoadBalancerFrontend
    | GatewayFrontend
    | FirewallIpConfiguration
    | Firewall
    | BastionIpConfiguration
    | VpnGatewayIpConfiguration
    | HubVpnGateway
    | FrontDoorEndpoint
    | ClassicFrontDoor
)
"""Whoever carries a public address that answers: a NAT gateway's does not (R-31).

An endpoint of Front Door has names instead; what is behind it is in `doors`.
"""

_NAMING = (
    LoadBalancerFrontend,
    GatewayFrontend,
    FirewallIpConfiguration,
    BastionIpConfiguration,
    VpnGatewayIpConfiguration,
)
"""Those that name one public address."""


class Entrance(msgspec.Struct, frozen=True):
    """A public address, and what carries it.

    `address` is its ARM id, that of the model where instances of a scale set have one each.
    `addresses` are empty when it is not told. `node` is the ip configuration or frontend. `name` is
    what clients ask for where that is no address of the network's: a host name of Front Door.
    """

    address: str
    addresses: AddressSet
    node: Carrier
    version: Version = 4
    reasons: tuple[Reason, ...] = ()
    name: str = ""


@question
def entrances(network: Network) -> tuple[Entrance, ...]:
    """Give every public address that leads into a network, by the id of what carries it."""
    found = [each for node in _carriers(network) for each in entrances_at(network, node)]
    return tuple(sorted(found, key=lambda each: (each.node.key, each.address.lower())))


@question
def entrances_by_address(network: Network) -> dict[Address, tuple[Entrance, ...]]:
    """Give the entrances whose address is told, by it."""
    found: dict[Address, list[Entrance]] = defaultdict(list)
    for entrance in entrances(network):
        address = entrance.addresses.smallest()
        if address is not None:
            found[address].append(entrance)
    return {address: tuple(each) for address, each in found.items()}


def _carriers(network: Network) -> Iterator[Node]:
    yield from may_carry(network)
    for cls in (ScaleSetIpConfiguration, Firewall, HubVpnGateway, *_NAMING):
        yield from network.all(cls)


def entrances_at(network: Network, node: Node) -> tuple[Entrance, ...]:
    """Give the public addresses that an ip configuration or a frontend carries."""
    if isinstance(node, ScaleSetIpConfiguration):
        return tuple(_of_instances(network, node))
    if isinstance(node, Firewall):
        return tuple(_of_hub_firewall(node))
    if isinstance(node, HubVpnGateway):
        return tuple(_without_resource(node, public_of(node)))
    if isinstance(node, IpConfiguration):
        try:
            named = [arm_id for arm_id, _ in carried(network, node)]
        except Undetermined as unknown:
            return _untold(network, node, unknown)
        return tuple(_entrance(network, node, arm_id) for arm_id in named)
    if isinstance(node, _NAMING):
        try:
            ref = node.properties.public_ip_address
            named = [ref.id] if ref is not None and ref.id else []
        except Undetermined as unknown:
            return _untold(network, node, unknown)
        if named:
            return (_entrance(network, node, named[0]),)
        return tuple(
            _entrance(network, node, address) for address, _ in _told_by_address(network, node)
        )
    return ()


def _untold(network: Network, node: Carrier, unknown: Undetermined) -> tuple[Entrance, ...]:
    """What public IPs tell of a node that does not tell its own; else it may have any, or none."""
    told = tuple(_entrance(network, node, one) for one, _ in _told_by_address(network, node))
    version = _version_inside(network, node)
    return told or (Entrance(node.id, AddressSet(), node, version, (gap(unknown, node.id),)),)


def _told_by_address(network: Network, node: Node) -> Iterator[tuple[str, Node]]:
    for edge in network.referrers(node, "ipConfiguration"):
        if isinstance(edge.source, PublicIp):
            yield edge.source.id, edge.source


def _of_hub_firewall(node: Firewall) -> Iterator[Entrance]:
    """The public addresses of a firewall in a virtual hub, which no public IP stands for (E-2)."""
    hub = walk.peek(walk.peek(node, "properties"), "hub_ip_addresses")
    public = walk.peek(hub, "public_ips")
    if public is None:
        return
    texts = [walk.peek(each, "address") for each in walk.peek(public, "addresses") or ()]
    told = [text for text in texts if text]
    lacks = Reason("collection-gap", f"the public addresses of {node.label}", node.id)
    yield from _without_resource(node, told)
    if not told:
        yield Entrance(node.id, AddressSet(), node, reasons=(lacks,))


def _without_resource(node: Firewall | HubVpnGateway, told: Iterable[str]) -> Iterator[Entrance]:
    """Give public addresses that are of something in a virtual hub, each as an entrance (E-2)."""
    for text in told:
        yield Entrance(f"{node.id}/{text}", AddressSet.from_text([text]), node)


def _of_instances(network: Network, node: ScaleSetIpConfiguration) -> Iterator[Entrance]:
    version = _version_inside(network, node)
    try:
        model = node.properties.public_ip_address_configuration
    except Undetermined as unknown:
        yield Entrance(node.id, AddressSet(), node, version, (gap(unknown, node.id),))
        return
    if model is not None:
        name = model.name or "publicIPAddressConfiguration"
        yield Entrance(f"{node.id}/{name}", AddressSet(), node, version)


def _entrance(network: Network, node: Carrier, arm_id: str) -> Entrance:
    found = network.find(arm_id)
    settings = walk.peek(found, "properties") if isinstance(found, Node) else None
    text = walk.peek(settings, "ip_address")
    told = (walk.peek(settings, "public_ip_address_version") or "").lower()
    version: Version = 6 if told == "ipv6" or ":" in (text or "") else 4
    if not (told or text):
        version = _version_inside(network, node)
    return Entrance(
        found.id if isinstance(found, Node) else arm_id,
        AddressSet.from_text([text]) if text else AddressSet(),
        node,
        version,
        (*chained(node), *(() if text else _untold_address(found, arm_id))),
    )


def _version_inside(network: Network, node: Node) -> Version:
    """The version of IP of what a public address leads to, which is its own as well (P-12)."""
    if isinstance(node, LoadBalancerFrontend):
        forwards = forwards_of(network, node).known
        versions = {v for each in forwards if each.target is not None for v in each.target.versions}
        return 6 if versions == {6} else 4
    told = walk.peek(walk.peek(node, "properties"), "private_ip_address_version") or ""
    return 6 if told.lower() == "ipv6" else 4


def _untold_address(found: Node | Missing | None, arm_id: str) -> tuple[Reason, ...]:
    """Tell why nobody may get in by a public address of which no address is told (U-2)."""
    if isinstance(found, Node):
        return _unallocated(found)
    return (Reason("collection-gap", f"the public address {ids.name(arm_id)}", arm_id),)


def _unallocated(public: Node) -> tuple[Reason, ...]:
    """Tell of a dynamic public address that has none now: its machine is stopped, say (E-1).

    Of what is only written down, Azure has allocated nothing yet.
    """
    record = public.root.record
    method = walk.peek(walk.peek(public, "properties"), "public_ip_allocation_method") or ""
    if record is None or record.dialect is not Dialect.ARM or method.lower() != "dynamic":
        return ()
    return (Reason("unallocated", f"the address of {public.label}", public.id),)
