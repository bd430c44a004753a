"""Application gateways, asked in their own words: listeners, routes, pools, members (A-20 to A-26).

A *route* is one place where requests that a listener accepted may go: the target of its rule, or
the default and each path rule of the rule's path map.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.addresses import Address, address_or_none
from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.resources.application_gateways import (
    ApplicationGateway,
    FrontendPort,
    GatewayFrontend,
    GatewayPool,
    Listener,
    LoadDistributionPolicy,
    PathRule,
    Redirect,
    RoutingRule,
    UrlPathMap,
)
from auditor.resources.base import Node, Ref
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

LISTENER_OF_RULE = ("httpListener", "listener")
"""The edge kinds by which a routing rule names its listener."""


@dataclass(frozen=True, slots=True)
class Route:
    """One place where a listener's requests may go.

    `rule` is the listener's routing rule; `node` names the target: the rule itself, its path map
    (the default) or a path rule. `paths` are the path rule's patterns, empty for everything else.
    A rule with a redirect reaches no backend (A-24). `pool_key` and `redirect_key` are the JSON
    keys of the target inside `node`'s properties.
    """

    rule: RoutingRule
    node: RoutingRule | UrlPathMap | PathRule
    paths: tuple[str, ...]
    pool: Ref | None
    distribution: Ref | None
    redirect: Ref | None
    pool_key: str = "backendAddressPool"
    redirect_key: str = "redirectConfiguration"

    @property
    def what(self) -> str:
        """What takes this route, for a sentence: `every path`, `/api/*`, `every other path`."""
        if self.paths:
            return ", ".join(self.paths)
        return "every other path" if isinstance(self.node, UrlPathMap) else "every path"


@dataclass(frozen=True, slots=True)
class Member:
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
    if isinstance(node, ApplicationGateway):
        return node
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


def rules_of(network: Network, listener: Listener) -> tuple[RoutingRule, ...]:
    """Give the routing rules of a listener: one, or none when it serves nothing (A-22, A-25)."""
    edges = network.referrers(listener, *LISTENER_OF_RULE)
    return tuple(edge.source for edge in edges if isinstance(edge.source, RoutingRule))


def routes_of(network: Network, listener: Listener) -> tuple[Route, ...]:
    """Give every place where a listener's requests may go; none when no rule serves it."""
    return tuple(route for rule in rules_of(network, listener) for route in _routes(network, rule))


def _routes(network: Network, rule: RoutingRule) -> Iterator[Route]:
    p = rule.properties
    path_map = network.get(p.url_path_map, UrlPathMap)
    if path_map is None:
        yield Route(
            rule,
            rule,
            (),
            p.backend_address_pool,
            p.load_distribution_policy,
            p.redirect_configuration,
        )
        return
    m = path_map.properties
    yield Route(
        rule,
        path_map,
        (),
        m.default_backend_address_pool,
        m.default_load_distribution_policy,
        m.default_redirect_configuration,
        "defaultBackendAddressPool",
        "defaultRedirectConfiguration",
    )
    for path_rule in path_map.path_rules:
        r = path_rule.properties
        yield Route(
            rule,
            path_rule,
            tuple(r.paths or ()),
            r.backend_address_pool,
            r.load_distribution_policy,
            r.redirect_configuration,
        )


def pools_of(network: Network, route: Route) -> tuple[GatewayPool, ...]:
    """Give the pools a route sends to; none for a redirect. Raises Undetermined when missing."""
    if route.redirect is not None:
        return ()
    pool = network.get(route.pool, GatewayPool)
    if pool is not None:
        return (pool,)
    policy = network.get(route.distribution, LoadDistributionPolicy)
    targets = (policy.properties.load_distribution_targets or ()) if policy else ()
    shares = (network.get(t.properties.backend_address_pool, GatewayPool) for t in targets)
    return tuple(share for share in shares if share is not None)


def backends_of(network: Network, listener: Listener) -> tuple[GatewayPool, ...]:
    """Give the pools a listener's requests may reach, each once, in the order of its routes."""
    found = (pool for route in routes_of(network, listener) for pool in pools_of(network, route))
    return tuple({pool.key: pool for pool in found}.values())


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Which listeners' requests each pool may get, by the pool's key.

    `unclear` are the keys of gateways with a listener whose routes the snapshot does not tell,
    each with what is missing.
    """

    listeners: dict[str, tuple[Listener, ...]]
    unclear: dict[str, str]


@question
def pool_use(network: Network) -> PoolUse:
    """Tell which pools are in use, and by whom."""
    found: dict[str, list[Listener]] = defaultdict(list)
    unclear: dict[str, str] = {}
    for listener in network.all(Listener):
        try:
            pools = backends_of(network, listener)
        except Undetermined as unknown:
            if listener.owner is not None:
                unclear.setdefault(listener.owner.key, unknown.missing)
            continue
        for pool in pools:
            found[pool.key].append(listener)
    return PoolUse({key: tuple(listeners) for key, listeners in found.items()}, unclear)


def pools_in_use(network: Network) -> tuple[GatewayPool, ...]:
    """Give the pools that some listener's requests may reach, as far as can be told.

    `listeners_using` raises for those of which it cannot be told.
    """
    use = pool_use(network)
    return tuple(
        pool
        for pool in network.all(GatewayPool)
        if pool.key in use.listeners or (pool.owner is not None and pool.owner.key in use.unclear)
    )


def listeners_using(network: Network, pool: GatewayPool) -> tuple[Listener, ...]:
    """Give the listeners whose requests a pool may get; none for a pool that no rule uses.

    Raises Undetermined when a rule of its gateway does not tell where it sends.
    """
    use = pool_use(network)
    known = use.listeners.get(pool.key, ())
    if not known and pool.owner is not None and pool.owner.key in use.unclear:
        missing = use.unclear[pool.owner.key]
        raise Undetermined(f"whether a rule uses the pool: {missing}", resource=pool.id)
    return known


def members_of(pool: GatewayPool) -> tuple[Member, ...]:
    """Give the members of a pool that are written as addresses or names, in the order written.

    A name that is literally an address counts as that address.
    """
    found = []
    for index, entry in enumerate(pool.properties.backend_addresses or ()):
        for key, text in (("ipAddress", entry.ip_address), ("fqdn", entry.fqdn)):
            if text:
                pointer = f"/properties/backendAddresses/{index}/{key}"
                found.append(Member(pool, text, pointer, address_or_none(text)))
                break
    return tuple(found)


def others_in_pool(member: Member) -> tuple[str, ...]:
    """Give the other members of a member's pool, as written."""
    return tuple(one.text for one in members_of(member.pool) if one.pointer != member.pointer)


