"""A security rule allows what the group at the other level wholly denies.

## Why it matters
A packet to a machine passes the group of its subnet and the group of its NIC, and both must allow
it (N-11). A rule that only one of them knows is a connection that somebody asked for and nobody
gets, and who reads the one group believes it open. Sooner or later somebody mends the other one
with a rule that is too wide.

## What fails
A custom Allow rule of a group on a subnet or a NIC which, at every machine where the group stands,
allows nothing that the group at the other level does not deny: exact over addresses, protocols and
ports, both groups in their order with Azure's default rules. At one machine count the packets to or
from its own addresses, and those of frontends and networks behind it. Those of the pods behind a
node pass the default rules (K-41).

Kept: a rule of which some packet gets through at some machine; that of a subnet in which something
stands that has no group of its own (a machine, a private endpoint, an application gateway); one
that decides nothing, which is NSG-014's; and a Deny, which both levels may say.

*Unknown* when whether something gets through depends on what the input does not tell.

## What to do
Decide which group is right. Delete the rule, or allow the same in the other group. One group, on
the subnet, is enough for most.

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
- Facts N-2, N-5, N-10, N-11, K-41
"""

from __future__ import annotations

from auditor import ids
from auditor.finding import Evidence
from auditor.network.filters import place_name
from auditor.network.graph import evidence
from auditor.network.layers import LayerKind
from auditor.network.openings import group_of
from auditor.network.superfluous import written_by_kubernetes
from auditor.reach.contradictions import Dead, dead
from auditor.reach.meetings import doubtful_allows, meeting_allows
from auditor.reach.wording import packet_values, sent_words
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "NSG-016",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=meeting_allows,
    suspects=doubtful_allows,
    reads=Reads(subjects=("networkInterfaces", "virtualNetworks")),
)
def allow_denied_elsewhere(network: Network, security_rule: SecurityRule) -> Outcomes:
    """Judge one custom Allow rule."""
    if not security_rule.allows:
        return
    group = group_of(network, security_rule)
    found = dead(network, group, security_rule)
    if isinstance(found, Dead):
        yield _finding(group, security_rule, found)
    elif found is not None:
        what = f"{security_rule.label} of {group.label}"
        missing = f"whether anything that {what} allows gets through: {found.missing}"
        yield Unknown(security_rule.id, missing)


def _finding(group: NetworkSecurityGroup, security_rule: SecurityRule, found: Dead) -> Finding:
    other = found.other.group
    told = packet_values(found.packet)
    name = other.label if other is not None else "the other group"
    return Finding(
        subject=security_rule.id,
        message=f"{security_rule.label} of {group.label} lets nothing through: {name}, at "
        f"{_where(found)}, denies all of it{_by(found)} ({sent_words(found.packet, told)})",
        remedy=f"allow the same in {name} if it is needed, or {_remedy(group, security_rule)}",
        related=tuple(each for each in (other.id if other else "", _id(found)) if each),
        evidence=(
            evidence(security_rule, "/properties/access", security_rule.properties.access),
            *_denial(found),
        ),
        witness=told,
    )


def _remedy(group: NetworkSecurityGroup, security_rule: SecurityRule) -> str:
    if written_by_kubernetes(security_rule):
        return "delete the Service that Kubernetes wrote it for"
    return "delete it: " + az(
        "network", "nsg", "rule", "delete",
        resource_group=ids.resource_group(security_rule.id),
        nsg_name=group.label,
        name=security_rule.label,
    )  # fmt: skip


def _where(found: Dead) -> str:
    """Say where the other group stands."""
    nic = found.place.nic
    subnet = place_name(found.place.subnet)
    place = subnet if found.place.kind is LayerKind.NIC or nic is None else place_name(nic)
    return place + (f" and {found.places - 1} more" if found.places > 1 else "")


def _id(found: Dead) -> str:
    nic = found.place.nic
    return nic.id if nic is not None else ""


def _by(found: Dead) -> str:
    return f" by {found.by.filter.name}" if found.by is not None else ""


def _denial(found: Dead) -> tuple[Evidence, ...]:
    by = found.by
    if by is None or by.written is None:
        return ()
    return (evidence(by.written, "/properties/access", by.written.properties.access),)
