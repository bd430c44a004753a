"""What the platform demands of a place: packets of its own that security groups must let through.

A demand is a class of packets from or to somebody (a service tag, Azure's host). It is refused for
certain when for some port no packet of the class gets through, whoever sends it; it is met when
all do; of what lies between, nobody tells whether the platform needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.addresses import EVERY_V4, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.finding import Evidence, Hop, Json
from auditor.network.effective_rules import Direction, bare, rules_at
from auditor.network.graph import Network, question_about
from auditor.network.group_commands import Group, free_name
from auditor.network.layers import holder_of
from auditor.network.reasons import Reason, remedy, teller
from auditor.network.service_tags import ServiceTags
from auditor.network.symbols import PROTOCOL_NUMBERS
from auditor.packets.diagram import PacketSet
from auditor.packets.measure import values
from auditor.reach.filter_stage import filters
from auditor.reach.filtering import admitted
from auditor.reach.frame import Packet
from auditor.reach.plainly import lets_through
from auditor.reach.points import INTERNET, Point, anywhere_in
from auditor.reach.quoting import quoted
from auditor.reach.samples import some_packet
from auditor.reach.space import FlowSpace, somehow, space_of
from auditor.reach.trail import Step, Trail
from auditor.reach.wording import packet_values
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PLATFORM_HOST, PUBLIC

_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)

_ANY_CLIENT = PortSet.of(1024, 65535)
"""The ports that a client may take for its side."""
_PUBLIC = PUBLIC & EVERY_V4
_FIRST, _LAST = 100, 4096
_MOVED = 10
"""How far a denial moves behind, for a few Allows to come before it."""


class Demand(msgspec.Struct, frozen=True):
    """What has to get through between a place and `peers`; `who` names them in a rule.

    Without `peers`: whoever the service tag `who` holds. `each` peer has to get through, where one
    elsewise does for all.
    """

    who: str
    ports: PortSet
    peers: AddressSet | None = None
    direction: Direction = Direction.INBOUND
    protocol: str = "tcp"
    each: bool = False


def probes(ports: PortSet) -> Demand:
    """Give the demand that Azure's host asks after some ports (N-15, N-19)."""
    return Demand("AzureLoadBalancer", ports, _HOST)


def manager(ports: PortSet) -> Demand:
    """Give the demand that Azure manages what it runs for its customers (N-29)."""
    return Demand("GatewayManager", ports)


class Refusal(msgspec.Struct, frozen=True):
    """One packet of a demand that does not get through, or may not (`certain` false).

    `ports` are those of the demand on which it is so, `steps` what becomes of the packet. `some`
    tells that a part of the demand surely gets through.
    """

    demand: Demand
    point: Point
    ports: PortSet
    packet: Packet
    certain: bool
    some: bool
    steps: tuple[Step, ...]

    @property
    def words(self) -> str:
        """Name what is refused for a sentence: `GatewayManager on port 65200-65535`."""
        return f"{self.demand.who} on port {self.ports}"

    @property
    def rule(self) -> Step | None:
        """The rule that denies it."""
        denials = [step for step in self.steps if step.passes is False and step.rule]
        return denials[-1] if denials else None

    @property
    def by_each(self) -> tuple[Refusal, ...]:
        """The same once for each rule that denies it: a subnet's, and a NIC's behind that (N-11).

        It takes a change of every one to let it through.
        """
        denials = [step for step in self.steps if step.passes is False and step.rule]
        return tuple(
            replace(self, steps=tuple(s for s in self.steps if s is each or s.passes is not False))
            for each in denials
        )

    @property
    def written(self) -> bool:
        """Whether somebody wrote that rule, and not Azure (N-10)."""
        return self.rule is not None and self.rule.rule.startswith("securityRules/")

    @property
    def hops(self) -> tuple[Hop, ...]:
        """What becomes of it, as findings carry it."""
        return tuple(Hop(step.resource, step.rule or step.says, step.code) for step in self.steps)

    @property
    def by(self) -> str:
        """Name the rule for a sentence: `DenyAllInBound of nsg-gateway`."""
        step = self.rule
        if step is None:
            return "a rule"
        return f"{ids.name(step.rule)} of {ids.name(holder_of(step.resource))}"

    @property
    def witness(self) -> dict[str, Json] | None:
        """The packet, as findings carry it; None when nobody tells who really sends it."""
        return None if self.demand.peers is None else packet_values(self.packet)

    def quoted(self, network: Network, about: str) -> tuple[Evidence, ...]:
        """Quote the rule, else what it is all about."""
        return quoted(network, self.steps, about)


