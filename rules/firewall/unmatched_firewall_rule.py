"""A rule of Azure Firewall never matches: earlier rules take all of its packets.

## Why it matters
The rule says something and does nothing. A Deny behind a broader Allow protects nobody; an
application rule that was written so that only some names can be asked for is idle when a network
rule lets everything through to the port. And who reads the policy sees a rule that is not true.

## What fails
A rule all of whose packets are matched by rules that the firewall asks before it, by one of them or
by several together. NAT rules are held against NAT rules, network rules against network rules,
application rules against network and application rules. Of one type the parent policy's rules come
first, then the group's priority counts, then the collection's, then the order as written; classic
rules go by their collection's priority.

Exact over addresses, IP groups, protocols and ports. Service tags and names are compared by their
spelling: the same word is the same set, `Storage.WestEurope` lies inside `Storage` and
`api.contoso.com` inside `*.contoso.com`. Where it depends on what else a word stands for, the rule
is kept: it may decide something.

*Unknown* when the policy it stands in, or one that this inherits from, is not in the snapshot; when
what it matches is not told; when nothing tells which of two collections comes first; and for a NAT
rule that only the parent's NAT rules cover, since nobody says whether these are inherited.

## What to do
Decide which of the rules is right. Delete this one; or, if it is the right one, give its collection
a priority before those that hide it. Rules of a parent policy cannot be overtaken.

## References
- https://learn.microsoft.com/azure/firewall/rule-processing
- Facts E-20, E-21, E-25
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ids
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network.firewalling import FirewallTerm
from auditor.network.firewalling.idle import IdleRules, idle_firewall_rules
from auditor.network.graph import possibly, question
from auditor.network.reasons import GAP, Reason, remedy, teller
from auditor.network.superfluous import Cause, in_words
from auditor.remedy import az
from auditor.resources.firewalls import Firewall, FirewallPolicy, RuleCollectionGroup
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

MOST = 5


@question
def rule_holders(network: Network) -> tuple[RuleCollectionGroup | Firewall, ...]:
    """Name the subjects: groups of rules, and firewalls without a policy."""
    classic = (each for each in network.all(Firewall) if possibly(_has_no_policy, each))
    return (*network.all(RuleCollectionGroup), *classic)


def _has_no_policy(firewall: Firewall) -> bool:
    policy = firewall.properties.firewall_policy
    return policy is None or not policy.id


@rule("FW-009", severity=Severity.LOW, since="0.1.0", of=rule_holders)
def unmatched_firewall_rule(network: Network, holder: RuleCollectionGroup | Firewall) -> Outcomes:
    """Judge the rules that stand in one place, among all that the firewall asks."""
    idle = _idle(network, holder)
    group = holder.key if isinstance(holder, RuleCollectionGroup) else ""
    for term, causes in idle.covered.items():
        if term.level == 0 and term.group == group and causes:
            yield _finding(holder, term, causes)
    lacks = [*idle.unknown]
    lacks += [
        reason for term, reason in idle.doubtful.items() if term.level == 0 and term.group == group
    ]
    if lacks:
        named = dict.fromkeys(reason.detail or str(reason) for reason in lacks[:MOST])
        yield Unknown(holder.id, "; ".join(named), remedy=_settled_by(lacks), told_by=teller(lacks))


_OPEN = {
    "semantics:E-20": "no export tells it, as Azure documents both: keep NAT rules in the policy "
    "that the firewall itself has",
    "semantics:E-21": "no export tells it, as Azure documents no order: give each collection a "
    "priority of its own",
}
"""What to do where Azure's own order is open, by the label of the reason."""


def _settled_by(lacks: list[Reason]) -> str:
    """Say how to settle what no export tells; empty where an export would tell any of it."""
    labels = [reason.label for reason in lacks]
    if GAP in labels:
        return remedy(lacks)
    return next((_OPEN[each] for each in labels if each in _OPEN), "") or remedy(lacks)


def _idle(network: Network, holder: RuleCollectionGroup | Firewall) -> IdleRules:
    if isinstance(holder, Firewall):
        if not _has_no_policy(holder):
            return IdleRules()
        return idle_firewall_rules(network, holder)
    policy = network.holder(holder, FirewallPolicy)
    if policy is None:
        raise Undetermined(f"the policy of rule collection group {holder.label}")
    return idle_firewall_rules(network, policy)


def _finding(
    holder: RuleCollectionGroup | Firewall, term: FirewallTerm, causes: tuple[FirewallTerm, ...]
) -> Finding:
    told = tuple(Cause(f"{each.collection}/{each.name}", each.allow) for each in causes)
    inherited = any(each.level for each in causes)
    advice = "delete it, or put it before them if it is the right one: "
    if inherited:
        advice = "delete it, or change the parent policy if it is the right one: "
    return Finding(
        subject=holder.id,
        key=f"{term.collection}/{term.name}",
        message=f"{term.collection}/{term.name} of {holder.label} never matches a packet: "
        f"{in_words(told)}{' of the parent policy' if inherited else ''} {_what(term, causes)}",
        remedy=advice + _delete(holder, term),
        related=tuple(dict.fromkeys(c.resource for c in causes if c.resource != term.resource)),
        evidence=tuple(_evidence((term, *causes[:MOST]))),
    )


def _what(term: FirewallTerm, causes: tuple[FirewallTerm, ...]) -> str:
    plural = len(causes) > 1
    contrary = {each.allow for each in causes} == {not term.allow}
    if not contrary:
        return f"{'match' if plural else 'matches'} all of it before"
    verb = "deny" if term.allow else "allow"
    return f"{verb if plural else 'denies' if term.allow else 'allows'} all of it before"


def _evidence(terms: tuple[FirewallTerm, ...]) -> Iterator[Evidence]:
    for each in terms:
        yield Evidence(each.resource, each.pointer, f"{each.action.value} {each.name}")


def _delete(holder: RuleCollectionGroup | Firewall, term: FirewallTerm) -> str:
    if isinstance(holder, Firewall):
        return az(
            "network", "firewall", f"{_kind(term)}-rule", "delete",
            resource_group=ids.resource_group(holder.id),
            firewall_name=holder.label,
            collection_name=term.collection,
            name=term.name,
        )  # fmt: skip
    return az(
        "network", "firewall", "policy", "rule-collection-group", "collection", "rule", "remove",
        resource_group=ids.resource_group(holder.id),
        policy_name=holder.owner.label if holder.owner is not None else "<the policy>",
        rule_collection_group_name=holder.label,
        collection_name=term.collection,
        name=term.name,
    )  # fmt: skip


def _kind(term: FirewallTerm) -> str:
    kinds = ("nat", "network", "application")
    return next((kind for kind in kinds if f"/{kind}RuleCollections/" in term.pointer), kinds[1])
