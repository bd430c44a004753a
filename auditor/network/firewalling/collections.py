"""Rule collections in the order in which a firewall asks them (E-20, E-21).

Of one type the parent policy's come before the child's, whatever their priorities; within a policy
the group's priority counts, then the collection's; then the rules stand as written. The types are
kept apart: all NAT rules come before all network rules, and these before all application rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

import msgspec

from auditor.errors import Undetermined
from auditor.network.firewalling.terms import FirewallAction
from auditor.network.graph import Network
from auditor.network.reasons import Reason, gap
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.firewalls import (
    ApplicationRuleCollection,
    ClassicApplicationRule,
    ClassicRule,
    Firewall,
    FirewallPolicy,
    NatRuleCollection,
    NetworkRuleCollection,
    PolicyRule,
    PolicyRuleCollection,
    RuleCollectionGroup,
)


class Kind(Enum):
    """The three types of rules, in the order of evaluation."""

    NAT = "NatRule"
    NETWORK = "NetworkRule"
    APPLICATION = "ApplicationRule"


_KINDS = {kind.value.lower(): kind for kind in Kind}
_ACTIONS = {action.value.lower(): action for action in FirewallAction}


class Written(msgspec.Struct, frozen=True):
    """A rule as written, and the pointer to it inside its collection's resource."""

    rule: PolicyRule | ClassicRule | ClassicApplicationRule
    pointer: str


class Collection(msgspec.Struct, frozen=True):
    """The rules of one type in a collection, at its place.

    `level` is 0 for the firewall's own policy, 1 for its parent and so on. `group` tells groups
    of one policy apart. `resource` is where it is written.
    """

    name: str
    kind: Kind
    action: FirewallAction
    priorities: tuple[int, ...]
    level: int
    group: str
    resource: str
    rules: tuple[Written, ...]

    @property
    def rank(self) -> tuple[int, tuple[int, ...], str, str]:
        """What it is sorted by; those that tie stand by name."""
        return -self.level, self.priorities, self.group, self.name.lower()

    def ties(self, other: Collection) -> bool:
        """Whether nothing tells which of the two comes first."""
        if self.level != other.level:
            return False
        if self.group == other.group:
            return self.priorities == other.priorities
        return self.priorities[0] == other.priorities[0]


class Found(msgspec.Struct):
    """Collections of a firewall or policy, and why others may be missing."""

    collections: list[Collection]
    unknown: list[Reason]

    def of(self, kind: Kind) -> tuple[Collection, ...]:
        """Give the collections of one type, in order."""
        return tuple(sorted((c for c in self.collections if c.kind is kind), key=lambda c: c.rank))


def chain(
    network: Network, policy: FirewallPolicy
) -> tuple[tuple[FirewallPolicy, ...], list[Reason]]:
    """Give a policy, its parent, and so on; and why there may be more of them."""
    found = [policy]
    while True:
        try:
            base = network.get(found[-1].properties.base_policy, FirewallPolicy)
        except Undetermined as unknown:
            return tuple(found), [gap(unknown, found[-1].id)]
        if base is None:
            return tuple(found), []
        if base in found:
            of = found[-1].label
            turn = "it is that itself" if base is found[-1] else "that inherits from it"
            detail = f"the base policy of {of}: {turn}"
            circle = tuple(each.id for each in found[found.index(base) :])
            again = "Azure takes none that inherits from itself: export them again, all at one time"
            remedy = f"{again}: {az('resource', 'show', ids=circle)}"
            return tuple(found), [Reason("conflict", detail, found[-1].id, remedy)]
        found.append(base)


def policy_collections(policies: tuple[FirewallPolicy, ...]) -> Found:
    """Give the collections of a policy and of those it inherits from."""
    found = Found([], [])
    for level, policy in enumerate(policies):
        try:
            groups = policy.properties.rule_collection_groups
            if groups is None:
                raise Undetermined(f"the rule collection groups of {policy.label}")
        except Undetermined as unknown:
            found.unknown.append(gap(unknown, policy.id))
            continue
        for group in groups:
            _read(found, group, _of_group(group, level))
    return found


