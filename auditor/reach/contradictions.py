"""Security groups that meet at a NIC, its own and its subnet's: a packet must pass both (N-11).

What one of them allows and the other wholly denies, at every machine, is not allowed at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import msgspec

from auditor.addresses import AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims
from auditor.network.clusters import cluster_of
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.egress import absent_nics
from auditor.network.filters import attachments
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.group_members import addresses_of, configurations_of
from auditor.network.interfaces import Interface
from auditor.network.layers import EffectiveRule, Layer, LayerKind
from auditor.packets.diagram import PacketSet
from auditor.reach.alive import Spot, plainly_alive
from auditor.reach.deciding import decided, decider
from auditor.reach.filtering import let_through
from auditor.reach.frame import Packet
from auditor.reach.own_filters import VERSIONS, groups_at, only, packets_of, why
from auditor.reach.samples import coordinates, some_packet
from auditor.reach.space import space_of
from auditor.reach.worlds import worlds
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet


class State(Enum):
    """What becomes of what a rule allows at one place."""

    ALIVE = "alive"
    DEAD = "dead"
    UNTOLD = "untold"
    NOTHING = "nothing"
    """The rule decides nothing there."""


class Place(msgspec.Struct, frozen=True):
    """A NIC in a subnet, with a security group at either; `kind` is where the group at hand stands.

    Without a NIC: something else in the subnet, which only the subnet's group filters; or a NIC
    that the input lacks, `missing`.
    """

    kind: LayerKind
    subnet: Subnet
    nic: Interface | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Dead:
    """A rule whose packets are all denied: where first, the packet, and what denies it there."""

    place: Place
    other: Layer
    packet: Packet
    by: EffectiveRule | None
    places: int


@dataclass(frozen=True, slots=True)
class Perhaps:
    """A rule of which it is not told whether anything it allows gets through."""

    missing: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """Where a rule's packets are all denied, and which they are."""

    place: Place
    other: EffectiveRules
    packets: PacketSet
    version: Version

    def told(self, network: Network, places: int) -> Dead | None:
        """Choose a packet, to or from the NIC's own address if there is any."""
        packets = self.packets
        nic = self.place.nic
        if nic is not None:
            here = packets_of(network, self.other, _addresses(network, nic), self.version)
            packets = packets if (packets & here).is_empty else packets & here
        packet = some_packet(packets)
        if packet is None:
            return None
        by = decider(network, self.other, coordinates(packet), self.version)
        return Dead(self.place, self.other.layers[0], packet, by, places)


@question
def meeting_allows(network: Network) -> tuple[SecurityRule, ...]:
    """Name the subjects: the custom Allow rules of groups that meet another at some NIC."""
    return tuple(
        rule
        for group in network.all(NetworkSecurityGroup)
        if any(place.nic is not None for place in _meetings(network).get(group.key, ()))
        for rule in _rules(group)
        if _allows(rule)
    )


def _rules(group: NetworkSecurityGroup) -> tuple[SecurityRule, ...]:
    try:
        return group.rules
    except Undetermined:
        return ()


def _allows(rule: SecurityRule) -> bool:
    try:
        return rule.allows
    except Undetermined:
        return True  # judged, and then answered with unknown


@question
def _meetings(network: Network) -> dict[str, list[Place]]:
    """The places of each group (its key) at which a group stands at subnet and NIC."""
    found: dict[str, list[Place]] = defaultdict(list)
    nics: tuple[Interface, ...]
    nics = (*network.all(NetworkInterface), *network.all(ScaleSetInterface))
    for nic in nics:
        try:
            at_nic = network.find(nic.properties.network_security_group)
            if at_nic is None:
                continue
            subnets = dict.fromkeys(
                network.find(each.properties.subnet) for each in nic.ip_configurations
            )
            for subnet in subnets:
                if isinstance(subnet, Subnet):
                    at_subnet = network.find(subnet.properties.network_security_group)
                    if at_subnet is not None:
                        found[at_nic.key].append(Place(LayerKind.NIC, subnet, nic))
                        found[at_subnet.key].append(Place(LayerKind.SUBNET, subnet, nic))
        except Undetermined:
            continue
    return found


