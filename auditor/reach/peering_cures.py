"""What to change at the peerings of a network that packets get where they ought to, in words."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.peerings import far_network, told_peerings, way_back
from auditor.network.routing_domains import is_whole, subnet_claims
from auditor.resources.virtual_networks import Peering, VirtualNetwork


def at_peering(
    network: Network, vnet: VirtualNetwork, address: Address, there: str, home: str = ""
) -> str:
    """Say what to change at the peering of a VNet with one, by name, or that an address replies to.

    `home` is the key of the latter, where it is told: others may hold the address, too. Empty where
    it has none with one of that name, and where it is not told whose the address is. Of a reply it
    is said in the words of the way there: one change opens both.
    """
    for peering, far in _peerings(network, vnet):
        if far.label.lower() == there.lower() if there else _is_senders(far, address, home):
            return _change(network, vnet, peering, far, address, reply=not there)
    return "" if there else _peered_with(network, vnet, address, home)


def _is_senders(far: VirtualNetwork, address: Address, home: str) -> bool:
    return far.key == home if home else _holds(far, address)


def _peered_with(network: Network, vnet: VirtualNetwork, address: Address, home: str) -> str:
    far = sender_network(network, vnet, address, home)
    if far is None:
        return ""
    waits = any(each.key == vnet.key for _, each in _peerings(network, far))
    one, other = (vnet, far) if waits else (far, vnet)
    return f"peer {one.label} with {other.label}"


def sender_network(
    network: Network, vnet: VirtualNetwork, address: Address, home: str = ""
) -> VirtualNetwork | None:
    """Give the other network of the input that an address replies to: `home`, where it is told.

    None where it is not the only one that holds it.
    """
    others = [each for each in network.all(VirtualNetwork) if each.key != vnet.key]
    holders = [each for each in others if _is_senders(each, address, home)]
    return holders[0] if len(holders) == 1 else None


def lengths_of(network: Network, name: str, address: Address) -> list[int]:
    """Give the lengths of the prefixes by which networks of a name hold an address."""
    found = (each for each in network.all(VirtualNetwork) if each.label.lower() == name.lower())
    return [
        prefix.length
        for each in found
        if _holds(each, address)
        for prefix in each.prefixes
        if address in prefix
    ]


def _change(
    network: Network,
    vnet: VirtualNetwork,
    peering: Peering,
    far: VirtualNetwork,
    address: Address,
    *,
    reply: bool,
) -> str:
    try:
        back = way_back(network, peering)
    except Undetermined:
        return ""
    if back is None:  # it waits for the other side, and is connected once that is there
        return f"peer {far.label} with {vnet.label}"
    if not peering.connected or not back.connected:
        one, other = (far, vnet) if reply else (vnet, far)
        return f"make the peerings of {one.label} with {other.label} anew, on both sides"
    lets = " and ".join(_lets(peering, far, address))
    if lets:
        return f"let the peering of {vnet.label} with {far.label} {lets}"
    return f"synchronise the peering of {vnet.label} with {far.label}"


def _lets(peering: Peering, far: VirtualNetwork, address: Address) -> Iterator[str]:
    """What a peering of one IP version, or of some subnets, has to do for an address (R-19)."""
    only_six = address.version == 4 and bool(peering.properties.enable_only_ipv6_peering)
    if only_six:
        yield "carry IPv4 too"
    if not (is_whole(peering) or (only_six and _takes_part(peering, far, address))):
        yield f"join the subnet of {address}"


def _takes_part(peering: Peering, far: VirtualNetwork, address: Address) -> bool:
    try:
        claims = subnet_claims(far, peering.properties.remote_subnet_names)
    except Undetermined:
        return False
    return any(address in claim.prefix for claim in claims or ())


def _peerings(network: Network, vnet: VirtualNetwork) -> Iterator[tuple[Peering, VirtualNetwork]]:
    for peering in told_peerings(network, vnet)[0]:
        try:
            yield peering, far_network(network, peering)
        except Undetermined:
            continue


def _holds(vnet: VirtualNetwork, address: Address) -> bool:
    try:
        return any(address in prefix for prefix in vnet.prefixes)
    except Undetermined:
        return False
