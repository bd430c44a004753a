"""A security rule never decides a packet: earlier rules match all of it.

## Why it matters
The rule says something and does nothing. A Deny that stands behind a broader Allow protects nobody;
an Allow behind a Deny is a connection that somebody is waiting for. And who reads the group sees a
rule that is not true.

## What fails
A custom rule all of whose packets are matched by rules with smaller priority numbers in the same
direction, by one of them or by several together. Exact over source and destination addresses,
protocol and both ports, for IPv4 and IPv6: a rule that still decides IPv6 is not shadowed.

Service tags and application security groups are compared by name: the same name is the same set,
`AzureCloud.westeurope` lies inside `AzureCloud`, `Internet` and `VirtualNetwork` share nothing, and
`VirtualNetwork` holds the address space of the networks in which the group stands. Where it depends
on what else a name stands for, the rule is kept: it may decide something.

Rules that Kubernetes writes (`k8s-azure-lb_...`) are not judged: it would write them again.

*Unknown* when the export does not tell the direction of a rule of the group, priority or access of
one of the same direction, or what the rule itself matches; and when two of one priority disagree.

## What to do
Decide which of the rules is right. Delete this one; or, if it is the right one, give it a priority
before those that hide it.

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
- Facts N-5, N-6, N-10, N-20 to N-25, N-31 to N-33
"""

from __future__ import annotations

from auditor import ids
from auditor.network.graph import evidence
from auditor.network.openings import group_of
from auditor.network.superfluous import (
    Cause,
    dispensable,
    idle_rules,
    in_words,
    kept_by_hand,
    sure_to_match,
)
from auditor.remedy import az
from auditor.resources.security import SecurityRule
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@rule(
    "NSG-014",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=kept_by_hand,
    suspects=dispensable,
    peers=("NPG:nacl-rule-shadowed",),
)
def shadowed_rule(network: Network, security_rule: SecurityRule) -> Outcomes:
    """Judge one custom rule."""
    group = group_of(network, security_rule)
    causes = idle_rules(network, group, security_rule.inbound).shadowed.get(security_rule)
    if causes is None:
        sure_to_match(network, group, security_rule)
        return
    command = az(
        "network", "nsg", "rule", "delete",
        resource_group=ids.resource_group(security_rule.id),
        nsg_name=group.label,
        name=security_rule.label,
    )  # fmt: skip
    yield Finding(
        subject=security_rule.id,
        message=f"{security_rule.label} of {group.label} never decides a packet: "
        f"{in_words(causes)} {_what(security_rule, causes)}",
        remedy=f"delete it, or give it a priority before them if it is the right one: {command}",
        related=tuple(cause.id for cause in causes if cause.id),
        evidence=(
            evidence(security_rule, "/properties/priority", security_rule.properties.priority),
            evidence(security_rule, "/properties/access", security_rule.properties.access),
        ),
    )


def _what(rule: SecurityRule, causes: tuple[Cause, ...]) -> str:
    verbs = {cause.allow for cause in causes}
    plural = len(causes) > 1
    if verbs == {not rule.allows}:
        verb = "deny" if rule.allows else "allow"
        return f"{verb if plural else 'denies' if rule.allows else 'allows'} all of it before"
    return f"{'match' if plural else 'matches'} all of it before"
