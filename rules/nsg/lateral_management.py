"""Machines that manage nothing reach the management ports of others.

## Why it matters
An intruder's second step is SSH or RDP from the first machine to the next, with the passwords and
keys found there. Machines are managed from a few places; everybody else has no business on these
ports, and closing them keeps a break-in where it happened.

## What fails
Machines of one subnet certainly reach those of another over TCP on one of `ports`, 22 and 3389
unless set, though theirs is not where machines are managed from: exact over the groups at both
ends, admin rules, routes and peerings. Told is what lets them in: the rule of the group at the
machines' subnet, or of the group at their NIC; the group, when that is its AllowVnetInBound; the
subnet, when there is none.

Subnets of Bastion, gateways and firewalls manage, and those with `mgmt`, `management`, `admin`,
`jump` or `bastion` in their names; others by globs of their ids, which replace those:

    [params.NSG-011]
    management = ["*/virtualNetworks/vnet-hub/subnets/snet-operators"]
    ports = [22, 3389, 5985, 5986]

Traffic within one subnet is not judged, nor what comes from sites, nor a machine in a subnet of
Azure's own (`GatewaySubnet`, ...), which ADR-017 tells. The 40 nearest subnets that a
group may let in are tried. NSG-004 and NSG-005 tell it of a rule that lets the internet in as well,
NSG-018 of a group that restricts nothing, NSG-001 of a subnet without one.

*Unknown* when it depends on what the input does not tell.

## What to do
Allow the ports from where machines are managed, and deny them from `VirtualNetwork`.

## References
- https://learn.microsoft.com/security/benchmark/azure/mcsb-network-security
- Facts N-10, N-11, N-20, N-50
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from auditor import ids
from auditor.addresses import PortSet
from auditor.network.filters import attachments, place_name
from auditor.network.gaps import may_hide_machines, unread_machines
from auditor.network.group_commands import new_group
from auditor.network.layers import holder_of
from auditor.network.reasons import remedy, teller
from auditor.ports import Port
from auditor.reach.lateral import Lateral, guarded, hidden_at, laterals, places_of
from auditor.reach.managing import managed_from, managing_prefixes
from auditor.reach.neighbourhood import subnets_around
from auditor.reach.points import anywhere_in
from auditor.reach.told import told_of
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, refuse_nothing, rule


class Params(Struct, frozen=True):
    """Which ports are for management, and from where they are used."""

    ports: tuple[Port, ...] = (22, 3389)
    """TCP ports."""
    management: tuple[str, ...] = (
        "*/subnets/*mgmt*",
        "*/subnets/*management*",
        "*/subnets/*admin*",
        "*/subnets/*jump*",
        "*/subnets/*bastion*",
    )
    """Globs of ids of subnets where machines are managed from; letter case does not matter."""

    def __post_init__(self) -> None:
        """Refuse no ports."""
        refuse_nothing("ports", self.ports)


@rule(
    "NSG-011",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=guarded,
    parameters=Params,
    peers=("PSR:NSG.LateralTraversal",),
    reads=Reads(subjects=("networkInterfaces", "virtualNetworks"), anywhere=("virtualNetworks",)),
)
def lateral_management(
    network: Network, guard: NetworkSecurityGroup | Subnet, params: Params
) -> Outcomes:
    """Judge what one group, or a subnet without one, lets in."""
    found = [
        each
        for target in places_of(network, guard)
        for each in laterals(network, target, params.ports, params.management)
    ]
    if not found:
        yield from _unread(network, guard)
        return
    hidden = {
        id(each): gap
        for each in found
        if (gap := hidden_at(network, each.answer.source, each.answer.target)) is not None
    }
    sure = _by_subject(guard, (each for each in found if each.sure and id(each) not in hidden))
    for subject, told in sure.items():
        yield _finding(network, guard, subject, told, params)
    for subject, told in _by_subject(guard, found).items():
        if subject not in sure:
            gaps = [f"{gap.subject} was not read whole" for gap in hidden.values()]
            reasons = "; ".join(dict.fromkeys([*map(str, told[0].answer.reasons), *gaps]))
            missing = f"whether {_ends(told)} on TCP {_ports(told)}: {reasons}"
            yield Unknown(
                subject,
                missing,
                remedy=remedy(told[0].answer.reasons),
                told_by=teller(told[0].answer.reasons),
            )


def _unread(network: Network, guard: NetworkSecurityGroup | Subnet) -> Iterator[Unknown]:
    """Say that a gap may hide who else there is, at either end, if one does."""
    if not may_hide_machines(network):
        return
    homes = {anywhere_in(network, target).home for target in places_of(network, guard)}
    around = {each.id for home in sorted(homes) for each in subnets_around(network, home)}
    gap = unread_machines(network, sorted(around))
    if gap is not None:
        missing = f"machines around {guard.label}: {gap.subject} was not read whole ({gap.detail})"
        yield Unknown(guard.id, missing, related=(gap.subject,), key="unread")


def _by_subject(
    guard: NetworkSecurityGroup | Subnet, found: Iterable[Lateral]
) -> dict[str, list[Lateral]]:
    told: dict[str, list[Lateral]] = defaultdict(list)
    for each in found:
        told[_told_of(guard, each)].append(each)
    return told


def _told_of(guard: NetworkSecurityGroup | Subnet, found: Lateral) -> str:
    """Give whose fault it is: a rule's, a group's, a subnet's."""
    written = found.rule.written if found.rule is not None else None
    return written.id if written is not None else guard.id


