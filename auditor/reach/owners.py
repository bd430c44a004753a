"""Whose an address is, as a point that packets can be sent to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from auditor.addresses import Address, AddressSet
from auditor.errors import Undetermined
from auditor.network.address_owners import Owner
from auditor.network.address_plan import who_may_have
from auditor.network.egress import absent_nics
from auditor.network.graph import Network, question, question_about
from auditor.network.hidden_addresses import unlisted
from auditor.network.instances import listed_whole
from auditor.network.interfaces import serves_private_link
from auditor.network.reasons import Reason
from auditor.network.whereabouts import locate_from
from auditor.reach.absent import who_else
from auditor.reach.points import (
    Kind,
    Point,
    anywhere_in,
    endpoint,
    frontend,
    gateway_frontend,
    home_of_endpoint,
    machine,
    part_in_subnet,
    with_one_address,
)
from auditor.resources.application_gateways import GatewayFrontend
from auditor.resources.compute import ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet


@question_about
def points_at(network: Network, address: Address, subnet: Subnet) -> tuple[Point, ...]:
    """Give the points that have an address, as seen from a subnet.

    Where nobody listed owns it and somebody unlisted may, those in doubt: scale sets, whose
    instances nobody lists (E-2b), and any machine of its subnet. None: nobody has it.
    """
    where = locate_from(network, address, subnet)
    found = points_of_owners(network, where.owners)
    found += [] if found else _endpoints(network, where.key or "").get(address, ())
    if found or where.subnet is None or not where.unsure:
        return tuple(found)
    one = AddressSet.from_range(address, address)
    models = tuple(with_one_address(each, one) for each in _models(network, where.subnet, one))
    if (
        models
        and unlisted(network, where.subnet)
        and not has_strangers(network, where.subnet, models)
    ):
        return models
    any_of = anywhere_in(network, where.subnet)
    may = who_may_have(network, where)
    told_by = may.told_by if may is not None else where.subnet.id
    reason = Reason("collection-gap", where.unsure, told_by, may.remedy if may else "")
    return (*models, replace(any_of, addresses=one, reasons=(reason,)))


def perhaps_at(network: Network, address: Address, subnet: Subnet) -> tuple[Point, ...]:
    """Give the points that have an address or, where none is listed, any machine of its subnet.

    None where nobody has it for certain: the subnet lists who is in it.
    """
    found = points_at(network, address, subnet)
    there = locate_from(network, address, subnet).subnet
    reasons = who_else(network, there) if there is not None and not found else ()
    if there is None or not reasons:
        return found
    one = AddressSet.from_range(address, address)
    return (replace(anywhere_in(network, there), addresses=one, reasons=reasons),)


def _models(network: Network, subnet: Subnet, one: AddressSet) -> Iterator[Point]:
    """Give the scale sets of a subnet that may have an instance with an address."""
    for edge in network.referrers(subnet, "subnet"):
        model = edge.source
        if isinstance(model, ScaleSetIpConfiguration) and not listed_whole(network, model):
            point = machine(network, model)
            if point.addresses.overlaps(one):
                yield point


def has_strangers(network: Network, subnet: Subnet, listed: Iterable[Point]) -> bool:
    """Whether machines may be in a subnet that no listed point stands for."""
    if not unlisted(network, subnet):
        return False
    try:
        if subnet.delegated_to or any(absent_nics(network, subnet)):
            return True
    except Undetermined:
        return True
    models = any(isinstance(point.nic, ScaleSetInterface) for point in listed)
    pools = any(isinstance(edge.source, AgentPool) for edge in network.referrers(subnet))
    return pools and not models


def points_of_owners(network: Network, owners: Iterable[Owner]) -> list[Point]:
    """Give the points that addresses are owned by, of those that packets can be sent to."""
    found: list[Point] = []
    for owner in owners:
        if serves_private_link(owner.node.root):
            continue
        if isinstance(owner.node, IpConfiguration):
            found.append(_machine(network, owner.node))
        elif isinstance(owner.node, LoadBalancerFrontend):
            found.append(frontend(network, owner.node))
        elif isinstance(owner.node, GatewayFrontend):
            found.append(gateway_frontend(network, owner.node))
        elif isinstance(owner.node, FirewallIpConfiguration):
            found.append(part_in_subnet(network, Kind.FIREWALL, owner.node))
    return found


def _machine(network: Network, node: IpConfiguration) -> Point:
    """Give whoever has the address of a NIC: a private endpoint, if it is one's."""
    nic = node.owner
    ref = nic.properties.private_endpoint if isinstance(nic, NetworkInterface) else None
    owner = network.find(ref)
    return (
        endpoint(network, owner) if isinstance(owner, PrivateEndpoint) else machine(network, node)
    )


@question_about
def _endpoints(network: Network, home: str) -> dict[Address, list[Point]]:
    """The private endpoints of one network by address, whether or not their NICs are told."""
    found: dict[Address, list[Point]] = defaultdict(list)
    for node in _by_home(network).get(home, ()):
        point = endpoint(network, node)
        for prefix in point.addresses.prefixes():
            for value in range(prefix.first, prefix.last + 1):
                found[Address(prefix.version, value)].append(point)
    return dict(found)


@question
def _by_home(network: Network) -> dict[str, list[PrivateEndpoint]]:
    """The private endpoints by the key of their network, empty where that is not told."""
    found: dict[str, list[PrivateEndpoint]] = defaultdict(list)
    for node in network.all(PrivateEndpoint):
        found[home_of_endpoint(network, node)].append(node)
    return dict(found)
