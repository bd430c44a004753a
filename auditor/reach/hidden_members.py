"""Machines of which it is not told which pools and NAT rules they name (E-14, E-17).

One that does not tell may mean any of its subscription: so it is behind each rule there, perhaps.
One that names what the input lacks may mean what a template declares for a place that is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.network.blank_references import blank_references
from auditor.network.exposure import InboundRule
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.scale_sets import stands_for_nobody
from auditor.network.strays import unbound
from auditor.network.untold_homes import perhaps_meaning, perhaps_meant_by, why_open
from auditor.reach.membership import Target, targets_told
from auditor.reach.points import machine
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import InboundNatPool, InboundNatRule, LoadBalancingRule

_POOLS = "loadBalancerBackendAddressPools"
_RULES = "loadBalancerInboundNatRules"
_RANGES = "loadBalancerInboundNatPools"


def perhaps_behind(network: Network, rule: InboundRule) -> Iterator[Target]:
    """Give the machines that may name a rule, or a pool of it, besides those that are told.

    Not behind a global load balancer, where other load balancers are (E-19).
    """
    doubtful = (*_by_blanks(network, rule), *_by_lost_names(network, rule))
    if not doubtful or _is_global(rule):
        return
    known = {target.id for _, target, _ in targets_told(network, rule) if target is not None}
    for node, why in doubtful:
        target = machine(network, node)
        if target.id not in known:
            known.add(target.id)
            yield node.key, target, (why,)


def _by_blanks(network: Network, rule: InboundRule) -> Iterator[tuple[_Configuration, Reason]]:
    """Give the machines that may mean any rule or pool."""
    hidden = _hidden(network)
    for key in _named_by(rule) if hidden else ():
        for node in hidden.get((rule.subscription.lower(), key), ()):
            yield node, why_hidden(node, key)


def _by_lost_names(network: Network, rule: InboundRule) -> Iterator[tuple[_Configuration, Reason]]:
    """Give the machines that name a rule, or a pool of it, by an id that leads nowhere."""
    for key in _named_by(rule) if perhaps_meaning(network) else ():
        named = _pools_of(network, rule) if key == _POOLS else (rule,)
        for node in named:
            for edge in perhaps_meant_by(network, node, key):
                source = edge.source
                if isinstance(source, _Configuration) and not stands_for_nobody(network, source):
                    why = Reason("collection-gap", why_open(node, edge), source.root.id)
                    yield source, why


def _pools_of(network: Network, rule: InboundRule) -> tuple[Node, ...]:
    settings = walk.peek(rule, "properties")
    one = walk.peek(settings, "backend_address_pool")
    refs = rule.pools if isinstance(rule, LoadBalancingRule) else (one,)
    return tuple(node for node in map(network.find, refs) if isinstance(node, Node))


def why_hidden(node: Node, key: str) -> Reason:
    """Say what a machine does not tell: whom it names under a key."""
    return Reason("collection-gap", f"whom {node.root.label} names as its {key}", node.root.id)


def untold_machines(network: Network, rule: InboundRule) -> tuple[Reason, ...]:
    """Say which machines may be behind a rule because they do not tell a single address of theirs.

    Of its subscription; those that tell their addresses are among those perhaps behind it.
    """
    if not _named_by(rule) or _is_global(rule):
        return ()
    return tuple(
        Reason("collection-gap", f"whether {nic.label} is behind {rule.label}", nic.id)
        for nic in _without_addresses(network).get(rule.subscription.lower(), ())
    )


@question
def _without_addresses(network: Network) -> dict[str, tuple[NetworkInterface, ...]]:
    """The interfaces that do not tell their ip configurations, by subscription."""
    found: dict[str, list[NetworkInterface]] = defaultdict(list)
    for nic in unbound(network):
        if walk.peek(walk.peek(nic, "properties"), "ip_configurations") is None:
            found[nic.subscription.lower()].append(nic)
    return {where: tuple(nics) for where, nics in found.items()}


def may_be_behind_any(network: Network, node: Node) -> bool:
    """Tell whether a machine may be behind any load balancer of its subscription."""
    subscription = node.subscription.lower()
    return node.key in perhaps_meaning(network) or any(
        node in _hidden(network).get((subscription, key), ()) for key in (_POOLS, _RULES, _RANGES)
    )


_Configuration = IpConfiguration | ScaleSetIpConfiguration


@question
def _hidden(network: Network) -> dict[tuple[str, str], tuple[_Configuration, ...]]:
    """The ip configurations that do not tell, by their subscription and what they hide."""
    found: dict[tuple[str, str], list[_Configuration]] = defaultdict(list)
    for key in (_POOLS, _RULES, _RANGES):
        for node in blank_references(network).get(key, ()):
            if isinstance(node, _Configuration) and not stands_for_nobody(network, node):
                found[node.subscription.lower(), key].append(node)
    return {where: tuple(nodes) for where, nodes in found.items()}


def _named_by(rule: InboundRule) -> tuple[str, ...]:
    """By which references a machine gets behind a rule."""
    if isinstance(rule, InboundNatPool):
        return (_RANGES,)
    if isinstance(rule, InboundNatRule):
        pool = walk.peek(walk.peek(rule, "properties"), "backend_address_pool")
        return (_RULES,) if pool is None else (_POOLS,)
    return (_POOLS,) if _may_have_pools(rule) else ()


def _may_have_pools(rule: LoadBalancingRule) -> bool:
    try:
        return bool(rule.pools)
    except Undetermined:
        return True


def _is_global(rule: InboundRule) -> bool:
    return (walk.peek(walk.peek(rule.root, "sku"), "tier") or "").lower() == "global"
