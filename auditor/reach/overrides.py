"""What an admin rule that always allows lets past the security groups that deny it (N-50)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.addresses import AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.admin_scope import as_deployed, collection_of, scope_of, spared
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.graph import Network, question
from auditor.network.interfaces import Interface
from auditor.network.layers import EffectiveRule, Layer, LayerKind
from auditor.network.routing_domains import network_key
from auditor.reach.answer import coordinates, some_packet
from auditor.reach.bounds import Bounds
from auditor.reach.deciding import decided, decider
from auditor.reach.frame import Packet
from auditor.reach.own_filters import VERSIONS, at_subnet, denied, groups_at, only, packets_of, why
from auditor.reach.points import points_in, usable
from auditor.resources.network_manager import AdminRule
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@dataclass(frozen=True, slots=True)
class Override:
    """A packet that a group denies and the admin rule lets past it, at a subnet or a NIC.

    `doubt` says why it is not certain; there may be no packet then.
    """

    subnet: Subnet
    nic: Interface | None = None
    group: Layer | None = None
    by: EffectiveRule | None = None
    packet: Packet | None = None
    doubt: str = ""


@question
def always_allows(network: Network) -> tuple[AdminRule, ...]:
    """Name the subjects: the admin rules that always allow, or do not tell whether they do."""
    return tuple(rule for rule in network.all(AdminRule) if _may_always_allow(rule))


def _may_always_allow(rule: AdminRule) -> bool:
    try:
        access = rule.properties.access
    except Undetermined:
        return True
    return access is None or access.lower() == "alwaysallow"


def override(network: Network, rule: AdminRule) -> Override | None:
    """Give the first place where a rule, as written, opens what a group denies.

    One that is certain, if there is any. None when every group allows all that it lets past.
    Raises Undetermined when the rule does not tell for whom it is, or its access or direction.
    """
    direction = _direction(rule)
    perhaps: Override | None = None
    for subnet, surely in _subnets(network, rule):
        try:
            for found in _at(network, subnet, rule, direction):
                if surely and not found.doubt:
                    return found
                perhaps = perhaps or (found if surely else _if_a_member(found, subnet))
        except Undetermined as unknown:
            perhaps = perhaps or Override(subnet, doubt=unknown.missing)
    absent = scope_of(network, collection_of(network, rule)).absent
    if perhaps is None and absent:
        raise Undetermined(f"{absent[0]} is not in the snapshot", resource=absent[0])
    return perhaps


def _if_a_member(found: Override, subnet: Subnet) -> Override:
    vnet = network_key(subnet.id).rpartition("/")[2]
    return replace(found, doubt=f"whether a policy puts {vnet} into its network groups")


def _direction(rule: AdminRule) -> Direction:
    p = rule.properties
    word = (p.direction or "").lower()
    if not p.access or word not in ("inbound", "outbound"):
        raise Undetermined(f"the access and direction of {rule.label}", resource=rule.id)
    return Direction.INBOUND if word == "inbound" else Direction.OUTBOUND


def _subnets(network: Network, rule: AdminRule) -> Iterator[tuple[Subnet, bool]]:
    """Give the subnets that a rule is for, and whether that is certain; the certain ones first."""
    scope = scope_of(network, collection_of(network, rule))
    vnets = [v for v in network.all(VirtualNetwork) if scope.holds(v.key) is not False]
    for vnet in sorted(vnets, key=lambda v: (scope.holds(v.key) is None, v.key)):
        try:
            if spared(network, vnet, rule):
                continue
            subnets = vnet.subnets
        except Undetermined:
            continue
        surely = scope.holds(vnet.key) is True
        yield from ((subnet, surely) for subnet in subnets)


def _at(
    network: Network, subnet: Subnet, rule: AdminRule, direction: Direction
) -> Iterator[Override]:
    admin = as_deployed(network, subnet, direction)
    if admin is None:
        return
    layer = admin.layers[0]
    number = next((i for i, each in enumerate(layer.rules) if each.id == rule.id), None)
    if number is None:
        return
    opened = {
        version: decided(network, admin, version).by(number)
        for version in VERSIONS
        if usable(subnet).intervals(version)
    }
    for nic, groups, own in _groups(network, subnet, direction):
        for version, bounds in opened.items():
            region = packets_of(network, admin, own, version)
            place = Override(subnet, nic, groups.layers[0])
            yield from _beyond(network, place, groups, bounds.within(region), version)


def _groups(
    network: Network, subnet: Subnet, direction: Direction
) -> Iterator[tuple[Interface | None, EffectiveRules, AddressSet]]:
    """Give the groups of a subnet one by one: its own, then those of the NICs in it."""
    at = at_subnet(network, subnet, direction)
    if at.layers:
        yield None, at, usable(subnet)
    for point in points_in(network, subnet):
        nic = point.nic
        if nic is not None:
            rules = only(groups_at(network, nic, direction, subnet), LayerKind.NIC)
            if rules.layers:
                yield nic, rules, point.addresses


def _beyond(
    network: Network, place: Override, groups: EffectiveRules, opened: Bounds, version: Version
) -> Iterator[Override]:
    """Give what is opened and denied, or may be."""
    must = denied(network, groups, opened.must, version).must
    packet = some_packet(must)
    if packet is not None:
        by = decider(network, groups, coordinates(packet), version)
        yield replace(place, by=by, packet=packet)
    elif not denied(network, groups, opened.may, version).may.is_empty:
        yield replace(place, doubt=why(groups))
