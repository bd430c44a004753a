"""One packet of a set, such as a person would choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals, intersection
from auditor.packets.measure import values_where
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
        chosen[place] = taste(values_where(packets, place, chosen))
    last, node = max(chosen, default=-1), packets
    for place in range(len(space.dimensions)):
        if place not in chosen:
            later = place > last  # all that comes before is chosen, and nothing after it
            chosen[place] = (
                _lowest(node, place) if later else values_where(packets, place, chosen)[0][0]
            )
        if node.level == place:
            node = node.child(chosen[place])
    return tuple([chosen[place] for place in range(len(space.dimensions))])


def _lowest(node: PacketSet, place: int) -> int:
    """The lowest value of a dimension for which a set that asks no earlier one has packets."""
    if node.level > place:
        return 0
    starts = zip((0, *node.cuts), node.children, strict=True)
    return next(start for start, child in starts if not child.is_empty)


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
    """A host of a documentation network if one is free, else one that a network can give out.

    `bits` is 32 or 128. Deterministic; any address of the set where no better one is.
    """
    examples = [(base, base + (1 << (bits - length)) - 1) for base, length in _EXAMPLES[bits]]

    def choose(free: Intervals) -> int:
        for low, high in examples:
            for start in (low + _HOST, low):
                if some := intersection(free, ((start, high),)):
                    return some[0][0]
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
