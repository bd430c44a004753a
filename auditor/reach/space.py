"""The packets of one version of IP, as they are sent, and conditions that nobody tells."""

from __future__ import annotations

from auditor.addresses import AddressSet, PortSet, Version
from auditor.network.graph import Network, question
from auditor.packets.diagram import PacketSet, Space
from auditor.packets.intervals import Intervals
from auditor.packets.reshape import forgotten
from auditor.packets.space import Dimension

BITS: dict[Version, int] = {4: 32, 6: 128}
CONDITIONS = tuple(f"condition {number}" for number in range(12))
"""Dimensions of two values for what is not told and several rules depend on; free otherwise."""

PORTED = ("tcp", "udp")
"""The protocols whose packets have ports."""


class FlowSpace(Space):
    """Packets from `source` to `destination`, by protocol and ports, of one version of IP.

    `likely`, `asked`, `ports` and `taken` are what others remember of its sets, as it keeps all of
    these anyway.
    """

    __slots__ = ("_carrying", "asked", "likely", "ports", "taken", "version")

    def __init__(self, version: Version) -> None:
        """Make a space of its own: sets of two spaces do not mix."""
        size = 1 << BITS[version]
        self.version: Version = version
        self.likely: dict[PacketSet, tuple[int, ...]] = {}
        self.asked: dict[object, PacketSet] = {}
        self.ports: dict[tuple[PacketSet, int], Intervals] = {}
        self.taken: dict[PacketSet, PortSet] = {}
        self._carrying: dict[tuple[Intervals, PortSet | None], PacketSet] = {}
        super().__init__(
            (
                Dimension("destination", size),
                Dimension("source", size),
                Dimension("protocol", 1 << 8),
                Dimension("destination_port", 1 << 16),
                Dimension("source_port", 1 << 16),
                *(Dimension(name, 2) for name in CONDITIONS),
            )
        )

    def having(
        self,
        *,
        source: AddressSet | None = None,
        destination: AddressSet | None = None,
        protocols: Intervals | None = None,
        source_ports: PortSet | None = None,
        destination_ports: PortSet | None = None,
    ) -> PacketSet:
        """Give the packets with these addresses, protocols and ports; any, where not given."""
        return self.packets(
            self.box(
                source=None if source is None else source.intervals(self.version),
                destination=None if destination is None else destination.intervals(self.version),
                protocol=protocols,
                source_port=None if source_ports is None else source_ports.intervals,
                destination_port=None if destination_ports is None else destination_ports.intervals,
            )
        )

    def carrying(self, protocols: Intervals, ports: PortSet | None = None) -> PacketSet:
        """Give all packets of some protocols, to some ports or any."""
        key = protocols, ports
        found = self._carrying.get(key)
        if found is None:
            found = self.having(protocols=protocols, destination_ports=ports)
            self._carrying[key] = found
        return found


@question
def _spaces(network: Network) -> dict[Version, FlowSpace]:
    return {4: FlowSpace(4), 6: FlowSpace(6)}


def share(first: Network, second: Network) -> None:
    """Let two networks tell packets apart in one space, so that their sets can be compared.

    Before anything else is asked of the second.
    """
    second.remember(_spaces, _spaces(first))


def space_of(network: Network, version: Version) -> FlowSpace:
    """Give the one space in which packets of a network are told apart (P-12: one a version)."""
    return _spaces(network)[version]


def somehow(packets: PacketSet, name: str) -> PacketSet:
    """Give the packets that are in a set for some value of a dimension, on all values of it."""
    return forgotten(packets, name)


def always(packets: PacketSet, name: str) -> PacketSet:
    """Give the packets that are in a set for every value of a dimension, on all values of it."""
    return ~forgotten(~packets, name)
