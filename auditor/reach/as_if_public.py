"""What stops packets from the internet besides the entrance that is missing.

A machine that gets a public address, or whose balancer gets a rule, is still behind its groups, is
closed without any (E-3), and has to answer straight (R-13): what opens a way names all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import AddressSet
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.reach.along import hops_of
from auditor.reach.bounds import Bounds
from auditor.reach.filter_stage import filters
from auditor.reach.filtering import unfiltered
from auditor.reach.frame import Packet
from auditor.reach.path import Path, start
from auditor.reach.points import Kind, Point
from auditor.reach.replying import to_internet
from auditor.reach.showing import Shown
from auditor.reach.stages import remark
from auditor.reach.trail import Step, Trail

_ENTRANCES = frozenset({"no-entrance", "load-balancer"})
"""Codes of hops that stop a packet where no rule or no address lets it in."""


def let_in(target: Point, shown: Shown | None, paths: Iterable[Path]) -> tuple[Point, ...]:
    """Give who would get what an entrance does not take yet: of a frontend, who is behind its rule.

    Behind balancers of regions nobody, as these know other ports (E-19).
    """
    if shown is None:
        return (target,)
    trail = shown.path.trail
    if target.kind is not Kind.FRONTEND:
        named = [target]
    elif len(trail.rules) > 1:
        return ()
    else:
        named = [path.target for path in paths if path.trail.chosen_by == trail.chosen_by]
    if trail.rules and trail.frame.destination is None:  # floating IP (P-4)
        kept = AddressSet.from_range(shown.packet.destination, shown.packet.destination)
        named = [replace(point, addresses=kept) for point in named]
    return tuple({point.id.lower(): point for point in named}.values())


def stopped_besides(
    network: Network,
    source: Point,
    targets: Iterable[Point],
    packet: Packet,
    known: Sequence[Step],
) -> tuple[Step, ...]:
    """Give what stops a packet at some machines once the last of the known obstacles is gone."""
    missing = known[-1] if known else None
    if missing is None or missing.code not in _ENTRANCES or not missing.opening:
        return ()
    if source.kind is not Kind.INTERNET:
        return ()
    return tuple(
        chain.from_iterable(_stopped_at(network, source, each, packet) for each in targets)
    )


def _stopped_at(network: Network, source: Point, target: Point, packet: Packet) -> Iterator[Step]:
    """Give what stops a packet from the internet at a machine."""
    there = target.addresses.smallest() if target.kind is Kind.MACHINE else None
    if there is None or there.version != packet.source.version:
        return
    arriving = replace(packet, destination=there)
    trail = start(network, source, there.version, target.addresses, network.tags)
    inside = filters(_closed(trail, target), target, Direction.INBOUND)
    path = Path(source, target, to_internet(trail)(inside, target))
    yield from (step for step in hops_of(path, arriving) if step.passes is False)


def _closed(trail: Trail, target: Point) -> Trail:
    """Add that a Standard address is closed where certainly no security group stands (E-3)."""
    if unfiltered(trail.network, target.nic, target.subnet, trail.tags) is not True:
        return trail
    owner = ids.name(target.nic.id if target.nic is not None else target.id)
    return remark(
        trail,
        "closed-by-default",
        target.id,
        lambda _: "a Standard address without a network security group is closed (E-3)",
        Bounds.nothing(trail.space),
        opening=f"give the subnet of {owner} a network security group that allows it",
    )
