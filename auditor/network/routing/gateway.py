"""Routes that VNet gateways bring: configured ones, and the traces of learned ones (R-12 to R-29).

Sites, clients and VNets behind a gateway are known; what BGP teaches is not in ARM, whether from
a site, a circuit, a Route Server or a virtual hub: those are influences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import AddressSet, Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question_about
from auditor.network.learned_routes import route_server_of
from auditor.network.on_premises import (
    claims_of_space,
    client_pools,
    connections_of,
    gateways_in,
    require_connections,
    site_of,
)
from auditor.network.peerings import told_peerings
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import EffectiveRoute, Found, Hop, Influence, Source
from auditor.network.routing.peered import Tie, ties_of
from auditor.network.routing.place import Place, anything
from auditor.network.routing_domains import Claim, claims_of, neighbours, spelled, to_hub
from auditor.network.tunnels import Tunnel, borrowers, tunnel_by, tunnel_to_site
from auditor.resources import walk
from auditor.resources.base import Ref
from auditor.resources.hybrid import Connection, VirtualNetworkGateway, VpnNatRule
from auditor.resources.virtual_networks import Peering, VirtualNetwork

_EVERYWHERE = parse_prefix("0.0.0.0/0")


class Serving(msgspec.Struct, frozen=True):
    """A gateway that a VNet uses, its own or a peer's; `reasons` say why it may not."""

    gateway: VirtualNetworkGateway
    reasons: tuple[Reason, ...] = ()


class Served(msgspec.Struct, frozen=True):
    """The gateways of a VNet; who may teach it more; what is not told of either."""

    gateways: tuple[Serving, ...]
    teachers: tuple[Reason, ...]
    untold: tuple[Reason, ...]


@question_about
def served_by(network: Network, vnet: VirtualNetwork) -> Served:
    """Give a VNet's own gateways and those it uses by gateway transit (R-17), and its teachers."""
    gateways: list[Serving] = []
    untold: list[Reason] = []
    teachers = list(_hubs(network, vnet))
    homes: list[tuple[VirtualNetwork, tuple[Reason, ...]]] = [(vnet, ())]
    around = ties_of(network, vnet)
    untold += [reason for reason in around.untold if _may_borrow(network, vnet, reason)]
    for tie in around.ties:
        try:
            if tie.peering.properties.use_remote_gateways:
                homes += _transit(network, tie, untold)
        except Undetermined as unknown:
            untold.append(gap(unknown, tie.peering.id))
    for home, reasons in homes:
        try:
            gateways += [Serving(gateway, reasons) for gateway in gateways_in(network, home)]
        except Undetermined as unknown:
            untold.append(gap(unknown, home.id))
        server = route_server_of(network, home.key)
        if server is not None:
            teachers.append(_learned(f"the Route Server {server.label}", server.id))
    return Served(tuple(gateways), tuple(teachers), tuple(untold))


def _may_borrow(network: Network, vnet: VirtualNetwork, untold: Reason) -> bool:
    """Whether what is not told of a VNet's peerings leaves open whose gateways it uses."""
    if fold(untold.resource) == vnet.key:
        return True
    peering = network.find(untold.resource)
    borrows = walk.peek(walk.peek(peering, "properties"), "use_remote_gateways")
    return isinstance(peering, Peering) and peering.root is vnet and borrows is not False


def _transit(
    network: Network, tie: Tie, untold: list[Reason]
) -> Iterator[tuple[VirtualNetwork, tuple[Reason, ...]]]:
    """Give the far VNet when it lends its gateways (R-17)."""
    if tie.far is None:
        if not to_hub(network, tie.peering):
            untold.append(Reason("peer-external", f"the gateways of {tie.far_key}", tie.far_key))
        return
    lends = tie.back.properties.allow_gateway_transit if tie.back is not None else None
    if lends is None:
        lacks = f"allowGatewayTransit of the peering of {tie.far.label}"
        yield tie.far, (*tie.reasons, Reason("collection-gap", lacks, tie.far.id))
    elif lends:
        yield tie.far, tie.reasons


