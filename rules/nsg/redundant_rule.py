"""A security rule changes nothing: without it, later rules decide the same.

## Why it matters
Every rule is read in every review and counts against Azure's limit. One that changes nothing hides
the ones that do, and suggests that somebody once meant something else.

## What fails
A custom rule whose packets would, without it, all be decided by later rules of the group, Azure's
default rules included, and decided the same. Exact over addresses, protocol and both ports, for
IPv4 and IPv6; tags and groups are compared by name, as NSG-014 does.

All the rules that are reported for one group can be deleted, together or some of them, those of
NSG-014 included: a Deny before an Allow that is idle as long as the Deny stands is not reported. A
rule that never decides anything is NSG-014's.

Not judged: rules that Kubernetes writes (`k8s-azure-lb_...`), and groups on AzureBastionSubnet,
where Azure demands rules that its defaults already imply (N-43).

*Unknown* when the export does not tell the direction of a rule of the group, priority or access of
one of the same direction, or what the rule itself matches; and when two of one priority disagree.

## What to do
Delete it; or keep it, if it stands there to say so in writing, and waive the finding with that
reason.

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
- Facts N-5, N-10, N-20 to N-25, N-43
"""

from __future__ import annotations

from auditor import ids
from auditor.network.entrances import BASTION_SUBNET
from auditor.network.filters import attachments
from auditor.network.graph import evidence
from auditor.network.openings import group_of
from auditor.network.superfluous import (
    dispensable,
    idle_rules,
    in_words,
    kept_by_hand,
    sure_to_match,
)
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@rule(
    "NSG-015",
    severity=Severity.LOW,
    since="0.1.0",
    of=kept_by_hand,
    suspects=dispensable,
    peers=("NPG:sg-rule-implied",),
)
def redundant_rule(network: Network, security_rule: SecurityRule) -> Outcomes:
    """Judge one custom rule."""
    group = group_of(network, security_rule)
    causes = idle_rules(network, group, security_rule.inbound).redundant.get(security_rule)
    if causes is None:
        sure_to_match(network, group, security_rule)
        return
    if _guards_bastion(network, group):
        return
    command = az(
        "network", "nsg", "rule", "delete",
        resource_group=ids.resource_group(security_rule.id),
        nsg_name=group.label,
        name=security_rule.label,
    )  # fmt: skip
    verb = "allow" if security_rule.allows else "deny"
    whose = verb if len(causes) > 1 else "allows" if security_rule.allows else "denies"
    yield Finding(
        subject=security_rule.id,
        message=f"{security_rule.label} of {group.label} changes nothing: without it, "
        f"{in_words(causes)} {whose} the same",
        remedy=f"delete it: {command}",
        related=tuple(cause.id for cause in causes if cause.id),
        evidence=(
            evidence(security_rule, "/properties/priority", security_rule.properties.priority),
            evidence(security_rule, "/properties/access", security_rule.properties.access),
        ),
    )


def _guards_bastion(network: Network, group: NetworkSecurityGroup) -> bool:
    places = attachments(network, group)
    return any(ids.name(place.id).lower() == BASTION_SUBNET for place in places)
