"""What the internet reaches of machines: each public entrance with whoever answers behind it.

"The internet" is *any source*, as in rules about security groups: at least half of the public
addresses get in. What opens to the addresses of a partner is no opening to everybody.

Gateways, firewalls and Bastion are ways in that are meant to be, and what an application gateway
sends on is its own connection: neither is here.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.addresses import AddressSet, PortSet, Version
from auditor.intervals import merged
from auditor.network.admission import anywhere, half
from auditor.network.approval import approved
from auditor.network.graph import Network, question
from auditor.network.openings import ports_in_words
from auditor.packets.diagram import PacketSet
from auditor.packets.measure import breadths, values
from auditor.reach.along import together
from auditor.reach.answer import Answer, Verdict, answer_on
from auditor.reach.balancing import forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.entrances import Entrance, entrances
from auditor.reach.from_outside import from_internet
from auditor.reach.path import Path
from auditor.reach.points import INTERNET, Kind, Point
from auditor.reach.samples import numbers_of, some_packet
from auditor.reach.space import PORTED, FlowSpace
from auditor.reach.told import Told
from auditor.reach.wording import name_of
from auditor.resources.application_gateways import GatewayFrontend
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_wan import HubVpnGateway
from auditor.special_addresses import PUBLIC

_MACHINES = frozenset({Kind.MACHINE, Kind.SUBNET, Kind.FRONTEND})
_OTHERS = (GatewayFrontend, BastionIpConfiguration, VpnGatewayIpConfiguration, HubVpnGateway)
"""Who carries a public address and answers there by itself."""


class Opening(msgspec.Struct, frozen=True, eq=False):
    """One entrance and a machine behind it. `paths` differ by the rules of load balancers.

    `certain` and `possible` are the destination ports, by protocol, on which any source gets in, as
    sent to the entrance. `given` is the same as if each port of a NAT rule's range led to the
    machine, on the ports of those of which one surely does (E-18); `one_each` tells that it is.
    """

    entrance: Entrance
    target: Point
    paths: tuple[Path, ...]
    bounds: Bounds
    certain: dict[str, PortSet] = msgspec.field(default_factory=dict)
    possible: dict[str, PortSet] = msgspec.field(default_factory=dict)
    given: Opening | None = None
    one_each: bool = False

    @property
    def id(self) -> str:
        """The resource that is open: the NIC, the scale set, the subnet of a stranger."""
        node = self.target.node
        return self.target.id if node is None or self.target.kind is Kind.SUBNET else node.root.id

    @property
    def key(self) -> str:
        """What tells it from other entrances to the same resource: the address's folded id."""
        return self.entrance.address.lower()

    @property
    def words(self) -> str:
        """Name the machine and the entrance: `nic-web by pip-web`."""
        return f"{name_of(self.target)} by {ids.name(self.entrance.address)}"

    @property
    def ways(self) -> tuple[Opening, ...]:
        """Itself, and what is certain of some port of a range though nobody tells which."""
        return (self,) if self.given is None else (self, self.given)

    def open_on(self, ports: dict[str, PortSet]) -> str:
        """Say some of its ports: `TCP 22`, `TCP 500-510, one for each machine`."""
        return ports_in_words(ports) + (", one for each machine" if self.one_each else "")

    def packet(self, told: Told) -> str:
        """Say the packet that is told of: of a range, one that may be for another port of it."""
        return f"as {told.words}, if that is its port" if self.one_each else told.words

    @property
    def names(self) -> tuple[str, ...]:
        """The ids by which it may be approved: the machine's, the entrance's and its carrier's."""
        return self.id, self.entrance.address, self.entrance.node.id, self.entrance.node.root.id

    def approved(self, patterns: tuple[str, ...]) -> bool:
        """Tell whether somebody approved it, by globs of ids."""
        return approved(patterns, *self.names)

    def sent_for(self, ports: PortSet) -> PortSet:
        """Give the ports at the entrance that become some ports at the machine, or stay as such."""
        total = PortSet()
        for path in self.paths:
            there = path.trail.frame.destination_port
            if there is None:
                total = total | ports
            elif there <= ports:
                for found in (self.certain, self.possible):
                    for held in found.values():
                        total = total | (held & _taken(path))
        return total

    def shown(self, ports: dict[str, PortSet], *, certain: bool) -> Answer | None:
        """Give the answer about a packet to one of some ports that arrives, or may."""
        wanted = self.bounds.must if certain else self.bounds.may
        for path in self.paths:
            held = path.bounds.must if certain else path.bounds.may
            packet = some_packet(held & wanted & _to(path.trail.space, ports))
            if packet is not None:
                verdict = Verdict.REACHABLE if certain else Verdict.UNKNOWN
                return answer_on(path, packet, verdict)
        return None


