"""The subnets that may have a path to a network: its own, its peers', and those beyond hubs."""

from __future__ import annotations

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.network.routing_domains import near_keys, untold
from auditor.network.taught_networks import met_outside
from auditor.reach.loops import appliances
from auditor.reach.ways import appliances_of
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

    Also from networks that it may meet outside Azure, behind gateways of both (R-25).
    """
    here = network.nodes.get(home)
    met = met_outside(network, here if isinstance(here, VirtualNetwork) else None)
    return subnets_of(network, _around(network, home, met))


def networks_around(network: Network, home: str) -> frozenset[str]:
    """Give the keys of the VNets from which packets may come to one without leaving Azure.

    Peerings do not add up (R-15); an appliance or a gateway in a network between the two may join
    them all the same, and so may appliances in a row, each of which names the next. Further away
    is nobody.
    """
    return _around(network, home, frozenset())


@question_about
def _around(network: Network, home: str, met: frozenset[str]) -> frozenset[str]:
    """Give those networks; `met` are as near as peers are."""
    near = {home, *met, *_joined(network, home)}
    edge = set(near)
    while edge:
        further = {key for each in edge for key in _joined(network, each)} - near
        edge = {key for key in further if _hands_over(network, key, near)}
        near |= further
    return frozenset(near)


def _hands_over(network: Network, key: str, near: set[str]) -> bool:
    """Whether an appliance of a network may hand over to another, in a network that is nearer."""
    named = _named_by_appliances(network).get(key, NOTHING)
    nearer = _joined(network, key) & near if named else ()
    return any(_may_hold(network, other, named) for other in nearer)


@question
def _named_by_appliances(network: Network) -> dict[str, AddressSet]:
    """The next hops that routes of appliances name, by the keys of their networks."""
    found: dict[str, AddressSet] = {}
    for each in appliances(network):
        for place in each.exits:
            vnet = network.holder(place, VirtualNetwork)
            if vnet is not None:
                ones = [AddressSet.from_range(a, a) for a in appliances_of(network, place)]
                found[vnet.key] = AddressSet.union([*ones, found.get(vnet.key, NOTHING)])[0]
    return found


def _may_hold(network: Network, key: str, addresses: AddressSet) -> bool:
    """Whether some addresses may lie in a network."""
    vnet = network.nodes.get(key)
    try:
        if isinstance(vnet, VirtualNetwork):
            return AddressSet.from_prefixes(vnet.prefixes).overlaps(addresses)
    except Undetermined:
        pass
    return True


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
