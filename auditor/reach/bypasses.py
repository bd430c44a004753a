"""What goes round the appliance that a route table sends it to (R-6, R-8, L-4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from auditor.addresses import Address, AddressSet, Prefix, prefix_or_none
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.route_tables import is_node_route, what_is_untold
from auditor.network.routing import effective_routes
from auditor.network.routing.model import EffectiveRoute, Hop, Source
from auditor.network.routing.selection import choose
from auditor.network.routing_domains import claims_of_subnet, near_keys, network_key
from auditor.reach.neighbourhood import PLATFORM_SUBNETS
from auditor.reach.points import endpoint
from auditor.resources import walk
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_SENDERS = PLATFORM_SUBNETS - {"gatewaysubnet"}
"""Subnets of Azure's own that inspect, or that nobody's packets set out from."""


class EndpointSubnet(msgspec.Struct, frozen=True, eq=False):
    """A subnet, whether or not it is in the input, and the private endpoints that stand in it."""

    id: str
    subnet: Subnet | None
    endpoints: tuple[PrivateEndpoint, ...]


class Bypass(msgspec.Struct, frozen=True):
    """An endpoint that a subnet reaches round the appliance that a route of its table names.

    `reasons` tell why it may not: none when it is certain.
    """

    endpoint: PrivateEndpoint
    source: Subnet
    around: Route
    reasons: tuple[Reason, ...] = ()


@question
def endpoint_subnets(network: Network) -> tuple[EndpointSubnet, ...]:
    """Give every subnet in which private endpoints stand, sorted."""
    found: dict[str, list[PrivateEndpoint]] = defaultdict(list)
    spelled: dict[str, str] = {}
    for node in network.all(PrivateEndpoint):
        try:
            ref = node.properties.subnet
            id_ = ref.id if ref is not None else None
        except Undetermined:
            continue
        if id_:
            found[fold(id_)].append(node)
            spelled.setdefault(fold(id_), id_)
    return tuple(_endpoint_subnet(network, spelled[key], found[key]) for key in sorted(found))


def _endpoint_subnet(network: Network, id_: str, nodes: list[PrivateEndpoint]) -> EndpointSubnet:
    subnet = network.find(id_)
    known = subnet if isinstance(subnet, Subnet) else None
    return EndpointSubnet(known.id if known is not None else id_, known, tuple(nodes))


def bypasses(network: Network, there: EndpointSubnet) -> Iterator[Bypass]:
    """Give who reaches the endpoints of a subnet round an appliance: surely, or perhaps.

    From the subnet's own network and those joined with it, other than itself.
    """
    home = network_key(there.id)
    if lets_routes_count(there.subnet):
        return  # a route that is long enough wins (L-4), and no other is meant to
    sources = [
        steered
        for key in sorted({home, *near_keys(network, home)})
        for steered in _steered(network).get(key, ())
        if steered[0].key != fold(there.id)
    ]
    for node in there.endpoints if sources else ():
        point = endpoint(network, node)
        for source, routes in sources:
            for address in _each(point.addresses):
                if any(address in prefix for prefix, _ in routes):
                    yield from _judged(network, node, address, source)
            if not point.addresses:
                yield from _untold(there, node, point.reasons, source, routes)


def untold_around(network: Network, there: EndpointSubnet) -> Undetermined | None:
    """Give what the networks around a subnet of endpoints do not tell that a bypass rests on.

    None where no table of the input sends anything private to an appliance.
    """
    if lets_routes_count(there.subnet):
        return None
    if not _some_appliance_is_named(network):
        return None
    home = network_key(there.id)
    for key in sorted({home, *near_keys(network, home)}):
        vnet = network.nodes.get(key)
        found = what_is_untold(vnet) if isinstance(vnet, VirtualNetwork) else None
        if found is not None:
            return found
    return None


@question
def _some_appliance_is_named(network: Network) -> bool:
    return any(any(True for _ in _to_appliances(table)) for table in network.all(RouteTable))


def lost_tables(network: Network, there: EndpointSubnet) -> tuple[tuple[Subnet, str], ...]:
    """Give subnets around with a route table outside the snapshot, which may lead to an appliance.

    None where the subnet of the endpoints lets routes count.
    """
    lost = _lost_tables(network)
    if not lost or lets_routes_count(there.subnet):
        return ()
    home = network_key(there.id)
    around = sorted({home, *near_keys(network, home)})
    found = (each for key in around for each in lost.get(key, ()))
    return tuple(each for each in found if each[0].key != fold(there.id))


@question
def _lost_tables(network: Network) -> dict[str, list[tuple[Subnet, str]]]:
    """The subnets, but Azure's own, that name a route table outside the snapshot: by network."""
    found: dict[str, list[tuple[Subnet, str]]] = defaultdict(list)
    for edge in network.dangling():
        subnet = edge.source
        if edge.kind != "routeTable" or not isinstance(subnet, Subnet):
            continue
        if subnet.name.lower() not in _SENDERS:
            found[network_key(subnet.id)].append((subnet, edge.spelled))
    return found


