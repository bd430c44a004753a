"""What leaves a range that a route table sends to an appliance by a longer prefix (R-6, R-8, R-40).

Inspected is what a route of a table sends to an appliance that takes it. A *shortcut* is a route
with a longer prefix inside it that goes straight on: one of the table's own to the internet or into
the network, a peering's, a service endpoint's.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import Address, AddressSet, Prefix, prefix_or_none
from auditor.errors import Undetermined
from auditor.network.address_plan import locate
from auditor.network.graph import Network, possibly, question, question_about
from auditor.network.peerings import told_peerings
from auditor.network.reasons import Reason
from auditor.network.route_tables import is_node_route
from auditor.network.routing import effective_routes
from auditor.network.routing.model import PEERINGS, EffectiveRoute, Hop, Source
from auditor.network.routing.peered import ties_of
from auditor.network.routing_domains import claims_of, claims_of_subnet
from auditor.reach.neighbourhood import PLATFORM_SUBNETS
from auditor.reach.ways import Way, ways_from
from auditor.resources.base import Node
from auditor.resources.public_addresses import PublicIp
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork
from auditor.special_addresses import PUBLIC

_SILENT = PLATFORM_SUBNETS - {"gatewaysubnet"}
"""Subnets of Azure's own that inspect, or from which no packets of others set out."""


class Inspected(msgspec.Struct, frozen=True):
    """A range that a route of a table sends to an appliance, and where that stands.

    `home` is the key of the appliance's network, `beside` its subnet's addresses.
    """

    route: Route
    prefix: Prefix
    appliance: Address
    home: str
    beside: AddressSet


class Shortcut(msgspec.Struct, frozen=True):
    """A way round an appliance. `node` makes it, `prefix` is what it takes out of `inspected`.

    `reasons` tell why it may be none: empty when it is certain.
    """

    node: Node
    prefix: Prefix
    inspected: Inspected
    reasons: tuple[Reason, ...] = ()


@question
def inspecting_tables(network: Network) -> tuple[RouteTable, ...]:
    """Give the tables by which some subnet sends something to an appliance."""
    return tuple(
        table
        for table in network.all(RouteTable)
        if possibly(_names_appliance, table) and senders(network, table)
    )


def _names_appliance(table: RouteTable) -> bool:
    return any(possibly(_to_appliance, route) for route in table.routes)


def _to_appliance(route: Route) -> bool:
    return route.to_appliance and not is_node_route(route)


@question_about
def senders(network: Network, table: RouteTable) -> tuple[Subnet, ...]:
    """Give the subnets that use a table and hold what somebody sends from, sorted."""
    found = (edge.source for edge in network.referrers(table, "routeTable"))
    subnets = {
        each.key: each
        for each in found
        if isinstance(each, Subnet) and each.name.lower() not in _SILENT
    }
    return tuple(subnets[key] for key in sorted(subnets))


@question_about
def inspected(network: Network, table: RouteTable) -> tuple[Inspected, ...]:
    """Give what a table sends to appliances that take it, the longest prefixes first."""
    found: dict[str, Inspected] = {}
    for subnet in senders(network, table):
        vnet = network.holder(subnet, VirtualNetwork)
        if vnet is None:
            continue
        for route in effective_routes(network, subnet, network.tags).drafts:
            node, address = route.node, route.address
            if _inspects(route) and isinstance(node, Route) and address and node.id not in found:
                where = locate(network, address, vnet)
                space = claims_of_subnet(where.subnet) if where.subnet is not None else ()
                beside = AddressSet.from_prefixes(claim.prefix for claim in space)
                found[node.id] = Inspected(node, route.prefix, address, where.key or "", beside)
    return tuple(sorted(found.values(), key=lambda one: (-one.prefix.length, one.prefix)))


def _inspects(route: EffectiveRoute) -> bool:
    return (
        route.source is Source.USER
        and route.hop is Hop.APPLIANCE
        and route.certain
        and not route.fault
        and route.fact != "R-9"
    )


def around(ranges: tuple[Inspected, ...], prefix: Prefix) -> Inspected | None:
    """Give the longest inspected range in which a longer prefix lies."""
    fits = (one for one in ranges if prefix in one.prefix and prefix.length > one.prefix.length)
    return next(fits, None)


