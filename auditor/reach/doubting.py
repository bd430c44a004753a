"""Why packets of one answer are not told: not only the one that is shown.

Ports of one answer may be in doubt for reasons of their own: two rules name two service tags.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.diagram import PacketSet
from auditor.packets.measure import sections
from auditor.ports import PortSet
from auditor.reach.along import hops_of
from auditor.reach.frame import Packet
from auditor.reach.path import Path
from auditor.reach.samples import some_packet
from auditor.reach.trail import Step

_MOST = 4
"""As many packets besides the one that is shown are looked at."""


def others_of(path: Path, packets: PacketSet, shown: Packet) -> Iterator[list[Step]]:
    """Give what happens to some packets of an answer that the path tells apart by their port."""
    for packet in packets_besides(path, packets, shown):
        yield hops_of(path, packet)


def packets_besides(path: Path, packets: PacketSet, shown: Packet) -> Iterator[Packet]:
    """Give those packets, besides the one that is shown."""
    left = _MOST
    here = packets & path.trail.sent & path.bounds.unsure
    for low, high in sections(here, "destination_port"):
        if left and not low <= shown.destination_port <= high:
            ports = path.trail.space.having(destination_ports=PortSet.of(low, high))
            packet = some_packet(here & ports)
            if packet is not None:
                yield packet
                left -= 1
