"""A firewall's rules as sets of packets, in two bounds, and the order they are asked in."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec

from auditor.addresses import EVERY_PORT, EVERY_V4, Address, AddressSet
from auditor.network.extents import Doubt, Extent
from auditor.network.reasons import Reason
from auditor.packets.intervals import Intervals, difference, intersection
from auditor.special_addresses import PUBLIC

TCP: Intervals = ((6, 6),)
WITH_PORTS: Intervals = ((6, 6), (17, 17))
EVERY_PROTOCOL: Intervals = ((0, 255),)
EVERY_NUMBER: Intervals = EVERY_PORT.intervals


NO_EXTENT = Extent()


class FirewallAction(Enum):
    """What a rule does with a packet that it matches."""

    ALLOW = "Allow"
    DENY = "Deny"
    DNAT = "Dnat"


class Translation(msgspec.Struct, frozen=True):
    """Where a NAT rule sends its packets.

    `address` is None when it is a name or not told, `port` when it is not told; `reasons` say why.
    """

    address: Address | None
    port: int | None
    reasons: tuple[Reason, ...] = ()


class Target(msgspec.Struct, frozen=True):
    """What an application rule lets one ask for: `kind` is `fqdn`, `url`, `tag` or `category`."""

    kind: str
    name: str

    @property
    def reason(self) -> Reason:
        """Why no address tells whether a packet is for it (E-25)."""
        return Reason(f"fqdn:{self.name}", f"whether the packet asks for this {self.kind}")


class Cell(msgspec.Struct, frozen=True):
    """Protocols and destination ports that a rule matches together; `reason` when only perhaps."""

    protocols: Intervals
    destination_ports: Intervals
    reason: Reason | None = None


class FirewallTerm(msgspec.Struct, frozen=True, eq=False):
    """One rule at its place in the order of evaluation.

    It matches a packet when `sources`, `destinations`, `protocols` and `destination_ports` all
    do: surely for what the extents must hold, perhaps for what they may. With `doubts` no match
    at all is certain; they say why.

    `resource` and `pointer` tell where it is written, `priorities` are those of its collection,
    the group's before it. `level` is 0 for the policy in question and classic rules, 1 for the
    policy it inherits from, and so on; `group` is the folded id of the rule collection group,
    empty for classic rules. `translation` is a NAT rule's. `targets` and `services` (words of
    `protocolType` in lower case, with their ports) are an application rule's.
    """

    name: str
    collection: str
    resource: str
    pointer: str
    priorities: tuple[int, ...]
    level: int
    group: str
    action: FirewallAction
    sources: Extent
    destinations: Extent
    protocols: Intervals
    destination_ports: Intervals
    doubts: tuple[Reason, ...] = ()
    translation: Translation | None = None
    targets: tuple[Target, ...] = ()
    services: tuple[tuple[str, int], ...] = ()

    @property
    def allow(self) -> bool:
        """Whether it lets its packets pass; a NAT rule does (E-21)."""
        return self.action is not FirewallAction.DENY

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Protocols with their ports; those without ports stand alone.

        Whether a rule that names ports matches protocols without ports is not documented. `Any`
        with ports is TCP and UDP, and is read so.
        """
        if self.destination_ports == EVERY_NUMBER:
            return (Cell(self.protocols, EVERY_NUMBER),)
        return tuple(self._split())

    def _split(self) -> Iterator[Cell]:
        with_ports = intersection(self.protocols, WITH_PORTS)
        if with_ports:
            yield Cell(with_ports, self.destination_ports)
        without = difference(self.protocols, WITH_PORTS)
        if without:
            detail = f"whether {self.name}, which names ports, matches packets without ports"
            yield Cell(without, EVERY_NUMBER, Reason("semantics:E-20", detail, self.resource))

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it is not known of every packet whether it matches; empty for an exact rule."""
        found = {*self.doubts, *self.sources.reasons(), *self.destinations.reasons()}
        found.update(cell.reason for cell in self.cells if cell.reason is not None)
        return tuple(sorted(found))

    @property
    def exact(self) -> bool:
        """Whether it is known of every packet if the rule matches."""
        return not self.reasons

    def ties(self, other: FirewallTerm) -> bool:
        """Whether nothing tells which of the two is asked first."""
        if self.level != other.level or self.collection_key == other.collection_key:
            return False
        if self.group == other.group:
            return self.priorities == other.priorities
        return self.priorities[:1] == other.priorities[:1]

    @property
    def collection_key(self) -> tuple[str, str]:
        """What tells its collection from others of the same level."""
        return self.group, self.pointer.rpartition("/rules/")[0]


class FirewallProgram(msgspec.Struct, frozen=True, eq=False):
    """All rules of a firewall: NAT, then network, then application, each in order (E-21).

    `unknown` says what is missing to tell anything: with it nothing holds of any packet.
    `private_ranges` are the destinations towards which network rules keep the source (E-24).
    `threat_intel` is `Off`, `Alert` or `Deny`, None when not told; what it denies comes before
    all rules, is not in any resource, and is not among the terms. `platform` is what every firewall
    lets through for Azure's sake.
    """

    nat: tuple[FirewallTerm, ...] = ()
    network: tuple[FirewallTerm, ...] = ()
    application: tuple[FirewallTerm, ...] = ()
    unknown: tuple[Reason, ...] = ()
    private_ranges: Extent = NO_EXTENT
    threat_intel: str | None = None
    platform: FirewallTerm = msgspec.field(default_factory=lambda: infrastructure(PUBLIC))

    @property
    def filters(self) -> tuple[FirewallTerm, ...]:
        """What is asked of a packet that no NAT rule takes; after these it is denied (E-22)."""
        return (*self.network, *self.application, self.platform)


def infrastructure(public: AddressSet) -> FirewallTerm:
    """Give the rule for names of Azure's own (images, disk status, diagnostics) (E-21).

    Every firewall lets them through, unless an application rule that denies `*` comes before. Their
    addresses are among `public`.
    """
    detail = "whether it asks for a name that Azure always lets through"
    doubt = Doubt(public & EVERY_V4, Reason("fqdn:infrastructure", detail))
    return FirewallTerm(
        name="infrastructure rule collection",
        collection="",
        resource="",
        pointer="",
        priorities=(),
        level=0,
        group="",
        action=FirewallAction.ALLOW,
        sources=Extent(EVERY_V4),
        destinations=Extent(doubts=(doubt,)),
        protocols=TCP,
        destination_ports=((80, 80), (443, 443)),
    )
