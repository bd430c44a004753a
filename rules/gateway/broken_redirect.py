r"""A redirect of an application gateway leads nowhere, in a circle, or to plain HTTP.

## Why it matters
The visitor gets an error page, a browser that gives up after twenty redirects, or lands on an
unencrypted page. Redirects are changed by hand and rarely tried, so the fault is often old.

## What fails
A redirect configuration that some routing rule or path rule answers with, and that

- names neither a listener nor a URL,
- names a listener that is not one of this gateway's,
- names the very listener that answers with it, or goes round in a circle through the default
  routes of several listeners (one finding for the circle),
- names a listener that no rule serves,
- leads to a listener for HTTP, or to a URL that begins with `http://`.

Where a listener on a public frontend thereby never sends its visitors to HTTPS, this rule speaks
for GW-008, and the finding is *high* as that one would be.

A redirect that nothing uses is not judged. Where it leads after leaving the gateway cannot be told.

## What to do
Point it at a listener for HTTPS:

    az network application-gateway redirect-config update --resource-group GROUP \
        --gateway-name GATEWAY --name REDIRECT --target-listener HTTPS-LISTENER

## References
- https://learn.microsoft.com/azure/application-gateway/redirect-overview
- Facts A-24, A-25
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from auditor.errors import Undetermined
from auditor.finding import Evidence, Finding, Severity
from auditor.ids import fold
from auditor.network.doubt import Doubt, settled
from auditor.network.gateway_use import listeners_redirected_by, redirects_in_use
from auditor.network.gateways import (
    encrypted_web_listeners,
    gateway_of,
    is_public,
    next_listener,
    redirect_of,
    routes_of,
    rules_of,
    secure_counterpart,
)
from auditor.network.graph import Network, evidence, possibly
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway, Listener
from auditor.resources.gateway_routing import Redirect
from auditor.rule import Outcomes, rule


@rule("GW-009", severity=Severity.MEDIUM, since="0.1.0", of=redirects_in_use)
def broken_redirect(network: Network, subject: Redirect | Doubt) -> Outcomes:
    """Find redirects that leave the visitor without an encrypted page."""
    redirect = settled(subject)
    gateway = gateway_of(network, redirect)
    listeners = listeners_redirected_by(network, redirect)
    found = _fault(network, gateway, redirect, listeners)
    if found is None:
        return
    what, proof, related = found
    plain = [
        one
        for each in _told_together(network, redirect)
        for one in listeners_redirected_by(network, each)
        if _only(network, one, each)
    ]
    public = any(possibly(partial(is_public, network), one) for one in plain)
    yield Finding(
        redirect.id,
        f"The redirect {redirect.label} of {gateway.label} {what}",
        _remedy(gateway, redirect, listeners, {*related, *(one.id for one in listeners)}),
        related=tuple(dict.fromkeys((*(one.id for one in listeners), *related))),
        evidence=(proof,),
        # What it speaks for is no less of a fault for being told by another rule.
        severity=Severity.HIGH if public and _stays_plain(network, redirect) else None,
        covers=tuple(("GW-008", one.id) for one in plain),
    )


def _remedy(
    gateway: ApplicationGateway,
    redirect: Redirect,
    listeners: tuple[Listener, ...],
    going_round: set[str],
) -> str:
    """Point at a listener for HTTPS that does not lead back; else say what has to answer."""
    secure = encrypted_web_listeners(gateway)
    target = secure_counterpart(gateway, *listeners, but=going_round)
    if secure and all(one.id in going_round for one in secure):
        return (
            f"let the rule of the listener {secure[0].label} send to a backend pool in place of a "
            "redirect"
        )
    return "point it at a listener for HTTPS: " + az(
        *("network", "application-gateway", "redirect-config", "update"),
        resource_group=gateway.resource_group,
        gateway_name=gateway.label,
        name=redirect.label,
        target_listener=target.label if target else "HTTPS-LISTENER",
    )


def _fault(
    network: Network,
    gateway: ApplicationGateway,
    redirect: Redirect,
    listeners: tuple[Listener, ...],
) -> tuple[str, Evidence, tuple[str, ...]] | None:
    """Say what is wrong, with the value that shows it and the ids it concerns."""
    p = redirect.properties
    named = p.target_listener.id if p.target_listener else None
    if not named:
        url = p.target_url or ""
        if not url:
            lacks = evidence(redirect, "/properties", "no targetListener, no targetUrl")
            return "names neither a listener nor a URL to go to", lacks, ()
        at = evidence(redirect, "/properties/targetUrl", url)
        return (f"leads to {url}, which is plain HTTP", at, ()) if _plain(url) else None
    at = evidence(redirect, "/properties/targetListener/id", named)
    target = network.find(named)
    if not isinstance(target, Listener) and fold(named).startswith(f"{gateway.key}/"):
        _ = gateway.listeners  # it may be one of those that are not told
    if not isinstance(target, Listener) or target.owner is not gateway:
        return f"leads to {_short(named)}, which is no listener of this gateway", at, (named,)
    if target in listeners:
        return f"sends visitors of the listener {target.label} back to it", at, (named,)
    circle = tuple(_circle(network, target))
    if any(redirect is each for each, _ in circle):
        if redirect is not min((each for each, _ in circle), key=lambda each: each.key):
            return None  # told with the first of the circle
        names = " -> ".join(listener.label for _, listener in circle)
        return f"goes round in a circle: {names}", at, tuple(one.id for _, one in circle)
    if not rules_of(network, target):
        return f"leads to the listener {target.label}, which no rule serves", at, (named,)
    if target.protocol == "http":
        return f"leads to the listener {target.label}, which is plain HTTP", at, (named,)
    return None


def _stays_plain(network: Network, redirect: Redirect) -> bool:
    """Whether a redirect leads to a page over plain HTTP, or answers with nothing else."""
    named = redirect.properties.target_listener
    if named is None or not named.id:
        return True
    target = network.find(named.id)
    return isinstance(target, Listener) and target.protocol == "http"


def _plain(url: str) -> bool:
    return url.lower().startswith("http://")


def _short(arm_id: str) -> str:
    return arm_id.rpartition("/")[2] or arm_id


def _circle(network: Network, start: Listener) -> Iterator[tuple[Redirect, Listener]]:
    """Follow default routes from a listener; give the steps when they come back to it."""
    steps: list[tuple[Redirect, Listener]] = []
    seen: set[str] = set()
    here: Listener | None = start
    while here is not None and here.key not in seen:
        seen.add(here.key)
        step = next_listener(network, here)
        if step is None:
            return
        steps.append((step[0], here))
        here = step[1]
    if here is start:
        yield from steps


def _told_together(network: Network, redirect: Redirect) -> tuple[Redirect, ...]:
    """Give the redirects of the circle that one is told for; else that one alone."""
    named = redirect.properties.target_listener
    target = network.find(named.id) if named is not None and named.id else None
    circle = tuple(_circle(network, target)) if isinstance(target, Listener) else ()
    going_round = tuple(each for each, _ in circle)
    return going_round if any(redirect is each for each in going_round) else (redirect,)


def _only(network: Network, listener: Listener, redirect: Redirect) -> bool:
    """Whether a listener for plain HTTP answers everything with this one redirect."""
    try:
        return listener.protocol == "http" and all(
            redirect_of(network, route) is redirect for route in routes_of(network, listener)
        )
    except Undetermined:
        return False
