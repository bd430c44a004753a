"""Whom the admin rules of a collection are written for (N-51 to N-54).

A collection names groups of networks. A group has members by name, and others by policies that no
export holds: a group without any member by name may hold every network. Whether the configuration
is deployed is not told anywhere either.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
from msgspec.structs import replace

from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.network.admin_rules import admin_layer
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.graph import Network, question, question_about
from auditor.network.layers import EffectiveRule, Layer, listed
from auditor.network.routing_domains import network_key
from auditor.network.surroundings import Surroundings
from auditor.resources.network_manager import (
    AdminRule,
    RuleCollection,
    SecurityAdminConfiguration,
    StaticMember,
)
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_INTENT_BASED = frozenset({"microsoft.sql/managedinstances", "microsoft.databricks/workspaces"})
"""Services whose networks admin rules leave alone, unless the configuration says otherwise."""


class Scope(msgspec.Struct, frozen=True):
    """The networks of a collection by key: those named, and those of which subnets alone are.

    `by_policy`: a group has no member by name, so that a policy tells. `absent` are ids of named
    networks that the snapshot lacks.
    """

    named: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    by_policy: bool = False
    absent: tuple[str, ...] = ()

    def holds(self, vnet: str) -> bool | None:
        """Whether a network, by key, is in it; None when it is not told of all of it."""
        if vnet in self.named:
            return True
        return None if self.by_policy or vnet in self.partly else False


@question_about
def scope_of(network: Network, collection: RuleCollection) -> Scope:
    """Give whom a collection is for. Raises Undetermined when it does not tell its groups."""
    groups = collection.properties.applies_to_groups
    if groups is None:
        raise Undetermined(f"the network groups of {collection.label}", resource=collection.id)
    named: set[str] = set()
    partly: set[str] = set()
    absent: list[str] = []
    by_policy = False
    for group in groups:
        members = _members(network).get(fold(group.network_group_id or ""), ())
        by_policy = by_policy or not members
        for member in members:
            target = member.properties.resource_id or ""
            in_part = "/subnets/" in target.lower()
            key = network_key(target) if in_part else fold(target)
            (partly if in_part else named).add(key)
            if key not in network.nodes:
                absent.append(target)
    return Scope(frozenset(named), frozenset(partly), by_policy, tuple(absent))


@question
def _members(network: Network) -> dict[str, list[StaticMember]]:
    """The members by name of each group, by the group's folded id."""
    found: dict[str, list[StaticMember]] = defaultdict(list)
    for member in network.all(StaticMember):
        group = parent(member.id)
        if group:
            found[fold(group)].append(member)
    return found


def collection_of(network: Network, rule: AdminRule) -> RuleCollection:
    """Give the collection of a rule. Raises Undetermined when the snapshot lacks it."""
    found = network.holder(rule, RuleCollection)
    if found is None:
        raise Undetermined(f"the rule collection of {rule.label}", resource=rule.id)
    return found


def spared(network: Network, vnet: VirtualNetwork, rule: AdminRule) -> bool:
    """Tell whether a network's services keep admin rules out (N-53)."""
    if not any(_is_intent_based(subnet) for subnet in vnet.subnets):
        return False
    found = network.holder(rule, SecurityAdminConfiguration)
    told = found.properties.apply_on_network_intent_policy_based_services if found else None
    return not {word.lower() for word in told or ()} & {"allowrulesonly", "all"}


def _is_intent_based(subnet: Subnet) -> bool:
    return any(service.lower() in _INTENT_BASED for service in subnet.delegated_to)


def as_deployed(network: Network, subnet: Subnet, direction: Direction) -> EffectiveRules | None:
    """Give the admin rules of a subnet as if all that are written for its network were deployed.

    Those of which only a policy knows keep their doubt. None when there are none. Raises
    Undetermined when one of them does not tell its place.
    """
    layer = admin_layer(network, subnet, inbound=direction is Direction.INBOUND)
    if layer is None:
        return None
    if layer.unknown is not None:
        raise Undetermined(layer.unknown.detail, resource=layer.unknown.resource)
    rules = _written_for(network, network_key(subnet.id), layer)
    found = replace(layer, listing=listed(rules))
    return EffectiveRules(direction, (found,), Surroundings(network, subnet, None, network.tags))


@question_about
def _written_for(network: Network, vnet: str, layer: Layer) -> tuple[EffectiveRule, ...]:
    found: list[EffectiveRule] = []
    for each in layer.rules:
        rule = network.find(each.id)
        if not isinstance(rule, AdminRule):
            continue
        try:
            holds = scope_of(network, collection_of(network, rule)).holds(vnet)
        except Undetermined:
            holds = None
        if holds is not False:
            found.append(replace(each, doubt=None) if holds else each)
    return tuple(found)
