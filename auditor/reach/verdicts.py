"""Which packets of those asked about have which verdict, by protocol and destination port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TypeAlias

from auditor.addresses import EVERY_PORT, PortSet
from auditor.packets.boxes import alone
from auditor.packets.diagram import PacketSet
from auditor.packets.measure import values
from auditor.reach.bounds import Bounds
from auditor.reach.samples import numbers_of
from auditor.reach.space import PORTED, FlowSpace


class Verdict(Enum):
    """Whether packets arrive and are answered."""

    REACHABLE = "reachable"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


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


_NONE = PortSet(())


def _split(
    space: FlowSpace, total: Bounds, protocol: str, ports: PortSet
) -> Iterator[tuple[Verdict, PortSet]]:
    these = asked_for(space, (protocol,), EVERY_PORT)
    must = total.must & these
    may = must if total.is_exact else total.may & these
    if protocol not in PORTED:
        verdict = Verdict.BLOCKED if may.is_empty else Verdict.UNKNOWN
        yield (verdict if must.is_empty else Verdict.REACHABLE), EVERY_PORT
        return
    sure = PortSet(values(must, "destination_port")) & ports
    maybe = _NONE
    if may is not must:
        maybe = (PortSet(values(may, "destination_port")) & ports) - sure
    for verdict, found in (
        (Verdict.REACHABLE, sure),
        (Verdict.UNKNOWN, maybe),
        (Verdict.BLOCKED, ports - sure - maybe),
    ):
        if found:
            yield verdict, found
