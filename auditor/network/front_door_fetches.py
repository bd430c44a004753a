"""What endpoints of Front Door fetch, by which ports, and from which origins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from auditor import ids
from auditor.network.graph import Network, question, question_about
from auditor.network.reasons import Reason
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.front_doors import (
    ClassicFrontDoor,
    FrontDoorEndpoint,
    FrontDoorOrigin,
    FrontDoorRoute,
)

HTTP, HTTPS = 80, 443


class Fetch(msgspec.Struct, frozen=True):
    """What an endpoint fetches from one origin for clients that ask on `port`.

    `origin` is the origin, or the classic Front Door that names it by `host`; `there` is the port
    at the origin, None when it is not told. `link` is the id of what Private Link leads to, and
    `status` whether that took the connection in, as Front Door tells it: folded, empty for no word.
    """

    origin: FrontDoorOrigin | ClassicFrontDoor
    host: str
    port: int
    there: int | None
    link: str = ""
    status: str = ""
    reasons: tuple[Reason, ...] = ()


@question_about
def fetches(network: Network, node: FrontDoorEndpoint | ClassicFrontDoor) -> tuple[Fetch, ...]:
    """Give what an endpoint fetches for clients. Never raises for what is not told."""
    if isinstance(node, ClassicFrontDoor):
        return tuple(_classic(node))
    routes = _routes(network).get(node.key, ())
    if routes:
        return tuple(fetch for route in routes for fetch in _of_route(network, route))
    # A list of endpoints holds no routes: any origin of the profile may be behind it.
    reason = Reason("collection-gap", f"the routes of {node.label}", node.id)
    return tuple(
        fetch
        for origin in _of_profile(network, node)
        for fetch in _of_origin(origin, ((HTTP, None), (HTTPS, None)), (reason,))
    )


@question
def _routes(network: Network) -> dict[str, tuple[FrontDoorRoute, ...]]:
    found: dict[str, list[FrontDoorRoute]] = defaultdict(list)
    for route in network.all(FrontDoorRoute):
        found[ids.fold(ids.parent(route.id) or "")].append(route)
    return {key: tuple(routes) for key, routes in found.items()}


@question
def _origins(network: Network) -> dict[str, tuple[FrontDoorOrigin, ...]]:
    """Give the origins by the key of their group."""
    found: dict[str, list[FrontDoorOrigin]] = defaultdict(list)
    for origin in network.all(FrontDoorOrigin):
        found[ids.fold(ids.parent(origin.id) or "")].append(origin)
    return {key: tuple(origins) for key, origins in found.items()}


def _of_profile(network: Network, part: Node) -> Iterator[FrontDoorOrigin]:
    """Give the origins of the profile that an endpoint or a route belongs to."""
    profile = part.key.partition("/afdendpoints/")[0]
    for group, origins in sorted(_origins(network).items()):
        if group.startswith(f"{profile}/"):
            yield from origins


def _classic(node: ClassicFrontDoor) -> Iterator[Fetch]:
    """Give the backends of a classic Front Door, whose routing rules are not read."""
    reason = Reason("collection-gap", f"the routing rules of {node.label}", node.id)
    for pool in walk.peek(walk.peek(node, "properties"), "backend_pools") or ():
        for backend in walk.peek(walk.peek(pool, "properties"), "backends") or ():
            host = walk.peek(backend, "address")
            if not host or (walk.peek(backend, "enabled_state") or "").lower() == "disabled":
                continue
            for port in (HTTP, HTTPS):
                yield Fetch(node, host, port, None, reasons=(reason,))


def _of_route(network: Network, route: FrontDoorRoute) -> Iterator[Fetch]:
    p = walk.peek(route, "properties")
    if (walk.peek(p, "enabled_state") or "").lower() == "disabled":
        return
    legs, reasons = _legs(route)
    rule_sets = walk.peek(p, "rule_sets") or ()
    if rule_sets:
        names = ", ".join(ids.name(walk.peek(ref, "id") or "") for ref in rule_sets)
        detail = f"whether {names} sends the request elsewhere"
        reasons = (*reasons, Reason("rules-engine", detail, route.id))
    group = walk.peek(walk.peek(p, "origin_group"), "id")
    origins = _origins(network).get(ids.fold(group), ()) if group else ()
    if not group:
        reasons = (*reasons, Reason("collection-gap", f"the origins of {route.label}", route.id))
        origins = tuple(_of_profile(network, route))
    for origin in origins:
        yield from _of_origin(origin, legs, reasons)


_Legs = tuple[tuple[int, str | None], ...]
"""Ports at which clients ask, each with the protocol in which the origin is asked."""


def _legs(route: FrontDoorRoute) -> tuple[_Legs, tuple[Reason, ...]]:
    p = walk.peek(route, "properties")
    told = walk.peek(p, "supported_protocols")
    forwarding = (walk.peek(p, "forwarding_protocol") or "").lower()
    redirect = (walk.peek(p, "https_redirect") or "").lower()
    reasons = [
        Reason("collection-gap", f"{key} of route {route.label}", route.id)
        for key, value in (("supportedProtocols", told), ("forwardingProtocol", forwarding))
        if not value
    ]
    asked = {str(word).lower() for word in told or ("http", "https")}
    legs: list[tuple[int, str | None]] = []
    for port, word in ((HTTP, "http"), (HTTPS, "https")):
        if word not in asked or (word == "http" and redirect == "enabled"):
            continue
        by = {"httponly": "http", "httpsonly": "https", "matchrequest": word}.get(forwarding)
        legs.append((port, by))
    if "http" in asked and not redirect:
        reasons.append(Reason("collection-gap", f"httpsRedirect of route {route.label}", route.id))
    return tuple(legs), tuple(reasons)


def _of_origin(
    origin: FrontDoorOrigin, legs: _Legs, reasons: tuple[Reason, ...]
) -> Iterator[Fetch]:
    p = walk.peek(origin, "properties")
    host = walk.peek(p, "host_name") or ""
    if (walk.peek(p, "enabled_state") or "").lower() == "disabled":
        return
    shared = walk.peek(p, "shared_private_link_resource")
    link = walk.peek(walk.peek(shared, "private_link"), "id") or ""
    status = (walk.peek(shared, "status") or "").lower()
    if shared is not None and not link:
        reasons = (*reasons, Reason("collection-gap", f"the link of {origin.label}", origin.id))
    for port, by in legs:
        there = walk.peek(p, f"{by}_port") if by else None
        lacks: tuple[Reason, ...] = ()
        if by and there is None:
            lacks = (Reason("collection-gap", f"{by}Port of origin {origin.label}", origin.id),)
        if shared is None or link:
            yield Fetch(origin, host, port, there, link, status, (*reasons, *lacks))
