"""What an admin rule that always allows lets past the security groups that deny it (N-50)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.admin_scope import as_deployed, collection_of, scope_of, spared
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.gateway_subnets import is_isolated
from auditor.network.graph import Network, question
from auditor.network.interfaces import Interface
from auditor.network.layers import EffectiveRule, Layer, LayerKind
from auditor.network.network_managers import Unshown, unshown_rules
from auditor.reach.bounds import Bounds
from auditor.reach.deciding import decided, decider
from auditor.reach.frame import Packet
from auditor.reach.own_filters import VERSIONS, at_subnet, denied, groups_at, only, packets_of, why
from auditor.reach.points import points_in
from auditor.reach.samples import coordinates, some_packet
from auditor.reach.subnet_addresses import usable
from auditor.resources.network_manager import AdminRule
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


class Override(msgspec.Struct, frozen=True):
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
def always_allows(network: Network) -> tuple[AdminRule | Unshown, ...]:
    """Name the subjects: the admin rules that always allow, or do not tell whether they do.

    And whatever may have some that were not exported.
    """
    rules = (rule for rule in network.all(AdminRule) if _may_always_allow(rule))
    return (*rules, *unshown_rules(network))


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
    untold: list[Undetermined] = []
    for subnet, doubt in _subnets(network, rule, untold):
        try:
            for found in _at(network, subnet, rule, direction):
                if not (doubt or found.doubt):
                    return found
                perhaps = perhaps or replace(found, doubt=doubt or found.doubt)
        except Undetermined as unknown:
            perhaps = perhaps or Override(subnet, doubt=unknown.missing)
    if perhaps is None and untold:
        raise untold[0]
    return perhaps


def _direction(rule: AdminRule) -> Direction:
    p = rule.properties
    word = (p.direction or "").lower()
    if not p.access or word not in ("inbound", "outbound"):
        raise Undetermined(f"the access and direction of {rule.label}", resource=rule.id)
    return Direction.INBOUND if word == "inbound" else Direction.OUTBOUND


def _subnets(
    network: Network, rule: AdminRule, untold: list[Undetermined]
) -> Iterator[tuple[Subnet, str]]:
    """Give the subnets that a rule is for, those certain first; else with what is not told.

    `untold` gets why there may be more.
    """
    scope = scope_of(network, collection_of(network, rule))
    untold += [Undetermined(f"{gone} is not in the snapshot", resource=gone)
               for gone in scope.absent]  # fmt: skip
    vnets = [v for v in network.all(VirtualNetwork) if scope.holds(v.key) is not False]
    for vnet in sorted(vnets, key=lambda v: (scope.holds(v.key) is None, v.key)):
        member = scope.holds(vnet.key) is True
        doubt = "" if member else f"whether a policy puts {vnet.label} into its network groups"
        try:
            if not spared(network, vnet, rule):
                for subnet in vnet.subnets:
                    yield subnet, doubt or _isolation(network, subnet)
        except Undetermined as unknown:
            untold.append(unknown)


def _isolation(network: Network, subnet: Subnet) -> str:
    """What is not told of an application gateway that may keep admin rules out (N-53, A-7)."""
    try:
        if subnet.key in gateways_by_subnet(network):
            is_isolated(network, subnet)
    except Undetermined as unknown:
        return unknown.missing
    return ""


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
