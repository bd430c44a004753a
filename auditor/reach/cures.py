"""The smallest change that lets a packet pass what stops it, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auditor import ids
from auditor.addresses import Address
from auditor.network.filters import place_name
from auditor.network.layers import EffectiveRule
from auditor.network.routing import EffectiveRoute, Hop
from auditor.network.routing.model import Source
from auditor.reach.frame import Packet
from auditor.reach.space import PORTED
from auditor.resources.base import Node

_FIRST, _LAST = 100, 4096
"""The first and the last priority of a rule that somebody writes (N-1)."""


def for_ports(cure: str, protocols: tuple[str, ...] = PORTED) -> Callable[[Packet], str]:
    """Give what opens the way for some protocols alone, and nothing for the others."""
    return lambda packet: cure if packet.protocol in protocols else ""


def rule_before(
    rules: Iterable[EffectiveRule], packet: Packet, inbound: bool, *, admin: bool
) -> str:
    """Say which rule to add before those that may be the one that denies a packet."""
    first = min(rules, key=lambda rule: rule.priority, default=None)
    if first is None:
        return ""
    port = f" to port {packet.destination_port}" if packet.protocol in PORTED else ""
    what = f"{packet.protocol.upper()} from {packet.source} to {packet.destination}{port}"
    holder = ids.name(first.resource)
    way = "inbound" if inbound else "outbound"
    where = f"with a priority below {first.priority} ({first.name})"
    if first.priority > _LAST:
        where = f"with a priority of {_LAST} or below, before {first.name}"
    elif first.priority <= (1 if admin else _FIRST):
        where = f"before {first.name}, which has to get a priority above {first.priority} first"
    return f"add an {way} Allow rule for {what} to {holder}, {where}"


def way_for(route: EffectiveRoute, subnet: Node, address: Address, expected: str) -> str:
    """Say what to change that an address goes where it ought to, which a route prevents."""
    goes = f"so that {address} goes {expected}"
    table = route.node.owner if route.node is not None else None
    if route.source is Source.USER and table is not None:
        return f"change route {route.name or route.prefix} of {table.label}, {goes}"
    vnet = ids.segment(subnet.id, "virtualNetworks") or place_name(subnet)
    if "gateway" in expected:
        return f"teach the gateway of {vnet} a route to {address}, {goes}"
    if route.hop is Hop.NONE:
        there = expected.removeprefix("to ") if expected.startswith("to ") else ""
        if there and "appliance" not in there and "internet" not in there:
            return f"peer {vnet} with {there}, {goes}"
        if expected == "straight back":
            return f"peer {vnet} with the network of {address}, {goes}"
    return f"give {place_name(subnet)} a route, {goes}"
