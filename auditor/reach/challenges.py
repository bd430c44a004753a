"""What keeps a certificate authority from its challenge at a gateway (T-1, A-11, A-23, A-24)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from auditor.errors import Undetermined
from auditor.finding import Cover, Evidence, Hop
from auditor.network.admission import anywhere
from auditor.network.challenge_paths import (
    CHALLENGES,
    HTTP,
    label_of,
    others_for,
    route_of,
    same_target,
    takes,
    users,
)
from auditor.network.custom_waf_rules import CustomRule, blocks, priority_before, rule_names
from auditor.network.gateways import Route, gateway_of, pools_of, port_of, redirect_of
from auditor.network.graph import Network, evidence
from auditor.network.waf import Mode, waf_at
from auditor.reach.audience import Door, agreed, doors
from auditor.reach.demands import allow_before, refusal, shares, teller_of, whys
from auditor.reach.gatewaying import ports_of
from auditor.remedy import az, unused_name
from auditor.resources.application_gateways import Listener
from auditor.resources.base import Node
from auditor.resources.gateway_routing import PathRule
from auditor.resources.web_application_firewalls import WafPolicy


class Obstacle(msgspec.Struct, frozen=True):
    """Why a challenge does not arrive: a clause, what to do, and what proves it."""

    key: str
    says: str
    remedy: str
    evidence: tuple[Evidence, ...]
    related: tuple[Node, ...] = ()
    hops: tuple[Hop, ...] = ()
    covers: tuple[Cover, ...] = ()


Asked = Callable[[], Iterator[Obstacle]]


def questions(network: Network, rule: PathRule) -> Iterator[tuple[str, Asked]]:
    """Give what is to be asked about a path rule for challenges, each with a key of its own."""
    yield "pattern", lambda: _pattern(rule)
    if not any(map(takes, rule.properties.paths or ())):
        return
    for listener in users(network, rule):
        yield from _at(network, rule, listener)


def _at(network: Network, rule: PathRule, user: Listener) -> Iterator[tuple[str, Asked]]:
    try:
        plain = user.protocol == "http" and port_of(network, user) == HTTP
    except Undetermined as unknown:
        yield user.label, _raising(unknown)
        return
    if plain:
        yield f"{user.label} route", lambda: _route(network, rule, user)
        yield f"{user.label} filter", lambda: _filter(network, user)
        yield f"{user.label} waf", lambda: _waf(network, user)
        return
    for host in user.hosts or ("",):
        yield f"{user.label} {host}".strip(), _bound(network, rule, user, host)


def _raising(unknown: Undetermined) -> Asked:
    def ask() -> Iterator[Obstacle]:
        raise unknown

    return ask


def _bound(network: Network, rule: PathRule, user: Listener, host: str) -> Asked:
    return lambda: _elsewhere(network, rule, user, host)


def _pattern(rule: PathRule) -> Iterator[Obstacle]:
    paths = rule.properties.paths or ()
    if not any(map(takes, paths)):
        yield Obstacle(
            "pattern",
            f"its paths ({', '.join(paths)}) take no token: a `*` is lacking at the end",
            f"end the path with a star: {CHALLENGES}*",
            (evidence(rule, "/properties/paths", list(paths)),),
        )


def _route(network: Network, rule: PathRule, user: Listener) -> Iterator[Obstacle]:
    route = route_of(network, user)
    yield from _redirected(network, route, f"{user.label} redirect")


def _redirected(network: Network, route: Route, key: str) -> Iterator[Obstacle]:
    """A redirect is followed; one that drops the path loses the token."""
    redirect = redirect_of(network, route)
    if redirect is None:
        return
    kept = redirect.properties.include_path
    if kept is None:
        raise Undetermined(f"includePath of the redirect {redirect.label}", resource=redirect.id)
    if not kept:
        yield Obstacle(
            key,
            f"the redirect {redirect.label} drops the path, and the token with it",
            "let it keep the path: "
            + az(
                *("network", "application-gateway", "redirect-config", "update"),
                resource_group=gateway_of(network, redirect).resource_group,
                gateway_name=gateway_of(network, redirect).label,
                name=redirect.label,
                include_path=True,
            ),
            (evidence(redirect, "/properties/includePath", kept),),
            (redirect,),
        )


_ASK = (
    f"no export tells it: ask for http://NAME{CHALLENGES}TOKEN from the internet, and see where it "
    "arrives"
)


def _filter(network: Network, listener: Listener) -> Iterator[Obstacle]:
    """The authority asks from addresses that it does not tell: from all over the internet."""
    gateway = gateway_of(network, listener)
    ports, _ = ports_of(network, gateway)
    for port in ports:
        if listener in port.listeners:
            seen = doors(network, gateway, port)
            yield from agreed(gateway, [list(_denied(network, listener, at)) for at in seen], bool)


def _denied(network: Network, listener: Listener, at: Door) -> Iterator[Obstacle]:
    gateway = gateway_of(network, listener)
    demand = at.client("Internet")
    refused = refusal(network, at.at, demand)
    if refused is None:
        return
    denied, inside = shares(network, at.at, demand)
    if not anywhere(denied):
        if not anywhere(inside):
            missing = f"whether the internet reaches port {HTTP}: {whys([refused])}"
            raise Undetermined(missing, resource=teller_of([refused]) or listener.id)
        return
    yield Obstacle(
        f"{listener.label} filter",
        f"{refused.by} keeps most of the internet from port {HTTP}, and the authority asks from "
        "anywhere",
        f"let it in: {allow_before(network, refused, 'AllowHttp')}",
        refused.quoted(network, listener.id),
        hops=refused.hops,
        covers=tuple(("GW-023", gateway.id, key) for key in (at.key, f"{at.key} {demand.who}")),
    )


def _waf(network: Network, listener: Listener) -> Iterator[Obstacle]:
    """A custom rule of the policy that blocks what the authority sends."""
    waf = waf_at(network, listener, route_of(network, listener))
    if waf.policy is None or waf.mode is not Mode.PREVENTION:
        return
    found = blocks(waf.policy, CHALLENGES)
    if found is None:
        return
    if not found.certain:
        missing = f"whether the rule {found.name} of {waf.policy.label} blocks challenges"
        raise Undetermined(missing, resource=waf.policy.id, remedy=_ASK)
    yield Obstacle(
        f"{listener.label} waf",
        f"the rule {found.name} of the WAF policy {waf.policy.label} blocks them",
        f"let them pass before {found.name}: {_exception(waf.policy, found)}",
        (evidence(waf.policy, f"{found.pointer}/action", found.action),),
        (waf.policy,),
    )


def _exception(policy: WafPolicy, before: CustomRule) -> str:
    """The commands for a custom rule that lets challenges pass before another blocks them."""
    group = ("network", "application-gateway", "waf-policy", "custom-rule")
    where = {"resource_group": policy.resource_group, "policy_name": policy.label}
    name = unused_name("AllowChallenges", rule_names(policy), join="")
    priority = priority_before(policy, before)
    first = "" if priority else f"give {before.name} a later priority, then "
    rule = az(
        *(*group, "create"),
        **where,
        name=name,
        priority=priority or before.priority,
        rule_type="MatchRule",
        action="Allow",
    )
    condition = az(
        *(*group, "match-condition", "add"),
        **where,
        name=name,
        match_variables="RequestUri",
        operator="BeginsWith",
        values=CHALLENGES,
    )
    return f"{first}{rule} && {condition}"


def _elsewhere(network: Network, rule: PathRule, user: Listener, host: str) -> Iterator[Obstacle]:
    """Judge what answers for a host on port 80, where the path rule's own listener does not."""
    gateway = gateway_of(network, user)
    name = host or "any name"
    known: list[Listener] = []
    for listener, whole in others_for(network, gateway, host):
        if listener.protocol == "http" and port_of(network, listener) == HTTP:
            if not whole:
                missing = f"whether {listener.label} answers for {name} on port {HTTP}"
                raise Undetermined(missing, resource=listener.id, remedy=_ASK)
            known.append(listener)
    if not known:
        yield Obstacle(
            f"{user.label} {host}".strip(),
            f"nothing answers for {name} on port {HTTP}, where challenges begin",
            f"add a listener for HTTP on port {HTTP} for {name} that sends {CHALLENGES}* to the "
            f"backend of {label_of(rule)}",
            (evidence(user, "/properties/frontendPort/id", _port_id(user)),),
            (user,),
        )
        return
    own = route_of(network, user)
    obstacles = [list(_through(network, own, listener)) for listener in known]
    if all(obstacles):
        yield from obstacles[0]


def _port_id(listener: Listener) -> str | None:
    port = listener.properties.frontend_port
    return port.id if port is not None else None


def _through(network: Network, own: Route, listener: Listener) -> Iterator[Obstacle]:
    """Judge the way of a challenge by another listener to where the path rule leads."""
    route = route_of(network, listener)
    if route.redirect is not None:
        yield from _redirected(network, route, f"{listener.label} redirect")
    elif not same_target(route, own):
        pools = ", ".join(pool.label for pool in pools_of(network, route))
        yield Obstacle(
            f"{listener.label} pool",
            f"on port {HTTP} the listener {listener.label} sends them to another pool ({pools})",
            f"give the path map of {listener.label} the same path rule",
            (evidence(route.node, f"/properties/{route.pool_key}/id", _pool_id(route)),),
            (listener,),
        )
    yield from _filter(network, listener)
    yield from _waf(network, listener)


def _pool_id(route: Route) -> str | None:
    return route.pool.id if route.pool is not None else None
