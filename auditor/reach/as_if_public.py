"""What stops packets besides the entrance, or the rule of a load balancer, that is missing.

A machine that gets a public address, or whose balancer gets a rule, is still behind its groups, is
closed to the internet without any (E-3), and has to answer straight (R-13): what opens a way names
all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from auditor import ids
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.reach.along import hops_of
from auditor.reach.balancing import forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import is_basic, leads_to_region
from auditor.reach.filter_stage import filters
from auditor.reach.filtering import unfiltered
from auditor.reach.frame import Packet
from auditor.reach.path import Path, start
from auditor.reach.points import Kind, Point
from auditor.reach.replying import straight_to, to_internet
from auditor.reach.stages import remark
from auditor.reach.trail import Step, Trail
from auditor.resources.load_balancers import LoadBalancerFrontend

_ENTRANCES = frozenset({"no-entrance", "load-balancer"})
"""Codes of hops that stop a packet where no rule or no address lets it in."""


def stopped_besides(
    network: Network,
    source: Point,
    target: Point,
    paths: Iterable[Path],
    packet: Packet,
    known: Sequence[Step],
) -> tuple[Step, ...]:
    """Give what stops a packet at a machine once the last of the known obstacles is gone.

    At all those behind a frontend, by the paths to it.
    """
    missing = known[-1] if known else None
    if missing is None or missing.code not in _ENTRANCES or not missing.opening:
        return ()
    if source.kind not in (Kind.INTERNET, Kind.MACHINE, Kind.SUBNET):
        return ()
    closed = source.kind is Kind.INTERNET and not _is_basic(target)
    found = (
        step
        for each in _behind(network, target, paths)
        for step in _stops_at(network, source, each, packet, closed=closed)
    )
    return tuple({(each.resource, each.says, each.opening): each for each in found}.values())


def _is_basic(target: Point) -> bool:
    return isinstance(target.node, LoadBalancerFrontend) and is_basic(target.node)


def _behind(network: Network, target: Point, paths: Iterable[Path]) -> Iterator[Point]:
    """Give the machines that some paths to a point end at: itself, or those behind a frontend.

    Not those behind frontends of regions: to which port these would send is not said (E-19).
    """
    if target.kind is Kind.MACHINE:
        yield target
    front = target.node if isinstance(target.node, LoadBalancerFrontend) else None
    if front is None or any(map(leads_to_region, forwards_of(network, front).known)):
        return
    ends = {path.target.id.lower(): path.target for path in paths}
    yield from (end for end in ends.values() if end.kind is Kind.MACHINE)


def _stops_at(
    network: Network, source: Point, target: Point, packet: Packet, *, closed: bool
) -> Iterator[Step]:
    there = target.addresses.smallest()
    if there is None or there.version != packet.source.version:
        return
    arriving = replace(packet, destination=there)
    trail = start(network, source, there.version, target.addresses, network.tags)
    inside = filters(_closed(trail, target) if closed else trail, target, Direction.INBOUND)
    reply = to_internet(trail) if source.kind is Kind.INTERNET else straight_to(source)
    path = Path(source, target, reply(inside, target))
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
