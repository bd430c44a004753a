"""Whose an address is, as a point that packets can be sent to."""

from __future__ import annotations

from auditor.addresses import Address, AddressSet
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason
from auditor.network.whereabouts import locate_from
from auditor.reach.points import Kind, Point, anywhere_in, frontend, machine, part_in_subnet
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet


@question_about
def points_at(network: Network, address: Address, subnet: Subnet) -> tuple[Point, ...]:
    """Give the points that have an address, as seen from a subnet.

    Where nobody listed owns it and somebody unlisted may, any machine of its subnet with that
    address, in doubt. None: nobody has it.
    """
    where = locate_from(network, address, subnet)
    found: list[Point] = []
    for owner in where.owners:
        if isinstance(owner.node, IpConfiguration):
            found.append(machine(network, owner.node))
        elif isinstance(owner.node, LoadBalancerFrontend):
            found.append(frontend(network, owner.node))
        elif isinstance(owner.node, FirewallIpConfiguration):
            found.append(part_in_subnet(network, Kind.FIREWALL, owner.node))
    if found or where.subnet is None or not where.unsure:
        return tuple(found)
    any_of = anywhere_in(network, where.subnet)
    reason = Reason("collection-gap", where.unsure, where.subnet.id)
    one = AddressSet.from_range(address, address)
    return (
        Point(
            Kind.SUBNET,
            any_of.id,
            one,
            any_of.node,
            None,
            any_of.subnet,
            any_of.home,
            (reason,),
        ),
    )
