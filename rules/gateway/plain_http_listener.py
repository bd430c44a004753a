r"""A listener serves plain HTTP and does not send the visitor to HTTPS.

## Why it matters
Whoever follows an old link or types the bare name stays on HTTP: passwords, cookies and pages
travel readable, and anyone on the way can change them. A listener on port 80 has one good use on
the internet, which is to answer with a redirect to HTTPS.

## What fails
A listener with protocol HTTP, in use by a routing rule, for which some path does not answer with a
redirect to HTTPS: that is a redirect to an HTTPS listener of the gateway, or to a URL that begins
with `https://`. With a path map, the default and every path rule must redirect.

Paths under `/.well-known/acme-challenge/` may be served plainly, because certificate authorities
ask for them over HTTP; the parameter `plain-paths` names others. A listener on a private frontend
is of medium severity. Listeners for TCP are not judged, nor is a listener that no rule serves.

A redirect to a listener that the gateway does not have answers with no page at all: GW-009 tells
it, and this rule does not. The answer is *unknown* when a rule names a redirect or a path map that
the snapshot does not hold.

## What to do
Make a redirect to the HTTPS listener and give it to the rule:

    az network application-gateway redirect-config create --resource-group GROUP \
        --gateway-name GATEWAY --name to-https --type Permanent \
        --target-listener HTTPS-LISTENER --include-path true --include-query-string true
    az network application-gateway rule update --resource-group GROUP \
        --gateway-name GATEWAY --name RULE --redirect-config to-https

## References
- https://learn.microsoft.com/azure/application-gateway/redirect-http-to-https-portal
- https://learn.microsoft.com/azure/application-gateway/redirect-overview
- Facts A-21 to A-25
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

from auditor.errors import Undetermined
from auditor.finding import Evidence, Finding, Severity
from auditor.network.doubt import Doubt, settled
from auditor.network.gateways import (
    Route,
    gateway_of,
    is_public,
    listeners,
    may_be_served,
    redirect_of,
    routes_of,
    secure_counterpart,
)
from auditor.network.graph import Network, evidence, possibly
from auditor.network.namesakes import names_in
from auditor.remedy import az, unused_name
from auditor.resources.application_gateways import ApplicationGateway, Listener
from auditor.resources.gateway_routing import Redirect, RoutingRule, UrlPathMap
from auditor.rule import Outcomes, rule


class Params(Struct, frozen=True):
    """What may be served without encryption."""

    plain_paths: tuple[str, ...] = ("/.well-known/acme-challenge/*",)
    """Path patterns, `*` for any characters, that need not redirect."""


def plain_listeners(network: Network) -> tuple[Listener | Doubt, ...]:
    """Name the subjects: listeners for plain HTTP, or for who knows what, that some rule serves."""
    return tuple(
        subject
        for subject in listeners(network)
        if isinstance(subject, Doubt)
        or (possibly(_is_plain, subject) and may_be_served(network, subject))
    )


def _is_plain(listener: Listener) -> bool:
    return listener.protocol == "http"


@rule(
    "GW-008",
    severity=Severity.HIGH,
    since="0.1.0",
    of=plain_listeners,
    parameters=Params,
    controls=("MCSB/DP-3",),
    peers=("PSR:AppGw.UseHTTPS", "CKV_AZURE_217", "AZQ:233a7008", "CHK:APPD A01.56"),
)
def plain_http_listener(network: Network, subject: Listener | Doubt, params: Params) -> Outcomes:
    """Find HTTP listeners some path of which is not redirected to HTTPS."""
    listener = settled(subject)
    open_routes, unknown = _open_routes(network, listener, params)
    if unknown is not None and not open_routes:
        raise unknown
    if not open_routes or not _is_plain(listener):
        return
    gateway = gateway_of(network, listener)
    paths = "; ".join(dict.fromkeys(route.what for route in open_routes))
    yield Finding(
        listener.id,
        f"The listener {listener.label} of {gateway.label} serves {paths} over plain HTTP "
        "without a redirect to HTTPS",
        _remedy(gateway, listener, open_routes[0]),
        related=tuple(dict.fromkeys(route.node.id for route in open_routes)),
        evidence=(
            evidence(listener, "/properties/protocol", listener.properties.protocol),
            *(_target(route) for route in open_routes),
        ),
        severity=None if is_public(network, listener) else Severity.MEDIUM,
    )


def _open_routes(
    network: Network, listener: Listener, params: Params
) -> tuple[list[Route], Undetermined | None]:
    """The routes that stay plain, and why it cannot be told of another one, if so."""
    found, doubt = [], None
    for route in routes_of(network, listener):
        try:
            if not _exempt(route, params) and not _leads_to_https(
                network, redirect_of(network, route)
            ):
                found.append(route)
        except Undetermined as unknown:
            doubt = unknown
    return found, doubt


def _exempt(route: Route, params: Params) -> bool:
    return bool(route.paths) and all(
        any(fnmatchcase(path.lower(), pattern.lower()) for pattern in params.plain_paths)
        for path in route.paths
    )


def _leads_to_https(network: Network, redirect: Redirect | None) -> bool:
    if redirect is None:
        return False
    named = redirect.properties.target_listener
    if named is not None and named.id:
        target = network.find(named.id)
        # One that leads to no listener serves no page either: that is GW-009's.
        return not isinstance(target, Listener) or target.protocol == "https"
    return (redirect.properties.target_url or "").lower().startswith("https://")


def _target(route: Route) -> Evidence:
    if route.redirect is not None:
        return evidence(route.node, f"/properties/{route.redirect_key}/id", route.redirect.id)
    pool = route.pool.id if route.pool else None
    return evidence(route.node, f"/properties/{route.pool_key}" + ("/id" if pool else ""), pool)


def _remedy(gateway: ApplicationGateway, listener: Listener, route: Route) -> str:
    secure = secure_counterpart(gateway, listener)
    group, name = gateway.resource_group, gateway.label
    taken = names_in(gateway, "redirect_configurations")
    redirect = unused_name(f"{listener.label}-to-https", taken)
    create = az(
        *("network", "application-gateway", "redirect-config", "create"),
        resource_group=group,
        gateway_name=name,
        name=redirect,
        type="Permanent",
        target_listener=secure.label if secure else "HTTPS-LISTENER",
        include_path=True,
        include_query_string=True,
    )
    update = _redirected(route, group, name, redirect)
    first = "" if secure else "add a listener for HTTPS, then "
    return f"{first}redirect to HTTPS: {create} && {update}"


def _redirected(route: Route, group: str | None, gateway: str, redirect: str) -> str:
    """Let a route answer with the redirect: Azure refuses one beside a backend (A-24)."""
    where = {"resource_group": group, "gateway_name": gateway}
    head = ("network", "application-gateway")
    if isinstance(route.node, RoutingRule):
        command = az(*head, "rule", "update", **where, name=route.rule.label,
                     redirect_config=redirect)  # fmt: skip
        drop = " --remove backendAddressPool --remove backendHttpSettings"
        return command + (drop if route.pool else "")
    if isinstance(route.node, UrlPathMap):
        command = az(*head, "url-path-map", "update", **where, name=route.node.label,
                     default_redirect_config=redirect)  # fmt: skip
        drop = " --remove defaultBackendAddressPool --remove defaultBackendHttpSettings"
        return command + (drop if route.pool else "")
    path_map = route.node.owner
    rule = {**where, "path_map_name": path_map.label if path_map else "MAP"}
    name = route.node.label
    return " && ".join(
        (
            az(*head, "url-path-map", "rule", "delete", **rule, name=name),
            az(*head, "url-path-map", "rule", "create", **rule, name=name, paths=route.paths,
               redirect_config=redirect),
        )
    )  # fmt: skip
