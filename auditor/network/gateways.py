"""Application gateways, asked in their own words: listeners, routes, pools, members (A-20 to A-26).

A *route* is one place where requests that a listener accepted may go: the target of its rule, or
the default and each path rule of the rule's path map.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from auditor.addresses import Address, address_or_none
from auditor.errors import Undetermined
from auditor.network.blank_references import names_something, require_not_meant
from auditor.network.doubt import Doubt, doubt, settled
from auditor.network.graph import Network, question, question_about
from auditor.network.host_patterns import swallows
from auditor.resources import walk
from auditor.resources.application_gateways import (
    ApplicationGateway,
    FrontendPort,
    GatewayBackendAddress,
    GatewayFrontend,
    GatewayPool,
    Listener,
)
from auditor.resources.base import Node, Ref
from auditor.resources.gateway_routing import (
    LoadDistributionPolicy,
    PathRule,
    Redirect,
    RoutingRule,
    UrlPathMap,
)
from auditor.snapshot.document import Dialect

LISTENER_OF_RULE = ("httpListener", "listener")
"""The edge kinds by which a routing rule names its listener."""


class Route(msgspec.Struct, frozen=True):
    """One place where a listener's requests may go.

    `rule` is the listener's routing rule; `node` names the target: the rule itself, its path map
    (the default) or a path rule. A rule with a redirect reaches no backend (A-24). Reading a
    target that the snapshot does not tell raises Undetermined: one route does not hide another.
    """

    rule: RoutingRule
    node: RoutingRule | UrlPathMap | PathRule

    @property
    def paths(self) -> tuple[str, ...]:
        """The path rule's patterns, empty for everything else."""
        if not isinstance(self.node, PathRule):
            return ()
        paths = tuple(self.node.properties.paths or ())
        if not paths:
            raise Undetermined(f"the paths of {self.node.label}", resource=self.node.id)
        return paths

    @property
    def pool(self) -> Ref | None:
        """The backend pool, when it is one."""
        node = self.node
        if isinstance(node, UrlPathMap):
            return node.properties.default_backend_address_pool
        return node.properties.backend_address_pool

    @property
    def distribution(self) -> Ref | None:
        """The load distribution policy, when it is one."""
        node = self.node
        if isinstance(node, UrlPathMap):
            return node.properties.default_load_distribution_policy
        return node.properties.load_distribution_policy

    @property
    def redirect(self) -> Ref | None:
        """The redirect; None when the route goes to a backend. Raises when it tells no target."""
        node = self.node
        found = (
            node.properties.default_redirect_configuration
            if isinstance(node, UrlPathMap)
            else node.properties.redirect_configuration
        )
        if not any(map(names_something, (found, self.pool, self.distribution))):
            raise Undetermined(f"where {node.label} sends requests", resource=node.id)
        return found

    @property
    def pool_key(self) -> str:
        """The JSON key of the pool inside the properties of `node`."""
        default = isinstance(self.node, UrlPathMap)
        return "defaultBackendAddressPool" if default else "backendAddressPool"

    @property
    def redirect_key(self) -> str:
        """The JSON key of the redirect inside the properties of `node`."""
        default = isinstance(self.node, UrlPathMap)
        return "defaultRedirectConfiguration" if default else "redirectConfiguration"

    @property
    def what(self) -> str:
        """What takes this route, for a sentence: `every path`, `/api/*`, `every other path`."""
        if isinstance(self.node, PathRule):
            return ", ".join(self.paths)
        return "every other path" if isinstance(self.node, UrlPathMap) else "every path"


class Member(msgspec.Struct, frozen=True):
    """One entry of a pool's `backendAddresses`: an address, or a name (A-26).

    `pointer` is relative to the pool. `address` is None for a name.
    """

    pool: GatewayPool
    text: str
    pointer: str
    address: Address | None

    @property
    def id(self) -> str:
        """The pool's id: a member has none of its own."""
        return self.pool.id


def gateway_of(network: Network, node: Node) -> ApplicationGateway:
    """Give the gateway that holds a node. Raises Undetermined when the export has only the part."""
    for gateway in (node, node.owner):  # as nearly always
        if isinstance(gateway, ApplicationGateway):
            return gateway
    gateway = network.holder(node, ApplicationGateway)
    if gateway is None:
        raise Undetermined(f"the application gateway that holds {node.label}", resource=node.id)
    return gateway


def is_v2(gateway: ApplicationGateway) -> bool:
    """Tell whether the gateway is of the second generation (A-1). Raises when it does not say."""
    if not gateway.tier:
        raise Undetermined("the tier of the gateway (properties.sku.tier)", resource=gateway.id)
    return gateway.tier not in ("standard", "waf")


def frontend_of(network: Network, listener: Listener) -> GatewayFrontend:
    """Give the frontend a listener listens on. Raises Undetermined when it is not told."""
    found = network.get(listener.properties.frontend_ip_configuration, GatewayFrontend)
    if found is None:
        raise Undetermined("the frontend of the listener", resource=listener.id)
    return found


