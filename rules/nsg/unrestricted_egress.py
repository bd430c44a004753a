"""Machines may send anything to anybody on the internet.

## Why it matters
What gets into a machine wants to get out again: to fetch its tools, to be told what to do, to carry
data away. Azure's default rules let all of it out, to every address on every port, and nobody sees
it go.

## What fails
A subnet with virtual machines, scale sets or AKS nodes, of which some machine certainly gets out to
the internet while nothing restricts it: the groups at its subnet and NIC and the admin rules deny
none of the packets to public addresses, and no route leads everything (`0.0.0.0/0`, or routes that
together cover it) to an appliance, a gateway or nowhere. Exact over addresses, protocols and ports.
One Deny that takes something of the internet away is a decision, and kept; an Allow is not.

Told is the group at the subnet, once for all its subnets; the subnet, where there is none (NSG-001
tells that). A subnet without any way out is kept, and so are those delegated to services, of
gateways and of Bastion: Azure demands what they send, and ADR-017 and GW-021 tell of a machine that
is there as well. Approve others with globs of ids of subnets:

    [params.NSG-010]
    allow = ["*/subnets/snet-crawlers"]

*Unknown* where it is not told what is denied, or whether there is a way out; a default route that
BGP may teach, for instance.

## What to do
Allow the destinations and ports that are needed, by service tag where there is one, and deny the
rest of `Internet`; or lead everything through a firewall.

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
- https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
- Facts N-10, N-11, N-24, N-50, R-8, R-30
"""

from __future__ import annotations

from msgspec import Struct

from auditor.addresses import AddressSet
from auditor.network.approval import approved
from auditor.network.filters import place_name
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.group_commands import new_group, new_rule
from auditor.network.reads import SCALE_SETS
from auditor.reach.denying_rest import deny_rest
from auditor.reach.lateral import guarded, places_of
from auditor.reach.outflow import Outflow, unrestricted
from auditor.reach.own_filters import spoken_to
from auditor.reach.told import told_of
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule
from auditor.special_addresses import PUBLIC

_SHOWN = 4


class Params(Struct, frozen=True):
    """Which machines may send anything."""

    allow: tuple[str, ...] = ()
    """Globs of ids of subnets; letter case does not matter."""


@rule(
    "NSG-010",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=guarded,
    parameters=Params,
    peers=("TRV:AZU-0051", "SPP:network_security_group_outbound_access_restricted"),
    reads=Reads(
        subjects=("networkInterfaces", "virtualNetworks"),
        nearby=("networkInterfaces", SCALE_SETS),
    ),
)
def unrestricted_egress(
    network: Network, guard: NetworkSecurityGroup | Subnet, params: Params
) -> Outcomes:
    """Judge the subnets of one group, or a subnet without one."""
    asked = [
        subnet
        for subnet in places_of(network, guard)
        if not approved(params.allow, subnet.id) and subnet.key not in gateways_by_subnet(network)
    ]
    found = [each for subnet in asked if (each := unrestricted(network, subnet)) is not None]
    sure = [each for each in found if not each.doubt]
    if sure:
        yield _finding(network, guard, sure)
    elif found:
        where = place_name(found[0].subnet)
        missing = f"whether {where} sends anything out: {found[0].doubt}"
        yield Unknown(guard.id, missing, told_by=found[0].told_by)


def _finding(
    network: Network, guard: NetworkSecurityGroup | Subnet, found: list[Outflow]
) -> Finding:
    answer = found[0].answer
    assert answer is not None
    told = told_of(network, answer, guard.id)
    names = [place_name(each.subnet) for each in found]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    grouped = isinstance(guard, NetworkSecurityGroup)
    which = f"{guard.label} denies nothing that" if grouped else "nothing restricts what"
    return Finding(
        subject=guard.id,
        message=f"{which} machines of {', '.join(names[:_SHOWN])}{more} "
        f"send to the internet ({told.words})",
        remedy=_remedy(network, guard, found),
        related=tuple(each.subnet.id for each in found[:_SHOWN]),
        evidence=told.evidence,
        witness=told.witness,
        hops=told.hops,
    )


def _remedy(network: Network, guard: NetworkSecurityGroup | Subnet, found: list[Outflow]) -> str:
    name = "deny-other-internet"
    if isinstance(guard, Subnet):
        group = new_group(network, guard)
        deny = new_rule(
            group, name, 4096, direction="Outbound", sources="*", destinations="Internet"
        )
        return (
            f"create a group: {group.create()}; allow in it what is needed, and then: "
            f"{deny} && {group.attach()}"
        )
    own = AddressSet.from_prefixes(prefix for each in found for prefix in each.subnet.prefixes)
    others = spoken_to(PUBLIC, own)
    command = deny_rest(network, guard, name, inbound=False, own=own, others=others)
    return f"allow what is needed, and then: {command}"
