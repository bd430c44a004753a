"""Replies by an appliance that did not see the packet: whether its own rules stop them (P-7, P-11).

Nothing of the connection is known at its cards, so that the rules there are asked.
"""

from __future__ import annotations

from msgspec.structs import replace

from auditor.addresses import EVERYTHING, Address, AddressSet, Version
from auditor.network.graph import Network, question
from auditor.network.routing.model import EffectiveRoute, Hop
from auditor.network.service_tags import ServiceTags
from auditor.packets.diagram import PacketSet
from auditor.reach.path import start
from auditor.reach.points import Kind, Point
from auditor.reach.space import FlowSpace
from auditor.reach.untold_appliances import by_stranger


def through_appliance(
    network: Network,
    route: EffectiveRoute | None,
    responder: Point,
    to: AddressSet,
    version: Version,
    tags: ServiceTags,
) -> bool | None:
    """Tell whether a reply by an appliance that did not see the packet gets back: perhaps.

    Not by an Azure Firewall, which is stateful and of which nothing is in doubt (P-11), nor by one
    whose own rules stop all that the responder sends there.
    """
    if route is None or route.hop is not Hop.APPLIANCE or route.fault or not route.doubts:
        return False
    if route.address is None:
        return None
    let_on = _let_on(network, responder, version, tags, route.address)
    space = let_on.space
    assert isinstance(space, FlowSpace)
    replies = space.having(source=responder.addresses, destination=to)
    return False if (replies & let_on).is_empty else None


def _let_on(
    network: Network, at: Point, version: Version, tags: ServiceTags, appliance: Address
) -> PacketSet:
    """Give the packets that may get past the rules at an appliance's cards, as met from a point."""
    key = at.home, version, tags, appliance
    known = _known(network)
    found = known.get(key)
    if found is None:
        anyone = replace(at, kind=_somebody(at), addresses=EVERYTHING, reasons=())
        trail = start(network, anyone, version, EVERYTHING, tags)
        found = trail.space.empty
        for each in by_stranger(trail, appliance, at):
            let_in = trail.space.all
            for stage in each.stages:
                let_in &= stage.bounds.may
            found |= let_in
        known[key] = found
    return found


def _somebody(at: Point) -> Kind:
    """The kind of a point as one that sends, be it that nobody listed has its address."""
    return Kind.SUBNET if at.kind is Kind.NOBODY else at.kind


@question
def _known(_: Network) -> dict[tuple[str, Version, ServiceTags, Address], PacketSet]:
    return {}