def is_empty(network: Network, pool: GatewayPool) -> bool:
    """Tell whether a pool has no member of any kind, listed by either side (A-26, A-29)."""
    return not (
        members_of(pool)
        or pool.properties.backend_ip_configurations
        or network.referrers(pool, "applicationGatewayBackendAddressPools")
    )


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


def listeners_redirected_by(network: Network, redirect: Redirect) -> tuple[Listener, ...]:
    """Give the listeners that answer some of their requests with a redirect."""
    return _redirected(network).get(redirect.key, ())


@question
def _redirected(network: Network) -> dict[str, tuple[Listener, ...]]:
    found: dict[str, dict[str, Listener]] = defaultdict(dict)
    for listener in network.all(Listener):
        try:
            for route in routes_of(network, listener):
                redirect = network.find(route.redirect)
                if isinstance(redirect, Redirect):
                    found[redirect.key][listener.key] = listener
        except Undetermined:
            continue  # rules that ask about the listener itself tell
    return {key: tuple(listeners.values()) for key, listeners in found.items()}


def redirects_in_use(network: Network) -> tuple[Redirect, ...]:
    """Give the redirects that some listener answers with."""
    used = _redirected(network)
    return tuple(redirect for redirect in network.all(Redirect) if redirect.key in used)


def next_listener(network: Network, listener: Listener) -> tuple[Redirect, Listener] | None:
    """Give where a listener's default route redirects within the gateway; None when nowhere."""
    for route in routes_of(network, listener):
        if not route.paths:
            redirect = redirect_of(network, route)
            target = redirect.properties.target_listener if redirect else None
            found = network.find(target)
            if redirect is not None and isinstance(found, Listener):
                return redirect, found
    return None


def is_public(network: Network, listener: Listener) -> bool:
    """Tell whether a listener listens on a public address. Raises Undetermined when untold."""
    return frontend_of(network, listener).public


def subnet_of(network: Network, gateway: ApplicationGateway) -> Subnet:
    """Give the gateway's own subnet (A-2). Raises Undetermined when it is not in the snapshot."""
    for configuration in gateway.ip_configurations:
        found = network.get(configuration.properties.subnet, Subnet)
        if found is not None:
            return found
    raise Undetermined("the subnet of the gateway (gatewayIPConfigurations)", resource=gateway.id)


def vnet_of(network: Network, gateway: ApplicationGateway) -> VirtualNetwork:
    """Give the VNet the gateway lives in. Raises Undetermined when it is not in the snapshot."""
    subnet = subnet_of(network, gateway)
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None:
        raise Undetermined(f"the virtual network of the subnet {subnet.id}", resource=subnet.id)
    return vnet


@question
def gateways_by_subnet(network: Network) -> dict[str, tuple[ApplicationGateway, ...]]:
    """Give the gateways that live in each subnet, by the subnet's key."""
    found: dict[str, list[ApplicationGateway]] = defaultdict(list)
    for gateway in network.all(ApplicationGateway):
        try:
            found[subnet_of(network, gateway).key].append(gateway)
        except Undetermined:
            continue
    return {key: tuple(gateways) for key, gateways in found.items()}


def gateway_homes(network: Network) -> tuple[Subnet | ApplicationGateway, ...]:
    """Give the subnets that application gateways live in; a gateway itself where that is untold.

    `home` turns the latter into the answer *unknown*.
    """
    homes = gateways_by_subnet(network)
    settled = {gateway.key for gateways in homes.values() for gateway in gateways}
    subnets = (subnet for subnet in network.all(Subnet) if subnet.key in homes)
    homeless = (one for one in network.all(ApplicationGateway) if one.key not in settled)
    return (*subnets, *homeless)


def home(network: Network, subject: Subnet | ApplicationGateway) -> Subnet:
    """Give the subnet that one of `gateway_homes` stands for. Raises Undetermined."""
    return subject if isinstance(subject, Subnet) else subnet_of(network, subject)