def port_of(network: Network, listener: Listener) -> int:
    """Give the port a listener listens on. Raises Undetermined when it is not told."""
    found = network.get(listener.properties.frontend_port, FrontendPort)
    if found is None or found.properties.port is None:
        raise Undetermined("the port of the listener", resource=listener.id)
    return found.properties.port


@question_about
def rules_of(network: Network, listener: Listener) -> tuple[RoutingRule, ...]:
    """Give the routing rules of a listener: one, or none when it serves nothing (A-22, A-25).

    Raises Undetermined when none is known and some rule of the gateway does not tell its listener.
    """
    edges = network.referrers(listener, *LISTENER_OF_RULE)
    found = tuple(edge.source for edge in edges if isinstance(edge.source, RoutingRule))
    if not found and isinstance(listener.owner, ApplicationGateway):
        for rule in listener.owner.rules:
            if rule.listener is None or not rule.listener.id:
                raise Undetermined(
                    f"whether the rule {rule.label} serves the listener {listener.label}",
                    resource=rule.id,
                )
    return found


def may_be_served(network: Network, listener: Listener) -> bool:
    """Tell whether a rule serves a listener, or the snapshot does not tell."""
    try:
        return bool(rules_of(network, listener))
    except Undetermined:
        return True


@question_about
def routes_of(network: Network, listener: Listener) -> tuple[Route, ...]:
    """Give every place where a listener's requests may go; none when no rule serves it.

    Raises Undetermined when the rule or its path map do not tell which places there are.
    """
    return tuple(route for rule in rules_of(network, listener) for route in _routes(network, rule))


def _routes(network: Network, rule: RoutingRule) -> Iterator[Route]:
    path_map = network.get(rule.properties.url_path_map, UrlPathMap)
    if path_map is None:
        yield Route(rule, rule)
        return
    if not any(takes_every_path(path_rule) for path_rule in path_map.path_rules):
        yield Route(rule, path_map)
    for path_rule in path_map.path_rules:
        yield Route(rule, path_rule)


def takes_every_path(rule: PathRule) -> bool:
    """Tell whether a path rule surely leaves nothing to the default of its map (A-23)."""
    try:
        return "/*" in (rule.properties.paths or ())
    except Undetermined:
        return False


def hiding(
    network: Network, parts: Callable[[ApplicationGateway], object], words: str
) -> tuple[Doubt, ...]:
    """Give a doubt for each gateway that does not tell a list of its parts, called `words`."""
    found = []
    for gateway in network.all(ApplicationGateway):
        try:
            parts(gateway)
        except Undetermined:
            found.append(Doubt(gateway.id, f"the {words} of {gateway.label}"))
    return tuple(found)


@question
def listeners(network: Network) -> tuple[Listener | Doubt, ...]:
    """Give every listener; a doubt for each gateway that does not tell all of its own."""
    untold = hiding(network, lambda gateway: gateway.listeners, "listeners")
    return (*network.all(Listener), *untold)


def pools_of(network: Network, route: Route) -> tuple[GatewayPool, ...]:
    """Give the pools a route sends to; none for a redirect. Raises Undetermined when missing."""
    if route.redirect is not None:
        return ()
    pool = network.get(route.pool, GatewayPool)
    if pool is not None:
        return (pool,)
    policy = network.get(route.distribution, LoadDistributionPolicy)
    targets = (policy.properties.load_distribution_targets or ()) if policy else ()
    shares = tuple(network.get(t.properties.backend_address_pool, GatewayPool) for t in targets)
    if policy is not None and (not shares or None in shares):
        raise Undetermined(f"the pools of {policy.label}", resource=policy.id)
    return tuple(share for share in shares if share is not None)


def backends_of(network: Network, listener: Listener) -> tuple[GatewayPool, ...]:
    """Give the pools a listener's requests may reach, each once, in the order of its routes."""
    found = (pool for route in routes_of(network, listener) for pool in pools_of(network, route))
    return tuple({pool.key: pool for pool in found}.values())


def members_of(network: Network, pool: GatewayPool) -> tuple[Member, ...]:
    """Give the members of a pool that are written as addresses or names, in the order written.

    A name that is literally an address counts as that address. Raises Undetermined when an entry
    tells neither.
    """
    return tuple(settled(one) for one in entries_of(network, pool))


@question_about
def entries_of(_: Network, pool: GatewayPool) -> tuple[Member | Doubt, ...]:
    """Give the members of a pool, a doubt for each of which the snapshot does not tell."""
    return tuple(_entries(pool))


