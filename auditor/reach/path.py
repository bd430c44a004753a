"""A path: one way from a source to whoever answers at its end, and how a trail begins."""

from __future__ import annotations

from functools import cached_property

import msgspec

from auditor.addresses import EVERYTHING, AddressSet, Version
from auditor.network.graph import Network, question_about
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.balancing import forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.entrances import Entrance
from auditor.reach.frame import SENT
from auditor.reach.pod_sources import by_node
from auditor.reach.points import Kind, Point, is_supposed, keys_of
from auditor.reach.space import space_of
from auditor.reach.stages import if_somebody
from auditor.reach.trail import Trail
from auditor.resources.load_balancers import LoadBalancerFrontend


class Path(msgspec.Struct, frozen=True, dict=True):
    """One way from a source to whoever answers at its end.

    `entrance` is the public address it goes through, if any. The packets of `bounds` are those as
    sent that arrive; `trail.frame` is what they look like then. `pinged` tells that a frontend
    answers by itself (E-11).
    """

    source: Point
    target: Point
    trail: Trail
    entrance: Entrance | None = None
    pinged: bool = False

    @cached_property
    def bounds(self) -> Bounds:
        """The packets as sent that arrive, and are answered."""
        return self.trail.bounds

    @property
    def relayed(self) -> bool:
        """Whether somebody on the way opens a connection of its own (`via`)."""
        return bool(self.trail.via)


SILENT = frozenset({Kind.FRONTEND, Kind.ENDPOINT, Kind.SERVICE, Kind.UNANSWERED})
"""What starts no flows of its own."""


def start(
    network: Network,
    source: Point,
    version: Version,
    to: AddressSet = EVERYTHING,
    tags: ServiceTags = NO_TAGS,
) -> Trail:
    """Begin a trail: packets that a point sends to some addresses.

    None that a machine sends to itself: they never leave it.
    """
    space = space_of(network, version)
    own, to = _apart(source, to)
    sent = space.having(
        source=own if own else None,
        destination=None if to == EVERYTHING else to,
    )
    frame = SENT
    if source.reasons:
        frame = frame.rewritten(
            source=source.addresses if source.addresses.size > 1 else None, reasons=source.reasons
        )
    trail = by_node(Trail(network, space, source, sent, tags, frame), source, to)
    return if_somebody(trail, source) if is_supposed(source) else trail


def _apart(source: Point, to: AddressSet) -> tuple[AddressSet, AddressSet]:
    """Give whose packets they are and where they go, without the one address that is both."""
    own = source.addresses
    if source.kind in (Kind.MACHINE, Kind.SUBNET) and to.size != own.size:
        if to.size == 1 and to <= own:
            return own - to, to
        if own.size == 1 and to != EVERYTHING and own <= to:
            return own, to - own
    return own, to


def towards(trail: Trail, target: Point) -> Trail:
    """Aim a trail at a point of which it is not told which of several addresses it has."""
    if not target.reasons or target.addresses.size <= 1:
        return trail
    return trail.becoming(destination=target.addresses, reasons=target.reasons)


def ends_at(path: Path, target: Point) -> bool:
    """Tell whether a path ends at a point, or passes through it.

    Through a frontend of a load balancer, or by a public address of a firewall (E-20).
    """
    if target.id.lower() in keys_of(path.target):
        return _meet(path.target, target)
    if target.kind is Kind.FIREWALL and path.entrance is not None and target.node is not None:
        return path.entrance.node.root is target.node.root
    if target.kind is Kind.SUBNET:
        return path.target.subnet is not None and path.target.subnet.key == target.id.lower()
    return isinstance(target.node, LoadBalancerFrontend) and path.target.id in _ids_behind(
        path.trail.network, target.node
    )


_OF_SEVERAL = (Kind.MACHINE, Kind.SUBNET, Kind.NOBODY)
"""Points of one id that may have different addresses."""


def _meet(end: Point, target: Point) -> bool:
    """Tell whether two points of one id may be one machine: not at addresses that differ.

    A model stands for instances, and a subnet for machines, of which each may have any address.
    """
    if target.kind not in _OF_SEVERAL or not (end.addresses and target.addresses):
        return True
    return end.addresses.overlaps(target.addresses)


@question_about
def _ids_behind(network: Network, front: LoadBalancerFrontend) -> frozenset[str]:
    """The ids of whomever a frontend forwards to, by regional frontends too."""
    targets = [f.target for f in forwards_of(network, front).known if f.target is not None]
    for regional in [each.node for each in targets]:
        if isinstance(regional, LoadBalancerFrontend):
            inner = forwards_of(network, regional).known
            targets += [f.target for f in inner if f.target is not None]
    return frozenset(target.id for target in targets)