def _hubs(network: Network, vnet: VirtualNetwork) -> Iterator[Reason]:
    """Name the virtual hubs that a VNet is connected to (R-29)."""
    found: dict[str, str] = {}
    for link in neighbours(network).get(vnet.key, ()):
        other = link.near if link.far == vnet.key else link.far
        if "/virtualhubs/" in other:
            found[other] = spelled(network, other)
    for key in sorted(found):
        yield _learned(f"the virtual hub {found[key].rpartition('/')[2]}", found[key])
    peerings, _ = told_peerings(network, vnet)
    for peering in () if found else peerings:
        try:
            if to_hub(network, peering):
                yield _learned("the virtual hub it is connected to", peering.id)
        except Undetermined:
            continue  # the ties of the VNet tell it, and of those that it does not list


def _learned(who: str, resource: str) -> Reason:
    return Reason("bgp-routes-unknown", f"what {who} teaches", resource)


def gateway_routes(place: Place, propagates: bool | None) -> Found:
    """Give what the gateways of a place bring.

    `propagates` is false where the route table keeps all of it out (R-12), None when that is not
    told.
    """
    found = Found()
    if propagates is False:
        return found
    table = walk.peek(walk.peek(place.subnet, "properties"), "route_table")
    named = walk.peek(table, "id") or ""
    more = (
        (Reason("collection-gap", "disableBgpRoutePropagation", named),)
        if propagates is None
        else ()
    )
    found.extend(brought_by(place.network, served_by(place.network, place.vnet), more))
    return found


def brought_by(network: Network, served: Served, more: tuple[Reason, ...] = ()) -> Found:
    """Give what some gateways bring to whom they serve; `more` tells why perhaps not."""
    found = Found()
    for reason in (*served.untold, *served.teachers):
        found.influences.append(_unknown(reason))
    for serving in served.gateways:
        found.extend(_brought(network, serving, more))
    return found


_FACTS = {"bgp-routes-unknown": "R-25"}


def _unknown(reason: Reason, fact: str = "") -> Influence:
    fact = fact or _FACTS.get(reason.label, "R-24")
    return anything(reason, Source.GATEWAY, fact, hop=Hop.GATEWAY)


@question_about
def _brought(network: Network, serving: Serving, more: tuple[Reason, ...]) -> Found:
    """What one gateway brings to each network that it serves; `more` tells why perhaps not."""
    found = Found()
    gateway, reasons = serving.gateway, (*serving.reasons, *more)
    for part in (_configured, _clients, _teaching):
        try:
            part(network, gateway, reasons, found)
        except Undetermined as unknown:
            found.influences.append(_unknown(gap(unknown, gateway.id)))
    try:
        require_connections(network, gateway)
    except Undetermined as unknown:
        found.influences.append(_unknown(gap(unknown, gateway.id)))
    try:
        connections = connections_of(network, gateway)
    except Undetermined as unknown:
        found.influences.append(_unknown(gap(unknown, gateway.id)))
        return found
    for connection in connections:
        try:
            _connected(network, gateway, connection, reasons, found)
        except Undetermined as unknown:
            found.influences.append(_unknown(gap(unknown, connection.id)))
    return found


def _configured(
    network: Network, gateway: VirtualNetworkGateway, reasons: tuple[Reason, ...], found: Found
) -> None:
    p = gateway.properties
    if p.gateway_default_site is not None:
        found.routes.append(
            EffectiveRoute(
                _EVERYWHERE,
                Source.GATEWAY,
                Hop.GATEWAY,
                "R-24",
                node=gateway,
                pointer="/properties/gatewayDefaultSite",
                reasons=reasons,
            )
        )
    # Azure's pages tell of custom routes as of something that clients learn; that the VNet has
    # routes for them as well is not certain.
    doubt = Reason("semantics:R-24", f"customRoutes of gateway {gateway.label}", gateway.id)
    custom = claims_of_space(gateway, p.custom_routes, "customRoutes")
    found.routes.extend(_to_gateway(custom, (*reasons, doubt)))


def _clients(
    network: Network, gateway: VirtualNetworkGateway, reasons: tuple[Reason, ...], found: Found
) -> None:
    found.routes.extend(_to_gateway(client_pools(gateway), reasons))


