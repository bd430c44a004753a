"""The filters between a NIC and its network: which rules, in which order, at which layer.

Inbound: admin rules, the subnet's security group, the NIC's. Outbound: admin rules, the NIC's
group, the subnet's (N-11, N-50). A packet passes if every layer lets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial

import msgspec
from msgspec.structs import force_setattr

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.admin_rules import admin_layer
from auditor.network.contested import contested, told_once
from auditor.network.default_rules import COLLECTION, pointer_to
from auditor.network.filters import DEFAULTS, Filter, by_priority, filters_by_priority, subnet_name
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.group_members import configurations_of
from auditor.network.interfaces import Configuration, Interface
from auditor.network.layers import Action, EffectiveRule, Layer, LayerKind, Listing
from auditor.network.reasons import Reason, gap
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.surroundings import Surroundings
from auditor.resources import walk
from auditor.resources.base import Ref
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet


class Direction(Enum):
    """Which way a flow goes, seen from the NIC."""

    INBOUND = "Inbound"
    OUTBOUND = "Outbound"

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


class EffectiveRules(msgspec.Struct, frozen=True):
    """The layers of one direction, in the order in which packets meet them."""

    direction: Direction
    layers: tuple[Layer, ...]
    surroundings: Surroundings
    inbound: bool = True
    """Whether they judge packets that arrive."""

    def __post_init__(self) -> None:
        force_setattr(self, "inbound", self.direction is Direction.INBOUND)


def effective_rules(
    network: Network,
    nic: Interface | None,
    direction: Direction,
    subnet: Subnet | Missing | None = None,
    tags: ServiceTags = NO_TAGS,
) -> EffectiveRules:
    """Give what filters the flows of one direction at a NIC.

    `subnet` is the one of the address at hand, by default that of the first ip configuration.
    Without a NIC: what filters any machine in the subnet, as far as the subnet tells.
    """
    place, doubt = (subnet, None) if subnet is not None else _subnet(network, nic)
    inbound = direction is Direction.INBOUND
    endpoint = is_endpoint(nic)
    here = place if isinstance(place, Subnet) else None
    if here is not None:
        at_subnet = _standing_at(network, here, inbound, endpoint)
    else:
        at_subnet = _nowhere(nic, place, doubt)
    at_nic = _nic_layer(network, nic, inbound) if nic is not None else None
    admin = admin_layer(network, here, inbound=inbound, endpoint=endpoint)
    layers = (admin, at_subnet, at_nic) if inbound else (admin, at_nic, at_subnet)
    return EffectiveRules(
        direction,
        tuple([layer for layer in layers if layer is not None]),
        Surroundings(network, here, nic, tags),
    )


@question_about
def rules_at(
    network: Network,
    nic: Interface | None,
    direction: Direction,
    subnet: Subnet | Missing | None,
    tags: ServiceTags,
) -> EffectiveRules:
    """Give the same, put together once for all quick looks: those that ask for no doubts.

    What is not told of names is noted in the surroundings by whoever asks first.
    """
    return effective_rules(network, nic, direction, subnet, tags)


def subnets_of(network: Network, nic: Interface) -> tuple[Subnet | Missing, ...]:
    """Give the subnets of a NIC's ip configurations, each once; those not told are left out."""
    found: dict[str, Subnet | Missing] = {}
    for configuration in configurations_of(nic):
        try:
            place, _ = _subnet_at(network, configuration)
        except Undetermined:
            continue
        if place is not None:
            found.setdefault(place.key, place)
    return tuple(found.values())


def is_endpoint(nic: Interface | None) -> bool:
    """Tell whether a NIC is a private endpoint's."""
    if not isinstance(nic, NetworkInterface):
        return False
    try:
        return nic.properties.private_endpoint is not None
    except Undetermined:
        return False


def _subnet(
    network: Network, nic: Interface | None
) -> tuple[Subnet | Missing | None, Reason | None]:
    doubt = None
    try:
        for configuration in nic.ip_configurations if nic is not None else ():
            place, doubt = _subnet_at(network, configuration)
            if place is not None:
                return place, None
    except Undetermined as unknown:
        return None, gap(unknown, nic.id if nic is not None else "")
    lacks = Reason("collection-gap", "which subnet it is in", nic.id if nic is not None else "")
    return None, doubt or lacks


def _subnet_at(
    network: Network, configuration: Configuration
) -> tuple[Subnet | Missing | None, Reason | None]:
    try:
        node = network.find(configuration.properties.subnet)
    except Undetermined as unknown:
        return None, gap(unknown, configuration.id)
    return (node, None) if isinstance(node, Subnet | Missing) else (None, None)


def _nic_layer(network: Network, nic: Interface, inbound: bool) -> Layer | None:
    try:
        ref = nic.properties.network_security_group
    except Undetermined as unknown:
        return Layer(LayerKind.NIC, nic.id, unknown=gap(unknown, nic.id))
    return _layer(network, LayerKind.NIC, nic.id, ref, inbound)


def _nowhere(nic: Interface | None, place: Subnet | Missing | None, doubt: Reason | None) -> Layer:
    """Give the layer of a subnet that is not told."""
    where = place.id if place is not None else (nic.id if nic is not None else "")
    lacks = Reason("collection-gap", f"{where} is not in the snapshot", where)
    return Layer(LayerKind.SUBNET, where, unknown=doubt or lacks)


