"""From what a person selects to the points that are asked about.

An address stands for whoever has it, a public one of the input for whoever answers there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined, UsageError
from auditor.network.address_owners import all_owned_addresses, owned_addresses
from auditor.network.graph import Network, question_about
from auditor.network.hidden_addresses import unlisted
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import network_key
from auditor.network.selection import Selection
from auditor.network.selectors import Kind as Chosen
from auditor.network.selectors import select
from auditor.network.sites import every_site
from auditor.reach.absent import behind_gateways, in_absent_networks, nobody, told_of_absent
from auditor.reach.addressees import aims
from auditor.reach.ends import answering, besides, points_of
from auditor.reach.entrances import entrances
from auditor.reach.no_endpoint import instead_of, is_passive
from auditor.reach.owners import has_strangers
from auditor.reach.path import SILENT
from auditor.reach.points import (
    Kind,
    Point,
    anywhere_in,
    internet,
    on_premises,
    stands_for_several,
    usable,
    with_one_address,
)
from auditor.reach.stacks import in_one_version
from auditor.reach.unanswered import unanswered
from auditor.reach.wording import name_of
from auditor.resources.application_gateways import GatewayIpConfiguration
from auditor.resources.base import Node
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.selector import Selector
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


class Ends(msgspec.Struct, frozen=True):
    """The points that a selector stands for; `reasons` tell why there may be more."""

    points: tuple[Point, ...]
    reasons: tuple[Reason, ...] = ()


@question_about
def ends_of(network: Network, selector: Selector) -> Ends:
    """Give the points of a selector. Raises UsageError when it fits nothing."""
    return ends_in(network, select(network, selector))


def ends_in(network: Network, selection: Selection) -> Ends:
    """Give the points of a selection, each once, sorted by id."""
    reasons = list(selection.doubts)
    kind = selection.selector.kind
    points: list[Point] = []
    if kind is Chosen.INTERNET:
        points.append(internet(PUBLIC))
    elif kind is Chosen.ON_PREMISES:
        points.append(behind_gateways(network, selection.addresses, selection.doubts))
    elif kind is Chosen.ADDRESS:
        found, untold = _with_address(network, selection.addresses)
        points += found
        reasons += untold
    passive: list[Reason] = []
    for node in selection.nodes:
        aside = instead_of(network, node)
        if aside is not None:
            (passive if is_passive(node) else reasons).append(aside)
            continue
        try:
            points += points_of(node, network)
            reasons += besides(network, node)
        except Undetermined as unknown:
            reasons.append(gap(unknown, node.id))
        for subnet in _subnets_in(node):
            points += _housed(network, subnet)
    reasons += [] if points else passive
    named: dict[tuple[Kind, str, AddressSet], Point] = {}
    for point in points:
        key = (point.kind, point.id.lower(), point.addresses)
        named[key] = _as_one(named.get(key, point), point)
    ordered = sorted(named.values(), key=lambda point: (point.id.lower(), point.kind.value))
    return Ends(tuple(ordered), tuple(sorted(set(reasons))))


def _as_one(first: Point, last: Point) -> Point:
    """Give one point for two that differ in the addresses by which they are asked about."""
    return replace(last, entry=first.entry | last.entry if first.entry and last.entry else NOTHING)


def pairs(sources: Ends, targets: Ends) -> list[tuple[Point, Point]]:
    """Give who is asked about whom: no machine about itself, nor the outside about the outside.

    Nor one version of IP about the other, of machines that have both (P-12). What starts no flows
    is asked about only where nothing else is among the sources. Raises UsageError when
    there are ends and nothing is left to ask.
    """
    starting = _senders(sources.points)
    senders = [point for point in starting if point.kind not in SILENT] or starting
    every = [(replace(s, entry=NOTHING), t) for s in senders for t in targets.points]
    apart = [(s, t) for s, t in every if s != t or stands_for_several(t)]
    asked = [pair for pair in apart if not (pair[0].outside and pair[1].outside)]
    if asked or not every:
        return in_one_version(asked)
    if apart or every[0][0].outside:
        raise UsageError(
            "both ends lie outside the networks of the input",
            advice="let one of them be a machine, a subnet, an address of the input",
        )
    raise UsageError(
        f"both ends are one: {name_of(every[0][1])}",
        advice="what a machine sends to itself never leaves it, and no rule is asked",
    )


def _senders(points: Iterable[Point]) -> list[Point]:
    """Give points as sources: whoever is behind a public address of the input may send from it.

    So do the pools of a load balancer, and who leaves by a firewall or by a NAT gateway.
    """
    outside, found = NOTHING, []
    for point in points:
        if point.kind in (Kind.INTERNET, Kind.UNANSWERED):
            outside = outside | point.addresses
        elif point.entry and point.kind in (Kind.FRONTEND, Kind.FIREWALL):
            outside = outside | point.entry
        else:
            found.append(point)
    return [*found, *([internet(outside)] if outside else [])]


def _subnets_in(node: Node) -> Iterable[Subnet]:
    if isinstance(node, VirtualNetwork):
        return node.subnets
    return (node,) if isinstance(node, Subnet) else ()


_HOUSED = (
    GatewayIpConfiguration,
    FirewallIpConfiguration,
    BastionIpConfiguration,
    VpnGatewayIpConfiguration,
)


def _housed(network: Network, subnet: Subnet) -> Iterator[Point]:
    """Give the gateways, firewalls and Bastion hosts that have a subnet as their home."""
    for edge in network.referrers(subnet, "subnet"):
        if isinstance(edge.source, _HOUSED):
            try:
                yield from points_of(edge.source.root, network)
            except Undetermined:
                continue


def _with_address(network: Network, addresses: AddressSet) -> tuple[list[Point], list[Reason]]:
    """Give whoever has some addresses: the internet, sites, and what is in the networks told.

    Raises UsageError where they belong to networks of the input and nobody there has them, and
    where no network carries any of them.
    """
    addresses = _carried(addresses)
    public, taken, reasons = _behind_public(network, addresses)
    points = list(public)
    rest = addresses - taken
    examples = DOCUMENTATION - every_site(network).must - _address_spaces(network)
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
            advice="no security group filters what machines ask it (N-14); "
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
    yield from (point for point in _housed(network, subnet) if point.addresses.overlaps(here))
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
            yield from points_of(owner.root, network)
    except Undetermined as unknown:
        yield nobody(network, subnet, one, gap(unknown, subnet.id))
    if owners:
        return
    found = [p for p in listed if any(e.addresses.overlaps(one) for e in _fronts(network, p))]
    for point in found:
        yield with_one_address(point, one)
    if unlisted(network, subnet) and has_strangers(network, subnet, listed):
        yield replace(anywhere_in(network, subnet), addresses=one)
    elif not found:
        yield nobody(network, subnet, one)


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
    space = held | _address_spaces(network)
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


def _address_spaces(network: Network) -> AddressSet:
    total = NOTHING
    for vnet in network.all(VirtualNetwork):
        try:
            total = total | AddressSet.from_prefixes(vnet.prefixes)
        except Undetermined:
            continue
    return total


def subnets_of(
    network: Network, selector: Selector | None
) -> tuple[tuple[Subnet, ...], tuple[Reason, ...]]:
    """Give the subnets that a selector stands for, those of VNets too, and why there may be more.

    All, without a selector. Raises UsageError when it stands for none.
    """
    if selector is None:
        return network.all(Subnet), ()
    selection = select(network, selector)
    found: dict[str, Subnet] = {}
    reasons = list(selection.doubts)
    for node in selection.nodes:
        try:
            if isinstance(node, Subnet):
                found[node.key] = node
            elif isinstance(node, VirtualNetwork):
                found.update((subnet.key, subnet) for subnet in node.subnets)
        except Undetermined as unknown:
            reasons.append(gap(unknown, node.id))
    if selection.selector.kind is Chosen.ADDRESS:
        found.update((subnet.key, subnet) for subnet in _holding(network, selection.addresses))
    if not found and not reasons:
        raise UsageError(f"{selector.text} is no subnet and no virtual network",
                         advice="a matrix is between subnets")  # fmt: skip
    return tuple(found[key] for key in sorted(found)), tuple(sorted(set(reasons)))


def _holding(network: Network, addresses: AddressSet) -> Iterator[Subnet]:
    for subnet in network.all(Subnet):
        try:
            if usable(subnet).overlaps(addresses):
                yield subnet
        except Undetermined:
            continue
