"""Which web application firewall inspects what: effective policies (A-50).

A path rule's policy goes before the listener's, the listener's before the gateway's. A gateway
without a policy may carry the older configuration of its own. Nothing is inspected outside the
tiers WAF and WAF_v2, nor on listeners for TCP and TLS.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from auditor.errors import Undetermined
from auditor.network.doubt import Doubt
from auditor.network.gateways import (
    Route,
    gateway_of,
    hiding,
    is_public,
    listeners,
    routes_of,
    rules_of,
)
from auditor.network.graph import Missing, Network, possibly, question
from auditor.network.holes import holes
from auditor.resources.application_gateways import ApplicationGateway, Listener, StreamListener
from auditor.resources.front_doors import ClassicEndpoint, FrontDoorSecurityPolicy
from auditor.resources.gateway_routing import PathRule
from auditor.resources.web_application_firewalls import WafPolicy


class Mode(enum.IntEnum):
    """What a firewall does with an attack; larger is stronger."""

    NONE = 0
    """Nothing: there is no firewall, or it is switched off."""
    DETECTION = 1
    """It writes the attack down and lets it through."""
    PREVENTION = 2
    """It blocks the attack."""


class Waf(msgspec.Struct, frozen=True):
    """The firewall in effect somewhere.

    `node` is what names it (gateway, listener, path rule), `policy` the policy, None for the
    gateway's own configuration and for no firewall at all. `why` says in a clause why the mode
    is NONE, empty otherwise. `pointer` is the place in `node` that decides.
    """

    node: ApplicationGateway | Listener | PathRule
    mode: Mode
    policy: WafPolicy | None = None
    why: str = ""
    pointer: str = "/properties/firewallPolicy/id"


def mode_of(policy: WafPolicy) -> Mode:
    """Tell what a policy does. Raises Undetermined when it does not say."""
    found = policy.properties.policy_settings
    state = (found.state or found.enabled_state) if found else None
    mode = found.mode if found else None
    if state is None or (state.lower() == "enabled" and mode is None):
        raise Undetermined(
            "the state and the mode of the policy (policySettings)", resource=policy.id
        )
    if state.lower() != "enabled":
        return Mode.NONE
    return Mode.PREVENTION if (mode or "").lower() == "prevention" else Mode.DETECTION


def has_waf_tier(gateway: ApplicationGateway) -> bool:
    """Tell whether the gateway's tier can run a firewall. Raises Undetermined when untold."""
    if not gateway.tier:
        raise Undetermined("the tier of the gateway (properties.sku.tier)", resource=gateway.id)
    return gateway.tier in ("waf", "waf_v2")


def gateway_waf(network: Network, gateway: ApplicationGateway) -> Waf:
    """Give the firewall of the gateway as a whole."""
    p = gateway.properties
    if not has_waf_tier(gateway):
        tier = p.sku.tier if p.sku and p.sku.tier else gateway.tier
        return Waf(
            gateway, Mode.NONE, why=f"its tier {tier} has none", pointer="/properties/sku/tier"
        )
    policy = network.get(p.firewall_policy, WafPolicy)
    if policy is not None:
        return _by_policy(gateway, policy)
    own = p.web_application_firewall_configuration
    at = "/properties/webApplicationFirewallConfiguration"
    if own is None:
        return Waf(gateway, Mode.NONE, why="it has no WAF policy", pointer="/properties")
    if own.enabled is None:
        missing = f"whether the WAF inside {gateway.label} is enabled"
        raise Undetermined(missing, resource=gateway.id)
    if not own.enabled:
        return Waf(gateway, Mode.NONE, why="its WAF is switched off", pointer=f"{at}/enabled")
    if own.firewall_mode is None:
        raise Undetermined("the mode of the firewall (firewallMode)", resource=gateway.id)
    blocks = own.firewall_mode.lower() == "prevention"
    mode = Mode.PREVENTION if blocks else Mode.DETECTION
    return Waf(gateway, mode, pointer=f"{at}/firewallMode")


def _by_policy(node: ApplicationGateway | Listener | PathRule, policy: WafPolicy) -> Waf:
    mode = mode_of(policy)
    why = "" if mode else f"its WAF policy {policy.label} is switched off"
    return Waf(node, mode, policy, why)


def waf_at(network: Network, listener: Listener, route: Route) -> Waf:
    """Give the firewall in effect for requests that take a route."""
    gateway = gateway_of(network, listener)
    if has_waf_tier(gateway):
        nodes = (route.node, listener) if isinstance(route.node, PathRule) else (listener,)
        for node in nodes:
            if isinstance(node, PathRule | Listener):
                policy = network.get(node.properties.firewall_policy, WafPolicy)
                if policy is not None:
                    return _by_policy(node, policy)
    return gateway_waf(network, gateway)


def exceptions(network: Network) -> tuple[Listener | PathRule | Doubt, ...]:
    """Give the listeners and path rules with a WAF policy of their own, on gateways with a WAF.

    A doubt stands for the listeners, and for the path rules, of a gateway that hides them.
    """
    nodes = (*listeners(network), *network.all(PathRule))
    return (
        *(one for one in nodes if isinstance(one, Doubt) or _is_exception(network, one)),
        *hiding(network, _path_rules, "path rules"),
    )


def _path_rules(gateway: ApplicationGateway) -> tuple[PathRule, ...]:
    maps = gateway.properties.url_path_maps or ()
    return tuple(rule for path_map in maps for rule in path_map.path_rules)


def _is_exception(network: Network, node: Listener | PathRule) -> bool:
    return possibly(_has_own_policy, node) and _on_waf_tier(network, node)


