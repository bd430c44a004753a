"""Which appliances packets from a subnet may be handed to, one by another, by routes alone.

And as whose packets they come out of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.addresses import EVERYTHING, NOTHING, Address, AddressSet
from auditor.network.graph import Network, question, question_about
from auditor.network.routing import effective_routes
from auditor.network.routing.model import Hop
from auditor.reach.balancing import forwards_of
from auditor.reach.cards import addresses_of_machine
from auditor.reach.loops import Appliance, appliance_at
from auditor.reach.points import Kind, Point, machine, part_in_subnet
from auditor.reach.subnet_addresses import possible
from auditor.reach.ways import appliances_of
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


class _Handed(msgspec.Struct, frozen=True):
    """An appliance that a subnet's table names; `appliance` is None where nobody is told."""

    subnet: Subnet
    address: Address
    appliance: Appliance | None


def handed_on(network: Network, subnet: Subnet) -> tuple[Address, ...]:
    """Give the addresses of appliances that a subnet's table names, and those named there (R-11).

    Sorted; whether packets get that far is not asked.
    """
    return tuple(sorted({each.address for each in _handed_on(network, subnet)}))


@question_about
def put_by_appliances(network: Network, subnet: Subnet) -> AddressSet:
    """Give what appliances may put in the place of the source, of packets from a subnet.

    Any address of the machines that forward, behind a load balancer too; any at all of one that the
    input does not tell. A firewall takes an address of its subnet (E-24).
    """
    named = appliances_of(network, subnet)
    if not named:
        return NOTHING
    vnet = network.holder(subnet, VirtualNetwork)
    key = (vnet.key if vnet is not None else "", named)
    known = _put_from(network)
    found = known.get(key)
    if found is None:
        put = [_put_by(network, each) for each in _handed_on(network, subnet)]
        found = known[key] = AddressSet.union([*put, of_firewalls(network)])[0]
    return found


@question
def _put_from(_: Network) -> dict[tuple[str, tuple[Address, ...]], AddressSet]:
    """The same by network and next hops: many subnets have those of one hub."""
    return {}


def put_by_any(network: Network, subnets: Iterable[Subnet]) -> AddressSet:
    """Give the same of what any of some subnets sends."""
    return AddressSet.union({put_by_appliances(network, each) for each in subnets})[0]


@question_about
def _handed_on(network: Network, subnet: Subnet) -> tuple[_Handed, ...]:
    found: dict[tuple[Address, str], _Handed] = {}
    todo = [subnet]
    while todo:
        here = todo.pop()
        vnet = network.holder(here, VirtualNetwork)
        for address in appliances_of(network, here):
            key = (address, vnet.key if vnet is not None else "")
            if key in found:
                continue
            one = appliance_at(network, vnet, address) if vnet is not None else None
            found[key] = _Handed(here, address, one)
            todo += one.exits if one is not None else ()
    return tuple(found.values())


def _put_by(network: Network, handed: _Handed) -> AddressSet:
    named = AddressSet.from_range(handed.address, handed.address)
    node = handed.appliance.node if handed.appliance is not None else None
    if isinstance(node, FirewallIpConfiguration):
        return named
    if isinstance(node, IpConfiguration):
        return named | addresses_of_machine(network, machine(network, node))
    if isinstance(node, LoadBalancerFrontend):
        return named | _put_behind(network, node)
    return EVERYTHING if _may_be_there(network, handed) else named


def _put_behind(network: Network, front: LoadBalancerFrontend) -> AddressSet:
    found = forwards_of(network, front)
    ends = [forward.target for forward in found.known]
    told: list[Point] = [end for end in ends if end is not None]
    if found.reasons or len(told) < len(ends):
        return EVERYTHING
    return AddressSet.union([addresses_of_machine(network, end) for end in told])[0]


def _may_be_there(network: Network, handed: _Handed) -> bool:
    """Whether somebody who is not told may take what a route sends to an address (R-11)."""
    return any(
        route.hop is Hop.APPLIANCE and route.address == handed.address and not route.fault
        for route in effective_routes(network, handed.subnet, network.tags).routes
    )


@question
def of_firewalls(network: Network) -> AddressSet:
    """Give what addresses firewalls in VNets may have."""
    total = NOTHING
    for configuration in network.all(FirewallIpConfiguration):
        here = part_in_subnet(network, Kind.FIREWALL, configuration)
        total = total | here.addresses
        total = total | (possible(here.place) if here.place is not None else NOTHING)
    return total
