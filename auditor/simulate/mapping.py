"""Whose a port of a NAT rule's range is, as the pool of the rule writes it down (E-18)."""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.resources.load_balancers import BackendAddress, BackendPool, InboundNatRule
from auditor.simulate.logic import follow, told
from auditor.simulate.pools import Member, member_at


def owner_of_port(
    network: Network, rule: object, port: int, members: tuple[Member, ...]
) -> tuple[Member, ...] | None:
    """Give the members that have a port, one or none; None where that is not told."""
    if not isinstance(rule, InboundNatRule):
        return None
    pool = follow(network, lambda: rule.properties.backend_address_pool)
    if not isinstance(pool, BackendPool):
        return None
    having: dict[str, set[int]] = {}
    entries = told(lambda: pool.properties.load_balancer_backend_addresses, None)
    for number, entry in enumerate(entries or ()):
        ports = _given(entry, rule)
        if ports:
            at = member_at(network, pool, number, entry).lower()
            having.setdefault(at, set()).update(ports)
    owners = [each for each in members if port in having.get(each.at.lower(), ())]
    if owners:
        return tuple(owners)
    return () if all(each.at.lower() in having for each in members) else None


def _given(entry: BackendAddress, rule: InboundNatRule) -> set[int]:
    given = told(lambda: entry.properties.inbound_nat_rules_port_mapping, None)
    own = (rule.name or "").lower()
    return {
        each.frontend_port
        for each in given or ()
        if (each.inbound_nat_rule_name or "").lower() == own and each.frontend_port
    }
