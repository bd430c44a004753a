"""Which port of a NAT rule's range is whose, where a pool tells what Azure gave (E-18).

Where it does not, each machine has one all the same.
"""

from __future__ import annotations

from collections import defaultdict

from auditor.addresses import PortSet
from auditor.errors import Undetermined
from auditor.network.backends import members
from auditor.network.exposure import InboundRule
from auditor.network.graph import Network, model_key, question_about
from auditor.network.scale_sets import is_flexible
from auditor.resources import walk
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.load_balancers import (
    BackendAddress,
    BackendPool,
    InboundNatPool,
    InboundNatRule,
    LoadBalancingRule,
)

NAT_PORT = "nat-port"
"""The label of the doubt which port of a range leads to whom."""


def ports_given(network: Network, rule: InboundNatRule, member: str, every: PortSet) -> PortSet:
    """Give which of the ports of a rule a member has, or may have: one of those that are left."""
    told = _of_rule(network, rule)
    if not told:
        return every
    own = told.get(_as_told(network, member))
    if own is not None:
        return own & every
    for ports in told.values():
        every = every - ports
    return every


def is_given(network: Network, rule: InboundNatRule, member: str) -> bool:
    """Whether it is told which port of a rule a member has."""
    return _as_told(network, member) in _of_rule(network, rule)


def _of_rule(network: Network, rule: InboundNatRule) -> dict[str, PortSet]:
    pool = network.find(walk.peek(walk.peek(rule, "properties"), "backend_address_pool"))
    return _told(network, pool, rule) if isinstance(pool, BackendPool) else {}


@question_about
def _told(network: Network, pool: BackendPool, rule: InboundNatRule) -> dict[str, PortSet]:
    """The ports that a pool tells, by ip configuration or address; a model has its instances'."""
    found: dict[str, PortSet] = defaultdict(PortSet)
    entries = walk.peek(walk.peek(pool, "properties"), "load_balancer_backend_addresses")
    for entry in entries or ():
        ports = _of_entry(entry, rule)
        if ports:
            for key in _keys(network, entry):
                found[key] = found[key] | ports
    return dict(found)


def _of_entry(entry: BackendAddress, rule: InboundNatRule) -> PortSet:
    total = PortSet()
    for given in walk.peek(entry.properties, "inbound_nat_rules_port_mapping") or ():
        if (given.inbound_nat_rule_name or "").lower() == rule.label.lower():
            total = total | (PortSet.of(given.frontend_port) if given.frontend_port else PortSet())
    return total


def _keys(network: Network, entry: BackendAddress) -> set[str]:
    ref: Ref | None = walk.peek(entry.properties, "network_interface_ip_configuration")
    if ref is None or not ref.id:
        address = walk.peek(entry.properties, "ip_address")
        return {address} if address else set()
    key = ref.id.lower()
    return {_as_told(network, key), model_key(key)}


def _as_told(network: Network, member: str) -> str:
    """The key by which a member is told of: an instance that is not in the input, by its model."""
    if not member.startswith("/"):
        return member
    node = network.find(member)
    return node.key if node is not None else member


def has_one(network: Network, rule: InboundRule, member: str) -> bool:
    """Whether a member surely has a port of a rule's range, whichever it is.

    There has to be a machine, and a port for each of those that share the range: more of them are
    not told of.
    """
    if isinstance(rule, LoadBalancingRule):
        return False
    p = rule.properties
    size = (p.frontend_port_range_end or 0) - (p.frontend_port_range_start or 0) + 1
    numbers = [_machines(network, each) for each in _sharing(network, rule)]
    known = [number for number in numbers if number is not None]
    return bool(_machines(network, member)) and len(known) == len(numbers) and sum(known) <= size


def _sharing(network: Network, rule: InboundNatRule | InboundNatPool) -> tuple[str, ...]:
    """The members among whom Azure divides the ports of a range."""
    if isinstance(rule, InboundNatPool):
        return tuple(e.source.key for e in network.referrers(rule, "loadBalancerInboundNatPools"))
    pool = network.find(rule.properties.backend_address_pool)
    try:
        return members(network, pool) if isinstance(pool, BackendPool) else ()
    except Undetermined:
        return ("",)


def _machines(network: Network, member: str) -> int | None:
    """How many machines a member stands for; None: not told."""
    node = network.find(member) if member.startswith("/") else None
    if isinstance(node, ScaleSetIpConfiguration):
        uniform = isinstance(node.root, ScaleSet) and not is_flexible(node.root)
        return walk.peek(walk.peek(node.root, "sku"), "capacity") if uniform else None
    return 1 if member else None