def dead(
    network: Network, group: NetworkSecurityGroup, rule: SecurityRule
) -> Dead | Perhaps | None:
    """Tell whether all that a rule allows is denied by the groups that its group meets.

    None when some of it gets through at some place, or is filtered by no other group there; or
    when earlier rules decide everything. Raises Undetermined when the group's rules are not told.
    """
    direction = Direction.INBOUND if rule.inbound else Direction.OUTBOUND
    first: _Shown | None = None
    perhaps: Perhaps | None = None
    number = 0
    for place in _places(network, group):
        try:
            state, found = _at(network, place, rule, direction)
        except Undetermined as unknown:
            state, found = State.UNTOLD, Perhaps(unknown.missing)
        if state is State.ALIVE:
            return None
        if state is State.DEAD:
            number += 1
            first = first or (found if isinstance(found, _Shown) else None)
        elif state is State.UNTOLD:
            perhaps = perhaps or (found if isinstance(found, Perhaps) else None)
    if perhaps is not None or first is None:
        return perhaps
    return first.told(network, number)


@question_about
def _places(network: Network, group: NetworkSecurityGroup) -> tuple[Place, ...]:
    """Every place where a group filters something: where it meets another, and where it does not.

    Those where it is alone come first: there what it allows gets through.
    """
    met = _meetings(network).get(group.key, [])
    known = {(place.kind, place.subnet.key, place.nic.key) for place in met if place.nic}
    alone: list[Place] = []
    for at in attachments(network, group):
        if isinstance(at, Missing):
            raise Undetermined(f"{at.id} is not in the snapshot", resource=at.id)
        if isinstance(at, Subnet):
            alone += _others_in(network, at, known)
            continue
        for configuration in configurations_of(at):
            subnet = network.find(configuration.properties.subnet)
            if isinstance(subnet, Subnet) and (LayerKind.NIC, subnet.key, at.key) not in known:
                alone.append(Place(LayerKind.NIC, subnet, at))
    return (*alone, *met)


def _others_in(
    network: Network, subnet: Subnet, known: set[tuple[LayerKind, str, str]]
) -> Iterator[Place]:
    """Give what stands in a subnet and has no group of its own."""
    for edge in network.referrers(subnet, "subnet", "vnetSubnetID"):
        nic = _interface(edge.source)
        if isinstance(edge.source, LoadBalancerFrontend):
            continue  # its members receive the packets
        if isinstance(edge.source, AgentPool) and _pool_is_shown(network, subnet):
            continue
        if nic is None or (LayerKind.SUBNET, subnet.key, nic.key) not in known:
            yield Place(LayerKind.SUBNET, subnet)
    for absent in absent_nics(network, subnet):
        yield Place(LayerKind.SUBNET, subnet, missing=f"{absent} is not in the snapshot")


def _interface(node: Node) -> Interface | None:
    owner = node.owner
    return owner if isinstance(owner, NetworkInterface | ScaleSetInterface) else None


def _pool_is_shown(network: Network, subnet: Subnet) -> bool:
    """Whether the scale sets of agent pools in a subnet are in the snapshot."""
    return any(
        isinstance(edge.source.root, ScaleSet) for edge in network.referrers(subnet, "subnet")
    )


def _at(
    network: Network, place: Place, rule: SecurityRule, direction: Direction
) -> tuple[State, _Shown | Perhaps | None]:
    if place.missing:
        return State.UNTOLD, Perhaps(place.missing)
    if place.nic is None:
        return State.ALIVE, None
    rules, own, other = _meeting(network, place, direction)
    number = _number(own, rule)
    if number is None or not other.layers:
        return State.ALIVE, None
    if plainly_alive(own, other, number, _spot(network, place.subnet, place.nic)):
        return State.ALIVE, None
    states: dict[Version, tuple[State, PacketSet]] = {
        version: _state(network, place, rules, number, version)
        for version in VERSIONS
        if _home(network, place.subnet).intervals(version)
    }
    for state in (State.ALIVE, State.UNTOLD, State.DEAD):
        for version, (found, packets) in states.items():
            if found is state:
                shown = _Shown(place, other, packets, version)
                return state, Perhaps(why(other)) if state is State.UNTOLD else shown
    return State.NOTHING, None