def _teaching(
    network: Network, gateway: VirtualNetworkGateway, reasons: tuple[Reason, ...], found: Found
) -> None:
    if gateway.kind == "expressroute":
        reason = _learned(f"the ExpressRoute gateway {gateway.label}", gateway.id)
        found.influences.append(_unknown(reason))


def _connected(
    network: Network,
    gateway: VirtualNetworkGateway,
    connection: Connection,
    reasons: tuple[Reason, ...],
    found: Found,
) -> None:
    p = connection.properties
    kind = (p.connection_type or "").lower()
    if p.enable_bgp or (kind == "expressroute" and gateway.kind != "expressroute"):
        reason = _learned(f"BGP over the connection {connection.label}", connection.id)
        found.influences.append(_unknown(reason))
    tunnel = tunnel_by(network, gateway, connection)
    if tunnel is not None:
        found.routes.extend(_through(network, tunnel, reasons))
        return
    site = site_of(network, connection)
    if site is None:
        return
    space = site.properties.local_network_address_space
    claims = claims_of_space(site, space, "localNetworkAddressSpace")
    inner, outer = _translation(network, p.ingress_nat_rules)
    seen = (c for c in claims if c.prefix not in inner)
    there = tunnel_to_site(network, gateway, connection)
    found.routes.extend(_into(network, there, _to_gateway(seen, reasons)))
    found.routes.extend(_to_gateway(outer, reasons))


def _through(
    network: Network, tunnel: Tunnel, reasons: tuple[Reason, ...]
) -> Iterator[EffectiveRoute]:
    """Give the routes into the VNet at the far end, and into those that use its gateway."""
    label = tunnel.connection.label
    for vnet in (tunnel.far, *borrowers(network, tunnel.far)):
        doubt: tuple[Reason, ...] = ()
        if vnet is not tunnel.far:
            detail = f"whether the connection {label} leads to {vnet.label} as well"
            doubt = (Reason("semantics:R-24", detail, tunnel.connection.id),)
        for each in _to_gateway(claims_of(network, vnet), (*reasons, *doubt)):
            yield replace(each, far=vnet.key, doubts=tunnel.doubts)


def _into(
    network: Network, tunnel: Tunnel | None, routes: Iterable[EffectiveRoute]
) -> Iterator[EffectiveRoute]:
    """Give routes to a site; where that is a VNet's gateway, with the VNet that has the prefix."""
    if tunnel is None:
        yield from routes
        return
    homes = [
        (each, _space_of(network, each)) for each in (tunnel.far, *borrowers(network, tunnel.far))
    ]
    for route in routes:
        asked = AddressSet.from_prefixes([route.prefix])
        far = next((vnet.key for vnet, space in homes if space.overlaps(asked)), "")
        yield replace(route, far=far, doubts=tunnel.doubts if far else ())


def _space_of(network: Network, vnet: VirtualNetwork) -> AddressSet:
    return AddressSet.from_prefixes(claim.prefix for claim in claims_of(network, vnet))


def _translation(
    network: Network, refs: Iterable[Ref] | None
) -> tuple[AddressSet, tuple[Claim, ...]]:
    """Give what NAT rules hide of a site, and what they show in its place."""
    inner: list[Prefix] = []
    outer: list[Claim] = []
    for ref in refs or ():
        rule = network.get(ref, VpnNatRule)
        if rule is None:
            continue
        p = rule.properties
        inner += [
            parse_prefix(m.address_space) for m in p.internal_mappings or () if m.address_space
        ]
        texts = [m.address_space for m in p.external_mappings or ()]
        outer += [_mapped(rule, index, text) for index, text in enumerate(texts) if text]
    return AddressSet.from_prefixes(inner), tuple(outer)


def _mapped(rule: VpnNatRule, index: int, text: str) -> Claim:
    pointer = f"/properties/externalMappings/{index}/addressSpace"
    return Claim(parse_prefix(text), rule, pointer, text)


def _to_gateway(claims: Iterable[Claim], reasons: tuple[Reason, ...]) -> Iterator[EffectiveRoute]:
    for claim in claims:
        yield EffectiveRoute(
            claim.prefix,
            Source.GATEWAY,
            Hop.GATEWAY,
            "R-24",
            node=claim.node,
            pointer=claim.pointer,
            reasons=reasons,
        )
