"""Who has the addresses that a person asks about: machines, sites, the internet, or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined, UsageError
from auditor.network.address_owners import all_owned_addresses, owned_addresses
from auditor.network.graph import Network
from auditor.network.hidden_addresses import unlisted
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import network_key
from auditor.network.sites import every_site
from auditor.reach.absent import address_spaces, in_absent_networks, nobody, told_of_absent
from auditor.reach.addressees import aims
from auditor.reach.ends import answering, points_of
from auditor.reach.entrances import entrances
from auditor.reach.injected import databases_in, unlisted_at
from auditor.reach.no_endpoint import instead_of
from auditor.reach.owners import has_strangers
from auditor.reach.points import Kind, Point, internet, on_premises, with_one_address
from auditor.reach.subnet_addresses import usable
from auditor.reach.unanswered import unanswered
from auditor.resources.application_gateways import GatewayIpConfiguration
from auditor.resources.base import Node
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import (
    BROADCAST,
    DOCUMENTATION,
    LINK_LOCAL,
    LOOPBACK,
    MULTICAST,
    PLATFORM_HOST,
    PUBLIC,
    UNSPECIFIED,
)

_HOUSED = (
    GatewayIpConfiguration,
    FirewallIpConfiguration,
    BastionIpConfiguration,
    VpnGatewayIpConfiguration,
)


def housed(network: Network, subnet: Subnet) -> Iterator[Point]:
    """Give gateways, firewalls, Bastion hosts and databases that have a subnet as their home."""
    for edge in network.referrers(subnet, "subnet"):
        if isinstance(edge.source, _HOUSED):
            try:
                yield from points_of(edge.source.root, network)
            except Undetermined:
                continue
    yield from databases_in(network, subnet)


def with_address(network: Network, addresses: AddressSet) -> tuple[list[Point], list[Reason]]:
    """Give whoever has some addresses: the internet, sites, and what is in the networks told.

    Raises UsageError where they belong to networks of the input and nobody there has them, and
    where no network carries any of them.
    """
    addresses = _carried(addresses)
    public, taken, reasons = _behind_public(network, addresses)
    points = list(public)
    rest = addresses - taken
    examples = DOCUMENTATION - every_site(network).must - address_spaces(network)
    outside = rest & (PUBLIC - DOCUMENTATION | examples)
    if outside:
        points.append(internet(outside))
        rest = rest - (outside & DOCUMENTATION)
    held, settled = NOTHING, False
    for subnet in network.all(Subnet):
        try:
            prefixes, here = AddressSet.from_prefixes(subnet.prefixes), usable(subnet) & addresses
        except Undetermined as unknown:
            reasons.append(gap(unknown, subnet.id))
            continue
        held = held | (prefixes & addresses)
        if here:
            settled = True
            points += _in_subnet(network, subnet, here, alone=addresses.size == 1)
    for point in _in_missing_networks(network, addresses):
        points.append(point)
        rest = rest - point.addresses
    points += in_absent_networks(network, rest)
    rest = rest - told_of_absent(network)
    if not settled and rest - PUBLIC:
        points += _on_premises(network, rest, held, alone=not points)
    return points, reasons


_UNCARRIED = (
    LOOPBACK
    | LINK_LOCAL
    | MULTICAST
    | BROADCAST
    | UNSPECIFIED
    | AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)
)
"""What no virtual network carries (N-18, D-3), and Azure's host, which is beside all of them."""


def _carried(addresses: AddressSet) -> AddressSet:
    """Give those of some addresses that a network may carry. Raises UsageError for none."""
    found = addresses - _UNCARRIED
    if found or not addresses:
        return found
    one = addresses.smallest() if addresses.size == 1 else None
    if addresses <= _HOST:
        raise UsageError(
            f"{one or addresses} is Azure's own host, which is no end of a path",
            advice="only rules that name it filter what machines ask it (N-14): ask auditor flow; "
            "its health probes are followed where load balancers have them",
        )
    raise UsageError(f"no virtual network carries packets to or from {one or addresses}",
                     advice="name a machine, a subnet, another address")  # fmt: skip


_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST) | AddressSet.from_text(
    ["169.254.169.254"]
)
"""DNS, DHCP and probes of Azure's host, and its metadata service (N-14)."""


