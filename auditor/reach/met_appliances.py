"""What an appliance of which nothing is told gets of all packets, whoever sends them."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERYTHING, Address, AddressSet, Version
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.packets.diagram import PacketSet
from auditor.reach.path import start
from auditor.reach.points import Point
from auditor.reach.space import FlowSpace
from auditor.reach.untold_appliances import owner_of, stranger_reason, through_stranger


class Met(msgspec.Struct, frozen=True):
    """An appliance as the machines of a network meet it.

    `admitted` are the packets that surely get past the rules at its cards: at each of several
    behind a load balancer. `own` are the addresses that it may put in the place of the source's,
    `several` tells that each of them has others.
    """

    reason: Reason
    admitted: PacketSet
    own: AddressSet
    several: bool

    def may_refuse(self, source: Point, target: Point) -> bool:
        """Tell whether the rules at its cards may stop anything between two points (P-7)."""
        space = self.admitted.space
        assert isinstance(space, FlowSpace)
        if self.admitted == space.all:
            return False
        asked = space.having(source=source.addresses, destination=target.addresses)
        return not asked <= self.admitted


def met(
    network: Network, source: Point, version: Version, tags: ServiceTags, appliance: Address
) -> Met:
    """Give the appliance at an address as it is met from the network of a point."""
    anyone = replace(source, addresses=EVERYTHING, reasons=())
    trail = start(network, anyone, version, EVERYTHING, tags)
    past = list(through_stranger(trail, appliance, source))
    admitted = trail.space.all if past else trail.space.empty
    for each in past:
        told, *cards = each.stages
        admitted &= told.bounds.may  # what it makes of it is never certain
        for stage in cards:
            admitted &= stage.bounds.must
    sources = {frame.source for each in past for frame in each.others}
    own, _ = AddressSet.union(each for each in sources if each is not None)
    why = stranger_reason(owner_of(network, source, appliance))
    return Met(why, admitted, own, len(sources) > 1)