def refusal(network: Network, point: Point, demand: Demand) -> Refusal | None:
    """Give a packet of a demand that the filters at a place deny; None when all get through.

    IPv4 only: where Azure's host asks from over IPv6 no fact tells. Raises Undetermined when there
    are filters, and the place's own addresses are not told.
    """
    if met_all_around(network, point, demand) or _plainly_met(network, point, demand):
        return None
    peers, tags = _peers(network, demand)
    own = point.addresses & EVERY_V4
    here = admitted(network, point.nic, demand.direction, 4, point.subnet, tags)
    space = space_of(network, 4)
    if _packets(space, EVERY_V4, peers, demand) <= here.must:
        return None
    if not own:
        why = "; ".join(map(str, point.reasons)) or f"the IPv4 addresses of {point.id}"
        raise Undetermined(why, resource=point.id)
    wanted = _packets(space, own, peers, demand)
    denied = wanted - _for_somebody(here.may & wanted, demand)
    certain = not denied.is_empty
    packets = denied if certain else wanted - here.must
    packet = some_packet(packets)
    if packet is None:
        return None
    ports = PortSet(values(packets, "destination_port"))
    trail = Trail(network, space, INTERNET, packets, tags)
    (stage,) = filters(trail, point, demand.direction).stages
    gone = (packets & here.may).is_empty
    steps = stage.tell(packet, False if gone else None)
    some = not (wanted & here.must).is_empty
    return Refusal(demand, point, ports, packet, certain, some, steps)


def met_all_around(network: Network, point: Point, demand: Demand) -> bool:
    """Tell whether a demand is plainly met at a machine because it is so in its whole subnet.

    Asked once for all machines there that have no security group of their own.
    """
    place, own = point.place, point.addresses
    if place is None or not own.v4 or not (point.nic is None or bare(network, point.nic)):
        return False
    around = anywhere_in(network, place).addresses
    return own <= around and _met_in(network, place, demand)


def _plainly_met(network: Network, point: Point, demand: Demand) -> bool:
    peers, tags = _peers(network, demand)
    own = point.addresses & EVERY_V4
    rules = rules_at(network, point.nic, demand.direction, point.subnet, tags)
    tag = "" if demand.who == "Internet" else demand.who  # that one shrinks by routes (N-22)
    return lets_through(rules, own, peers, demand.ports, tag, demand.protocol)


@question_about
def _met_in(network: Network, subnet: Subnet, demand: Demand) -> bool:
    return _plainly_met(network, anywhere_in(network, subnet), demand)


def shares(network: Network, point: Point, demand: Demand) -> tuple[AddressSet, AddressSet]:
    """Give the peers of an inbound demand of which nothing gets in, and those of which some does.

    Surely in either case; of the rest it is not told.
    """
    peers, tags = _peers(network, demand)
    here = admitted(network, point.nic, demand.direction, 4, point.subnet, tags)
    wanted = _packets(space_of(network, 4), point.addresses & EVERY_V4, peers, demand)
    let = here.may & wanted
    for name in ("destination", "destination_port", "source_port"):
        let = somehow(let, name)
    denied, inside = values(wanted - let, "source"), values(wanted & here.must, "source")
    return AddressSet(v4=denied), AddressSet(v4=inside)


@question_about
def _peers(network: Network, demand: Demand) -> tuple[AddressSet, ServiceTags]:
    """Who the others are, and what service tags hold when they are those of the demand's tag.

    A tag of which nothing is told: anybody on the internet, supposed to be in it.
    """
    if demand.peers is not None:
        return demand.peers, network.tags
    known = network.tags(demand.who)
    if known is not None:
        return known, network.tags
    return _PUBLIC, network.tags.with_tag(demand.who, _PUBLIC)


def _packets(space: FlowSpace, own: AddressSet, peers: AddressSet, demand: Demand) -> PacketSet:
    inbound = demand.direction is Direction.INBOUND
    return space.having(
        source=peers if inbound else own,
        destination=own if inbound else peers,
        protocols=PROTOCOL_NUMBERS[demand.protocol],
        source_ports=_ANY_CLIENT,
        destination_ports=demand.ports,
    )


