"""Where gateways send the challenges by which a certificate authority proves a name (T-1).

HTTP-01 asks `http://NAME/.well-known/acme-challenge/TOKEN`, on port 80. A path rule for it is the
sign that certificates of the listener's names are renewed that way.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, absent_parts, doubt
from auditor.network.gateways import (
    Route,
    gateway_of,
    hiding,
    is_public,
    listeners_with_path_rule,
    may_be_served,
    routes_of,
)
from auditor.network.graph import Network, question
from auditor.network.host_patterns import meet
from auditor.resources.application_gateways import ApplicationGateway, Listener
from auditor.resources.base import Node
from auditor.resources.gateway_routing import PathRule, UrlPathMap

HTTP = 80
"""The port on which an authority asks."""

CHALLENGES = "/.well-known/acme-challenge/"
_TOKEN = f"{CHALLENGES}token"


@question
def challenge_rules(network: Network) -> tuple[PathRule | Doubt, ...]:
    """Give the path rules for challenges that a public listener may use, and doubts."""
    found: list[PathRule | Doubt] = []
    for rule in network.all(PathRule):
        try:
            paths = rule.properties.paths
            if not paths:
                raise Undetermined(f"the paths of {label_of(rule)}", resource=rule.id)
            if any(map(_is_sign, paths)) and _is_used(network, rule):
                found.append(rule)
        except Undetermined as unknown:
            found.append(doubt(rule.id, unknown))
    for path_map in network.all(UrlPathMap):
        try:
            if path_map.properties.path_rules is None:
                raise Undetermined(f"the path rules of {path_map.label}", resource=path_map.id)
        except Undetermined as unknown:
            found.append(doubt(path_map.id, unknown))
    hidden = hiding(network, lambda gateway: gateway.properties.url_path_maps, "path maps")
    return (*found, *hidden, *absent_parts(network, "urlPathMap"))


def _is_used(network: Network, rule: PathRule) -> bool:
    """Whether a public listener in use chooses by a path rule. Raises Undetermined."""
    if any(True for _ in users(network, rule)):
        return True
    for each in gateway_of(network, rule).rules:
        leads_here = network.find(each.properties.url_path_map) is rule.owner
        if leads_here and (each.listener is None or not each.listener.id):
            raise Undetermined(f"the listener of {each.label}", resource=each.id)
    return False


def _is_sign(pattern: str) -> bool:
    return pattern.lower().startswith(CHALLENGES.rstrip("/"))


def users(network: Network, rule: PathRule) -> Iterator[Listener]:
    """Give the public listeners in use that choose by a path rule. Raises Undetermined."""
    for listener in listeners_with_path_rule(network, rule):
        if may_be_served(network, listener) and is_public(network, listener):
            yield listener


def takes(pattern: str) -> bool:
    """Tell whether a path pattern takes challenges: `*` stands for the rest, case for nothing."""
    wanted = pattern.lower()
    if wanted.endswith("*"):
        return _TOKEN.startswith(wanted[:-1])
    return False


def spoken_for_by(network: Network, rule: PathRule) -> tuple[PathRule, ...]:
    """Give the path rules to whose challenges the same happens as to those of a path rule.

    They are the others of its map that take challenges; none unless it is the first by name.
    """
    path_map = network.holder(rule, UrlPathMap)
    try:
        beside = path_map.path_rules if path_map is not None else ()
        taking = [one for one in beside if any(map(takes, one.properties.paths or ()))]
    except Undetermined:
        return ()  # each speaks for itself
    taking.sort(key=lambda one: one.key)
    return tuple(taking[1:]) if taking and taking[0].key == rule.key else ()


_ONE_RULE = (
    "no export tells it, and Azure documents no answer: keep one path rule for challenges, or send "
    "one and see"
)


def route_of(network: Network, listener: Listener) -> Route:
    """Give the route that challenges take at a listener.

    Raises Undetermined when several path rules take them: no fact tells which comes first.
    """
    default: Route | None = None
    found: list[Route] = []
    for route in routes_of(network, listener):
        if not isinstance(route.node, PathRule):
            default = route
        elif any(map(takes, route.paths)):
            found.append(route)
    different = {_target(route) for route in found}
    if len(different) > 1:
        names = " and ".join(route.node.label for route in found)
        raise Undetermined(
            f"which of {names} takes {CHALLENGES}", resource=listener.id, remedy=_ONE_RULE
        )
    if found or default is not None:
        return found[0] if found else default  # type: ignore[return-value]
    raise Undetermined(f"where {listener.label} sends {CHALLENGES}", resource=listener.id)


def _target(route: Route) -> tuple[str, ...]:
    refs = route.pool, route.distribution, route.redirect
    return tuple((ref.id or "").lower() if ref is not None else "" for ref in refs)


def same_target(one: Route, other: Route) -> bool:
    """Tell whether two routes lead to the same pool or redirect."""
    return _target(one) == _target(other)


def others_for(
    network: Network, gateway: ApplicationGateway, host: str
) -> Iterator[tuple[Listener, bool]]:
    """Give the public listeners of a gateway that may get requests for a host.

    With each, whether it accepts every name of the host as written. An empty host is any name.
    """
    for listener in gateway.listeners:
        if may_be_served(network, listener) and is_public(network, listener):
            hosts = listener.hosts
            if not hosts or host.lower() in {each.lower() for each in hosts}:
                yield listener, True
            elif any(meet(each, host) for each in hosts):
                yield listener, False


def label_of(node: Node) -> str:
    """Name a path rule with its map, for a sentence: `shop/acme`."""
    return f"{node.owner.label}/{node.label}" if node.owner is not None else node.label
