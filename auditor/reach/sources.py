"""From where packets with the verdict of an answer may come, port by port."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.addresses import NOTHING, AddressSet, PortSet, Version
from auditor.packets.boxes import branches
from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals, normalise, whole
from auditor.packets.measure import values
from auditor.reach.answer import Answer, Verdict
from auditor.reach.samples import numbers_of
from auditor.reach.space import PORTED


@dataclass(frozen=True, slots=True)
class Sources:
    """Who may use some ports of an answer: some surely, others perhaps.

    None stands for most of those asked about. `perhaps` are empty where nobody else may.
    """

    ports: PortSet
    surely: AddressSet | None
    perhaps: AddressSet | None = NOTHING


def sources_of(answer: Answer) -> tuple[Sources, ...]:
    """Give whose packets have the verdict of an answer, ports of different senders apart.

    Nothing where no path tells; of an unknown answer everybody is only perhaps one of them.
    """
    if answer.path is None:
        return ()
    bounds = answer.bounds or answer.path.bounds
    sure = answer.verdict is Verdict.REACHABLE
    may = dict(_by_ports(answer, bounds.may))
    if not sure or bounds.may is bounds.must:
        every = [(ports, who if sure else NOTHING, NOTHING if sure else who)
                 for ports, who in may.items()]  # fmt: skip
    else:
        every = [
            (both, who, others - who)
            for ports, who in _by_ports(answer, bounds.must)
            for wider, others in may.items()
            if (both := ports & wider)
        ]
    found: dict[tuple[AddressSet, AddressSet], PortSet] = {}
    for ports, who, others in every:
        found[who, others] = found.get((who, others), PortSet(())) | ports
    return tuple(
        Sources(ports, _or_most(answer, who), _or_most(answer, others))
        for (who, others), ports in sorted(found.items(), key=lambda each: each[1].intervals)
    )


def _or_most(answer: Answer, addresses: AddressSet) -> AddressSet | None:
    every = answer.source.addresses.intervals(answer.version)
    asked = sum(high - low + 1 for low, high in every)
    return None if addresses.size * 2 >= asked else addresses


def _by_ports(answer: Answer, packets: PacketSet) -> Iterator[tuple[PortSet, AddressSet]]:
    """Cut the ports of an answer into sets that the same senders may use."""
    ported = answer.protocol in (*PORTED, "*")
    protocols = (answer.protocol,) if answer.protocol != "*" else PORTED
    numbers = [number for name in protocols for number, _ in numbers_of(name, answer.version)]
    parts = [
        (_of_version(answer.version, side) & answer.source.addresses,
         _ports(rest, numbers) & answer.ports)
        for rest, side in _by_source(packets).items()
    ]  # fmt: skip
    if not ported:
        together = NOTHING
        for who, ports in parts:
            together = together | who if ports else together
        yield answer.ports, together
        return
    whose: list[tuple[PortSet, AddressSet]] = []
    for who, ports in parts:
        left = ports
        cut: list[tuple[PortSet, AddressSet]] = []
        for known, others in whose:
            both = known & left
            cut += [(both, others | who)] if both else []
            cut += [(rest, others)] if (rest := known - left) else []
            left = left - known
        whose = [*cut, *([(left, who)] if left else [])]
    yield from whose


def _ports(packets: PacketSet, protocols: Iterable[int]) -> PortSet:
    """The destination ports of packets of some protocols; those above are settled."""
    place = packets.space.place("protocol")
    total = PortSet(())
    for number in protocols:
        rest = packets.child(number) if packets.level == place else packets
        total = total | PortSet(values(rest, "destination_port"))
    return total


def _of_version(version: Version, values: Intervals) -> AddressSet:
    return AddressSet(v4=values) if version == 4 else AddressSet(v6=values)


def _by_source(packets: PacketSet) -> dict[PacketSet, Intervals]:
    """Give the sources of packets by what else these are."""
    place = packets.space.place("source")
    size = packets.space.dimensions[place].size
    found: dict[PacketSet, list[tuple[int, int]]] = defaultdict(list)
    seen: set[PacketSet] = set()
    waiting = [packets]
    while waiting:
        node = waiting.pop()
        if node in seen or node.is_empty:
            continue
        seen.add(node)
        if node.is_leaf or node.level > place:
            found[node] += whole(size)
        elif node.level == place:
            for side, rest in branches(node):
                if not rest.is_empty:
                    found[rest] += side
        else:
            waiting.extend(node.children)
    return {rest: normalise(side, size) for rest, side in found.items()}
