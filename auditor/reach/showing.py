"""On which of several ways to show what happens to a packet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import inf

import msgspec

from auditor.addresses import PortSet
from auditor.packets.diagram import PacketSet
from auditor.packets.measure import values
from auditor.reach.along import hops_of
from auditor.reach.frame import Packet
from auditor.reach.path import Path
from auditor.reach.space import FlowSpace
from auditor.reach.trail import Step

_PORT = "destination_port"


class Shown(msgspec.Struct, frozen=True, dict=True):
    """A packet on a path, and what happens to it there."""

    packet: Packet
    path: Path

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What happens to it, stage by stage."""
        return tuple(hops_of(self.path, self.packet))

    @property
    def blockers(self) -> tuple[Step, ...]:
        """Those that stop it."""
        return tuple(step for step in self.steps if step.passes is False)

    @property
    def stops(self) -> int:
        """How many stop it."""
        return len(self.blockers)

    @property
    def legs(self) -> float:
        """How many routes lead its packets along this way before one leads past it, or drops them.

        Endless where all lead along it.
        """
        legs = 0
        for step in self.steps:
            if step.code == "route":
                if step.passes is False:
                    return legs
                legs += 1
        return inf


def routed(found: Sequence[Shown]) -> Sequence[Shown]:
    """Leave out ways that routes lead past, where they lead along another.

    What stands on a way that packets do not take does not stop them. Of several towards the outside
    that none takes to its end, those stay along which the packets get furthest: to a firewall, say,
    whose own routes then drop them. So do they of the ways to one public entrance.
    """
    most: dict[str, float] = {}
    for each in found:
        most[_to(each)] = max(each.legs, most.get(_to(each), 0))
    inside = [each for each in found if each.path.entrance is None]
    if most.get("", inf) < inf and not all(each.path.target.outside for each in inside):
        del most[""]
    return [each for each in found if each.legs == most.get(_to(each), each.legs)]


def _to(shown: Shown) -> str:
    """The entrance that a way leads to, as a key; empty where it stays inside networks."""
    entrance = shown.path.entrance
    return f"{entrance.node.key} {entrance.address.lower()}" if entrance is not None else ""


def stopped_by(
    paths: Sequence[Path], space: FlowSpace, packets: PacketSet
) -> Iterator[tuple[Path, PacketSet]]:
    """Give paths on which to show what stops some packets, and which packets to show there.

    Where rules of load balancers take some of them, what another rule does not take says nothing:
    those of ports that nothing takes are shown, if there are any, and else each by what takes it.
    Where rules come one after the other, those say nothing of which an earlier one takes none.
    """
    taken = {id(path): packets & path.trail.taken for path in paths}
    total = space.empty
    for each in taken.values():
        total |= each
    left = PortSet(values(packets, _PORT)) - PortSet(values(total, _PORT))
    most = max((_rules_passed(path, packets) for path in paths), default=0)
    for path in paths:
        if total.is_empty and path.trail.rules and _rules_passed(path, packets) < most:
            continue
        if total.is_empty:
            yield path, packets & path.trail.sent
        elif left:
            yield path, packets & path.trail.sent & space.having(destination_ports=left)
        else:
            yield path, taken[id(path)]


def _rules_passed(path: Path, packets: PacketSet) -> int:
    """How many rules on a way take some packets, before one takes none."""
    for passed, place in enumerate(path.trail.rules):
        packets &= path.trail.stages[place].bounds.may
        if packets.is_empty:
            return passed
    return len(path.trail.rules)
