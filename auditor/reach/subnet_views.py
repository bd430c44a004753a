"""How a subnet and the world see each other: its filters with its own addresses settled, its ways.

What is left of a filter depends on the other side's addresses, protocol and ports only. Where it
matters which of its own addresses a machine of the subnet has, the outcome is `MIXED`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from auditor.addresses import Address, PortSet, Version
from auditor.network.effective_rules import Direction, effective_rules
from auditor.network.flow import Access, flow
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.network.terms import Terms
from auditor.packets.diagram import Diagram, leaves
from auditor.packets.intervals import Intervals
from auditor.packets.partition import Partition
from auditor.packets.reshape import merged
from auditor.packets.witness import address as some_address
from auditor.reach.frame import Packet
from auditor.reach.outcomes import MIXED, Outcome, outcomes
from auditor.reach.places import only
from auditor.reach.points import Point, anywhere_in, vnet_of
from auditor.reach.space import BITS
from auditor.reach.ways import Way, Ways, ways_from
from auditor.resources import walk
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A subnet in one version of IP.

    `out` is what its filters do with what it sends, first by destination; `into` what they do with
    what it is sent, first by source.
    """

    point: Point
    subnet: Subnet
    vnet: VirtualNetwork | None
    version: Version
    addresses: Intervals
    out: Diagram[Outcome]
    into: Diagram[Outcome]
    ways: Ways
    host: Address
    """The address that a witness has here."""
    told: dict[object, tuple[Reason, ...]] = field(default_factory=dict)
    """Answers of `why`."""

    @property
    def group(self) -> str:
        """The id of its security group, as spelled where it is referred to; empty: none."""
        return group_of(self.subnet)

    @property
    def is_mixed(self) -> bool:
        """Whether it matters anywhere which of its addresses a machine has."""
        return any(MIXED in leaves(each) for each in (self.out, self.into))

    def ways_to(self, other: Intervals) -> tuple[Way, ...]:
        """Give the ways to some addresses."""
        starts, ways = self.ways.starts, self.ways.ways
        found: dict[int, Way] = {}
        for low, high in other:
            for way in ways[bisect_right(starts, low) - 1 : bisect_right(starts, high)]:
                found[id(way)] = way
        return tuple(found.values())

    def lets_in(self, other: Intervals) -> Diagram[Outcome] | None:
        """Give what becomes of packets from some addresses; None when it is not one thing."""
        node = self.into
        return node if node.level > _SOURCE else only(node.cuts, node.children, other)

    def lets_in_from(self, others: Intervals) -> tuple[Diagram[Outcome], ...]:
        """Give what becomes of packets from some addresses, each thing once."""
        node = self.into
        if node.level > _SOURCE:
            return (node,)
        found: dict[Diagram[Outcome], None] = {}
        for low, high in others:
            first, last = bisect_right(node.cuts, low), bisect_right(node.cuts, high)
            found.update(dict.fromkeys(node.children[first : last + 1]))
        return tuple(found)


_SOURCE = 1
"""The level of the source's address in a flow space."""


def view_of(network: Network, subnet: Subnet, version: Version, tags: ServiceTags) -> View | None:
    """Give the view of a subnet; None when its addresses are not told, or of the other version."""
    point = anywhere_in(network, subnet)
    here = point.addresses.intervals(version)
    if point.reasons or not here:
        return None
    out = outcomes(network, subnet, Direction.OUTBOUND, version, tags)
    into = outcomes(network, subnet, Direction.INBOUND, version, tags)
    return View(
        point,
        subnet,
        vnet_of(network, point),
        version,
        here,
        merged(out, "source", alike, here),
        merged(into, "destination", alike, here),
        ways_from(network, subnet, version, tags),
        Address(version, some_address(BITS[version])(here)),
    )


def alike(one: Outcome, other: Outcome) -> Outcome:
    """Give the outcome for somebody of whom one address has this outcome, another one that."""
    return one if one == other else MIXED


def group_of(subnet: Subnet) -> str:
    """Give the id of the security group that a subnet names; empty when it names none."""
    return _named(subnet, "network_security_group")


def table_of(subnet: Subnet) -> str:
    """Give the id of the route table that a subnet names; empty when it names none."""
    return _named(subnet, "route_table")


def _named(subnet: Subnet, field: str) -> str:
    ref = walk.peek(walk.peek(subnet, "properties"), field)
    return (walk.peek(ref, "id") or "") if ref is not None else ""


def why(
    network: Network,
    here: View,
    direction: Direction,
    there: Address,
    packet: Packet,
    tags: ServiceTags,
) -> tuple[Reason, ...]:
    """Say why it is not told what the filters at one end do with a packet from or to the other.

    `there` is the address of the other.
    """
    cells = _cells(network, here, direction, tags)
    key = (direction, packet.protocol, *cells.of(there, packet))
    found = here.told.get(key)
    if found is None:
        found = here.told[key] = _asked(network, here, direction, there, packet, tags)
    return found


class _Cells:
    """The other side's addresses and the ports, cut at the bounds of all that rules name."""

    def __init__(self, terms: Terms, version: Version) -> None:
        every = [term for layer in terms.layers for term in layer]
        regions = [doubt.region for doubts in terms.doubts.values() for doubt in doubts]
        addresses = [each.intervals(version) for each in (*(t.peer for t in every), *regions)]
        self.addresses = Partition(list(dict.fromkeys(addresses)), 1 << BITS[version])
        ports = dict.fromkeys(term.destination_ports for term in every)
        self.ports = Partition(list(ports), 1 << 16)
        ports = dict.fromkeys(term.source_ports for term in every)
        self.source_ports = Partition(list(ports), 1 << 16)

    def of(self, other: Address, packet: Packet) -> tuple[int, int, int]:
        """Give the cells in which the other side's address and the ports are."""
        return (
            _at(self.addresses, other.value),
            _at(self.ports, packet.destination_port),
            _at(self.source_ports, packet.source_port),
        )


def _at(partition: Partition, value: int) -> int:
    return partition.masks[bisect_right(partition.starts, value) - 1]


def _cells(network: Network, here: View, direction: Direction, tags: ServiceTags) -> _Cells:
    known = network.ask(_partitions)
    key = (here.subnet, direction, here.version)
    found = known.get(key)
    if found is None:
        terms = Terms(effective_rules(network, None, direction, here.subnet, tags))
        found = known[key] = _Cells(terms, here.version)
    return found


def _partitions(network: Network) -> dict[tuple[Subnet, Direction, Version], _Cells]:
    return {}


def _asked(
    network: Network,
    here: View,
    direction: Direction,
    there: Address,
    packet: Packet,
    tags: ServiceTags,
) -> tuple[Reason, ...]:
    source, destination = PortSet.of(packet.source_port), PortSet.of(packet.destination_port)
    inbound = direction is Direction.INBOUND
    verdict = flow(
        network,
        None,
        direction,
        here.host,
        there,
        packet.protocol,
        local_ports=destination if inbound else source,
        remote_ports=source if inbound else destination,
        tags=tags,
        subnet=here.subnet,
    ).verdicts[0]
    return verdict.reasons if verdict.access is Access.UNKNOWN else ()
