"""Single packets of sets: such as a person would choose, and as points of their space."""

from __future__ import annotations

from auditor.addresses import Address, AddressSet, Version
from auditor.network.symbols import PROTOCOL_NUMBERS
from auditor.packets.boxes import alone
from auditor.packets.diagram import PacketSet
from auditor.packets.witness import address as some_address
from auditor.packets.witness import first_of, witness
from auditor.reach.frame import Packet
from auditor.reach.space import BITS, PORTED, FlowSpace


def numbers_of(protocol: str, version: Version) -> tuple[tuple[int, int], ...]:
    """Give the protocol numbers behind a name of `PROTOCOL_NUMBERS` for a version of IP."""
    numbers = PROTOCOL_NUMBERS[protocol]
    return (numbers[0],) if version == 4 else (numbers[-1],)


def coordinates(packet: Packet) -> tuple[int, ...]:
    """Give a packet as a point of its space; conditions that are settled do not matter."""
    version = packet.source.version
    return (
        packet.destination.value,
        packet.source.value,
        numbers_of(packet.protocol, version)[0][0],
        packet.destination_port,
        packet.source_port,
        *([0] * 12),
    )


_NAMES = {
    number: name
    for name, pairs in PROTOCOL_NUMBERS.items()
    for low, high in pairs
    for number in range(low, high + 1)
}


_PORTS = (443, 80, 22, 3389, 53)


_TASTE_OF_PROTOCOL = first_of(*((n, n) for n in (6, 17, 1, 58, 50, 51)))


def some_packet(packets: PacketSet) -> Packet | None:
    """Give a packet of a set, such as a person would choose; None when there is none.

    Always the same one: TCP if it may be, to a port everybody knows, between likely addresses; from
    nobody to himself if it need not be.
    """
    found = _likely_packet(packets)
    if found is None or found.source != found.destination:
        return found
    space = packets.space
    assert isinstance(space, FlowSpace)
    himself = AddressSet.from_range(found.source, found.source)
    return _likely_packet(packets - space.having(source=himself, destination=himself)) or found


def _likely_packet(packets: PacketSet) -> Packet | None:
    space = packets.space
    assert isinstance(space, FlowSpace)
    found = _likely_point(space, packets)
    if found is None:
        return None
    destination, source, protocol, to_port, from_port = found[:5]
    name = _NAMES.get(protocol, "")
    ported = name in PORTED
    return Packet(
        Address(space.version, source),
        Address(space.version, destination),
        name,
        from_port if ported else 0,
        to_port if ported else 0,
    )


def _likely_point(space: FlowSpace, packets: PacketSet) -> tuple[int, ...] | None:
    """Choose a packet; of those for one address it is found once, whichever address that is."""
    one = alone(packets)
    if one is None:
        return _chosen(space.version, packets)
    destination, rest = one
    found = space.likely.get(rest)
    if found is None:
        chosen = _chosen(space.version, rest)
        assert chosen is not None, "what follows a value has packets"
        found = space.likely[rest] = chosen[1:]
    return (destination, *found)


def _chosen(version: Version, packets: PacketSet) -> tuple[int, ...] | None:
    taste = some_address(BITS[version])
    named = PORT_TASTES | {"destination": taste, "source": taste}
    return witness(packets, {"protocol": _TASTE_OF_PROTOCOL, **named})


PORT_TASTES = {
    "destination_port": first_of(*((port, port) for port in _PORTS), (1, 65535)),
    "source_port": first_of((49152, 65535), (1024, 65535), (1, 65535)),
}
