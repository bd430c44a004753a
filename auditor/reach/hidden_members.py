"""Machines that do not tell which pools and NAT rules of load balancers they name (E-14, E-17).

Each may mean any of its subscription: so it is behind each rule there, perhaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from auditor.network.blank_references import blank_references
from auditor.network.exposure import InboundRule
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.scale_sets import stands_for_nobody
from auditor.reach.membership import Target, targets_told
from auditor.reach.points import machine
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import InboundNatPool, InboundNatRule

_POOLS = "loadBalancerBackendAddressPools"
_RULES = "loadBalancerInboundNatRules"
_RANGES = "loadBalancerInboundNatPools"


def perhaps_behind(network: Network, rule: InboundRule) -> Iterator[Target]:
    """Give the machines that may name a rule, or a pool of it, besides those that are told.

    Not behind a global load balancer, where other load balancers are (E-19).
    """
    hidden = _hidden(network)
    if not hidden or _is_global(rule):
        return
    known = {target.id for _, target, _ in targets_told(network, rule) if target is not None}
    for key in _named_by(rule):
        for node in hidden.get((rule.subscription.lower(), key), ()):
            target = machine(network, node)
            if target.id not in known:
                known.add(target.id)
                yield node.key, target, (why_hidden(node, key),)


def why_hidden(node: Node, key: str) -> Reason:
    """Say what a machine does not tell: whom it names under a key."""
    return Reason("collection-gap", f"whom {node.root.label} names as its {key}", node.root.id)


def may_be_behind_any(network: Network, node: Node) -> bool:
    """Tell whether a machine may be behind any load balancer of its subscription."""
    subscription = node.subscription.lower()
    return any(
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
    return (_POOLS,) if rule.pools else ()


def _is_global(rule: InboundRule) -> bool:
    return (walk.peek(walk.peek(rule.root, "sku"), "tier") or "").lower() == "global"
