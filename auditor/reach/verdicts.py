"""Which packets of those asked about have which verdict, by protocol and destination port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TypeAlias

from auditor.addresses import EVERY_PORT, PortSet
from auditor.packets.boxes import alone
from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals
from auditor.packets.measure import values_where
from auditor.reach.bounds import Bounds
from auditor.reach.samples import numbers_of
from auditor.reach.space import PORTED, FlowSpace


class Verdict(Enum):
    """Whether packets arrive and are answered."""

    REACHABLE = "reachable"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


def asked_for(space: FlowSpace, protocols: Sequence[str], ports: PortSet) -> PacketSet:
    """Give all packets that are asked about."""
    key = (*protocols, ports)
    total = space.asked.get(key)
    if total is None:
        total = space.empty
        for protocol in protocols:
            numbers = numbers_of(protocol, space.version)
            with_ports = ports if protocol in PORTED else None
            total |= space.having(protocols=numbers, destination_ports=with_ports)
        space.asked[key] = total
    return total


Part: TypeAlias = tuple[Verdict, str, PortSet, Sequence[str]]
"""A verdict, its protocol (`*`: all that are asked about), ports, and the protocols by name."""


def parts_of(
    space: FlowSpace, total: Bounds, protocols: Sequence[str], ports: PortSet
) -> Iterator[Part]:
    """Give each verdict on packets of which some arrive, with its protocols and ports."""
    parts: dict[tuple[Verdict, PortSet], list[str]] = {}
    total = _whatever_address(total)
    for protocol in protocols:
        for verdict, found in _split(space, total, protocol, ports):
            parts.setdefault((verdict, found), []).append(protocol)
    for (verdict, found), named in parts.items():
        whole = len(named) == len(protocols) and len(protocols) > 1
        for each in ["*"] if whole else named:
            yield verdict, each, found, named


def _whatever_address(total: Bounds) -> Bounds:
    """Give packets for one address as if they were for any.

    What is asked of them is soon known then: other addresses have got the same.
    """
    may = alone(total.may)
    if may is None:
        return total
    if total.is_exact:
        return Bounds.exactly(may[1])
    must = alone(total.must)
    if must is not None:
        return Bounds(may[1], must[1])
    return Bounds.maybe(may[1]) if total.must.is_empty else total


def _ports_of(space: FlowSpace, packets: PacketSet, protocol: int) -> Intervals:
    """Give the destination ports in packets of a protocol; of one without ports, some or none."""
    key = packets, protocol
    found = space.ports.get(key)
    if found is None:
        where = {space.place("protocol"): protocol}
        found = space.ports[key] = values_where(packets, space.place("destination_port"), where)
    return found


_NONE = PortSet(())


def _split(
    space: FlowSpace, total: Bounds, protocol: str, ports: PortSet
) -> Iterator[tuple[Verdict, PortSet]]:
    [(number, _)] = numbers_of(protocol, space.version)
    must = _ports_of(space, total.must, number)
    may = must if total.is_exact else _ports_of(space, total.may, number)
    if protocol not in PORTED:
        verdict = Verdict.UNKNOWN if may else Verdict.BLOCKED
        yield (Verdict.REACHABLE if must else verdict), EVERY_PORT
        return
    sure = PortSet(must) & ports
    maybe = _NONE
    if may != must:
        maybe = (PortSet(may) & ports) - sure
    for verdict, found in (
        (Verdict.REACHABLE, sure),
        (Verdict.UNKNOWN, maybe),
        (Verdict.BLOCKED, ports - sure - maybe),
    ):
        if found:
            yield verdict, found
