"""Which connections of virtual hubs learn of which others (R-29).

A connection uses the routes of the table that it is *associated* with, and *propagates* the
prefixes of its VNet to tables, named by id, or by a label that tables of any hub of the Virtual WAN
may bear. Two VNets talk when the table of each learns of the other.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
from msgspec.structs import replace

from auditor.addresses import AddressSet, prefix_or_none
from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.ids import name as last_segment
from auditor.network.graph import Network, question
from auditor.resources import walk
from auditor.resources.base import Node, Ref
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.resources.virtual_wan import (
    BgpConnection,
    HubClientGateway,
    HubConnection,
    HubConnectionProperties,
    HubExpressRouteGateway,
    HubRouteTable,
    HubVpnGateway,
    RoutingIntent,
    StaticRoute,
    VirtualHub,
)

_BUILT_IN = {"defaultroutetable": frozenset({"default"}), "noneroutetable": frozenset({"none"})}
"""The labels of the tables that every hub has, by name."""


class Spoke(msgspec.Struct, frozen=True):
    """A connection and what it tells of its routing, ids and labels without case.

    `wan` is the key of its Virtual WAN, or of its hub where that tells none. `untold` says what is
    missing of the rest.
    """

    connection: HubConnection
    vnet: str
    hub: str
    wan: str
    table: str = ""
    tables: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    untold: str = ""
    table_id: str = ""
    """The id of the associated table as spelled."""
    table_ids: tuple[str, ...] = ()
    """The ids of the tables it propagates to, as spelled."""
    vnet_name: str = ""

    @property
    def name(self) -> str:
        """The name of its VNet, or its own."""
        return self.vnet_name or self.connection.label


class Learning(msgspec.Struct, frozen=True):
    """Whether the table of one connection leads to another's VNet; None with the reason."""

    answer: bool | None
    why: str = ""


@question
def spokes(network: Network) -> dict[str, Spoke]:
    """Give every connection of a hub to a VNet, by its key."""
    return {each.key: _spoke(network, each) for each in network.all(HubConnection)}


def _spoke(network: Network, connection: HubConnection) -> Spoke:
    hub = network.holder(connection, VirtualHub)
    hub_key = hub.key if hub is not None else fold(parent(connection.id) or "")
    wan = walk.peek(walk.peek(hub, "properties"), "virtual_wan") if hub is not None else None
    wan_id = walk.peek(wan, "id") if wan is not None else None
    spoke = Spoke(connection, "", hub_key, fold(wan_id) if wan_id else hub_key)
    try:
        found = _routed(spoke, connection.properties)
        return replace(
            found,
            vnet_name=last_segment(_spelled(network, found.vnet)),
            table_id=_spelled(network, found.table_id),
        )
    except Undetermined as unknown:
        return replace(spoke, untold=unknown.missing)


def _routed(spoke: Spoke, told: HubConnectionProperties) -> Spoke:
    """Add where a connection leads, and its routing. Raises Undetermined when that is not told."""
    routing = told.routing_configuration
    label = spoke.connection.label
    if routing is None:
        raise Undetermined(f"routingConfiguration of connection {label}")
    table, to = _id(routing.associated_route_table), routing.propagated_route_tables
    if not table or to is None:
        lacks = "associatedRouteTable" if not table else "propagatedRouteTables"
        raise Undetermined(f"{lacks} of connection {label}")
    return replace(
        spoke,
        vnet=_id(told.remote_virtual_network),
        table=table,
        tables=frozenset(_id(ref) for ref in to.ids or ()),
        labels=frozenset(label.lower() for label in to.labels or ()),
        table_id=(routing.associated_route_table or Ref()).id or "",
        table_ids=tuple(ref.id for ref in to.ids or () if ref.id),
    )


def _spelled(network: Network, target: str) -> str:
    """Give an id as the resource itself spells it, where it is in the snapshot."""
    node = network.find(target)
    return node.id if isinstance(node, Node) else target


def _id(ref: Ref | None) -> str:
    return fold(ref.id) if ref is not None and ref.id else ""


@question
def mates(network: Network) -> dict[str, tuple[tuple[Spoke, ...], ...]]:
    """Give the connections of each Virtual WAN, those together that tell the same."""
    found: dict[str, dict[object, list[Spoke]]] = defaultdict(lambda: defaultdict(list))
    for key in sorted(spokes(network)):
        spoke = spokes(network)[key]
        if not spoke.untold:
            same = (spoke.hub, spoke.table, spoke.tables, spoke.labels)
            found[spoke.wan][same].append(spoke)
    return {wan: tuple(map(tuple, groups.values())) for wan, groups in found.items()}


@question
def _intended(network: Network) -> frozenset[str]:
    """The keys of the hubs whose routing intent says where everything goes."""
    hubs = {fold(parent(each.id) or "") for each in network.all(RoutingIntent)}
    return frozenset(hubs)


