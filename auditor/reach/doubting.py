"""Why packets of one answer are not told: not only the one that is shown.

Ports of one answer may be in doubt for reasons of their own: two rules name two service tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.network.reasons import Reason
from auditor.packets.diagram import PacketSet
from auditor.packets.measure import sections
from auditor.ports import PortSet
from auditor.reach.along import hops_of
from auditor.reach.frame import Packet
from auditor.reach.path import Path
from auditor.reach.samples import some_packet
from auditor.reach.space import FlowSpace
from auditor.reach.trail import Step

_MOST = 4
"""As many packets besides the one that is shown are looked at."""


def others_of(path: Path, packets: PacketSet, shown: Packet) -> Iterator[list[Step]]:
    """Give what happens to some packets of an answer that the path tells apart by their port."""
    for packet in packets_besides(unsure_on(path, packets), shown):
        yield hops_of(path, packet)


def unsure_on(path: Path, packets: PacketSet) -> PacketSet:
    """Give those of some packets that a path sends, and of which it is not told what becomes."""
    return packets & path.trail.sent & path.bounds.unsure


def packets_besides(packets: PacketSet, shown: Packet) -> Iterator[Packet]:
    """Give one for each part of packets that their port tells apart, besides that of one shown."""
    left = _MOST
    space = packets.space
    assert isinstance(space, FlowSpace)
    for low, high in sections(packets, "destination_port"):
        if left and not low <= shown.destination_port <= high:
            ports = space.having(destination_ports=PortSet.of(low, high))
            packet = some_packet(packets & ports)
            if packet is not None:
                yield packet
                left -= 1


def reasons_of(path: Path, steps: Iterable[Step]) -> tuple[Reason, ...]:
    """Say why a packet on a path is not told; because of its addresses, where no hop says why."""
    found = unsure(steps)
    rewritten = (reason for other in path.trail.others for reason in other.reasons)
    return tuple(sorted(found or set(path.trail.frame.reasons) or set(rewritten)))


def unsure(steps: Iterable[Step]) -> set[Reason]:
    """Give the reasons of all hops of which it is not told whether they let a packet pass."""
    return {reason for step in steps if step.passes is None for reason in step.reasons}


UNEXPLAINED = "not-told"
"""The label of a doubt that no hop and no address explains: that there is one must not be lost."""


def explained(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Give some reasons, or that there is a doubt which none explains."""
    detail = "which of several machines, addresses or ways it is"
    return reasons or (Reason(UNEXPLAINED, detail),)