def lets_routes_count(subnet: Subnet | None) -> bool:
    """Whether a subnet surely lets route tables count for private endpoints in it (L-5)."""
    settings = walk.peek(subnet, "properties")
    told = walk.peek(settings, "private_endpoint_network_policies") or ""
    return told.lower() in ("enabled", "routetableenabled")


def _each(addresses: AddressSet) -> Iterator[Address]:
    for prefix in addresses.prefixes():
        for value in range(prefix.first, prefix.last + 1):
            yield Address(prefix.version, value)


_Routes: TypeAlias = tuple[tuple[Prefix, Route], ...]


def _untold(
    there: EndpointSubnet,
    node: PrivateEndpoint,
    reasons: tuple[Reason, ...],
    source: Subnet,
    routes: _Routes,
) -> Iterator[Bypass]:
    """Give the bypass that there may be where an endpoint does not tell its address."""
    space = claims_of_subnet(there.subnet) if there.subnet is not None else ()
    for prefix, route in routes:
        if any(prefix.overlaps(claim.prefix) for claim in space):
            lacks = Reason("collection-gap", f"the address of {node.label}", node.id)
            yield Bypass(node, source, route, reasons or (lacks,))
            return


@question
def _steered(network: Network) -> dict[str, list[tuple[Subnet, _Routes]]]:
    """Give, by VNet, the subnets whose tables send some private range to an appliance.

    A default route is none: it never takes an endpoint's place (L-4).
    """
    found: dict[str, list[tuple[Subnet, _Routes]]] = defaultdict(list)
    for table in network.all(RouteTable):
        routes = tuple(_to_appliances(table))
        if not routes:
            continue
        for edge in network.referrers(table, "routeTable"):
            subnet = edge.source
            if isinstance(subnet, Subnet) and subnet.name.lower() not in _SENDERS:
                found[network_key(subnet.id)].append((subnet, routes))
    return found


def _to_appliances(table: RouteTable) -> Iterator[tuple[Prefix, Route]]:
    try:
        routes = table.routes
    except Undetermined:
        return
    for route in routes:
        try:
            prefix = prefix_or_none(route.properties.address_prefix)
            named = route.to_appliance and not is_node_route(route)
        except Undetermined:
            continue
        if named and prefix is not None and prefix.length:
            yield prefix, route


def _judged(
    network: Network, node: PrivateEndpoint, address: Address, source: Subnet
) -> Iterator[Bypass]:
    """Judge one subnet: the endpoint's own route wins over one that is long enough to win."""
    matching = list(effective_routes(network, source, network.tags).matching(address))
    choice = choose(matching)
    own = [each for each in choice.possible if _is_of(each, node)]
    around = next((each for each in matching if own and _could_win(each, own[0])), None)
    if around is not None and isinstance(around.node, Route):
        yield Bypass(node, source, around.node, (*choice.reasons, *around.reasons))


def _is_of(route: EffectiveRoute, node: PrivateEndpoint) -> bool:
    return route.hop is Hop.PRIVATE_ENDPOINT and route.node is node and not route.fault


def _could_win(route: EffectiveRoute, own: EffectiveRoute) -> bool:
    """Whether a user's route would take an endpoint's place if its subnet let it (L-4)."""
    return (
        route.source is Source.USER
        and route.hop is Hop.APPLIANCE
        and not route.fault
        and own.yields_to is not None
        and route.prefix.length >= own.yields_to
    )
