"""From a point of a network to another: its filters, its routes, and where these lead."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.network.effective_rules import Direction
from auditor.reach.delivery import arrives, deliver
from auditor.reach.filter_stage import filters
from auditor.reach.handing_over import brought
from auditor.reach.points import Kind, Point
from auditor.reach.private_nat import at_private_address
from auditor.reach.replying import straight_to
from auditor.reach.stages import Reply
from auditor.reach.trail import Trail


def send(trail: Trail, source: Point, target: Point) -> Iterator[tuple[Trail, Point]]:
    """Follow packets from a point of a VNet to another point of one, whichever way routes lead.

    Straight, or by each appliance that a route names.
    """
    out = filters(trail, source, Direction.OUTBOUND)
    yield from onward(out, source, target, straight_to(source))


def onward(trail: Trail, here: Point, target: Point, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow packets by the routes of a point, after its filters.

    `reply` is the way back when they go straight; by appliances, it is back to these.
    """
    yield from _ended(arrives(trail, here, target), target, reply)
    yield from by_appliances(trail, here, target)


def by_appliances(trail: Trail, here: Point, target: Point) -> Iterator[tuple[Trail, Point]]:
    """Follow packets by the appliances that routes of a point name, after its filters."""
    for there, back in brought(trail, here, target):
        yield from _ended(there, target, back)


def _ended(trail: Trail, target: Point, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    yield from deliver(trail, target, reply)
    if target.kind is Kind.FIREWALL:
        yield from at_private_address(trail, target, reply)
