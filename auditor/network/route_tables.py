"""Which subnets a route table steers, and which of its routes Azure's own machinery keeps."""

from __future__ import annotations

import re

from auditor.addresses import AddressSet, Prefix, prefix_or_none
from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.routing_domains import without_network
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_NODE = (
    r"(aks-[a-z0-9]{1,12}-[0-9]{8}-(vmss[0-9a-z]{6}|[0-9]+)|aks[a-z0-9]{1,6}0000[0-9a-z]{2})"
    r"(____.*)?"
)
"""AKS's names of nodes, Linux and Windows; `____` and a range follow in dual-stack clusters."""

_ELSEWHERE = frozenset({"virtualappliance", "virtualnetworkgateway", "none"})
"""Next hops that take traffic away from Azure's own way to the internet."""


def is_node_route(route: Route) -> bool:
    """Tell whether a route is one that kubenet keeps for a node, named after it (K-45)."""
    return bool(re.fullmatch(_NODE, route.name, re.IGNORECASE))


def steered_subnets(network: Network, table: RouteTable) -> tuple[Subnet, ...]:
    """Give the subnets that use a route table, told by either side, each once.

    Raises Undetermined when the table lists a subnet that is not in the snapshot.
    """
    found = {
        edge.source.key: edge.source
        for edge in network.referrers(table, "routeTable")
        if isinstance(edge.source, Subnet)
    }
    for ref in table.properties.subnets or ():
        subnet = network.get(ref, Subnet)
        if subnet is not None:
            found[subnet.key] = subnet
    return tuple(found[key] for key in sorted(found))


def is_used(network: Network, table: RouteTable) -> bool:
    """Tell whether any subnet, in the snapshot or not, uses a route table."""
    try:
        return bool(network.referrers(table, "routeTable") or table.properties.subnets)
    except Undetermined:
        return True


def steered_networks(network: Network, table: RouteTable) -> tuple[VirtualNetwork, ...]:
    """Give the VNets of the subnets that use a route table.

    Raises Undetermined when one of them is not in the snapshot.
    """
    found: dict[str, VirtualNetwork] = {}
    for subnet in steered_subnets(network, table):
        vnet = network.holder(subnet, VirtualNetwork)
        if vnet is None:
            raise without_network(subnet)
        found[vnet.key] = vnet
    return tuple(found[key] for key in sorted(found))


def default_route(network: Network, subnet: Subnet, version: int = 4) -> Route | None:
    """Give the route that takes all of a subnet's internet traffic elsewhere than to the internet.

    `0.0.0.0/0`, or the first of several routes that together cover every address, to an appliance,
    to a gateway or to nowhere (R-8, R-30). None when there is none. Raises Undetermined when the
    route table is not in the snapshot.
    """
    table = network.get(subnet.properties.route_table, RouteTable)
    return _default_in(network, table, version) if table is not None else None


@question_about
def _default_in(_: Network, table: RouteTable, version: int) -> Route | None:
    """Find it in a table, once for all subnets with it."""
    led_away = [route for route in table.routes if route.hop in _ELSEWHERE]
    away = [
        (prefix, route)
        for route in led_away
        for prefix in [prefix_or_none(route.properties.address_prefix)]
        if prefix is not None and prefix.version == version
    ]
    covered = AddressSet.from_prefixes(prefix for prefix, _ in away)
    if Prefix.of(4 if version == 4 else 6, 0, 0) in covered:
        return min(away, key=lambda each: each[0])[1]
    for route in led_away:
        if not route.properties.address_prefix:
            raise Undetermined(f"the prefix of route {route.label}", resource=route.id)
    return None


def what_is_untold(vnet: VirtualNetwork) -> Undetermined | None:
    """Give what a network does not tell of where its subnets send: its space, subnets, tables."""
    try:
        _ = vnet.prefixes
        for subnet in vnet.subnets:
            _ = subnet.properties.route_table
    except Undetermined as unknown:
        missing = (
            unknown.missing if " " in unknown.missing else f"{unknown.missing} of {vnet.label}"
        )
        return Undetermined(missing, resource=unknown.resource or vnet.id)
    return None
