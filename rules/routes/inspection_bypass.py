"""A longer prefix leads around the appliance that inspects the rest.

## Why it matters
Of two routes the one with the longer prefix wins. One exception in a route table, one peering
beside the hub or one service endpoint takes a part of what the firewall is there to inspect out of
its sight, and nothing on the firewall tells.

## What fails
A subnet sends a range to an appliance that takes it, and inside that range

- a route of the same table, with a longer prefix, goes to `Internet` or to `VnetLocal`; *medium*
  when it is for one address;
- a peering with another network than the appliance's own has a longer prefix and wins. A default
  route does not count here: peerings win over it by design (R-8);
- a service endpoint of the subnet takes a service's addresses out of the default route; *medium*.

Kept are routes for service tags, for public addresses of the input, for the subnets that use the
table and for the appliance's own; what goes straight within one network, or to the appliance's; and
what is named here, CIDRs and services (the default: the addresses at which Windows is activated):

    [params.RTE-007]
    allowed = ["198.51.100.7/32"]
    services = ["Microsoft.Storage"]

*Unknown* where the snapshot does not tell which route wins. RTE-008 tells of private endpoints.

## What to do
Delete the exception, send the prefix to the appliance as well, or use private endpoints.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
- https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview
- Facts R-6, R-7, R-8, R-40
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor import ids
from auditor.addresses import Address, AddressError, AddressSet, Prefix
from auditor.finding import Evidence
from auditor.network.filters import place_name
from auditor.network.graph import evidence
from auditor.network.namesakes import names_in
from auditor.network.reasons import remedy, teller
from auditor.network.routing_domains import network_id
from auditor.reach.shortcuts import (
    Inspected,
    Shortcut,
    by_endpoints,
    by_peerings,
    by_route,
    inspecting_tables,
    untold_peerings,
)
from auditor.remedy import az, unused_name
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, apart, rule


class Params(Struct, frozen=True):
    """What may go straight."""

    allowed: tuple[str, ...] = ("20.118.99.224/32", "23.102.135.246/32", "40.83.235.53/32")
    """CIDRs that need not be inspected."""
    services: tuple[str, ...] = ()
    """Services that may be reached by service endpoints, as `Microsoft.Storage`."""

    def __post_init__(self) -> None:
        """Refuse what is no CIDR."""
        try:
            self.ranges()
        except AddressError as error:
            raise ValueError(str(error)) from error

    def ranges(self) -> AddressSet:
        """Give the CIDRs as a set."""
        return AddressSet.from_text(self.allowed)


@rule(
    "RTE-007",
    severity=Severity.HIGH,
    since="0.1.0",
    of=inspecting_tables,
    parameters=Params,
    reads=Reads(subjects=("azureFirewalls", "virtualNetworks")),
)
def inspection_bypass(network: Network, table: RouteTable, params: Params) -> Outcomes:
    """Look for longer prefixes in one table, in peerings and in service endpoints."""
    allowed = params.ranges()
    parts = ((route.id, route) for route in table.routes)
    yield from apart(
        table.id, parts, lambda route: _judged(_lone(by_route(network, table, route)), allowed)
    )
    yield from _judged(by_peerings(network, table), allowed)
    for unknown in untold_peerings(network, table):
        yield Unknown(
            table.id,
            missing=unknown.missing,
            remedy=unknown.remedy,
            related=(unknown.resource,),
            told_by=unknown.resource,
            key=f"peerings {unknown.resource.lower()}",
        )
    meant = {service.lower() for service in params.services}
    for subnet, whole, every in by_endpoints(network, table):
        services = [each for each in every if each and each.lower() not in meant]
        if services:
            yield _by_service(subnet, whole, services)
        elif "" in every:
            yield Unknown(subnet.id, f"which services {place_name(subnet)} has endpoints for")


def _lone(shortcut: Shortcut | None) -> Iterator[Shortcut]:
    if shortcut is not None:
        yield shortcut


def _judged(shortcuts: Iterator[Shortcut], allowed: AddressSet) -> Outcomes:
    for each in shortcuts:
        if AddressSet.from_prefixes([each.prefix]) <= allowed:
            continue
        if each.reasons:
            whys = "; ".join(map(str, each.reasons))
            yield Unknown(
                each.node.id,
                f"whether {_what(each)}: {whys}",
                key=str(each.prefix),
                remedy=remedy(each.reasons),
                told_by=teller(each.reasons),
            )
        elif isinstance(each.node, Route):
            yield _by_route(each, each.node)
        else:
            yield _by_peering(each)


def _what(shortcut: Shortcut) -> str:
    whole, node = shortcut.inspected, shortcut.node
    kind = "route" if isinstance(node, Route) else "peering"
    where = ids.top_name(node.id)
    return (
        f"{kind} {node.label} of {where} takes {shortcut.prefix} around {whole.appliance}, to "
        f"which {_inspector(whole)}"
    )


def _inspector(whole: Inspected) -> str:
    route = whole.route
    return f"route {route.label} of {ids.top_name(route.id)} sends {whole.prefix}"


def _by_route(shortcut: Shortcut, route: Route) -> Finding:
    lone = shortcut.prefix.size == 1
    return Finding(
        subject=route.id,
        message=_what(shortcut),
        remedy=az(
            *("network", "route-table", "route", "update"),
            resource_group=route.root.resource_group,
            route_table_name=ids.top_name(route.id),
            name=route.label,
            next_hop_type="VirtualAppliance",
            next_hop_ip_address=str(shortcut.inspected.appliance),
        ),
        related=(shortcut.inspected.route.id,),
        evidence=(
            evidence(route, "/properties/nextHopType", route.properties.next_hop_type),
            evidence(route, "/properties/addressPrefix", route.properties.address_prefix),
            *_inspecting(shortcut.inspected),
        ),
        severity=Severity.MEDIUM if lone else None,
    )


def _inspecting(whole: Inspected) -> tuple[Evidence, ...]:
    route = whole.route
    return (evidence(route, "/properties/addressPrefix", route.properties.address_prefix),)


def _by_peering(shortcut: Shortcut) -> Finding:
    peering, whole = shortcut.node, shortcut.inspected
    table = whole.route.root
    return Finding(
        subject=peering.id,
        message=_what(shortcut),
        remedy=f"send it by the appliance, and what comes back from {_far(peering)} as well, or "
        f"the replies get lost: {_send_too(table, shortcut.prefix, whole.appliance)}",
        related=(whole.route.id, network_id(peering)),
        evidence=_inspecting(shortcut.inspected),
        key=f"{table.id.lower()} {shortcut.prefix}",
    )


def _far(peering: Node) -> str:
    remote = walk.peek(getattr(peering, "properties", None), "remote_virtual_network")
    return ids.name(walk.peek(remote, "id") or "") or "the other network"


def _send_too(table: Node, prefix: Prefix, appliance: Address) -> str:
    return az(
        *("network", "route-table", "route", "create"),
        resource_group=table.resource_group,
        route_table_name=table.label,
        name=unused_name(
            f"to-{str(prefix).replace('/', '-').replace(':', '-')}", names_in(table, "routes")
        ),
        address_prefix=str(prefix),
        next_hop_type="VirtualAppliance",
        next_hop_ip_address=str(appliance),
    )


def _without(subnet: Subnet, services: list[str]) -> str:
    """The command that takes some service endpoints from a subnet, and leaves it the others."""
    every = subnet.properties.service_endpoints or ()
    kept = tuple(each.service for each in every if each.service and each.service not in services)
    return az(
        *("network", "vnet", "subnet", "update"),
        ids=subnet.id,
        service_endpoints=kept or None,
        remove=None if kept else "serviceEndpoints",
    )


def _by_service(subnet: Subnet, whole: Inspected, services: list[str]) -> Finding:
    return Finding(
        subject=subnet.id,
        message=f"{place_name(subnet)} reaches {', '.join(services)} by service endpoints, around "
        f"{whole.appliance}, to which {_inspector(whole)}",
        remedy="use private endpoints, or send what is for the services by the appliance, without "
        f"service endpoints for {', '.join(services)}: {_without(subnet, services)}",
        related=(whole.route.id,),
        evidence=(
            *(
                evidence(subnet, f"/properties/serviceEndpoints/{place}/service", each.service)
                for place, each in enumerate(subnet.properties.service_endpoints or ())
                if each.service in services
            ),
            *_inspecting(whole),
        ),
        severity=Severity.MEDIUM,
    )
