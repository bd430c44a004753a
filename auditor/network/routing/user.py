"""User-defined routes: what a subnet's route table adds (R-5, R-8 to R-12, R-26)."""

from __future__ import annotations

from msgspec.structs import replace

from auditor.addresses import Address, AddressError, Prefix, parse_address, parse_prefix
from auditor.errors import Undetermined, quoted
from auditor.network.contested import contested, told_once
from auditor.network.reasons import Reason, gap
from auditor.network.routing.appliances import Verdict, appliance_verdict, gateway_verdict
from auditor.network.routing.model import EffectiveRoute, Found, Hop, Influence, Source
from auditor.network.routing.peered import ties_of
from auditor.network.routing.place import Place, anything
from auditor.network.routing.selection import EXPLICIT
from auditor.resources.routing import Route, RouteTable
from auditor.special_addresses import PUBLIC

_HOPS = {
    "vnetlocal": Hop.LOCAL,
    "internet": Hop.INTERNET,
    "virtualappliance": Hop.APPLIANCE,
    "virtualnetworkgateway": Hop.GATEWAY,
    "none": Hop.NONE,
}
_ANYTHING = parse_prefix("0.0.0.0/0")


def user_routes(place: Place) -> tuple[Found, bool | None]:
    """Give the routes of a place's table, and whether gateways' routes reach it (R-12).

    The latter is None when the table does not tell it.
    """
    found = Found()
    try:
        table = place.network.get(place.subnet.properties.route_table, RouteTable)
    except Undetermined as unknown:
        found.influences.append(unknown_routes(gap(unknown, place.subnet.id)))
        return found, None
    if table is None:
        return found, True
    try:
        routes = table.routes
        told_once(place.network, table, routes)
    except Undetermined as unknown:
        found.influences.append(unknown_routes(gap(unknown, table.id)))
        return found, None if table.key in contested(place.network) else _propagates(table)
    for route in routes:
        try:
            _add(place, route, found)
        except Undetermined as unknown:
            influence = unknown_routes(gap(unknown, route.id))
            found.influences.append(replace(influence, node=route, name=route.name))
    return found, _propagates(table)


def unknown_routes(reason: Reason) -> Influence:
    """Give the influence of users' routes that are not told: they may name any prefix itself."""
    return anything(reason, Source.USER, "R-5", order=EXPLICIT)


def _propagates(table: RouteTable) -> bool | None:
    try:
        return not table.properties.disable_bgp_route_propagation
    except Undetermined:
        return None


def _add(place: Place, route: Route, found: Found) -> None:
    text = (route.properties.address_prefix or "").strip()
    if not text:
        raise Undetermined(f"the address prefix of route {route.label}", resource=route.id)
    hop, address, verdict = _next_hop(place, route)
    draft = EffectiveRoute(
        _ANYTHING,
        Source.USER,
        hop,
        "R-5",
        address=address,
        node=route,
        name=route.name,
        order=EXPLICIT,
        fault=verdict[0],
        doubts=verdict[1],
    )
    try:
        prefix = parse_prefix(text)
    except AddressError:
        _add_tag(place, text, draft, found)
        return
    doubts = _outside(place, prefix, route) if hop is Hop.LOCAL else draft.doubts
    found.routes.append(replace(draft, prefix=prefix, doubts=doubts))


def _outside(place: Place, prefix: Prefix, route: Route) -> tuple[Reason, ...]:
    """Why it is not told where a route into the network leads that is for a peer's addresses.

    No documentation says if the peering is followed then.
    """
    if not prefix.length or any(prefix in own for own in place.vnet.prefixes):
        return ()
    for tie in ties_of(place.network, place.vnet).ties:
        if tie.vague is not None or any(claim.prefix.overlaps(prefix) for claim in tie.claims):
            what = f"whether the next hop VnetLocal of {route.label} follows {tie.peering.label}"
            return (Reason("semantics:R-5", what, route.id),)
    return ()


def _add_tag(place: Place, tag: str, draft: EffectiveRoute, found: Found) -> None:
    """Add the routes of a service tag, whose rank among equal prefixes is its own (R-9)."""
    order = _tag_order(tag)
    told = place.tags(tag)
    if told is not None:
        prefixes: tuple[Prefix, ...] = told.prefixes()
        found.routes.extend(
            replace(draft, prefix=prefix, fact="R-9", order=order) for prefix in prefixes
        )
        return
    found.influences.append(
        Influence(
            PUBLIC,
            Reason(f"service-tag:{quoted(tag)[1:-1]}", f"which prefixes route {draft.name} has"),
            Source.USER,
            draft.hop,
            "R-9",
            address=draft.address,
            node=draft.node,
            name=draft.name,
            order=order,
            fault=draft.fault,
            doubts=draft.doubts,
        )
    )


def _tag_order(tag: str) -> int:
    name, regional, _ = tag.lower().partition(".")
    if name == "azurecloud":
        return 1 if regional else 0
    return 3 if regional else 2


def _next_hop(place: Place, route: Route) -> tuple[Hop, Address | None, Verdict]:
    p = route.properties
    hop = _HOPS.get((p.next_hop_type or "").lower())
    if hop is None:
        kind = quoted(p.next_hop_type or "")
        lacks = f"the next hop type {kind} of route {route.label}"
        return Hop.UNKNOWN, None, ("", (Reason("collection-gap", lacks, route.id),))
    if hop is Hop.GATEWAY:
        return hop, None, gateway_verdict(place)
    if hop is not Hop.APPLIANCE:
        return hop, None, ("", ())
    try:
        text = p.next_hop_ip_address
    except Undetermined as unknown:
        return hop, None, ("", (gap(unknown, route.id),))
    if not text:
        return hop, None, (f"route {route.label} names no next hop address (R-11)", ())
    address = parse_address(text)
    return hop, address, appliance_verdict(place, address)
