"""To whom gateways and load balancers send."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import Address, address_or_none
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.address_owners import Owner, owned_addresses
from auditor.network.backends import members
from auditor.network.doubt import Doubt
from auditor.network.exposure import InboundRule, inbound_rules, owners_of, ports_of
from auditor.network.gateway_backends import public_addresses, whereabouts
from auditor.network.gateways import Member, entries_of
from auditor.picture.canvas import Canvas, linked, name_of, told
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.load_balancers import (
    BackendPool,
    InboundNatRule,
    LoadBalancer,
    LoadBalancingRule,
)
from auditor.topology import Tie

_MOST = 6
"""Members without a spot that are told one by one."""


def draw_backends(canvas: Canvas) -> None:
    """Join gateways and load balancers to what stands behind them."""
    canvas.each(inbound_rules(canvas.network), _rule)
    canvas.each(canvas.network.all(LoadBalancer), _pools)
    canvas.each(canvas.network.all(ApplicationGateway), _gateway)


def _pools(canvas: Canvas, balancer: LoadBalancer) -> None:
    for pool in balancer.pools:
        _pool(canvas, balancer, pool, "")


def _rule(canvas: Canvas, rule: InboundRule) -> None:
    balancer = canvas.network.holder(rule, LoadBalancer)
    if balancer is None:
        return
    try:
        text = ports_of(rule)
    except Undetermined:
        text = ""
    if isinstance(rule, LoadBalancingRule):
        for ref in told([], rule, "pools") or ():
            pool = canvas.network.find(ref)
            if isinstance(pool, BackendPool):
                _pool(canvas, balancer, pool, text)
    elif isinstance(rule, InboundNatRule):
        here = canvas.at(balancer.id)
        named = linked([], rule, "properties", "backend_ip_configuration")
        found = [named] if named else []
        found += [
            edge.source.id for edge in canvas.network.referrers(rule, "loadBalancerInboundNatRules")
        ]
        for there in map(canvas.at, found):
            if here is not None and there is not None:
                canvas.join(here, there, Tie.BACKEND, (text,))


def _pool(canvas: Canvas, balancer: LoadBalancer, pool: BackendPool, text: str) -> None:
    here = canvas.at(balancer.id)
    if here is None:
        return
    try:
        listed = members(canvas.network, pool)
    except Undetermined as unknown:
        canvas.add(here, doubts=(f"not told: {unknown.missing}",))
        return
    for member in listed:
        by_id = member.startswith("/")
        there = canvas.at(member) if by_id else _at_address(canvas, pool, member)
        if there is not None:
            canvas.join(here, there, Tie.BACKEND, (text,))
        else:
            what = member.rpartition("/")[2]
            canvas.add(here, doubts=(f"not told: who {what} of pool {name_of(pool)} is",))


def _gateway(canvas: Canvas, gateway: ApplicationGateway) -> None:
    here = canvas.at(gateway.id)
    if here is None:
        return
    doubts: list[str] = []
    for pool in told(doubts, gateway, "pools") or ():
        refs = told(doubts, pool, "properties", "backend_ip_configurations") or ()
        named = [told(doubts, ref, "id") or "" for ref in refs]
        edges = canvas.network.referrers(pool, "applicationGatewayBackendAddressPools")
        named += [edge.source.id for edge in edges]
        for there in map(canvas.at, named):
            if there is not None:
                canvas.join(here, there, Tie.BACKEND)
        outside = []
        for member in entries_of(canvas.network, pool):
            if isinstance(member, Doubt):
                doubts.append(f"not told: {member.missing}")
                continue
            there = _at_member(canvas, member)
            if there is not None:
                canvas.join(here, there, Tie.BACKEND, (member.text,))
            else:
                outside.append(member.text)
        canvas.add(here, facts=[f"sends to {text}" for text in outside[:_MOST]])
        if len(outside) > _MOST:
            canvas.add(here, facts=[f"and to {len(outside) - _MOST} more of {name_of(pool)}"])
    canvas.add(here, doubts=doubts)


def _at_member(canvas: Canvas, member: Member) -> str | None:
    """Who has the address of a gateway's member, as the gateway sees it (A-26)."""
    if member.address is None:
        return None
    public = public_owner(canvas, member.address)
    if public is not None:
        return public
    try:
        found = whereabouts(canvas.network, member)
    except Undetermined:
        return None
    return the_one(canvas, found.owners)


def _at_address(canvas: Canvas, pool: BackendPool, text: str) -> str | None:
    """Who has an address in the network that a pool names."""
    address = address_or_none(text)
    told_of = [linked([], pool, "properties", "virtual_network")]
    entries = told([], pool, "properties", "load_balancer_backend_addresses") or ()
    told_of += [linked([], entry, "properties", "virtual_network") for entry in entries]
    keys = {fold(each) for each in told_of if each}
    if address is None or len(keys) != 1:
        return None
    return the_one(canvas, owned_addresses(canvas.network, keys.pop()).get(address, ()))


def the_one(canvas: Canvas, owners: Iterable[Owner]) -> str | None:
    """Give the spot of who owns an address; None when it is not told, or more than one does."""
    found = {canvas.at(owner.node.id) for owner in owners}
    return found.pop() if len(found) == 1 else None


def public_owner(canvas: Canvas, address: Address) -> str | None:
    """Give the spot of who carries a public address of the input."""
    public = public_addresses(canvas.network).get(address)
    if public is None:
        return None
    try:
        carriers = {canvas.at(owner.part) for owner in owners_of(canvas.network, public)}
    except Undetermined:
        return None
    return carriers.pop() if len(carriers) == 1 else None
