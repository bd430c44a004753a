"""Gateways that lead to somebody and yet let nothing get there: what stops it on the way."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import PortSet
from auditor.packets.diagram import PacketSet
from auditor.packets.measure import values
from auditor.reach.along import furthest, told_of
from auditor.reach.path import Path
from auditor.reach.samples import some_packet
from auditor.reach.showing import Shown, routed

_ANSWERING = frozenset({"listener", "front-door"})
"""What gateways answer with, by codes of hops: what comes past it they mean to send on."""


def refused(paths: Iterable[Path], asked: PacketSet) -> tuple[Shown, PortSet] | None:
    """Give a packet that a gateway answers to, what becomes of it, and to which ports there are.

    Of paths on which nothing arrives, that with the fewest who stop it, of those that packets
    take. None where a gateway answers none of the packets asked about: then it is not for its sake
    that they do not arrive.
    """
    found: list[Shown] = []
    ports: dict[int, PortSet] = {}
    for path, taken in _taken([(path, _answered(path, asked & path.trail.sent)) for path in paths]):
        packet = some_packet(furthest(path, taken))
        if packet is None:
            continue
        found.append(Shown(packet, path))
        ports[id(path)] = PortSet(values(taken, "destination_port"))
    best = min(routed(found), key=lambda each: each.stops, default=None)
    return (best, ports[id(best.path)]) if best is not None else None


def _taken(every: list[tuple[Path, PacketSet]]) -> list[tuple[Path, PacketSet]]:
    """Leave out rules of load balancers that take nothing of it, where another takes some."""
    found = [(path, packets & path.trail.taken) for path, packets in every]
    return [each for each in found if not each[1].is_empty] or every


def _answered(path: Path, packets: PacketSet) -> PacketSet:
    """Give those of some packets, as sent, that the first gateway on a path answers to."""
    for stage in path.trail.stages:
        passing = packets & stage.bounds.may
        packet = some_packet(packets if passing.is_empty else passing)
        if packet is None:
            break
        if any(step.code in _ANSWERING for step in told_of(stage, packet)):
            return passing
    return packets
