"""Who is behind a rule of a load balancer: machines, and frontends of regions (E-14 to E-19)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from auditor.addresses import Address, address_or_none
from auditor.errors import Undetermined
from auditor.network.address_owners import all_owned_addresses
from auditor.network.address_plan import locate, who_may_have
from auditor.network.backends import members
from auditor.network.exposure import InboundRule
from auditor.network.graph import Missing, Network, model_key, question_about
from auditor.network.reasons import GAP, Reason, gap
from auditor.network.scale_sets import stands_for_nobody
from auditor.network.spelling import as_spelled
from auditor.reach.given_ports import NAT_PORT, is_given
from auditor.reach.points import Point, frontend, machine
from auditor.resources import walk
from auditor.resources.base import Node, Ref
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import (
    BackendPool,
    InboundNatPool,
    InboundNatRule,
    LoadBalancerFrontend,
    LoadBalancingRule,
)
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

Doubts = tuple[Reason, ...]


Target: TypeAlias = tuple[str, Point | None, Doubts]
"""A member behind a rule, the machine that it is, and what is in doubt about it."""


def targets_of(network: Network, rule: InboundRule) -> Iterator[Target]:
    """Give the members behind a rule, each with its machine and what is in doubt about it.

    Raises Undetermined at the end, when a pool of the rule is not in the snapshot or hides members.
    """
    found, untold = _targets(network, rule)
    yield from found
    if untold is not None:
        raise Undetermined(untold.missing, resource=untold.resource)


def targets_told(network: Network, rule: InboundRule) -> tuple[Target, ...]:
    """Give those members, whether or not there may be more."""
    return _targets(network, rule)[0]


@question_about
def _targets(network: Network, rule: InboundRule) -> tuple[tuple[Target, ...], Undetermined | None]:
    found: list[Target] = []
    seen: set[str] = set()
    try:
        for text, doubts in _members(network, rule):
            target, lacks = _target(network, rule, text)
            if target is not None and target.id in seen:
                continue  # instances of one model
            seen.add(target.id if target is not None else text)
            found.append((text, target, (*doubts, *lacks)))
    except Undetermined as unknown:
        return tuple(found), unknown
    return tuple(found), None


def candidates(network: Network, rule: InboundRule, member: str) -> Iterator[Point]:
    """Give the machines that a member by address may be, where it is not told which it is.

    Those with the address in any network, when its own is not told; else the scale sets of its
    subnet, whose instances have addresses that nobody lists.
    """
    address = _address(member)
    if address is None:
        return
    vnet = _vnet_of_member(network, rule, member)
    if vnet is None:
        for owned in all_owned_addresses(network).values():
            for owner in owned.get(address, ()):
                if isinstance(owner.node, IpConfiguration):
                    yield machine(network, owner.node)
        return
    where = locate(network, address, vnet)
    if where.subnet is None or where.owners:
        return
    for edge in network.referrers(where.subnet, "subnet"):
        if stands_for_nobody(network, edge.source):
            continue
        if isinstance(edge.source, ScaleSetIpConfiguration):
            yield machine(network, edge.source)


def _members(network: Network, rule: InboundRule) -> Iterator[tuple[str, Doubts]]:
    """The members behind a rule, as `auditor.network.backends` names them, and what is in doubt."""
    if isinstance(rule, LoadBalancingRule):
        decided = ("up", "down") if _is_probed(rule) else ("up",)
        yield from _of_pools(network, rule.pools, decided)
        return
    kind = "loadBalancerInboundNatRules"
    if isinstance(rule, InboundNatPool):
        kind = "loadBalancerInboundNatPools"
    found: dict[str, Doubts] = {edge.source.key: () for edge in network.referrers(rule, kind)}
    if isinstance(rule, InboundNatPool):
        doubts = _of_range(network, rule, tuple(found))
        told = _told_one_by_one(network, rule)
        yield from ((key, doubts) for key in found if key not in told)
        return
    one = rule.properties.backend_ip_configuration
    if one is not None and one.id:
        found.setdefault(_key(network, one), ())
    yield from found.items()
    ref = rule.properties.backend_address_pool
    if ref is not None:
        # Of a range of ports each member has one, and perhaps nobody tells which (E-18).
        p = rule.properties
        single = p.frontend_port_range_start == p.frontend_port_range_end
        doubt = Reason(NAT_PORT, f"which port of {rule.label} leads to which member", rule.id)
        for key, doubts in _of_pools(network, (ref,)):
            yield key, doubts if single or is_given(network, rule, key) else (*doubts, doubt)


def _of_range(network: Network, pool: InboundNatPool, keys: tuple[str, ...]) -> Doubts:
    """Why it is not told of each port of a NAT pool whether an instance has it (E-18).

    Each instance of a scale set has one port; all are had when there are as many instances.
    """
    p = pool.properties
    size = (p.frontend_port_range_end or 0) - (p.frontend_port_range_start or 0) + 1
    model = network.nodes.get(keys[0]) if len(keys) == 1 else None
    root = model.root if isinstance(model, ScaleSetIpConfiguration) else None
    sku = walk.peek(root, "sku") if isinstance(root, ScaleSet) else None
    capacity = walk.peek(sku, "capacity")
    if capacity is not None and capacity >= size:
        return ()
    what = f"which ports of {pool.label} lead to an instance"
    return (Reason(NAT_PORT, what, pool.id),)


def _told_one_by_one(network: Network, pool: InboundNatPool) -> set[str]:
    """The models whose instances have rules of their own for ports of a NAT pool.

    Azure makes one for each instance, and then it is told who has which port.
    """
    p = pool.properties
    start, end = p.frontend_port_range_start or 0, p.frontend_port_range_end or 0
    found: set[str] = set()
    for rule in walk.peek(walk.peek(pool.root, "properties"), "inbound_nat_rules") or ():
        settings = walk.peek(rule, "properties")
        port = walk.peek(settings, "frontend_port")
        node = network.find(walk.peek(settings, "backend_ip_configuration"))
        if port and start <= port <= end and isinstance(node, Node):
            found.add(model_key(node.key))
    return found


Standings: TypeAlias = tuple[dict[str, str], ...]
"""What is set for members, in each pool of a rule; empty where its probe decides."""


def standings_of(network: Network, rule: InboundRule) -> Standings:
    """Give what somebody set for the members behind a rule, for `standing`.

    Only load-balancing rules with a probe heed it:
    https://learn.microsoft.com/azure/load-balancer/admin-state-overview
    """
    if not isinstance(rule, LoadBalancingRule) or not _is_probed(rule):
        return ()
    found: list[dict[str, str]] = []
    for pool in map(network.find, rule.pools):
        if isinstance(pool, BackendPool):
            try:
                found.append(_states(network, pool))
            except Undetermined:
                found.append({})
    return tuple(found) if any(found) else ()


def standing(known: Standings, member: str) -> str:
    """Tell what is set for a member: `up` or `down`; empty where its probe decides (E-15).

    And where its pools do not agree.
    """
    found = {each.get(member, "") for each in known}
    return found.pop() if len(found) == 1 and found <= {"up", "down"} else ""


def _is_probed(rule: LoadBalancingRule) -> bool:
    return walk.peek(walk.peek(rule, "properties"), "probe") is not None


def _of_pools(
    network: Network, refs: tuple[Ref, ...], decided: tuple[str, ...] = ("up",)
) -> Iterator[tuple[str, Doubts]]:
    """The members of pools; of one that the snapshot lacks, the machines that name it.

    Those with an administrative state that is not `decided` are in doubt. Raises Undetermined
    after these, when there may be more.
    """
    untold: Undetermined | None = None
    for ref in refs:
        pool = network.find(ref)
        try:
            if not isinstance(pool, BackendPool):
                raise Undetermined(f"{ref.id} is not in the snapshot", resource=ref.id or "")
            states = _states(network, pool)
            for key in members(network, pool):
                if stands_for_nobody(network, network.nodes.get(key)):
                    continue
                state = states.get(key, "up")
                if state in decided:
                    yield key, ()
                    continue
                what = f"{as_spelled(network, key)} is set {state} in {pool.label}"
                yield key, (Reason("semantics:E-15", what, pool.id),)
        except Undetermined as unknown:
            untold = unknown
            if isinstance(pool, BackendPool | Missing):
                for edge in network.referrers(pool, "loadBalancerBackendAddressPools"):
                    yield edge.source.key, ()
    if untold is not None:
        raise untold


def _key(network: Network, ref: Ref) -> str:
    node = network.find(ref)
    return node.key if node is not None else ""


def _states(network: Network, pool: BackendPool) -> dict[str, str]:
    """The administrative states that are set in a pool, by member."""
    found: dict[str, str] = {}
    for entry in pool.properties.load_balancer_backend_addresses or ():
        p = entry.properties
        state = (p.admin_state or "").lower()
        if state in ("", "none"):
            continue
        found[p.ip_address or ""] = state
        if p.network_interface_ip_configuration is not None:
            found[_key(network, p.network_interface_ip_configuration)] = state
        if p.load_balancer_frontend_ip_configuration is not None:
            found[_key(network, p.load_balancer_frontend_ip_configuration)] = state
    return found


def _address(member: str) -> Address | None:
    return None if member.startswith("/") else address_or_none(member)


def _target(network: Network, rule: InboundRule, member: str) -> tuple[Point | None, Doubts]:
    address = _address(member)
    if address is None:
        node = network.nodes.get(member) or network.find(member)
        if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
            return machine(network, node), ()
        if isinstance(node, LoadBalancerFrontend):
            return _regional(network, rule, node)
        gone = as_spelled(network, member)
        return None, (Reason("collection-gap", f"{gone} is not in the snapshot", gone),)
    vnet = _vnet_of_member(network, rule, member)
    if vnet is None:
        return None, (Reason("collection-gap", f"in which network {member} is", rule.id),)
    where = locate(network, address, vnet)
    for owner in where.owners:
        if isinstance(owner.node, IpConfiguration):
            return machine(network, owner.node), ()
    may = who_may_have(network, where)
    if may is None:
        return None, (Reason(GAP, f"nobody owns {member}", rule.id),)
    who = f"who has {member}: {may.words}"
    return None, (Reason(GAP, who, may.told_by or rule.id, may.remedy),)


def _regional(
    network: Network, rule: InboundRule, node: LoadBalancerFrontend
) -> tuple[Point | None, Doubts]:
    """A regional load balancer behind a global one (E-19); no other stands behind any."""
    tier = walk.peek(walk.peek(rule.root, "sku"), "tier") or ""
    if node.root is rule.root or tier.lower() == "regional":
        what = f"what {rule.label} does with a frontend of a load balancer in its pool"
        return None, (Reason("semantics:E-19", what, rule.id),)
    try:
        point = frontend(network, node)
    except Undetermined as unknown:
        return None, (gap(unknown, node.id),)
    lacks = Reason(
        "collection-gap", f"whether {rule.root.label} is a global load balancer", rule.id
    )
    return point, () if tier.lower() == "global" else (lacks,)


def _vnet_of_member(network: Network, rule: InboundRule, member: str) -> VirtualNetwork | None:
    """The network that a pool gives an address: by its entry, or for the whole pool."""
    refs = rule.pools if isinstance(rule, LoadBalancingRule) else ()
    if isinstance(rule, InboundNatRule) and rule.properties.backend_address_pool is not None:
        refs = (rule.properties.backend_address_pool,)
    for pool in map(network.find, refs):
        settings = walk.peek(pool, "properties") if isinstance(pool, BackendPool) else None
        for entry in walk.peek(settings, "load_balancer_backend_addresses") or ():
            p = walk.peek(entry, "properties")
            if walk.peek(p, "ip_address") != member:
                continue
            told = (walk.peek(p, "virtual_network"), walk.peek(settings, "virtual_network"))
            for node in (*map(network.find, told), _home(network, walk.peek(p, "subnet"))):
                if isinstance(node, VirtualNetwork):
                    return node
    return None


def _home(network: Network, ref: Ref | None) -> Node | None:
    subnet = network.find(ref)
    return network.holder(subnet, VirtualNetwork) if isinstance(subnet, Subnet) else None
