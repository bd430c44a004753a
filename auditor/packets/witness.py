"""One packet of a set, such as a person would choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain

from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals, contains, intersection, normalise, whole
from auditor.packets.measure import occupied
from auditor.packets.space import Packet

Taste = Callable[[Intervals], int]
"""Chooses one of the values, of which there is at least one."""


def witness(packets: PacketSet, tastes: Mapping[str, Taste] | None = None) -> Packet | None:
    """A packet of the set, always the same one; None if there is none.

    The dimensions that `tastes` names get their values in its order, each as far as the earlier
    choices permit; then the others get their lowest.
    """
    if packets.is_empty:
        return None
    space = packets.space
    chosen: dict[int, int] = {}
    for name, taste in (tastes or {}).items():
        place = space.place(name)
        chosen[place] = taste(_free(packets, place, chosen))
    for place in range(len(space.dimensions)):
        if place not in chosen:
            chosen[place] = _free(packets, place, chosen)[0][0]
    return tuple([chosen[place] for place in range(len(space.dimensions))])


def _free(packets: PacketSet, place: int, chosen: Mapping[int, int]) -> Intervals:
    """The values of a dimension in those packets of a set that have the chosen values."""
    size = packets.space.dimensions[place].size
    some: dict[PacketSet, bool] = {}
    known: dict[PacketSet, Intervals] = {}

    def any_in(node: PacketSet) -> bool:
        if node.is_leaf:
            return node.value
        found = some.get(node)
        if found is None:
            value = chosen.get(node.level)
            if value is not None:
                found = any_in(node.child(value))
            else:
                found = any(map(any_in, node.children))
            some[node] = found
        return found

    def walk(node: PacketSet) -> Intervals:
        if node.level > place:
            return whole(size) if any_in(node) else ()
        found = known.get(node)
        if found is None:
            if node.level == place:
                found = occupied(node, any_in)
            elif (value := chosen.get(node.level)) is not None:
                found = walk(node.child(value))
            else:
                parts = dict.fromkeys(map(walk, node.children))
                found = normalise(tuple(chain.from_iterable(parts)), size)
            known[node] = found
        return found

    result = walk(packets)
    some.clear()  # both refer to themselves: what they know would wait for the collector
    known.clear()
    return result


def first_of(*preferred: tuple[int, int]) -> Taste:
    """The lowest value in the first of these ranges that has any, else the lowest of all."""

    def choose(free: Intervals) -> int:
        found = (intersection(free, (wanted,)) for wanted in preferred)
        return next((some[0][0] for some in found if some), free[0][0])

    return choose


# Addresses set aside for documentation, by RFC 5737 and RFC 3849.
_EXAMPLES = {
    32: (
        (203 << 24 | 113 << 8, 24),
        (198 << 24 | 51 << 16 | 100 << 8, 24),
        (192 << 24 | 2 << 8, 24),
    ),
    128: ((0x20010DB8 << 96, 32),),
}
# The number that a person gives to a host in an example network.
_HOST = 10
# Networks tend to keep their first addresses for themselves.
_KEPT = 4


def address(bits: int) -> Taste:
    """A host of a documentation network if that is free, else one that a network can give out.

    `bits` is 32 or 128. Deterministic; any address of the set where no better one is.
    """
    examples = [(base, base + (1 << (bits - length)) - 1) for base, length in _EXAMPLES[bits]]

    def choose(free: Intervals) -> int:
        for low, high in examples:
            some = intersection(free, ((low, high),))
            if some:
                return low + _HOST if contains(some, low + _HOST) else some[0][0]
        return _host(free)

    return choose


def _host(free: Intervals) -> int:
    # A range that starts at a multiple of 8 and is as long starts a network.
    low, high = next((pair for pair in free if pair[0] > 0 or pair[1] > 0), free[0])
    return low + _KEPT if low % 8 == 0 and high - low >= 7 else low


_TCP, _UDP, _ICMP = 6, 17, 1
_SERVICES = (443, 22, 80, 3389, 53)


def flow_tastes(address_bits: int) -> dict[str, Taste]:
    """For `flow_space`: TCP to a port that everybody knows, between addresses fit for print."""
    return {
        "protocol": first_of(*((number, number) for number in (_TCP, _UDP, _ICMP))),
        "destination_port": first_of(*((port, port) for port in _SERVICES), (1, 65535)),
        "source_port": first_of((49152, 65535), (1024, 65535), (1, 65535)),
        "peer": address(address_bits),
        "own": address(address_bits),
    }
