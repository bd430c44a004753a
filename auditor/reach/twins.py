"""Commands for the twin of a security rule over the other version of IP."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.addresses import EVERY_V4, EVERY_V6, AddressSet
from auditor.network.filters import compiled
from auditor.network.group_commands import free_name
from auditor.reach.dual_stack import Escape, Guard
from auditor.remedy import az
from auditor.resources.base import union
from auditor.resources.security import SecurityRule

_FIRST, _LAST = 100, 4096


def deny_over_v6(guard: Guard, sure: Sequence[Escape]) -> str:
    """Give the commands for the same rule over IPv6, before what lets the packets in there."""
    letting = _letting(guard, sure)
    before = (letting.properties.priority or _LAST) if letting is not None else _LAST + 1
    place = _between(guard, before)
    if place is not None:
        return _twin(guard, sure, place)
    taken = {rule.properties.priority for rule in guard.group.rules if rule.inbound}
    if letting is None or before >= _LAST or before + 1 in taken:
        name = letting.label if letting is not None else "the default rules"
        return (
            f"give the rules of {guard.group.label} other priorities, none is free before {name}, "
            f"and deny there what {guard.rule.label} does"
        )
    move = az(
        "network", "nsg", "rule", "update",
        resource_group=guard.group.resource_group,
        nsg_name=guard.group.label,
        name=letting.label,
        priority=before + 1,
    )  # fmt: skip
    return f"{move} && {_twin(guard, sure, before)}"


def _letting(guard: Guard, sure: Sequence[Escape]) -> SecurityRule | None:
    """The first rule of the group that lets some of the packets in; None for a default rule."""
    ids = {step.rule_id.lower() for each in sure for step in each.steps if step.passes}
    found = [rule for rule in guard.group.rules if rule.key in ids and rule.inbound]
    return min(found, key=lambda rule: rule.properties.priority or 0, default=None)


def _between(guard: Guard, before: int) -> int | None:
    """A free priority before another: right after the guard, or as late as Allows between want.

    Over none of them: what they let in over IPv6 is somebody's wish.
    """
    own = guard.rule.properties.priority or _FIRST
    rules = {rule.properties.priority: rule for rule in guard.group.rules if rule.inbound}
    lone = not any(number in rules and rules[number].allows for number in range(own, before))
    ways = [range(own + 1, before)] if lone else []
    for way in (*ways, range(before - 1, _FIRST - 1, -1)):
        for number in way:
            if number not in rules:
                return number
            if rules[number].allows:
                break
    return None


def _twin(guard: Guard, sure: Sequence[Escape], priority: int) -> str:
    p = guard.rule.properties
    sources = AddressSet()
    for each in sure:
        sources = sources | (EVERY_V6 if each.source.outside else _home(each))
    groups = [ref.id for ref in p.destination_application_security_groups or () if ref.id]
    return az(
        "network", "nsg", "rule", "create",
        resource_group=guard.group.resource_group,
        nsg_name=guard.group.label,
        name=free_name(guard.group, f"{guard.rule.label}-ipv6"),
        priority=priority,
        direction="Inbound",
        access="Deny",
        protocol=p.protocol,
        source_address_prefixes=tuple(map(str, sources.prefixes())),
        destination_address_prefixes=None if groups else _destinations(guard, sure),
        destination_asgs=tuple(groups) or None,
        destination_port_ranges=union(p.destination_port_range, p.destination_port_ranges),
    )  # fmt: skip


def _home(escape: Escape) -> AddressSet:
    place = escape.source.place
    prefixes = place.prefixes if place is not None else ()
    return AddressSet.from_prefixes(prefixes) & EVERY_V6


def _destinations(guard: Guard, sure: Sequence[Escape]) -> tuple[str, ...]:
    """Where the rule goes: for addresses of IPv4, those that stand beside them over IPv6."""
    p = guard.rule.properties
    written = union(p.destination_address_prefix, p.destination_address_prefixes)
    named = compiled(guard.rule).destinations
    if named.tags or not named.addresses.v4 or named.addresses.v6:
        return written
    found = AddressSet()
    for each in sure:
        for point in each.machine.v6:
            home = AddressSet.from_prefixes(point.place.prefixes if point.place else ())
            whole = bool(home.v4) and home & EVERY_V4 <= named.addresses
            found = found | (home & EVERY_V6 if whole else point.addresses)
    return tuple(map(str, found.prefixes()))
