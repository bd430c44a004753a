"""Commands that change the address space of a virtual network, with the real names.

Its peers route what they recorded of it until their peerings are synchronised (R-15).
"""

from __future__ import annotations

from auditor import ids
from auditor.network.graph import Network
from auditor.network.peerings import is_azures
from auditor.network.routing_domains import network_id
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.virtual_networks import Peering


def add_range(network: Network, vnet_id: str, text: str) -> str:
    """Give the commands that add a range to the address space of a VNet, and tell its peers."""
    return _update(network, vnet_id, add=("addressSpace.addressPrefixes", text))


def set_space(network: Network, vnet_id: str, prefixes: tuple[str, ...]) -> str:
    """Give the commands that give a VNet an address space, and tell its peers."""
    return _update(network, vnet_id, address_prefixes=prefixes)


def synchronise(peering: Peering) -> str:
    """Give the command by which a peering records the space that the other network has now."""
    home = network_id(peering)
    return az(
        *("network", "vnet", "peering", "sync"),
        resource_group=ids.resource_group(home),
        vnet_name=ids.name(home),
        name=peering.label,
    )


def _update(network: Network, vnet_id: str, **change: tuple[str, ...]) -> str:
    update = az(
        *("network", "vnet", "update"),
        resource_group=ids.resource_group(vnet_id),
        name=ids.name(vnet_id),
        **change,
    )
    return " && ".join((update, *map(synchronise, _seen_by(network, vnet_id))))


def _seen_by(network: Network, vnet_id: str) -> list[Peering]:
    """The peerings of other networks with this one that are connected."""
    vnet = network.nodes.get(ids.fold(vnet_id))
    edges = network.referrers(vnet, "remoteVirtualNetwork") if vnet is not None else ()
    found = [
        edge.source
        for edge in edges
        if isinstance(edge.source, Peering) and not is_azures(network, edge.source)
    ]
    return [
        each
        for each in sorted(found, key=lambda each: each.key)
        if (walk.peek(each.properties, "peering_state") or "").lower() == "connected"
    ]
