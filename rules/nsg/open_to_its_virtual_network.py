"""A security group leaves its subnet open to everything in `VirtualNetwork`.

## Why it matters
Azure ends every group with AllowVnetInBound. `VirtualNetwork` reads like "this network" and means
the peered networks and the sites behind the gateways as well (N-20): one machine taken over in any
of them may try every port of every machine here, and so may whatever is peered tomorrow.

## What fails
A group on a subnet that denies nothing of what comes from `VirtualNetwork`: every protocol and port
is open to each address that the tag surely holds besides the subnet's own. Exact over all inbound
rules in their order, in IPv4 and IPv6; a Deny that earlier rules hide restricts nothing, nor does
one of `Internet`. An Allow that says what AllowVnetInBound says is no better than that. One Deny
that takes something away is a decision, and the group is kept.

`GatewaySubnet` and the subnets of firewalls, Bastion and Route Server are not judged, nor those
from which App Service only sends (D-12), groups on NICs alone, nor a subnet beside which
`VirtualNetwork` holds nothing. A subnet without a group is NSG-001's.

*Unknown* when it depends on what the input does not tell: a rule, what the tag stands for, or the
subnet where a group without any denial stands.

## What to do
Allow the sources and ports that the subnet needs, AzureLoadBalancer for its probes, and deny all
other inbound traffic.

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
- https://learn.microsoft.com/azure/virtual-network/service-tags-overview
- Facts D-12, N-5, N-10, N-15, N-20 to N-23
"""

from __future__ import annotations

from auditor import ids
from auditor.addresses import AddressSet
from auditor.network.filters import attachments, custom_rules, filters_of, place_name
from auditor.network.graph import Missing, every, evidence
from auditor.reach.denying_rest import deny_rest
from auditor.reach.east_west import Inflow, unrestricted
from auditor.reach.neighbourhood import PLATFORM_SUBNETS
from auditor.reach.own_filters import spoken_to
from auditor.resources.security import NetworkSecurityGroup
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

_SHOWN = 4


@rule(
    "NSG-018",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(NetworkSecurityGroup),
    peers=("CHK:ALZ D09.02",),
    reads=Reads(nearby=("virtualNetworks",)),
)
def open_to_its_virtual_network(network: Network, group: NetworkSecurityGroup) -> Outcomes:
    """Judge one group at all subnets where it stands."""
    found = unrestricted(network, group)
    if not found:
        yield from _at_absent_subnets(network, group)
        return
    sure = [each for each in found if not each.doubt]
    if sure:
        yield _finding(network, group, sure)
    else:
        where = place_name(found[0].subnet)
        missing = f"whether {group.label} restricts VirtualNetwork at {where}: {found[0].doubt}"
        yield Unknown(group.id, missing, told_by=found[0].told_by)


def _at_absent_subnets(network: Network, group: NetworkSecurityGroup) -> Outcomes:
    """Say that a group without any denial stands at subnets that nobody can judge."""
    places = attachments(network, group)
    lost = [p.id for p in places if isinstance(p, Missing) and "/subnets/" in p.key]
    lost = [each for each in lost if ids.name(each).lower() not in PLATFORM_SUBNETS]
    if lost and all(each.allow for each in filters_of(network, group, inbound=True)):
        what = f"whether {group.label} restricts VirtualNetwork at {ids.name(lost[0])}"
        yield Unknown(group.id, f"{what}: {lost[0]} is not in the snapshot", told_by=lost[0])


def _finding(network: Network, group: NetworkSecurityGroup, found: list[Inflow]) -> Finding:
    names = [place_name(each.subnet) for each in found]
    rules = custom_rules(network, group, inbound=True)
    own = AddressSet.from_prefixes(prefix for each in found for prefix in each.subnet.prefixes)
    others = spoken_to(found[0].inside, own)
    command = deny_rest(network, group, "deny-other-inbound", inbound=True, own=own, others=others)
    return Finding(
        subject=group.id,
        message=f"{group.label} denies nothing that VirtualNetwork "
        f"({_words(found[0].inside)}) sends to {_listed(names)}",
        remedy=f"allow what is needed, and then: {command}",
        related=tuple(each.subnet.id for each in found[:_SHOWN]),
        evidence=(
            evidence(group, "/properties", [rule.label for rule in rules] or "no inbound rule"),
        ),
        covers=tuple(("NSG-011", subject.id) for subject in (group, *rules)),
    )


def _words(addresses: AddressSet) -> str:
    return _listed([str(prefix) for prefix in addresses.prefixes()])


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
