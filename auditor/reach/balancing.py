"""What a load balancer makes of a packet for one of its frontends (E-10 to E-18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from auditor.addresses import AddressSet, PortSet, address_or_none
from auditor.errors import Undetermined
from auditor.network.address_plan import locate
from auditor.network.backends import members
from auditor.network.exposure import InboundRule, use_of
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.reasons import Reason, gap
from auditor.packets.intervals import Intervals
from auditor.reach.points import Point, machine
from auditor.resources import walk
from auditor.resources.base import Node, Ref
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import (
    BackendPool,
    InboundNatPool,
    InboundNatRule,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancerProbe,
    LoadBalancingRule,
)
from auditor.resources.virtual_networks import VirtualNetwork

TCP: Intervals = ((6, 6),)
UDP: Intervals = ((17, 17),)
BOTH: Intervals = ((6, 6), (17, 17))
_PROTOCOLS = {"tcp": TCP, "udp": UDP, "all": BOTH}


class Forward(msgspec.Struct, frozen=True):
    """One rule of a frontend, and one machine it sends to.

    `protocols` and `ports` are what it takes at the frontend. `backend_port` is None where the port
    stays as it is, and with `floating` the address does too (P-4, E-13); None: not told. `target`
    is the machine, None when the snapshot lacks it. `reasons` tell why it may not be so.
    """

    frontend: LoadBalancerFrontend
    rule: InboundRule
    protocols: Intervals
    ports: PortSet
    backend_port: int | None
    floating: bool | None
    target: Point | None
    member: str
    probe: LoadBalancerProbe | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Forwards:
    """What a frontend forwards; `reasons` tell why there may be more than listed."""

    known: tuple[Forward, ...]
    reasons: tuple[Reason, ...] = ()


@question_about
def forwards_of(network: Network, frontend: LoadBalancerFrontend) -> Forwards:
    """Give every rule of a frontend with every machine behind it.

    A frontend that outbound rules alone use forwards nothing (E-7), nor does an unused one (E-8).
    Never raises for what the snapshot lacks.
    """
    reasons: list[Reason] = []
    try:
        use = use_of(network, frontend)
    except Undetermined as unknown:
        return Forwards((), (gap(unknown, frontend.id),))
    if use.doubt is not None:
        reasons.append(gap(use.doubt, frontend.id))
    found: list[Forward] = []
    for rule in use.inbound:
        try:
            found += _forwards(network, frontend, rule, reasons)
        except Undetermined as unknown:
            reasons.append(gap(unknown, rule.id))
    return Forwards(tuple(found), tuple(dict.fromkeys(reasons)))


def _forwards(
    network: Network, frontend: LoadBalancerFrontend, rule: InboundRule, reasons: list[Reason]
) -> Iterator[Forward]:
    p = rule.properties
    protocols = _PROTOCOLS.get((p.protocol or "").lower())
    if protocols is None:
        raise Undetermined(f"the protocol of {rule.label}", resource=rule.id)
    ports = _ports_of(rule)
    back = p.backend_port
    if not isinstance(rule, LoadBalancingRule) and not back:
        raise Undetermined(f"the backend port of {rule.label}", resource=rule.id)
    floating = False if isinstance(rule, InboundNatPool) else _floating(rule)
    probe = None
    if isinstance(rule, LoadBalancingRule):
        probe = network.get(rule.properties.probe, LoadBalancerProbe)
    for text, target, doubts in targets_of(network, rule):
        yield Forward(
            frontend,
            rule,
            protocols,
            ports,
            None if not back or floating else back,
            floating,
            target,
            text,
            probe,
            doubts,
        )


def targets_of(
    network: Network, rule: InboundRule
) -> Iterator[tuple[str, Point | None, tuple[Reason, ...]]]:
    """Give the members behind a rule, each with its machine and what is in doubt about it.

    Raises Undetermined when a pool of the rule is not in the snapshot.
    """
    seen: set[str] = set()
    for text, doubts in _members(network, rule):
        target, lacks = _target(network, rule, text)
        if target is not None and target.id in seen:
            continue  # instances of one model
        seen.add(target.id if target is not None else text)
        yield text, target, (*doubts, *lacks)


def _floating(rule: LoadBalancingRule | InboundNatRule) -> bool | None:
    """Whether the frontend's address stays; a rule of a complete export that is silent has none."""
    return rule.properties.enable_floating_ip


