"""Security groups that meet at a NIC, its own and its subnet's: a packet must pass both (N-11).

What one of them allows and the other wholly denies, at every machine, is not allowed at all.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from auditor.addresses import AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.graph import Network
from auditor.network.layers import EffectiveRule, Layer
from auditor.packets.diagram import PacketSet
from auditor.reach.deciding import decided, decider
from auditor.reach.filtering import let_through
from auditor.reach.frame import Packet
from auditor.reach.meetings import (
    Place,
    addresses_at,
    apart,
    home_of,
    meeting,
    places_of,
    pods_behind,
)
from auditor.reach.own_filters import VERSIONS, packets_of, why
from auditor.reach.samples import coordinates, some_packet
from auditor.reach.space import space_of
from auditor.reach.worlds import worlds
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import NetworkSecurityGroup, SecurityRule


class State(Enum):
    """What becomes of what a rule allows at one place."""

    ALIVE = "alive"
    DEAD = "dead"
    UNTOLD = "untold"
    NOTHING = "nothing"
    """The rule decides nothing there."""


class Dead(msgspec.Struct, frozen=True):
    """A rule whose packets are all denied: where first, the packet, and what denies it there."""

    place: Place
    other: Layer
    packet: Packet
    by: EffectiveRule | None
    places: int


class Perhaps(msgspec.Struct, frozen=True):
    """A rule of which it is not told whether anything it allows gets through."""

    missing: str


class _Shown(msgspec.Struct, frozen=True):
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
            here = packets_of(network, self.other, addresses_at(network, nic), self.version)
            packets = packets if (packets & here).is_empty else packets & here
        packet = some_packet(packets)
        if packet is None:
            return None
        by = decider(network, self.other, coordinates(packet), self.version)
        return Dead(self.place, self.other.layers[0], packet, by, places)


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
    for place in places_of(network, group):
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


def _at(
    network: Network, place: Place, rule: SecurityRule, direction: Direction
) -> tuple[State, _Shown | Perhaps | None]:
    if place.missing:
        return State.UNTOLD, Perhaps(place.missing)
    if place.nic is None:
        return State.ALIVE, None
    rules, own, other = meeting(network, place, direction)
    number = _number(own, rule)
    if number is None or not other.layers:
        return State.ALIVE, None
    states: dict[Version, tuple[State, PacketSet]] = {
        version: _state(network, place, rules, number, version)
        for version in VERSIONS
        if home_of(network, place.subnet).intervals(version)
    }
    for state in (State.ALIVE, State.UNTOLD, State.DEAD):
        for version, (found, packets) in states.items():
            if found is state:
                shown = _Shown(place, other, packets, version)
                return state, Perhaps(why(other)) if state is State.UNTOLD else shown
    return State.NOTHING, None


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
    own, other = apart(both, place.kind)
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
    pods = pods_behind(network, place.nic) if place.nic is not None else AddressSet()
    if not pods:
        return space.empty
    both = pods | home_of(network, place.subnet)
    between = space.having(source=both, destination=both)
    return between & (space.having(source=pods) | space.having(destination=pods))


def _region(network: Network, place: Place, own: EffectiveRules, version: Version) -> PacketSet:
    """The packets that a NIC may see: none to or from its neighbours' addresses.

    Those of frontends and of networks behind it are no neighbours'.
    """
    space = space_of(network, version)
    nic = place.nic
    if nic is None or (isinstance(nic, NetworkInterface) and nic.properties.enable_ip_forwarding):
        return space.all
    seen = addresses_at(network, nic) | ~home_of(network, place.subnet)
    return packets_of(network, own, seen, version)
