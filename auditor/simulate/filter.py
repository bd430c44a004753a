"""Security groups, one packet at a time, and what none of them filters (N-1 to N-54)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, product

import msgspec

from auditor.addresses import AddressSet
from auditor.network.graph import Missing
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.simulate.admin import administered
from auditor.simulate.logic import Truth, agreed, both, opposite, told, told_of
from auditor.simulate.matching import (
    Place,
    Rule,
    Ruling,
    fits_ports,
    fits_protocol,
    fits_side,
    read_ports,
)
from auditor.simulate.packet import Sighting
from auditor.simulate.special import HOST, HOSTS
from auditor.simulate.tag import Tag, virtual_network

INBOUND, OUTBOUND = True, False

Groups = tuple[NetworkSecurityGroup | Missing, ...]
"""The groups that a packet must pass, in the order in which they are asked."""


class _World(msgspec.Struct, frozen=True):
    """One of the possible truths about `VirtualNetwork`: whether it holds each end."""

    source: bool
    destination: bool


def judge(place: Place, inbound: bool, groups: Groups, seen: Sighting) -> Ruling:
    """Tell whether a packet passes the admin rules and all the groups (P-1, P-2, N-11)."""
    rulings = [_in_world(place, inbound, groups, seen, world) for world in _worlds(place, seen)]
    by = tuple(dict.fromkeys(name for ruling in rulings for name in ruling.by))
    passes = agreed(ruling.passes for ruling in rulings)
    return administered(place, inbound, seen, Ruling(passes, by))


def _worlds(place: Place, seen: Sighting) -> Iterator[_World]:
    tag = virtual_network(place.network, place.subnet)
    for source, destination in product(_ends(tag, seen.sources), _ends(tag, seen.destinations)):
        yield _World(source, destination)


def _ends(tag: Tag, candidates: AddressSet) -> tuple[bool, ...]:
    if candidates <= tag.surely:
        return (True,)
    return (True, False) if candidates.overlaps(tag.possibly) else (False,)


def _in_world(place: Place, inbound: bool, groups: Groups, seen: Sighting, world: _World) -> Ruling:
    passes: Truth = True
    by: list[str] = []
    for group in groups:
        if isinstance(group, Missing):
            ruling = Ruling(None, (f"{group.id}, which is not told",))
        else:
            ruling = _group(place, inbound, group, seen, world)
        passes = both(passes, ruling.passes)
        by += ruling.by
    return Ruling(passes, tuple(by))


def _group(
    place: Place, inbound: bool, group: NetworkSecurityGroup, seen: Sighting, world: _World
) -> Ruling:
    listed = told(lambda: group.rules, None)
    if listed is None:
        return Ruling(None, (f"the rules of {group.label}, which are not told",))
    rules = [
        (told_of(rule, lambda r: r.properties.priority, None), rule)
        for rule in listed
        if told_of(rule, lambda r: r.inbound, None) is not (not inbound)
    ]
    unordered = [_read(rule) for order, rule in rules if order is None]
    ordered = sorted(
        ((order, rule.label, rule) for order, rule in rules if order is not None),
        key=lambda each: each[:2],
    )
    in_turn = chain((_read(rule) for _, _, rule in ordered), _DEFAULTS)  # as far as they are asked
    outcomes: list[Truth] = []
    by: list[str] = []

    def note(rule: Rule) -> None:
        outcomes.append(rule.allows)
        by.append(f"{group.label}/{rule.name}")

    def sure_of(rules: Iterable[Rule]) -> bool:
        sure = False
        for rule in rules:
            matches = _matches(place, inbound, rule, seen, world)
            if matches is not False:
                note(rule)
            sure = sure or matches is True
        return sure

    sure_of(unordered)
    for _, same in groupby(in_turn, key=lambda r: r.order):
        if sure_of(same):
            break
    return Ruling(agreed(outcomes), tuple(by))


def _read(rule: SecurityRule) -> Rule:
    p = rule.properties
    return Rule(
        told(lambda: p.priority, None),
        rule.label,
        rule,
        told(lambda: rule.inbound, None),
        told(lambda: rule.allows, None),
        told(lambda: p.protocol, None),
        told(lambda: rule.sources, None),
        told(lambda: rule.destinations, None),
        _ids(told(lambda: p.source_application_security_groups, None)),
        _ids(told(lambda: p.destination_application_security_groups, None)),
        read_ports(told(lambda: rule.source_ports, None)),
        read_ports(told(lambda: rule.destination_ports, None)),
    )


def _ids(refs: object) -> tuple[str, ...]:
    found = []
    for ref in refs if isinstance(refs, list) else ():
        found.append(told_of(ref, lambda r: r.id, None) or "?")
    return tuple(found)


def _default(order: int, name: str, inbound: bool, source: str, to: str, allows: bool) -> Rule:
    return Rule(order, name, None, inbound, allows, "*", (source,), (to,))


_DEFAULTS = (
    _default(65000, "AllowVnetInBound", True, "VirtualNetwork", "VirtualNetwork", True),
    _default(65000, "AllowVnetOutBound", False, "VirtualNetwork", "VirtualNetwork", True),
    _default(65001, "AllowAzureLoadBalancerInBound", True, "AzureLoadBalancer", "*", True),
    _default(65001, "AllowInternetOutBound", False, "*", "Internet", True),
    _default(65500, "DenyAllInBound", True, "*", "*", False),
    _default(65500, "DenyAllOutBound", False, "*", "*", False),
)
"""The rules that every group ends with (N-10)."""


def _matches(place: Place, inbound: bool, rule: Rule, seen: Sighting, world: _World) -> Truth:
    if rule.inbound is (not inbound):
        return False
    packet = both(
        None if rule.inbound is None else True,
        fits_protocol(rule.protocol, seen.packet.protocol),
        fits_ports(rule, seen),
    )
    if packet is False:
        return False
    at_source = fits_side(
        place, rule.sources, rule.source_groups, seen.sources, world.source, not inbound
    )
    if at_source is False:
        return False
    return both(
        packet,
        at_source,
        fits_side(
            place,
            rule.destinations,
            rule.destination_groups,
            seen.destinations,
            world.destination,
            inbound,
        ),
    )


def is_platform(seen: Sighting) -> Truth:
    """Whether a packet goes to Azure's own host, which groups do not filter (N-14)."""
    packet = seen.packet
    if packet.destination not in HOSTS:
        return False
    if packet.destination == HOST:
        services = {("udp", 53), ("tcp", 53), ("udp", 67), ("tcp", 80), ("tcp", 32526)}
    else:
        services = {("tcp", 80)}
    return True if (packet.protocol, packet.destination_port) in services else None


def names_platform(groups: Groups) -> Truth:
    """Whether a rule names one of the tags that do filter platform traffic (N-14)."""
    for group in groups:
        rules = None if isinstance(group, Missing) else told_of(group, lambda g: g.rules, None)
        if rules is None:
            return None
        for rule in rules:
            texts = told_of(rule, lambda r: r.destinations, ("AzurePlatform",))
            if any(text.lower().startswith("azureplatform") for text in texts):
                return True
    return opposite(True)