def _taken(path: Path) -> PortSet:
    """The ports at the entrance from which a path sets out: to machines alike, the same ones."""
    known, packets = path.trail.space.taken, path.bounds.may
    found = known.get(packets)
    if found is None:
        found = known[packets] = PortSet(values(packets, "destination_port"))
    return found


def _to(space: FlowSpace, ports: dict[str, PortSet]) -> PacketSet:
    total = space.empty
    for protocol, found in ports.items():
        total |= space.having(
            protocols=numbers_of(protocol, space.version),
            destination_ports=found if protocol in PORTED else None,
        )
    return total


_VERSIONS: tuple[Version, ...] = (4, 6)


@question
def openings(network: Network) -> tuple[Opening, ...]:
    """Give every entrance with every machine behind it, whether or not anything gets in.

    Left out are frontends of load balancers of which no rule takes anything (E-7, E-8).
    """
    every = entrances(network)
    return openings_by(network, [each for each in every if not takes_nothing(network, each)])


def takes_nothing(network: Network, entrance: Entrance) -> bool:
    """Tell whether an entrance is a frontend that forwards nothing: one for outbound rules, say."""
    if not isinstance(entrance.node, LoadBalancerFrontend):
        return False
    forwards = forwards_of(network, entrance.node)
    return not forwards.known and not forwards.reasons


def openings_by(network: Network, some: Iterable[Entrance]) -> tuple[Opening, ...]:
    """Give some entrances with every machine behind them, whether or not anything gets in."""
    grouped: dict[tuple[str, str, Version], list[Path]] = {}
    through = [each for each in some if not isinstance(each.node, _OTHERS)]
    for version in _VERSIONS:
        for path in from_internet(
            network, INTERNET, version, network.tags, through=through, relays=False
        ):
            if path.entrance is not None and path.target.kind in _MACHINES:
                key = (path.entrance.address.lower(), path.target.id.lower(), version)
                grouped.setdefault(key, []).append(path)
    return tuple(_opening(grouped[key]) for key in sorted(grouped))


def _opening(group: list[Path]) -> Opening:
    first = group[0]
    assert first.entrance is not None
    space = first.trail.space
    bounds = together(space, group)
    given = _given(group) if any(path.trail.ranges for path in group) else None
    opening = Opening(first.entrance, first.target, tuple(group), bounds, given=given)
    for protocol in PORTED:
        numbers = space.having(protocols=numbers_of(protocol, space.version))
        for packets, found in (
            (bounds.must, opening.certain),
            (bounds.may, opening.possible),
        ):
            ports = open_to_any(packets & numbers, space.version)
            ports = ports - opening.certain.get(protocol, PortSet())
            if ports:
                found[protocol] = ports
    return opening


def _given(group: list[Path]) -> Opening | None:
    """The opening on those ranges of ports of which every one would let anybody in."""
    paths = tuple(replace(path, trail=path.trail.as_if_given()) for path in group)
    first = paths[0]
    assert first.entrance is not None
    space = first.trail.space
    bounds = together(space, paths)
    opening = Opening(first.entrance, first.target, paths, bounds, one_each=True)
    for protocol in PORTED:
        numbers = space.having(protocols=numbers_of(protocol, space.version))
        open_ports = open_to_any(opening.bounds.must & numbers, space.version)
        ranges = [
            PortSet(values(path.trail.taken & numbers, "destination_port"))
            for path in paths
            if path.trail.ranges
        ]
        for ports in ranges:
            if ports and ports <= open_ports:
                opening.certain[protocol] = opening.certain.get(protocol, PortSet()) | ports
    return opening if opening.certain else None


def open_to_any(packets: PacketSet, version: Version) -> PortSet:
    """Give the destination ports on which at least half of the internet gets in."""
    if not from_any(packets, version):
        return PortSet()
    public, most = PUBLIC.intervals(version), half(version)
    found = breadths(packets, "source", "destination_port", public)
    return PortSet(merged(ports for ports, number in found if number >= most))


def from_any(packets: PacketSet, version: Version) -> bool:
    """Tell whether some packet may come from at least half of the internet."""
    return anywhere(AddressSet(**{f"v{version}": values(packets, "source")}))


def within(ports: dict[str, PortSet], some: dict[str, PortSet]) -> dict[str, PortSet]:
    """Give those of some ports that are among ports, all by protocol."""
    both = {name: found & some.get(name, PortSet()) for name, found in ports.items()}
    return {name: found for name, found in both.items() if found}


def beyond(ports: dict[str, PortSet], some: dict[str, PortSet]) -> dict[str, PortSet]:
    """Give what is left of ports without some, all by protocol."""
    rest = {name: found - some.get(name, PortSet()) for name, found in ports.items()}
    return {name: found for name, found in rest.items() if found}