def _behind_public(
    network: Network, addresses: AddressSet
) -> tuple[list[Point], AddressSet, list[Reason]]:
    """Give who answers at public addresses of the input that are among some, and which these are.

    They are the networks' own, whatever ranges they are of.
    """
    found: dict[Point, AddressSet] = {}
    taken = NOTHING
    reasons: list[Reason] = []
    for entrance in entrances(network):
        entry = entrance.addresses & addresses
        try:
            for point in answering(network, entrance.node) if entry else ():
                found[point] = found.get(point, NOTHING) | entry
        except Undetermined as unknown:
            reasons.append(gap(unknown, entrance.node.id))
        taken = taken | entry
    for point in unanswered(network):
        if point.addresses <= addresses:
            found[point] = NOTHING
            taken = taken | point.addresses
    return [replace(point, entry=entry) for point, entry in found.items()], taken, reasons


def _in_subnet(
    network: Network, subnet: Subnet, here: AddressSet, *, alone: bool
) -> Iterator[Point]:
    """Give who has some addresses in a subnet: any machine only where no listed one has them."""
    if alone:
        yield from _with_one(network, subnet, here)
        return
    listed = points_of(subnet, network)
    for point in listed:
        if point.kind is not Kind.SUBNET and point.addresses.overlaps(here):
            yield point
    yield from (point for point in housed(network, subnet) if point.addresses.overlaps(here))
    for each in listed:
        if each.kind is not Kind.SUBNET and each.addresses.size == 1:
            here = here - each.addresses
    for point in listed:
        if point.kind is Kind.SUBNET and here:
            yield replace(point, addresses=here, nic=None)


def _with_one(network: Network, subnet: Subnet, one: AddressSet) -> Iterator[Point]:
    """Give whoever in a subnet has one address of it, or whoever may have it."""
    listed = [point for point in points_of(subnet, network) if point.node is not subnet]
    exact = [p for p in listed if any(each.addresses == one for each in _fronts(network, p))]
    if exact:
        # A gateway has other frontends, which are not asked about.
        yield from (replace(p, entry=one) if p.kind is Kind.GATEWAY else p for p in exact)
        return
    owners = _owners(network, subnet, one)
    try:
        for owner in owners:
            yield from points_of(owner.root, network) or nobodys(network, subnet, one, owner.root)
    except Undetermined as unknown:
        yield nobody(network, subnet, one, gap(unknown, subnet.id))
    if owners:
        return
    found = [p for p in listed if any(e.addresses.overlaps(one) for e in _fronts(network, p))]
    for point in found:
        yield with_one_address(point, one)
    if unlisted(network, subnet) and has_strangers(network, subnet, listed):
        yield from unlisted_at(network, subnet, one)
    elif all(point.kind is Kind.FRONTEND for point in found):
        yield nobody(network, subnet, one)


def nobodys(network: Network, subnet: Subnet, one: AddressSet, owner: Node) -> Iterator[Point]:
    """Give an address of what is no end of a path: it is told whom to ask about instead."""
    instead = instead_of(network, owner)
    if instead is not None:
        yield replace(nobody(network, subnet, one, instead), node=owner)


def _owners(network: Network, subnet: Subnet, one: AddressSet) -> tuple[Node, ...]:
    """Give the parts of resources that have an address of a subnet."""
    owned = owned_addresses(network, network_key(subnet.id))
    [prefix] = one.prefixes()
    return tuple(owner.node for owner in owned.get(prefix.address, ()))


def _fronts(network: Network, point: Point) -> Iterable[Point]:
    """Give a point as who answers: a gateway does so at its private frontends."""
    return aims(network, point) if point.kind is Kind.GATEWAY else (point,)


def _in_missing_networks(network: Network, addresses: AddressSet) -> Iterator[Point]:
    """Give listed machines that have some addresses in networks that the input does not hold."""
    for key, by_address in all_owned_addresses(network).items():
        if key in network.nodes:
            continue
        for address, owners in by_address.items():
            if AddressSet.from_range(address, address) <= addresses:
                for owner in owners:
                    yield from points_of(owner.node, network)


def _on_premises(
    network: Network, addresses: AddressSet, held: AddressSet, *, alone: bool
) -> Iterator[Point]:
    """Give sites that may have addresses that nothing in the input has.

    Raises UsageError where networks of the input hold all of them, and no site does; nor unless
    they are `alone`, which is to say that nobody else may have some.
    """
    sites = every_site(network)
    space = held | address_spaces(network)
    elsewhere = (addresses - PUBLIC - space) | (addresses & sites.must)
    if elsewhere:
        yield on_premises(elsewhere)
        return
    if not alone:
        return
    if addresses <= held:
        why = "it lies in a subnet, where no machine is told that has it or it is Azure's own"
    else:
        why = "it lies in the address space of a network, in none of its subnets"
    one = addresses.smallest() if addresses.size == 1 else None
    text = str(one or ", ".join(map(str, addresses.prefixes())))
    raise UsageError(f"nobody in the input has {text}", advice=why)
