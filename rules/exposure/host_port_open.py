"""A machine answers the internet on its own.

## Why it matters
Not every public address lets anybody in, and not every open rule has a way to it. This one has
both: a packet from the internet comes through the address or load balancer, the admin rules, the
security groups of subnet and NIC and the routes, and is answered by a machine that is no gateway.

## What fails
A NIC, a scale set's instances or the nodes of a cluster, to which packets from *any source*, as
NSG-003 defines it (at least half of the public addresses), certainly arrive over TCP or UDP, by a
public IP of its own, a public load balancer, an inbound NAT rule or a firewall's NAT rule, and
whose replies get back; what opens to the addresses of a partner alone is no finding. One finding
for each machine and entrance, and one for all instances of a scale set that are open alike, with
its ports, a packet that anyone can try, and every hop on its way; without a packet where a NAT rule
or pool gives each machine one port of a range and nobody tells which. What only may arrive is
*unknown*, with the reason; so are a public address whose owner the snapshot lacks, and what a load
balancer opens that machines name and the snapshot lacks. Of a network appliance that is open itself
the rule tells so; what it may then pass on to machines behind it is not asked: see `auditor reach`.

Machines that are meant to answer are approved with `allow`, globs of ids of machines, load
balancers or public IPs; application gateways, firewalls and Bastion need no word:

    [params.EXP-004]
    allow = ["*/networkInterfaces/nic-nva-*"]

Where nothing but management ports is open, EXP-005 tells it.

## What to do
Publish the service through the application gateway and take the address off the machine, or close
the rule that the finding names.

## References
- https://learn.microsoft.com/azure/load-balancer/load-balancer-overview#securebydefault
- Facts E-3, E-12, E-13, N-11, P-2, P-4, R-13
"""

from __future__ import annotations

from msgspec import Struct

from auditor import ids
from auditor.network.approval import approved
from auditor.network.doubt import Doubt
from auditor.network.reads import INHABITANTS
from auditor.reach.closing import closing
from auditor.reach.instance_openings import of_instances_alike
from auditor.reach.lost_balancers import LostBalancer, openings_told_or_not
from auditor.reach.openings import Opening
from auditor.reach.told import remedy_of, teller_of, told_of, whys
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


class Params(Struct, frozen=True):
    """Which machines may answer the internet."""

    allow: tuple[str, ...] = ()
    """Globs of ids of machines, load balancers or public IPs; letter case does not matter."""


@rule(
    "EXP-004",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=openings_told_or_not,
    reads=Reads(subjects=INHABITANTS, nearby=("loadBalancers",)),
    parameters=Params,
    peers=("CART:azure_vm_internet_exposed",),
)
def host_port_open(
    network: Network, subject: Opening | LostBalancer | Doubt, params: Params
) -> Outcomes:
    """Judge what one entrance opens of one machine."""
    if isinstance(subject, Doubt):
        if not approved(params.allow, subject.id, subject.told_by):
            yield Unknown(subject.id, subject.missing, told_by=subject.told_by)
        return
    if isinstance(subject, LostBalancer):
        if not approved(params.allow, subject.id):
            what = f"whether the internet reaches {subject.opens()} by {ids.name(subject.id)}"
            yield Unknown(subject.id, f"{what}: {subject.why}", told_by=subject.id)
        return
    opening = subject
    if opening.approved(params.allow):
        return
    way = next((each for each in opening.ways if each.certain), opening)
    ports = way.certain or opening.possible
    shown = way.shown(ports, certain=bool(way.certain)) if ports else None
    if shown is None:
        return
    what = f"the internet reaches {opening.words} on {way.open_on(ports)}"
    if way.certain:
        told = told_of(network, shown, opening.id)
        yield Finding(
            subject=opening.id,
            message=f"{what} ({way.packet(told)})",
            remedy="publish the service through the application gateway and take the address off, "
            f"or {closing(network, way, ports)}",
            related=(opening.entrance.address,),
            evidence=told.evidence,
            key=opening.key,
            covers=tuple(
                ("EXP-004", each.id, each.key) for each in of_instances_alike(network, opening)
            ),
            witness=None if way.one_each else told.witness,
            hops=told.hops,
        )
    else:
        yield Unknown(
            opening.id,
            f"whether {what}: {whys([shown])}",
            related=(opening.entrance.address,),
            key=opening.key,
            remedy=remedy_of([shown]),
            told_by=teller_of([shown]),
        )
