"""Subnets and the space around them: siblings, reserved names, room for another (D-1 to D-11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from auditor.addresses import AddressSet, Prefix, Version
from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.ids import parent, resource_group
from auditor.network.graph import Missing, Network, question
from auditor.network.holes import Hole
from auditor.network.routing_domains import Claim, claims_of_subnet, network_key
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

GATEWAY = "GatewaySubnet"
FIREWALL = "AzureFirewallSubnet"
FIREWALL_MANAGEMENT = "AzureFirewallManagementSubnet"
BASTION = "AzureBastionSubnet"
ROUTE_SERVER = "RouteServerSubnet"

RESERVED_NAMES = (GATEWAY, FIREWALL, FIREWALL_MANAGEMENT, BASTION, ROUTE_SERVER)
"""Names that give a subnet to one service and nobody else (D-9)."""


class Siblings(msgspec.Struct, frozen=True):
    """The subnets of one VNet, sorted; `id` is the VNet's, which need not be in the snapshot."""

    id: str
    subnets: tuple[Subnet, ...]


@question
def _by_network(network: Network) -> dict[str, Siblings]:
    found: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in network.all(Subnet):
        found[network_key(subnet.id)].append(subnet)
    return {
        key: Siblings(
            subnets[0].owner.id if subnets[0].owner else _vnet_id(subnets[0]), (*subnets,)
        )
        for key, subnets in found.items()
    }


def _vnet_id(subnet: Subnet) -> str:
    return parent(subnet.id) or subnet.id


@question
def missing_subnets(network: Network) -> tuple[Hole, ...]:
    """Give the subnets that something names and that their network, which is there, does not list.

    What stands in one is in no subnet that a rule could ask about. A network that does not tell
    its subnets is left out: that it does not is told of it.
    """
    found: dict[str, Hole] = {}
    for edge in network.dangling():
        holder = network.nodes.get(edge.target.rpartition("/subnets/")[0])
        if isinstance(holder, VirtualNetwork) and edge.target not in found and _lists(holder):
            found[edge.target] = Hole(Missing(edge.spelled, edge.target), edge)
    return tuple(found.values())


def _lists(vnet: VirtualNetwork) -> bool:
    return walk.peek(walk.peek(vnet, "properties"), "subnets") is not None


def siblings(network: Network) -> tuple[Siblings, ...]:
    """Give the subnets of every VNet that has two and more."""
    found = _by_network(network)
    return tuple(found[key] for key in sorted(found) if len(found[key].subnets) > 1)


def siblings_of(network: Network, key: str) -> tuple[Subnet, ...]:
    """Give the subnets of a VNet by its key."""
    found = _by_network(network).get(key)
    return found.subnets if found else ()


def called(*names: str) -> Callable[[Network], tuple[Subnet, ...]]:
    """Name the subjects of a rule: the subnets with one of these names, in any letter case."""
    wanted = frozenset(name.lower() for name in names)

    def subjects(network: Network) -> tuple[Subnet, ...]:
        return tuple(each for each in network.all(Subnet) if each.name.lower() in wanted)

    return subjects


def vnet_name(subnet: Subnet) -> str:
    """Give the name of the VNet that a subnet lies in."""
    return last_segment(_vnet_id(subnet))


def told_claims(subnet: Subnet) -> tuple[Claim, ...]:
    """Give the prefixes of a subnet. Raises Undetermined when it tells none."""
    claims = claims_of_subnet(subnet)
    if not claims:
        raise Undetermined(f"the address prefix of subnet {subnet.label}", resource=subnet.id)
    return claims


def largest_v4(subnet: Subnet) -> Claim:
    """Give a subnet's largest IPv4 prefix. Raises Undetermined when it tells none."""
    v4 = [claim for claim in told_claims(subnet) if claim.prefix.version == 4]
    if not v4:
        raise Undetermined(f"the IPv4 prefix of subnet {subnet.label}", resource=subnet.id)
    return min(v4, key=lambda claim: (claim.prefix.length, claim.prefix))


def free_prefix(
    network: Network,
    subnet: Subnet,
    length: int,
    version: Version = 4,
    *,
    kept: Iterable[Prefix] | None = None,
) -> Prefix | None:
    """Give the first free block of a size in a subnet's VNet; None when there is none, or untold.

    Of the subnet's own addresses those that it keeps are taken: all, unless `kept` says which.
    """
    vnet = network.nodes.get(network_key(subnet.id))
    if not isinstance(vnet, VirtualNetwork):
        return None
    try:
        taken = [
            prefix
            for other in siblings_of(network, vnet.key)
            if other is not subnet or kept is None
            for prefix in other.prefixes
        ]
        free = AddressSet.from_prefixes(vnet.prefixes) - AddressSet.from_prefixes(
            (*taken, *(kept or ()))
        )
    except Undetermined:
        return None
    if kept is not None and (grown := _grown(subnet, free, length, version)) is not None:
        return grown
    for prefix in free.prefixes():
        if prefix.version == version and prefix.length <= length:
            return Prefix.of(version, prefix.first, length)
    return None


def _grown(subnet: Subnet, free: AddressSet, length: int, version: Version) -> Prefix | None:
    """Give the free block that begins with a smaller one of a subnet: what stands there stays."""
    for own in subnet.prefixes:
        if own.version == version and own.length > length:
            block = Prefix.of(version, own.first, length)
            if block.first == own.first and AddressSet.from_prefixes([block]) <= free:
                return block
    return None


def resize(network: Network, subnet: Subnet, length: int, instead: Prefix) -> str:
    """Give the command that gives a subnet a block of a size `instead` of one of its prefixes.

    The block is one that is free in its VNet, if there is one. The other prefixes stay: the
    command replaces the whole list.
    """
    kept = tuple(dict.fromkeys(each for each in subnet.prefixes if each != instead))
    block = free_prefix(network, subnet, length, instead.version, kept=kept)
    command = az(
        "network",
        "vnet",
        "subnet",
        "update",
        resource_group=resource_group(subnet.id),
        vnet_name=vnet_name(subnet),
        name=subnet.label,
        address_prefixes=(*map(str, kept), str(block) if block else f"<a free /{length}>"),
    )
    if block:
        return command
    return f"add address space to {vnet_name(subnet)}, then: {command}"
