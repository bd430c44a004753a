"""What `VirtualNetwork` holds, seen from one subnet (N-20 to N-25)."""

from __future__ import annotations

import msgspec

from auditor.addresses import EVERYTHING, NOTHING, AddressSet, prefix_or_none
from auditor.network.graph import Missing, Network, question_about
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.beyond import beyond, meshed
from auditor.simulate.logic import follow, told, told_of
from auditor.simulate.packet import one
from auditor.simulate.peers import network_of, peers, space, spaces
from auditor.simulate.special import HOST, PRIVATE, PUBLIC


class Tag(msgspec.Struct, frozen=True):
    """The addresses that a tag holds for sure, and those that it may hold."""

    surely: AddressSet
    possibly: AddressSet


@question_about
def virtual_network(network: Network, subnet: Subnet | None) -> Tag:
    """Give the bounds of `VirtualNetwork` for a subnet."""
    home = network_of(network, subnet) if subnet is not None else None
    if subnet is None or home is None:
        return Tag(one(HOST), EVERYTHING)
    own = space(network, home)
    if own is None:
        return Tag(one(HOST), EVERYTHING)
    surely = own | one(HOST)
    possibly = _routed(network, subnet) | _behind(network, subnet)
    listed = peers(network, home)
    if listed is None:
        return Tag(surely, EVERYTHING)
    for peer in listed:
        if peer.in_tag is True:
            surely = surely | AddressSet.from_prefixes(peer.surely)
        if peer.in_tag is not False:
            possibly = possibly | peer.bound
    if meshed(network):
        possibly = possibly | spaces(network) | PRIVATE
    return Tag(surely, surely | possibly)


def _routed(network: Network, subnet: Subnet) -> AddressSet:
    """What the user's routes may add (N-22)."""
    table = follow(network, lambda: subnet.properties.route_table)
    if table is None:
        return NOTHING
    routes = told(lambda: table.routes, None) if isinstance(table, RouteTable) else None
    if isinstance(table, Missing) or routes is None:
        return EVERYTHING
    found = NOTHING
    for route in routes:
        text = told_of(route, lambda r: r.properties.address_prefix, None)
        prefix = prefix_or_none(text)
        if prefix is not None:
            found = found | AddressSet.from_prefixes([prefix])
        else:
            found = found | (PUBLIC if text else EVERYTHING)
    return found


def _behind(network: Network, subnet: Subnet) -> AddressSet:
    """What gateways may add, a default route among it."""
    home = network_of(network, subnet)
    assert home is not None
    known = beyond(network, home)
    found = AddressSet.from_prefixes(known.sites)
    if known.learned:
        table = follow(network, lambda: subnet.properties.route_table)
        kept_out = isinstance(table, RouteTable) and told(
            lambda: table.properties.disable_bgp_route_propagation, None
        )
        found = found | (PRIVATE if kept_out and not known.always else EVERYTHING)
    return found
