"""From what a person selects to the points that are asked about.

An address stands for whoever has it, a public one of the input for whoever answers there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined, UsageError
from auditor.network.graph import Network, question_about
from auditor.network.instances import adds_nobody, listed_configurations
from auditor.network.reasons import Reason, gap
from auditor.network.selection import Selection
from auditor.network.selectors import Kind as Chosen
from auditor.network.selectors import select
from auditor.network.sites import every_site
from auditor.reach.absent import behind_gateways
from auditor.reach.addressed import housed, with_address
from auditor.reach.ends import besides, points_of
from auditor.reach.no_endpoint import instead_of, is_passive
from auditor.reach.path import SILENT
from auditor.reach.pod_sources import pods_with
from auditor.reach.points import Kind, Point, internet, stands_for_several
from auditor.reach.stacks import in_one_version
from auditor.reach.subnet_addresses import usable
from auditor.reach.wording import name_of
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.selector import Selector
from auditor.special_addresses import PUBLIC


class Ends(msgspec.Struct, frozen=True):
    """The points that a selector stands for; `reasons` tell why there may be more.

    `pods` send from such addresses, by which nobody gets to them (K-40).
    """

    points: tuple[Point, ...]
    reasons: tuple[Reason, ...] = ()
    pods: tuple[Point, ...] = ()

    @property
    def sending(self) -> tuple[Point, ...]:
        """Who sends: pods in the place of sites that would have the same addresses."""
        theirs, _ = AddressSet.union(pod.addresses for pod in self.pods)
        sites = (p for p in self.points if p.kind is Kind.ON_PREMISES and p.addresses <= theirs)
        instead = {site.id for site in sites} if self.pods else set()
        return (*(p for p in self.points if p.id not in instead), *self.pods)


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
        found, untold = with_address(network, selection.addresses)
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
            for subnet in _subnets_in(node):
                points += housed(network, subnet)
        except Undetermined as unknown:
            reasons.append(gap(unknown, node.id))
    reasons += [] if points else passive
    points = _without_stand_ins(network, points)
    named: dict[tuple[Kind, str, AddressSet], Point] = {}
    for point in points:
        key = (point.kind, point.id.lower(), point.addresses)
        named[key] = _as_one(named.get(key, point), point)
    ordered = sorted(named.values(), key=lambda point: (point.id.lower(), point.kind.value))
    pods: tuple[Point, ...] = ()
    if kind is Chosen.ADDRESS and all(p.kind is Kind.ON_PREMISES for p in points):
        pods = tuple(pods_with(network, selection.addresses - every_site(network).must))
    return Ends(tuple(ordered), tuple(sorted(set(reasons))), pods)


def _without_stand_ins(network: Network, points: list[Point]) -> list[Point]:
    """Leave out models of scale sets all of whose instances are among some points (E-2b)."""
    there = {point.id.lower() for point in points}

    def stands_in(point: Point) -> bool:
        model = point.node
        if not isinstance(model, ScaleSetIpConfiguration) or not adds_nobody(network, model):
            return False
        own = listed_configurations(network, model)
        return bool(own) and all(each.key in there for each in own)

    return [point for point in points if not stands_in(point)]


def _as_one(first: Point, last: Point) -> Point:
    """Give one point for two that differ in the addresses by which they are asked about."""
    return replace(last, entry=first.entry | last.entry if first.entry and last.entry else NOTHING)


def pairs(sources: Ends, targets: Ends) -> list[tuple[Point, Point]]:
    """Give who is asked about whom: no machine about itself, nor the outside about the outside.

    Nor one version of IP about the other, of machines that have both (P-12). What starts no flows
    is asked about only where nothing else is, or may be, among the sources. Raises UsageError when
    there are ends and nothing is left to ask.
    """
    starting = _senders(sources.sending)
    senders = [point for point in starting if point.kind not in SILENT]
    if not senders and not sources.reasons:
        senders = starting
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

    So do the pools of a load balancer, and who leaves by a firewall or by a NAT gateway. Whoever
    else is in the subnet of a VPN gateway sends what that may send, whose address is not told.
    """
    outside, found = NOTHING, []
    every = tuple(points)
    gateways = [point for point in every if point.kind is Kind.PLATFORM]
    for point in every:
        if point.kind in (Kind.INTERNET, Kind.UNANSWERED):
            outside = outside | point.addresses
        elif point.entry and point.kind in (Kind.FRONTEND, Kind.FIREWALL):
            outside = outside | point.entry
        elif not any(_sends_the_same(gateway, point) for gateway in gateways):
            found.append(point)
    return [*found, *([internet(outside)] if outside else [])]


def _sends_the_same(gateway: Point, point: Point) -> bool:
    """Whether a point is anybody in a subnet whose gateway may have each of the addresses."""
    return (
        point.kind is Kind.SUBNET
        and gateway.place is not None
        and gateway.place is point.place
        and point.addresses <= gateway.addresses
    )


def _subnets_in(node: Node) -> Iterable[Subnet]:
    if isinstance(node, VirtualNetwork):
        return node.subnets
    return (node,) if isinstance(node, Subnet) else ()


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
