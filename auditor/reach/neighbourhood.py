"""The subnets that may have a path to a network: its own, its peers', and those beyond one hub."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.routing_domains import near_keys, untold
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

PLATFORM_SUBNETS = frozenset(
    {
        "azurebastionsubnet",
        "azurefirewallsubnet",
        "azurefirewallmanagementsubnet",
        "gatewaysubnet",
        "routeserversubnet",
    }
)
"""Subnets of Azure's own, by name in lower case: nobody's machines start connections there."""


@question_about
def subnets_around(network: Network, home: str) -> tuple[Subnet, ...]:
    """Give the subnets from which packets may come to a VNet (its key) without the internet.

    Peerings do not add up (R-15); an appliance or a gateway in a network between the two may join
    them all the same. Further away is nobody.
    """
    return subnets_of(network, networks_around(network, home))


@question_about
def networks_around(network: Network, home: str) -> frozenset[str]:
    """Give the keys of the VNets in which those subnets are."""
    near = {home, *_joined(network, home)}
    for key in tuple(near):
        near |= _joined(network, key)
    return frozenset(near)


def _joined(network: Network, key: str) -> frozenset[str]:
    """Give who is near a network: any of those that do not tell it either, where it does not."""
    open_ = untold(network)
    near = near_keys(network, key)
    return near | open_.keys() if key in open_ else near


@question_about
def subnets_of(network: Network, near: frozenset[str]) -> tuple[Subnet, ...]:
    """Give the subnets of some VNets (their keys): the same ones around each network of one hub."""
    found: dict[str, Subnet] = {}
    for key in near:
        node = network.nodes.get(key)
        if isinstance(node, VirtualNetwork):
            try:
                found.update({subnet.key: subnet for subnet in node.subnets})
            except Undetermined:
                continue
    return tuple(found[key] for key in sorted(found))