def _finding(
    network: Network,
    guard: NetworkSecurityGroup | Subnet,
    subject: str,
    found: Sequence[Lateral],
    params: Params,
) -> Finding:
    first = found[0]
    by = first.rule
    how = f"{by.filter.name} of {ids.name(holder_of(by.resource))} lets" if by else "nothing keeps"
    ends = _ends(found, "reach" if by else "from reaching")
    told = told_of(network, first.answer, subject)
    return Finding(
        subject=subject,
        message=f"{how} {ends} on TCP {_ports(found)} ({told.words})",
        remedy=_remedy(network, guard, found, params),
        related=tuple(dict.fromkeys(s.id for each in found for s in (each.source, each.target))),
        evidence=told.evidence,
        key=place_name(first.target) if isinstance(guard, Subnet) else "",
        witness=told.witness,
        hops=told.hops,
    )


def _ends(found: Sequence[Lateral], verb: str = "reach") -> str:
    first = found[0]
    others = len({each.target.key for each in found}) - 1
    more = f" and {others} more" if others else ""
    source, target = place_name(first.source), place_name(first.target)
    return f"machines of {source} {verb} those of {target}{more}"


def _ports(found: Iterable[Lateral]) -> str:
    return ", ".join(sorted({str(each.answer.ports) for each in found}, key=int))


def _remedy(
    network: Network,
    guard: NetworkSecurityGroup | Subnet,
    found: Sequence[Lateral],
    params: Params,
) -> str:
    written = found[0].rule.written if found[0].rule is not None else None
    rule = written if isinstance(written, SecurityRule) else None
    holder = rule.owner if rule is not None else guard
    targets = [each.target for each in found]
    if isinstance(holder, NetworkSecurityGroup):
        targets += [each for each in attachments(network, holder) if isinstance(each, Subnet)]
    sources = managing_prefixes(network, targets, params.management)
    who = "those who manage" if sources else "those who manage (`management` names none here)"
    asked = (sources, tuple(_ports(found).split(", ")), _port_set(params.ports))
    if isinstance(holder, NetworkSecurityGroup):
        return f"let in {who}, nobody else: {managed_from(holder, rule, *asked)}"
    group = new_group(network, found[0].target)
    return (
        f"create a group: {group.create()}; give it the rules that it needs, let in {who}, nobody "
        f"else, and associate it: {managed_from(group, None, *asked)} && {group.attach()}"
    )


def _port_set(ports: Iterable[int]) -> PortSet:
    found = PortSet()
    for port in ports:
        found = found | PortSet.of(port)
    return found