def governed(network: Network, here: Spoke, there: Spoke) -> bool:
    """Tell whether a hub's routing intent decides between two connections, not their tables."""
    return not {here.hub, there.hub}.isdisjoint(_intended(network))


def has_static_routes(network: Network, spoke: Spoke) -> bool:
    """Tell whether static routes may lead from a connection to another one."""
    node = network.nodes.get(spoke.table)
    listed = walk.peek(walk.peek(node, "properties"), "routes")
    return bool(listed) or spoke.wan in _with_static_routes(network)


def learns(network: Network, here: Spoke, there: Spoke) -> Learning:
    """Tell whether the table of one connection leads to the VNet of another."""
    if here.untold or there.untold:
        return Learning(None, here.untold or there.untold)
    if here.table in there.tables:
        return Learning(True)
    labels = _labels(network, here.table)
    if labels is None and there.labels:
        return Learning(None, f"the labels of {last_segment(here.table_id)}")
    if labels is not None and labels & there.labels:
        return Learning(True)
    return _by_static_route(network, here, there)


def _labels(network: Network, table: str) -> frozenset[str] | None:
    node = network.nodes.get(table)
    told = walk.peek(walk.peek(node, "properties"), "labels") if node is not None else None
    if told is None:
        return _BUILT_IN.get(last_segment(table))
    return frozenset(label.lower() for label in told) | _BUILT_IN.get(
        last_segment(table), frozenset()
    )


def _by_static_route(network: Network, here: Spoke, there: Spoke) -> Learning:
    """Look for a static route that covers a VNet: to its own connection, or to something else."""
    node = network.nodes.get(here.table)
    vnet = network.nodes.get(there.vnet)
    if not isinstance(node, HubRouteTable):
        return Learning(None, f"the routes of {last_segment(here.table_id)}")
    if not isinstance(vnet, VirtualNetwork):
        return Learning(None, f"the address space of {there.name}")
    try:
        space = AddressSet.from_prefixes(vnet.prefixes)
        for route in node.properties.routes or ():
            if _covers(route.destinations, space):
                own = fold(route.next_hop or "") == there.connection.key
                why = f"where route {route.name or ''} of {node.label} leads"
                return Learning(True) if own else Learning(None, why)
    except Undetermined as unknown:
        return Learning(None, unknown.missing)
    for other in _with_static_routes(network).get(here.wan, ()):
        if other is not there and _routes_to(other, space):
            return Learning(None, f"where the static routes of {other.connection.label} lead")
    return Learning(False)


def _covers(texts: list[str] | None, space: AddressSet) -> bool:
    found = [prefix_or_none(text) for text in texts or ()]
    if any(prefix is None for prefix in found):
        return True  # a service or an id, which may be anything
    return AddressSet.from_prefixes(each for each in found if each is not None).overlaps(space)


@question
def _with_static_routes(network: Network) -> dict[str, list[Spoke]]:
    """The connections that bring static routes to the tables they propagate to, by Virtual WAN."""
    found: dict[str, list[Spoke]] = defaultdict(list)
    for spoke in spokes(network).values():
        if _static_routes(spoke):
            found[spoke.wan].append(spoke)
    return found


def _static_routes(spoke: Spoke) -> list[StaticRoute]:
    settings = walk.peek(spoke.connection, "properties")
    routes = walk.peek(walk.peek(settings, "routing_configuration"), "vnet_routes")
    return walk.peek(routes, "static_routes") or []


def _routes_to(spoke: Spoke, space: AddressSet) -> bool:
    """Whether a connection has a static route for part of some space."""
    routes = _static_routes(spoke)
    return any(_covers(walk.peek(route, "address_prefixes"), space) for route in routes)


def branches(network: Network, wan: str) -> str:
    """Name what may teach the hubs of a Virtual WAN more than is told, or give nothing.

    Gateways of sites, and appliances that speak BGP.
    """
    return _branches(network).get(wan, "")


@question
def _branches(network: Network) -> dict[str, str]:
    hubs = {spoke.hub: spoke.wan for spoke in spokes(network).values()}
    found: dict[str, str] = {}
    for gateway in (
        *network.all(HubVpnGateway),
        *network.all(HubExpressRouteGateway),
        *network.all(HubClientGateway),
    ):
        hub = walk.peek(walk.peek(walk.peek(gateway, "properties"), "virtual_hub"), "id")
        if hub and fold(hub) in hubs:
            found.setdefault(hubs[fold(hub)], f"what the gateway {gateway.label} teaches")
    for session in network.all(BgpConnection):
        hub = fold(parent(session.id) or "")
        if hub in hubs:
            found.setdefault(hubs[hub], f"what the BGP peer {session.label} teaches")
    for hub, wan in hubs.items():
        settings = walk.peek(network.nodes.get(hub), "properties")
        named = ("vpn_gateway", "express_route_gateway", "p2s_vpn_gateway")
        if settings is None or any(walk.peek(settings, each) is not None for each in named):
            found.setdefault(
                wan, f"what the gateways of hub {last_segment(_spelled(network, hub))} teach"
            )
    return found