def _has_own_policy(node: Listener | PathRule) -> bool:
    return node.properties.firewall_policy is not None


def _on_waf_tier(network: Network, node: ApplicationGateway | Listener | PathRule) -> bool:
    own = node if isinstance(node, ApplicationGateway) else None
    gateway = own or network.holder(node, ApplicationGateway)
    return gateway is None or possibly(has_waf_tier, gateway)


def own_waf(network: Network, node: Listener | PathRule) -> Waf | None:
    """Give the firewall a listener or a path rule names for itself; None when it names none."""
    policy = network.get(node.properties.firewall_policy, WafPolicy)
    return _by_policy(node, policy) if policy else None


def inspected(listener: Listener) -> bool:
    """Tell whether a firewall could inspect the listener at all: only HTTP and HTTPS."""
    return not isinstance(listener, StreamListener) and listener.protocol not in ("tcp", "tls")


def public_listeners(network: Network, gateway: ApplicationGateway) -> tuple[Listener, ...]:
    """Give the listeners that answer HTTP or HTTPS from the internet: public, and with a rule."""
    return tuple(
        listener
        for listener in gateway.listeners
        if inspected(listener) and is_public(network, listener) and rules_of(network, listener)
    )


@question
def exposed_gateways(network: Network) -> tuple[ApplicationGateway, ...]:
    """Give the gateways that answer HTTP or HTTPS from the internet.

    One of which the snapshot does not tell is among them: `unprotected` raises for it.
    """
    return tuple(one for one in network.all(ApplicationGateway) if _may_be_exposed(network, one))


def _may_be_exposed(network: Network, gateway: ApplicationGateway) -> bool:
    try:
        return bool(public_listeners(network, gateway))
    except Undetermined:
        return True


def unprotected(network: Network, gateway: ApplicationGateway) -> tuple[Listener, ...]:
    """Give the public listeners with some route that no active firewall inspects.

    Raises Undetermined when none is known and the snapshot does not tell of some listener.
    """
    found = []
    doubt: Undetermined | None = None
    for listener in gateway.listeners:
        try:
            if _is_unprotected(network, listener):
                found.append(listener)
        except Undetermined as unknown:
            doubt = doubt or unknown
    if doubt is not None and not found:
        raise doubt
    return tuple(found)


def _is_unprotected(network: Network, listener: Listener) -> bool:
    return (
        inspected(listener)
        and is_public(network, listener)
        and any(
            waf_at(network, listener, route).mode is Mode.NONE
            for route in routes_of(network, listener)
        )
    )


ATTACHED_BY = ("firewallPolicy", "wafPolicy", "webApplicationFirewallPolicyLink")
"""The edge kinds by which something names its WAF policy."""

User: TypeAlias = (
    ApplicationGateway | Listener | PathRule | FrontDoorSecurityPolicy | ClassicEndpoint
)


def users_of(network: Network, policy: WafPolicy | Missing) -> Iterator[User]:
    """Give what a policy is attached to, as far as the snapshot holds it."""
    for edge in network.referrers(policy, *ATTACHED_BY):
        if isinstance(edge.source, User):
            yield edge.source


@question
def attached_policies(network: Network) -> tuple[WafPolicy, ...]:
    """Give the policies that something in the snapshot is attached to."""
    return tuple(one for one in network.all(WafPolicy) if any(users_of(network, one)))


@question
def untold_policies(network: Network) -> tuple[Doubt, ...]:
    """Give a doubt for each gateway, listener and path rule that does not tell its policy.

    Gateways without a WAF are left out, and those that `gateways_with_own_waf` gives.
    """
    gateways = (one for one in network.all(ApplicationGateway) if not possibly(_has_own_waf, one))
    nodes: tuple[ApplicationGateway | Listener | PathRule, ...] = (
        *gateways,
        *network.all(Listener),
        *network.all(PathRule),
    )
    return tuple(
        Doubt(node.id, f"the firewall policy of {node.label}")
        for node in nodes
        if possibly(_hides_policy, node) and _on_waf_tier(network, node)
    )


def _hides_policy(node: ApplicationGateway | Listener | PathRule) -> bool:
    ref = node.properties.firewall_policy
    return ref is not None and not ref.id


@question
def missing_policies(network: Network) -> tuple[Missing, ...]:
    """Give the policies that something is attached to and that the snapshot does not hold."""
    absent = (hole.missing for hole in holes(network))
    return tuple(one for one in absent if any(users_of(network, one)))


@question
def gateways_with_own_waf(network: Network) -> tuple[ApplicationGateway, ...]:
    """Give the gateways with a firewall configuration of their own and no policy in its place.

    One of which the snapshot does not tell is among them: `gateway_waf` raises for it.
    """
    return tuple(one for one in network.all(ApplicationGateway) if possibly(_has_own_waf, one))


def _has_own_waf(gateway: ApplicationGateway) -> bool:
    p = gateway.properties
    return (
        gateway.tier in ("waf", "waf_v2")
        and p.firewall_policy is None
        and p.web_application_firewall_configuration is not None
    )


def is_only_private(network: Network, users: Iterable[User]) -> bool:
    """Tell whether everything a firewall protects listens on private addresses only."""
    return all(_is_private(network, user) for user in users)


def _is_private(network: Network, user: User) -> bool:
    if isinstance(user, FrontDoorSecurityPolicy | ClassicEndpoint):
        return False
    try:
        if isinstance(user, Listener):
            return not is_public(network, user)
        return not public_listeners(network, gateway_of(network, user))
    except Undetermined:
        return False
