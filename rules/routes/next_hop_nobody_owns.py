"""A route sends traffic to an address that nobody owns.

## Why it matters
A user-defined route wins over Azure's own. If its appliance is gone, moved or was never there, all
that the route covers is dropped without a word; often that is the whole internet, or the database
on the other side.

## What fails
A route of a table that some subnet uses has the next hop type `VirtualAppliance`, and

- names no `nextHopIpAddress`; or
- its address is held by no NIC, load balancer frontend, firewall or other ip configuration of the
  virtual network of one of those subnets, of a network joined with it, or of its virtual hub. Only
  those can be next hops: a next hop must be reached directly.

What is the same in several networks that use the table is told once.

*Unknown* when the address lies in a network that is not in the snapshot, behind a gateway, or in a
subnet where scale sets, AKS nodes or a delegated service hold addresses that no list tells; and
when a subnet that uses the table is not in the snapshot. Routes that kubenet keeps for its nodes
(named after them) are AKS's own and are not judged. Tables that no subnet uses are not judged.

## What to do
Send the route to the appliance's present address, or delete it.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
- Facts R-5, R-8, R-11, K-45
"""

from __future__ import annotations

from auditor.addresses import Address, parse_address
from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.network.address_plan import Whereabouts, locate, who_may_have
from auditor.network.graph import evidence, question
from auditor.network.hidden_addresses import Unlisted
from auditor.network.route_tables import is_node_route, is_used, steered_networks
from auditor.network.routing_domains import spelled
from auditor.remedy import az
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

_SHOWN = 4


@question
def routes_to_appliances(network: Network) -> tuple[Route, ...]:
    """The routes in use that name an appliance, or do not tell their kind; nodes' apart."""
    used = {table.key for table in network.all(RouteTable) if is_used(network, table)}
    return tuple(
        route
        for route in network.all(Route)
        if (route.owner is None or route.owner.key in used)
        and not is_node_route(route)
        and _may_name_appliance(route)
    )


def _may_name_appliance(route: Route) -> bool:
    try:
        return route.to_appliance
    except Undetermined:
        return True


@rule("RTE-002", severity=Severity.CRITICAL, since="0.1.0", of=routes_to_appliances)
def next_hop_nobody_owns(network: Network, route: Route) -> Outcomes:
    """Look for the owner of the next hop from every network that the route steers."""
    if not route.to_appliance:
        return
    table = network.holder(route, RouteTable)
    if table is None:
        raise Undetermined(f"the route table of route {route.label}", resource=route.id)
    text = route.properties.next_hop_ip_address
    if not text:
        yield _finding(table, route, "names no next hop address", [])
        return
    yield from _owners(network, table, route, parse_address(text))


def _owners(network: Network, table: RouteTable, route: Route, address: Address) -> Outcomes:
    """Judge each network that the route steers; those of which the same is to be told, once."""
    absent: dict[str, list[VirtualNetwork]] = {}
    unsure: dict[str, list[VirtualNetwork]] = {}
    hidden: dict[str, Unlisted] = {}
    for vnet in steered_networks(network, table):
        found = locate(network, address, vnet)
        if found.owners:
            continue
        may = who_may_have(network, found)
        if may is not None:
            unsure.setdefault(may.words, []).append(vnet)
            hidden.setdefault(may.words, may)
        else:
            absent.setdefault(_where(network, found), []).append(vnet)
    for why, networks in unsure.items():
        yield Unknown(
            route.id,
            missing=f"who owns {address}, the next hop of route {route.label} in "
            f"{table.label}: {why}",
            related=tuple(vnet.id for vnet in networks),
            evidence=(
                evidence(
                    route, "/properties/nextHopIpAddress", route.properties.next_hop_ip_address
                ),
            ),
            key=networks[0].key,
            remedy=hidden[why].remedy,
            told_by=hidden[why].told_by,
        )
    for where, networks in absent.items():
        yield _finding(table, route, f"goes to {address}, {_lost(where, networks)}", networks)


def _where(network: Network, found: Whereabouts) -> str:
    """Name the subnet in which an address lies; empty when it lies in no network around."""
    if found.key is None:
        return ""
    where = found.subnet.label if found.subnet is not None else "no subnet"
    return f"{where} of {last_segment(spelled(network, found.key))}"


def _lost(where: str, networks: list[VirtualNetwork]) -> str:
    if where:
        return f"which nobody owns ({where})"
    names = ", ".join(vnet.label for vnet in networks[:_SHOWN])
    more = f" and {len(networks) - _SHOWN} more" if len(networks) > _SHOWN else ""
    return f"which is in no network joined with {names}{more}"


def _finding(table: RouteTable, route: Route, what: str, networks: list[VirtualNetwork]) -> Finding:
    p = route.properties
    told = "nextHopIpAddress" if networks else "nextHopType"
    value = p.next_hop_ip_address if networks else p.next_hop_type
    update = az(
        "network",
        "route-table",
        "route",
        "update",
        resource_group=table.resource_group,
        route_table_name=table.label,
        name=route.label,
        next_hop_ip_address="<address of the appliance>",
    )
    return Finding(
        subject=route.id,
        related=(table.id, *(vnet.id for vnet in networks)),
        message=f"route {route.label} of {table.label} to {p.address_prefix} {what}",
        remedy=f"delete the route, or send it to an appliance that is there: {update}",
        evidence=(
            evidence(route, f"/properties/{told}", value),
            *(
                (evidence(route, "/properties/addressPrefix", p.address_prefix),)
                if p.address_prefix
                else ()
            ),
        ),
        key=networks[0].key if networks else "",
    )