def _entries(pool: GatewayPool) -> Iterator[Member | Doubt]:
    try:
        entries = addresses_of(pool)
    except Undetermined as unknown:
        yield doubt(pool.id, unknown)
        return
    for index, entry in enumerate(entries):
        try:
            key, text = "ipAddress", entry.ip_address
            if not text:
                key, text = "fqdn", entry.fqdn
        except Undetermined:
            text = None
        if text:
            pointer = f"/properties/backendAddresses/{index}/{key}"
            yield Member(pool, text, pointer, address_or_none(text))
        else:
            yield Doubt(pool.id, f"member {index} of the backend pool {pool.label}")


def addresses_of(pool: GatewayPool) -> Sequence[GatewayBackendAddress]:
    """Give what a pool lists by address or name.

    Raises Undetermined when it has no list of them: Azure writes an empty one for a pool without
    any, and only requests leave it out.
    """
    untold = Undetermined(f"the members of the backend pool {pool.label}", resource=pool.id)
    try:
        listed = pool.properties.backend_addresses
    except Undetermined as unknown:
        raise untold from unknown
    record = pool.root.record
    if listed is None and record is not None and record.dialect is not Dialect.LOOSE:
        raise untold
    return listed or ()


def others_in_pool(network: Network, member: Member) -> tuple[str, ...]:
    """Give the other members of a member's pool, as written; a word for each that is not told."""
    return tuple(
        one.text if isinstance(one, Member) else "UNKNOWN-MEMBER"
        for one in entries_of(network, member.pool)
        if isinstance(one, Doubt) or one.pointer != member.pointer
    )


def is_empty(network: Network, pool: GatewayPool) -> bool:
    """Tell whether a pool has no member of any kind, listed by either side (A-26, A-29).

    Raises Undetermined when an interface that does not tell its pools may be in it.
    """
    if (
        members_of(network, pool)
        or pool.properties.backend_ip_configurations
        or network.referrers(pool, _JOINING)
    ):
        return False
    require_not_meant(network, pool, _JOINING)
    return True


_JOINING = "applicationGatewayBackendAddressPools"
"""How interfaces and scale sets name the pools of gateways that they are in."""


def redirect_of(network: Network, route: Route) -> Redirect | None:
    """Give the redirect a route answers with. Raises Undetermined when it is missing."""
    return network.get(route.redirect, Redirect)


def listeners_with_path_rule(network: Network, path_rule: PathRule) -> tuple[Listener, ...]:
    """Give the listeners whose rules choose by the path map that holds a path rule."""
    path_map = network.holder(path_rule, UrlPathMap)
    edges = network.referrers(path_map, "urlPathMap") if path_map else ()
    rules = (edge.source for edge in edges if isinstance(edge.source, RoutingRule))
    listeners = (network.get(rule.listener, Listener) for rule in rules)
    return tuple(one for one in listeners if one is not None)


def next_listener(network: Network, listener: Listener) -> tuple[Redirect, Listener] | None:
    """Give where a listener's default route redirects within the gateway; None when nowhere."""
    for route in routes_of(network, listener):
        if not isinstance(route.node, PathRule):
            redirect = redirect_of(network, route)
            target = redirect.properties.target_listener if redirect else None
            found = network.find(target)
            if redirect is not None and isinstance(found, Listener):
                return redirect, found
    return None


def encrypted_web_listeners(gateway: ApplicationGateway) -> tuple[Listener, ...]:
    """Give the listeners known to speak HTTPS, to which a remedy may lead."""
    told: list[Listener] = walk.peek(walk.peek(gateway, "properties"), "http_listeners") or []
    return tuple(one for one in told if _protocol(one) == "https")


def secure_counterpart(
    gateway: ApplicationGateway, *plain: Listener, but: Collection[str] = ()
) -> Listener | None:
    """Give the listener for HTTPS to which a remedy may send the visitors of others.

    The one that takes most of their host names, by name rather than by a pattern; none when no
    listener takes any: the visitors of one site are not sent to another.
    """
    secure = [one for one in encrypted_web_listeners(gateway) if one.id not in but]
    wanted = {host.lower() for one in plain for host in _told_hosts(one)}
    if not wanted:
        return min(secure, key=lambda one: len(_told_hosts(one)) > 0, default=None)

    def fitness(one: Listener) -> tuple[int, int]:
        names = {name.lower() for name in _told_hosts(one)}
        taken = [host for host in wanted if any(swallows(name, host) for name in names or {"*"})]
        return len(taken), len(wanted & names)

    best = max(secure, key=fitness, default=None)
    return best if best is not None and fitness(best)[0] else None


def _told_hosts(listener: Listener) -> tuple[str, ...]:
    try:
        return tuple(listener.hosts)
    except Undetermined:
        return ()


def _protocol(listener: Listener) -> str:
    return (walk.peek(walk.peek(listener, "properties"), "protocol") or "").lower()


def is_public(network: Network, listener: Listener) -> bool:
    """Tell whether a listener listens on a public address. Raises Undetermined when untold."""
    return frontend_of(network, listener).public