def _ports_of(rule: InboundRule) -> PortSet:
    """The ports a rule takes at its frontend. Raises Undetermined when it does not tell them."""
    p = rule.properties
    start = getattr(p, "frontend_port_range_start", None)
    end = getattr(p, "frontend_port_range_end", None)
    if start and end and start <= end:
        return PortSet.of(start, end)
    port = getattr(p, "frontend_port", None)
    if port is None:
        raise Undetermined(f"the frontend port of {rule.label}", resource=rule.id)
    if port == 0 and isinstance(rule, LoadBalancingRule):
        return PortSet.of(0, 65535)  # HA ports (E-11)
    return PortSet.of(port)


def _members(network: Network, rule: InboundRule) -> Iterator[tuple[str, tuple[Reason, ...]]]:
    """The members behind a rule, as `auditor.network.backends` names them, and what is in doubt."""
    if isinstance(rule, LoadBalancingRule):
        for ref in rule.pools:
            pool = network.get(ref, BackendPool)
            if pool is not None:
                yield from _of_pool(network, pool)
        return
    kind = "loadBalancerInboundNatRules"
    if isinstance(rule, InboundNatPool):
        kind = "loadBalancerInboundNatPools"
    found = {edge.source.key: () for edge in network.referrers(rule, kind)}
    if isinstance(rule, InboundNatRule):
        one = rule.properties.backend_ip_configuration
        if one is not None and one.id:
            found.setdefault(_key(network, one), ())
        pool = network.get(rule.properties.backend_address_pool, BackendPool)
        if pool is not None:
            # Of a range of ports each member has one, and nobody tells which (E-18).
            p = rule.properties
            single = p.frontend_port_range_start == p.frontend_port_range_end
            doubt = Reason("nat-port", f"which port of {rule.label} leads to which member", rule.id)
            for key, doubts in _of_pool(network, pool):
                yield key, doubts if single else (*doubts, doubt)
    yield from found.items()


def _key(network: Network, ref: Ref) -> str:
    node = network.find(ref)
    return node.key if node is not None else ""


def _of_pool(network: Network, pool: BackendPool) -> Iterator[tuple[str, tuple[Reason, ...]]]:
    down = _down(network, pool)
    for key in members(network, pool):
        doubt = Reason("semantics:E-15", f"{key} is set down in {pool.label}", pool.id)
        yield key, (doubt,) if key in down else ()


def _down(network: Network, pool: BackendPool) -> set[str]:
    found: set[str] = set()
    for entry in pool.properties.load_balancer_backend_addresses or ():
        p = entry.properties
        if (p.admin_state or "").lower() == "down":
            found.add(p.ip_address or "")
            if p.network_interface_ip_configuration is not None:
                found.add(_key(network, p.network_interface_ip_configuration))
    return found


def _target(
    network: Network, rule: InboundRule, member: str
) -> tuple[Point | None, tuple[Reason, ...]]:
    address = None if member.startswith("/") else address_or_none(member)
    if address is None:
        node = network.find(member)
        if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
            return machine(network, node), ()
        return None, (Reason("collection-gap", f"{member} is not in the snapshot", member),)
    vnet = _vnet_of_member(network, rule, member)
    if vnet is None:
        return None, (Reason("collection-gap", f"in which network {member} is", rule.id),)
    where = locate(network, address, vnet)
    for owner in where.owners:
        if isinstance(owner.node, IpConfiguration):
            return machine(network, owner.node), ()
    return None, (Reason("collection-gap", where.unsure or f"nobody owns {member}", rule.id),)


def _vnet_of_member(network: Network, rule: InboundRule, member: str) -> VirtualNetwork | None:
    balancer = network.holder(rule, LoadBalancer)
    for pool in balancer.pools if balancer is not None else ():
        for entry in pool.properties.load_balancer_backend_addresses or ():
            if entry.properties.ip_address == member:
                found = network.find(entry.properties.virtual_network)
                if isinstance(found, VirtualNetwork):
                    return found
    return None


@question
def forwards_to(network: Network) -> dict[str, tuple[Forward, ...]]:
    """Give what frontends forward to each machine, by the key of its ip configuration."""
    found: dict[str, list[Forward]] = defaultdict(list)
    for frontend in network.all(LoadBalancerFrontend):
        for forward in forwards_of(network, frontend).known:
            if forward.target is not None and forward.target.node is not None:
                found[forward.target.node.key].append(forward)
    return {key: tuple(each) for key, each in found.items()}


def addresses_of_frontend(network: Network, frontend: LoadBalancerFrontend) -> AddressSet:
    """Give the address of a frontend, public or private; nothing when it is not told."""
    settings = walk.peek(frontend, "properties")
    public = network.find(walk.peek(settings, "public_ip_address"))
    text = walk.peek(settings, "private_ip_address")
    if isinstance(public, Node):
        text = walk.peek(walk.peek(public, "properties"), "ip_address")
    elif isinstance(public, Missing):
        text = None
    return AddressSet.from_text([text]) if text else AddressSet()