def by_route(network: Network, table: RouteTable, route: Route) -> Shortcut | None:
    """Judge one route of a table. Raises Undetermined when it does not tell what it leads where.

    A service tag is no prefix: what Azure's own services need is let out by tags. Nor are the own
    addresses of the estate, which a firewall's clients must reach straight, nor the subnets that
    use the table, nor the appliance's own.
    """
    hop = route.hop
    if not route.properties.address_prefix and not is_node_route(route):
        raise Undetermined(f"what route {route.label} is for", resource=route.id)
    prefix = prefix_or_none(route.properties.address_prefix)
    if hop not in ("internet", "vnetlocal") or prefix is None or is_node_route(route):
        return None
    whole = around(inspected(network, table), prefix)
    space = AddressSet.from_prefixes([prefix])
    if whole is None or space <= whole.beside:
        return None
    if hop == "internet" and (not space.overlaps(PUBLIC) or space <= _own_addresses(network)):
        return None
    if hop == "vnetlocal":
        subnets = senders(network, table)
        if not any(_taken(network, subnet, whole, prefix) for subnet in subnets):
            return None
    return Shortcut(route, prefix, whole)


def _taken(network: Network, subnet: Subnet, whole: Inspected, prefix: Prefix) -> bool:
    """Whether a part of a subnet's network would go by the appliance but for a route into it.

    Only a route at least as long as the network's own takes its place (R-8).
    """
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None or _holds(subnet, prefix):
        return False
    spaces = [claim.prefix for claim in claims_of(network, vnet)]
    return any(prefix in space and whole.prefix.length >= space.length for space in spaces)


def _holds(subnet: Subnet, prefix: Prefix) -> bool:
    return any(prefix in claim.prefix for claim in claims_of_subnet(subnet))


@question
def _own_addresses(network: Network) -> AddressSet:
    texts = []
    for pip in network.all(PublicIp):
        try:
            texts.append(pip.properties.ip_address)
        except Undetermined:
            continue
    return AddressSet.from_text(text for text in texts if text)


def by_peerings(network: Network, table: RouteTable) -> Iterator[Shortcut]:
    """Give the peerings whose prefixes are longer than a private range that is inspected.

    The appliance's own network is none: its neighbours there are reached straight.
    """
    ranges = tuple(one for one in inspected(network, table) if one.prefix.length)
    told: set[tuple[str, Prefix]] = set()
    for subnet in senders(network, table) if ranges else ():
        vnet = network.holder(subnet, VirtualNetwork)
        if vnet is None:
            continue
        for tie in ties_of(network, vnet).ties:
            for claim in tie.claims:
                whole = around(ranges, claim.prefix)
                key = (tie.peering.key, claim.prefix)
                if whole is None or whole.home == tie.far_key or key in told:
                    continue
                for found in _by_peering(network, subnet, tie.peering, tie.far_key, claim.prefix):
                    told.add(key)
                    yield Shortcut(tie.peering, claim.prefix, whole, found)
                    break


def untold_peerings(network: Network, table: RouteTable) -> Iterator[Undetermined]:
    """Say, once a VNet, that not all of its peerings are told, which may be such shortcuts."""
    if not any(one.prefix.length for one in inspected(network, table)):
        return
    homes = {network.holder(subnet, VirtualNetwork): None for subnet in senders(network, table)}
    for vnet in homes:
        others = told_peerings(network, vnet)[1] if vnet is not None else None
        if others is not None:
            yield others


def _by_peering(
    network: Network, subnet: Subnet, peering: Peering, far: str, prefix: Prefix
) -> Iterator[tuple[Reason, ...]]:
    """Give, when packets take a peering, why that is not certain; the certain ones first."""
    ways = ways_from(network, subnet, prefix.version, network.tags)
    found = [
        _doubts(way)
        for way in ways.towards(AddressSet.from_prefixes([prefix]))
        if any(_takes(route, far) for route in way.possible)
    ]
    yield from sorted(found, key=len)


def _takes(route: EffectiveRoute, far: str) -> bool:
    return route.hop in PEERINGS and route.far == far and not route.fault


def _doubts(way: Way) -> tuple[Reason, ...]:
    route = way.route
    return way.reasons if route is None else ()


def by_endpoints(
    network: Network, table: RouteTable
) -> Iterator[tuple[Subnet, Inspected, list[str]]]:
    """Give the services that subnets reach by service endpoints, round an inspected internet.

    No name stands for one that is not told. Raises Undetermined when a subnet does not tell its
    service endpoints.
    """
    defaults = [one for one in inspected(network, table) if one.prefix.length <= 1]
    for subnet in senders(network, table) if defaults else ():
        every = subnet.properties.service_endpoints or ()
        yield subnet, defaults[0], [one.service or "" for one in every]