def _for_somebody(packets: PacketSet, demand: Demand) -> PacketSet:
    """The packets of which one between some addresses is in the set; of each peer, where asked."""
    inbound = demand.direction is Direction.INBOUND
    peer, own = ("source", "destination") if inbound else ("destination", "source")
    to_one = somehow(packets, own)
    return to_one if demand.each else somehow(to_one, peer)


def allow_before(
    network: Network, refused: Refusal, name: str, *, nth: int = 1, every_port: bool = False
) -> str:
    """Give the command that lets a demand in, before the rule that denies it.

    At the `nth` free priority, counted from that rule: two commands are not to take the same. Where
    none is free before it, the rule moves behind first. `every_port` lets its peers in on all of
    them, by any protocol.
    """
    step = refused.rule
    group = network.find(holder_of(step.resource)) if step is not None else None
    demand = refused.demand
    if step is None or not isinstance(group, NetworkSecurityGroup):
        return f"allow {refused.words} in the security group at {ids.name(refused.point.id)}"
    inbound = demand.direction is Direction.INBOUND
    place = _room(group, inbound, step.priority or _LAST + 1, nth)
    if place is None:
        return (
            f"give the rules of {group.label} other priorities, none is free before "
            f"{ids.name(step.rule)}, and allow {refused.words} there"
        )
    peers = {"source_address_prefixes" if inbound else "destination_address_prefixes": demand.who}
    allow = az(
        "network", "nsg", "rule", "create",
        resource_group=ids.resource_group(group.id),
        nsg_name=group.label,
        name=free_name(group, name),
        priority=place.priority,
        direction=demand.direction.value,
        access="Allow",
        protocol="*" if every_port else demand.protocol.title(),
        **peers,
        destination_port_ranges=("*",) if every_port else tuple(str(demand.ports).split(", ")),
    )  # fmt: skip
    if place.denial is None:
        return allow
    move = az(
        "network", "nsg", "rule", "update",
        resource_group=ids.resource_group(group.id),
        nsg_name=group.label,
        name=ids.name(step.rule),
        priority=place.denial,
    )  # fmt: skip
    return f"{move} && {allow}"


class _Place(msgspec.Struct, frozen=True):
    """A priority for an Allow, and where the denial has to go first; None when it may stay."""

    priority: int
    denial: int | None = None


def _room(group: NetworkSecurityGroup, inbound: bool, below: int, nth: int) -> _Place | None:
    """The nth-last priority before another that no rule has, or one made by moving that behind.

    Not behind any other rule, whose packets it may take now. None where there is no room for it.
    """
    taken = {rule.properties.priority for rule in group.rules if rule.inbound is inbound}
    free = [each for each in range(_FIRST, min(below, _LAST + 1)) if each not in taken]
    if len(free) >= nth:
        return _Place(free[-nth])
    behind = below
    while behind < min(below + _MOVED, _LAST) and behind + 1 not in taken:
        behind += 1
    if behind > below:
        return _Place(behind - min(nth, behind - below), behind)
    return _Place(free[0]) if free else None


def priority_after(group: Group, rule: SecurityRule) -> int | None:
    """Give the first priority after an inbound rule's that no rule has, if there is one."""
    taken = {each.properties.priority for each in group.rules if each.inbound}
    after = range((rule.properties.priority or _FIRST) + 1, _LAST + 1)
    return next((each for each in after if each not in taken), None)


def whys(refusals: Iterable[Refusal]) -> str:
    """Say why it is not told whether demands are met."""
    return "; ".join(dict.fromkeys(map(str, _reasons(refusals)))) or "only a part of it is denied"


def teller_of(refusals: Iterable[Refusal]) -> str:
    """Give the id of who would tell whether demands are met, if a reason names anybody."""
    return teller(_reasons(refusals))


def remedy_of(refusals: Iterable[Refusal]) -> str:
    """Give what to do that it is told, where a reason says so itself."""
    return remedy(_reasons(refusals))


def _reasons(refusals: Iterable[Refusal]) -> Iterator[Reason]:
    unsure = (step for each in refusals for step in each.steps if step.passes is None)
    return (reason for step in unsure for reason in step.reasons)