@question_about
def _meeting(
    network: Network, place: Place, direction: Direction
) -> tuple[EffectiveRules, EffectiveRules, EffectiveRules]:
    """Both groups at a place, the one at hand, and the other."""
    assert place.nic is not None
    rules = groups_at(network, place.nic, direction, place.subnet)
    return rules, *_apart(rules, place.kind)


def _apart(both: EffectiveRules, kind: LayerKind) -> tuple[EffectiveRules, EffectiveRules]:
    """The group at hand, and the one at the other level."""
    other = LayerKind.NIC if kind is LayerKind.SUBNET else LayerKind.SUBNET
    return only(both, kind), only(both, other)


def _number(own: EffectiveRules, rule: SecurityRule) -> int | None:
    """The place of a rule in its layer. Raises Undetermined when the layer is not told."""
    for layer in own.layers:
        if layer.unknown is not None:
            raise Undetermined(layer.unknown.detail, resource=layer.unknown.resource)
        for number, each in enumerate(layer.rules):
            if each.written is rule:
                return number
    return None


def _state(
    network: Network,
    place: Place,
    both: EffectiveRules,
    number: int,
    version: Version,
) -> tuple[State, PacketSet]:
    own, other = _apart(both, place.kind)
    here = _region(network, place, own, version)
    allowed = decided(network, own, version).by(number).within(here)
    if not (allowed.may & _of_pods(network, place, version)).is_empty:
        return State.ALIVE, allowed.must
    passing = let_through(network, other, version)
    if not (allowed.must & passing.must).is_empty:
        return State.ALIVE, allowed.must
    if not (allowed.may & passing.may).is_empty:
        found = worlds(network, both, version)
        alive = found is not None and found.always_passes_some(
            place.kind, number, other.layers[0].kind, here
        )
        return (State.ALIVE if alive else State.UNTOLD), allowed.may
    return (State.NOTHING if allowed.must.is_empty else State.DEAD), allowed.must


def _of_pods(network: Network, place: Place, version: Version) -> PacketSet:
    """The packets between pods, and between them and nodes: the default rules pass them (K-41).

    Nothing, at what is no node. Raises Undetermined when the cluster's pod range is not told.
    """
    space = space_of(network, version)
    pods = _pods(network, place.nic) if place.nic is not None else AddressSet()
    if not pods:
        return space.empty
    both = pods | _home(network, place.subnet)
    between = space.having(source=both, destination=both)
    return between & (space.having(source=pods) | space.having(destination=pods))


@question_about
def _pods(network: Network, nic: Interface) -> AddressSet:
    """The addresses of pods behind a node; nothing at what is none."""
    cluster = cluster_of(network, nic.root)
    if cluster is None:
        return AddressSet()
    return AddressSet.from_prefixes(claim.prefix for claim in pod_claims(cluster))


@question_about
def _home(_: Network, subnet: Subnet) -> AddressSet:
    return AddressSet.from_prefixes(subnet.prefixes)


@question_about
def _spot(network: Network, subnet: Subnet, nic: Interface) -> Spot:
    return Spot(_addresses(network, nic), _home(network, subnet), _pods(network, nic))


@question_about
def _addresses(network: Network, nic: Interface) -> AddressSet:
    mine = AddressSet()
    for configuration in configurations_of(nic):
        mine = mine | addresses_of(network, configuration).may
    return mine


def _region(network: Network, place: Place, own: EffectiveRules, version: Version) -> PacketSet:
    """The packets that a NIC may see: none to or from its neighbours' addresses.

    Those of frontends and of networks behind it are no neighbours'.
    """
    space = space_of(network, version)
    nic = place.nic
    if nic is None or (isinstance(nic, NetworkInterface) and nic.properties.enable_ip_forwarding):
        return space.all
    seen = _addresses(network, nic) | ~_home(network, place.subnet)
    return packets_of(network, own, seen, version)