def _read(
    found: Found,
    holder: RuleCollectionGroup | Firewall,
    collections: Iterator[Collection],
) -> None:
    try:
        found.collections += collections
    except Undetermined as unknown:
        found.unknown.append(gap(unknown, holder.id))


def _of_group(group: RuleCollectionGroup, level: int) -> Iterator[Collection]:
    p = walk.peek(group, "properties")
    collections = walk.peek(p, "rule_collections")
    if p is None or collections is None:
        raise Undetermined(f"the rule collections of {group.label}", resource=group.id)
    for place, each in enumerate(collections):
        where = f"{group.pointer}/properties/ruleCollections/{place}"
        if each.rules is None:
            raise Undetermined(f"the rules of {each.name}", resource=group.id)
        kinds: dict[Kind, list[Written]] = {}
        for number, rule in enumerate(each.rules):
            written = Written(rule, f"{where}/rules/{number}")
            kinds.setdefault(_kind(each, rule), []).append(written)
        for kind, rules in kinds.items():
            yield Collection(
                name=each.name or f"collection {place}",
                kind=kind,
                action=_action(each.action.type if each.action else None, kind, each.name),
                priorities=(_told(p.priority, group.label), _told(each.priority, each.name)),
                level=level,
                group=group.key,
                resource=group.root.id,
                rules=tuple(rules),
            )


def _kind(collection: PolicyRuleCollection, rule: PolicyRule) -> Kind:
    kind = _KINDS.get((rule.rule_type or "").lower())
    if kind is None:
        raise Undetermined(f"the type of the rule {rule.name} of {collection.name}")
    return kind


def _action(word: str | None, kind: Kind, name: str | None) -> FirewallAction:
    action = _ACTIONS.get((word or "").lower())
    if action is None or (action is FirewallAction.DNAT) != (kind is Kind.NAT):
        raise Undetermined(f"the action of the rule collection {name}")
    return action


def _told(priority: int | None, name: str | None) -> int:
    if priority is None:
        raise Undetermined(f"the priority of {name}")
    return priority


def classic_collections(firewall: Firewall) -> Found:
    """Give the collections of a firewall without a policy."""
    found = Found([], [])
    _read(found, firewall, _of_firewall(firewall))
    return found


def has_rules_of_its_own(firewall: Firewall) -> bool:
    """Tell whether classic rules stand in a firewall. Raises Undetermined when not told."""
    return any(lists for lists in _lists(firewall))


_Classic = NatRuleCollection | NetworkRuleCollection | ApplicationRuleCollection


def _lists(firewall: Firewall) -> Iterator[tuple[_Classic, ...] | None]:
    p = firewall.properties
    for each in (
        p.nat_rule_collections,
        p.network_rule_collections,
        p.application_rule_collections,
    ):
        yield None if each is None else tuple(each)


def _written(collection: _Classic) -> tuple[Written, ...]:
    rules: Sequence[ClassicRule | ClassicApplicationRule] | None = collection.properties.rules
    if rules is None:
        raise Undetermined(f"the rules of {collection.label}", resource=collection.id)
    where = f"{collection.pointer}/properties/rules"
    return tuple(Written(rule, f"{where}/{number}") for number, rule in enumerate(rules))


def _of_firewall(firewall: Firewall) -> Iterator[Collection]:
    lists = list(_lists(firewall))
    if not any(each is not None for each in lists):
        raise Undetermined(f"policy and rules of {firewall.label}", resource=firewall.id)
    for kind, collections in zip(Kind, lists, strict=True):
        for each in collections or ():
            p = each.properties
            rules = _written(each)
            if not rules:
                continue
            yield Collection(
                name=each.label,
                kind=kind,
                action=_action(p.action.type if p.action else None, kind, each.label),
                priorities=(_told(p.priority, each.label),),
                level=0,
                group="",
                resource=each.root.id,
                rules=rules,
            )