@question_about
def _standing_at(network: Network, place: Subnet, inbound: bool, endpoint: bool) -> Layer | None:
    try:
        if _is_exempt(place):
            return None
        ref = place.properties.network_security_group
        if endpoint:
            stands = ref is not None or _claimed(network, LayerKind.SUBNET, place.id) is not None
            if not stands or not _filters_endpoint(place, inbound):
                return None  # without a group the policy does not matter
    except Undetermined as unknown:
        return Layer(LayerKind.SUBNET, place.id, unknown=gap(unknown, place.id))
    layer = _layer(network, LayerKind.SUBNET, place.id, ref, inbound)
    fact = _UNSUPPORTED.get(subnet_name(place).lower())
    if layer is not None and fact is not None:
        doubt = Reason(f"semantics:{fact}", "a group that Azure does not support there", place.id)
        return Layer(LayerKind.SUBNET, place.id, layer.group, unknown=doubt)
    return layer


_UNSUPPORTED = {"gatewaysubnet": "N-40", "routeserversubnet": "N-42"}
"""Subnets whose machines may not work as they should with a security group."""


def _is_exempt(subnet: Subnet) -> bool:
    """Whether the platform disables security groups there (N-41)."""
    name = subnet_name(subnet).lower()
    return name in ("azurefirewallsubnet", "azurefirewallmanagementsubnet")


def _filters_endpoint(subnet: Subnet, inbound: bool) -> bool:
    """Whether a subnet's group applies to private endpoints in it (N-44, N-47, N-48)."""
    if not inbound:
        return False  # the service behind an endpoint starts no flows
    policy = subnet.properties.private_endpoint_network_policies
    if policy is None:
        key = "privateEndpointNetworkPolicies"
        raise Undetermined(f"{key} of {subnet.label}", resource=subnet.id)
    return policy.lower() in ("enabled", "networksecuritygroupenabled")


def _layer(
    network: Network, kind: LayerKind, at: str, ref: Ref | None, inbound: bool
) -> Layer | None:
    """Give the layer of a group; None where there is no group (N-3)."""
    if ref is None:
        return _claimed(network, kind, at)
    try:
        group = network.get(ref, NetworkSecurityGroup)
        if group is None:
            raise Undetermined(f"the id of the network security group of {at}", resource=at)
        if network.gaps:
            told_once(network, group, group.rules if contested(network) else ())
        return Layer(kind, at, group, _listing(network, group, inbound))
    except Undetermined as unknown:
        found = network.find(ref) if walk.peek(ref, "id") else None
        known = found if isinstance(found, NetworkSecurityGroup) else None
        return Layer(kind, at, known, unknown=gap(unknown, at))


@question_about
def _listing(network: Network, group: NetworkSecurityGroup, inbound: bool) -> Listing:
    """The rules of a group in one direction, one listing for all places where it stands.

    Raises Undetermined when the input does not tell their order.
    """
    filters = (*filters_by_priority(network, group, inbound), *DEFAULTS[inbound])
    return Listing(filters, lambda: _rules(network, group, inbound))


def _claimed(network: Network, kind: LayerKind, at: str) -> Layer | None:
    """Heed a group that says it stands where nobody names it: the snapshot is not of one moment."""
    group = network.nodes.get(_claims(network).get(ids.fold(at), ""))
    if not isinstance(group, NetworkSecurityGroup):
        return None
    doubt = Reason("collection-gap", f"{group.id} lists {at}, which names no group", group.id)
    return Layer(kind, at, group, unknown=doubt)


def bare(network: Network, nic: Interface) -> bool:
    """Tell whether a NIC has certainly no rules of its own, and is no private endpoint's."""
    try:
        ref = nic.properties.network_security_group
    except Undetermined:
        return False
    return ref is None and not is_endpoint(nic) and nic.key not in _claims(network)


@question
def _claims(network: Network) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in network.all(NetworkSecurityGroup):
        try:
            settings = group.properties
            refs = (*(settings.subnets or ()), *(settings.network_interfaces or ()))
        except Undetermined:
            continue
        for ref in refs:
            node = network.find(walk.peek(ref, "id"))
            if node is not None:
                found.setdefault(node.key, group.key)
    return found


def _rules(
    network: Network, group: NetworkSecurityGroup, inbound: bool
) -> tuple[EffectiveRule, ...]:
    """Give a group's rules of one direction, its own and the default ones (N-10), in order."""
    own = by_priority(network, group, inbound)
    custom = (
        _rule(read, each.id, each.root.id, partial(_pointer, each), "securityRules", each)
        for each, read in zip(own, filters_by_priority(network, group, inbound), strict=True)
    )
    return (*custom, *_defaults(network, group, DEFAULTS[inbound]))


def _pointer(rule: SecurityRule) -> str:
    return rule.pointer


def _defaults(
    network: Network, group: NetworkSecurityGroup, filters: Iterable[Filter]
) -> Iterable[EffectiveRule]:
    for each in filters:
        rule_id = f"{group.id}/{COLLECTION}/{each.name}"
        place = partial(pointer_to, network, group, each.name)
        yield _rule(each, rule_id, group.id, place, COLLECTION)


def _rule(
    each: Filter,
    rule_id: str,
    resource: str,
    place: str | Callable[[], str],
    kind: str,
    written: SecurityRule | None = None,
) -> EffectiveRule:
    action = Action.ALLOW if each.allow else Action.DENY
    name = f"{kind}/{each.name}"
    return EffectiveRule(each, action, rule_id, resource, place, name, None, written)
