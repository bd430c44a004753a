r"""A gateway's backend is an address or a name that nobody has.

## Why it matters
The gateway sends requests to an address whose owner is gone: visitors get 502 errors, and whoever
is given the address next gets the requests, with cookies and passwords in them.

## What fails
**An address** in a backend pool that lies in a virtual network the gateway reaches, and that no
network interface, load balancer, private endpoint, gateway or firewall of the snapshot owns; or
that lies in none of that network's subnets.

**A name** in a backend pool that a private DNS zone covers, one that is linked to the gateway's
virtual network (or to that of its DNS servers), and that the zone has no record for: the gateway
gets "no such name", even where a public name exists. So has a name whose record there gives an
address that nobody has. A link with the resolution policy
NxDomainRedirect asks the public name then; and a name that no private zone covers is public.
Neither is judged here.

The answer is *unknown* where addresses are given that no list shows: in a subnet with a scale set,
with nodes or pods of AKS, with an application gateway, with a private endpoint whose network
interface is not in the snapshot, or delegated to a service; when the subnet
lists something that is not in the snapshot; and when the records of the zone, or what other DNS
servers answer, are not told.

An address in no known network is for GW-001. Where the pool sends to an AKS cluster, GW-002 speaks
if it runs.

## What to do
Put the right address into the pool, or take the member out:

    az network application-gateway address-pool update --resource-group GROUP \
        --gateway-name GATEWAY --name POOL --servers 10.0.2.10

## References
- https://learn.microsoft.com/azure/application-gateway/application-gateway-troubleshooting-502
- https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links
- Facts A-26, A-27, E-2b, L-11, L-12, L-14
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Finding, Severity
from auditor.ids import name
from auditor.network.address_plan import Whereabouts, who_may_have
from auditor.network.doubt import Doubt, settled
from auditor.network.gateway_backends import judged_members, resolution, whereabouts
from auditor.network.gateway_homes import subnet_of, vnet_of
from auditor.network.gateways import Member, gateway_of, others_in_pool
from auditor.network.graph import Network, evidence
from auditor.network.hosts import addresses_named
from auditor.network.whereabouts import locate_from
from auditor.remedy import az
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.rule import Outcomes, Reads, apart, rule


@rule(
    "GW-003",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=judged_members,
    reads=Reads(subjects=("applicationGateways",)),
)
def dangling_backend(network: Network, subject: Member | Doubt) -> Outcomes:
    """Find pool members that nobody answers for."""
    member = settled(subject)
    judge = _address if member.address is not None else _name
    yield from apart(member.id, [(member.text, member)], lambda each: judge(network, each))


def _address(network: Network, member: Member) -> Outcomes:
    yield from _judge(network, member, whereabouts(network, member), "")


def _name(network: Network, member: Member) -> Outcomes:
    gateway = gateway_of(network, member.pool)
    vnet = vnet_of(network, gateway)
    answer = resolution(network, vnet, member.text)
    if answer.zone is None:
        return
    if not answer.found:
        what = f"has no record in the private zone {answer.zone.label}, which answers {vnet.label}"
        yield _finding(network, member, what, (answer.zone.id, vnet.id))
        return
    try:
        addresses = addresses_named(network, vnet, member.text)
    except Undetermined:
        return  # an alias of a name that no zone here tells
    for address in addresses:
        here = locate_from(network, address, subnet_of(network, gateway))
        said = f"leads to {address} by the private zone {answer.zone.label}; "
        yield from _judge(network, member, here, said)


def _judge(network: Network, member: Member, here: Whereabouts, said: str) -> Outcomes:
    """Judge one address of a member; `said` tells how its name leads there."""
    if here.owners or here.key is None:
        return
    may = who_may_have(network, here)
    if may is not None:
        missing = f"who has {here.address}: {may.words}"
        raise Undetermined(missing, resource=may.told_by or member.pool.id, remedy=may.remedy)
    it = f"{said}that address " if said else ""
    if here.subnet is not None:
        what = f"nobody in the subnet {here.subnet.label} has"
        what = f"{said}{what} that address" if said else what
        yield _finding(network, member, what, (here.subnet.id,), str(here.address))
        return
    vnet = network.get(here.key, VirtualNetwork)
    told = vnet is not None and vnet.properties.subnets is not None
    if vnet is None or not told:
        raise Undetermined(f"the subnets of {name(here.key)}", resource=here.key)
    what = f"{it}lies in no subnet of {vnet.label}"
    yield _finding(network, member, what, (vnet.id,), str(here.address))


def _finding(
    network: Network,
    member: Member,
    what: str,
    related: tuple[str, ...],
    address: str = "",
) -> Finding:
    gateway = gateway_of(network, member.pool)
    return Finding(
        member.pool.id,
        f"The backend pool {member.pool.label} of {gateway.label} sends to {member.text}, which "
        f"{what}",
        "put the right address into the pool, or take this one out: "
        + az(
            *("network", "application-gateway", "address-pool", "update"),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name=member.pool.label,
            servers=(*others_in_pool(network, member), "ADDRESS"),
        ),
        related=related,
        evidence=(evidence(member.pool, member.pointer, member.text),),
        key=member.text if address in ("", member.text) else f"{member.text} {address}",
    )
