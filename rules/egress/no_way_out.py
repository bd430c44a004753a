"""A subnet has no way out to the internet, and what runs in it needs one.

## Why it matters
Nodes of AKS that cannot leave pull no images and do not reach their API server: new ones never
register, and the cluster dies at its next upgrade. Machines get no updates, no licences and no
agents, and the one who made the subnet private or put the machines behind an internal load
balancer rarely meant that.

## What fails
A subnet with nodes or pods of AKS in it (critical) or virtual machines and scale sets (medium),
when nothing takes what they send to the internet:

- its routes drop all of it: next hop `None`, or a gateway that is not there;
- or it goes straight to the internet, where nothing translates it: no NAT gateway, no public
  address, no outbound rule or rule with SNAT of a load balancer, and no default outbound access.
  A private subnet has none of that (`defaultOutboundAccess` false), nor has a member of a Standard
  load balancer, an internal one too.

For AKS the outbound type counts: with `loadBalancer` and `managedNATGateway` AKS makes the way,
with `none` and `block` there is not to be one, with the others the subnet must have it. Machines
are not judged where somebody said that they are not to leave: by a default route to `None`, by a
security group that denies them the internet and lets them to no service of Azure by its tag, or by
`isolated`, globs of ids of subnets. Of a group that lets them to `Storage` alone it is *unknown*:
what is in their region answers all the same (R-34), the rest does not.

    [params.NAT-002]
    isolated = ["*/subnets/snet-vault"]

A route to an appliance or a gateway is a way out; whether these let it pass is not asked here. What
leaves over IPv6 alone, by a public IPv6 address, is not judged.
*Unknown* where BGP may teach a default route, and where a machine, load balancer, route table or
the outbound type is not told.

## What to do
Give the subnet a NAT gateway, or a default route to the firewall.

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
- https://learn.microsoft.com/azure/aks/egress-outboundtype
- Facts R-10, R-30, R-33 to R-35, R-39, K-4
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.finding import Evidence
from auditor.network.approval import approved
from auditor.network.default_route_commands import default_to_firewall
from auditor.network.egress import absent_nics, is_private, perhaps_inside
from auditor.network.graph import evidence
from auditor.network.nat_commands import leave_by_new_nat_gateway
from auditor.network.reads import INHABITANTS
from auditor.network.reasons import Reason, teller
from auditor.network.routing.model import EffectiveRoute, Hop
from auditor.network.routing.outbound import outbound
from auditor.network.subnets import vnet_name
from auditor.reach.leaving import (
    Leaver,
    Roads,
    asks_for_internet,
    gets_out,
    inhabited_subnets,
    leavers,
    roads_of,
    why_untold,
)
from auditor.remedy import az
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

MOST = 5


class Params(Struct, frozen=True):
    """What is meant to have no way out."""

    isolated: tuple[str, ...] = ()
    """Globs of ids of subnets; letter case does not matter."""


@rule(
    "NAT-002",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=inhabited_subnets,
    parameters=Params,
    reads=Reads(subjects=INHABITANTS, nearby=INHABITANTS),
)
def no_way_out(network: Network, subnet: Subnet, params: Params) -> Outcomes:
    """Ask the routes, then whatever runs in the subnet."""
    if approved(params.isolated, subnet.id):
        return
    roads = roads_of(network, subnet)
    nat = subnet.properties.nat_gateway
    if roads.lead_out(True if nat is not None and nat.id else None):
        return
    stuck: list[Leaver] = []
    unsure: list[Reason] = []
    for leaver in leavers(network, subnet):
        out = None if leaver.needs_none else roads.lead_out(gets_out(network, leaver))
        if leaver.needs_none or out or _leaves_over_ipv6(network, subnet, leaver):
            continue
        wants = _wants_out(network, subnet, roads, leaver)
        if out is False and wants:
            stuck.append(leaver)
        elif wants is not False:
            unsure += _why_unsure(network, subnet, roads, leaver, wants)
    unsure += [
        Reason("", f"{name}, which is not in the snapshot") for name in absent_nics(network, subnet)
    ]
    unsure += [Reason("", each.missing, each.resource) for each in perhaps_inside(network, subnet)]
    if stuck:
        yield _finding(network, subnet, roads, stuck)
    elif unsure:
        words = dict.fromkeys(reason.detail or str(reason) for reason in unsure[:MOST])
        yield Unknown(subnet.id, missing="; ".join(words), told_by=unsure[0].resource)


def _leaves_over_ipv6(network: Network, subnet: Subnet, leaver: Leaver) -> bool:
    """Whether something takes what it sends over IPv6, such as a public address of its own."""
    ways = (outbound(network, subnet, nic, 6) for nic in leaver.nics)
    return any(way.method not in ("none", "unknown") for way in ways)


def _wants_out(network: Network, subnet: Subnet, roads: Roads, leaver: Leaver) -> bool | None:
    """Tell whether it is meant to leave: nodes are, machines unless somebody said otherwise."""
    if isinstance(leaver.node, AgentPool):
        return True
    if roads.all_within(Hop.NONE) and roads.stopped is not None and not roads.stopped.fault:
        return False
    found = [asks_for_internet(network, subnet, nic) for nic in leaver.nics]
    return True if True in found else None if None in found else False


def _why_unsure(
    network: Network, subnet: Subnet, roads: Roads, leaver: Leaver, wants: bool | None
) -> Iterator[Reason]:
    reasons = [reason for way in leaver.ways for reason in way.reasons] or [*roads.reasons]
    if wants is None and not reasons:
        lacks = [each for nic in leaver.nics for each in why_untold(network, subnet, nic)]
        why = f": {'; '.join(dict.fromkeys(map(str, lacks)))}" if lacks else ""
        what = f"whether the security groups of {leaver.name} let it reach the internet{why}"
        yield Reason("", what, teller(lacks))
    yield from reasons
    if wants and not reasons:
        yield Reason(
            "",
            f"whether {leaver.name} gets out: the snapshot does not tell all of its routes and of "
            "what it leaves by",
        )


def _finding(network: Network, subnet: Subnet, roads: Roads, stuck: list[Leaver]) -> Finding:
    names = sorted({leaver.name for leaver in stuck})
    told = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if names[MOST:] else "")
    nodes = [leaver for leaver in stuck if isinstance(leaver.node, AgentPool)]
    why = _why(subnet, roads, (nodes or stuck)[0])
    return Finding(
        subject=subnet.id,
        related=tuple(leaver.node.id for leaver in stuck[:MOST]),
        severity=None if nodes else Severity.MEDIUM,
        message=f"{told} in subnet {subnet.label} of {vnet_name(subnet)} "
        f"{'have' if len(names) > 1 else 'has'} no way to the internet: {why}",
        remedy=_remedy(network, subnet, roads, (nodes or stuck)[0], told),
        evidence=tuple(_evidence(subnet, roads, stuck)),
        covers=(("NAT-006", subnet.id),),
    )


def _why(subnet: Subnet, roads: Roads, leaver: Leaver) -> str:
    if roads.all_within(Hop.NONE):
        if roads.stopped is None:
            return "no route leads there"
        fault = roads.stopped.fault
        how = f"leads nowhere: {fault}" if fault else "has next hop None"
        return f"the route {_named(roads.stopped)} {how}"
    way = leaver.ways[0] if leaver.ways else None
    if _routed(leaver):
        return (
            f"with outbound type {leaver.kind} the subnet needs a route table that leads 0.0.0.0/0 "
            "to a firewall, and has none"
        )
    if isinstance(leaver.node, AgentPool):
        return f"with outbound type {leaver.kind} the subnet needs a NAT gateway, and has none"
    if way is not None and isinstance(way.node, LoadBalancer):
        return f"load balancer {way.node.label} is Standard, and no rule of it takes them out"
    if is_private(subnet):
        return "the subnet is private and has no NAT gateway"
    return "nothing translates their addresses"


def _routed(leaver: Leaver) -> bool:
    """Whether it is the nodes of a cluster that the routes of their subnet take out."""
    return isinstance(leaver.node, AgentPool) and leaver.kind.lower() == "userdefinedrouting"


def _named(route: EffectiveRoute) -> str:
    return f"{route.name} for {route.prefix}" if route.name else f"for {route.prefix}"


def _remedy(network: Network, subnet: Subnet, roads: Roads, first: Leaver, told: str) -> str:
    route = roads.stopped.node if roads.stopped is not None else None
    if roads.all_within(Hop.NONE) and isinstance(route, Route):
        return "lead it to the firewall: " + az(
            "network", "route-table", "route", "update",
            resource_group=route.resource_group,
            route_table_name=route.owner.label if route.owner is not None else "<the table>",
            name=route.label,
            next_hop_type="VirtualAppliance",
            next_hop_ip_address="<the address of the firewall>",
        )  # fmt: skip
    if _routed(first):
        table = network.get(subnet.properties.route_table, RouteTable)
        return f"lead it to the firewall: {default_to_firewall(network, subnet, table)}"
    return leave_by_new_nat_gateway(network, subnet, told)


def _evidence(subnet: Subnet, roads: Roads, stuck: list[Leaver]) -> Iterator[Evidence]:
    route = roads.stopped.node if roads.stopped is not None else None
    if roads.all_within(Hop.NONE) and isinstance(route, Route):
        yield evidence(route, "/properties/nextHopType", route.properties.next_hop_type)
    told = subnet.properties.default_outbound_access
    if told is None:
        yield evidence(subnet, "/properties", "no natGateway")
    else:
        yield evidence(subnet, "/properties/defaultOutboundAccess", told)
    for leaver in stuck[:MOST]:
        yield evidence(leaver.node, "/name", leaver.node.label)
    clusters = {each.node.owner: each.kind for each in stuck[:MOST] if each.kind}
    for cluster, kind in clusters.items():
        if cluster is not None:
            yield evidence(cluster, "/properties/networkProfile/outboundType", kind)
