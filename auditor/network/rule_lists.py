"""What lists of security rules say, and in which order, told once for all that say the same.

Groups are made from templates. Of settings that say the same the network keeps one copy, so that
two lists are soon compared: by the names of the rules, and by which copies they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import attrgetter
from typing import TypeAlias

import msgspec

from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.resources import walk
from auditor.resources.security import NetworkSecurityGroup, SecurityRule, SecurityRuleProperties


class Said(msgspec.Struct, eq=False):
    """What the rules of a group say: their names and their settings, as written.

    Told apart by itself, not by what it holds: there is one for all groups that say the same.
    """

    names: tuple[str, ...]
    settings: tuple[SecurityRuleProperties, ...]


_SETTINGS = attrgetter("properties")


@question_about
def said_by(network: Network, group: NetworkSecurityGroup) -> Said:
    """Give what the rules of a group say: one and the same for all groups that say the same.

    Raises Undetermined when the input has no list of them.
    """
    rules = group.rules
    names = tuple([rule.name or rule.label for rule in rules])
    settings = tuple(map(_SETTINGS, rules))
    known = _every_list(network)
    found = known.get((names, settings))
    if found is None:
        found = known[names, settings] = Said(names, settings)
    return found


@question
def _every_list(
    _: Network,
) -> dict[tuple[tuple[str, ...], tuple[SecurityRuleProperties, ...]], Said]:
    return {}


def where_alike(
    rules: Iterable[SecurityRule], asked: Callable[[SecurityRule], bool]
) -> list[SecurityRule]:
    """Give the rules of which something is true, asked once of all that say the same.

    Of each of those whose settings are not told. It must not depend on names, nor raise.
    """
    every = tuple(rules)
    settings = walk.read_each(every, "properties")
    answers = {said: asked(rule) for said, rule in dict(zip(settings, every, strict=True)).items()}
    if walk.UNTOLD not in answers:
        return list(compress(every, map(answers.__getitem__, settings)))
    pairs = zip(every, settings, strict=True)
    return [rule for rule, said in pairs if (asked(rule) if said is walk.UNTOLD else answers[said])]


class Order(msgspec.Struct, frozen=True):
    """The places of the rules of one direction by priority; whether any two tie."""

    places: tuple[int, ...]
    ties: bool


_Orders: TypeAlias = tuple[Order | None, Order | None]
"""Inbound and outbound; None where a priority is not told."""


def order_of(network: Network, group: NetworkSecurityGroup, inbound: bool) -> Order:
    """Give in which order Azure evaluates rules of a group (N-5); those that tie, by name.

    Raises Undetermined when the input does not tell any rule's direction, or a priority of these.
    """
    order = _orders_of(network, group)[not inbound]
    return _ordered(group.rules, _ways(group.rules)[not inbound]) if order is None else order


@question_about
def _orders_of(network: Network, group: NetworkSecurityGroup) -> _Orders:
    known = _orders(network)
    said = said_by(network, group)
    if said not in known:
        inbound, outbound = _ways(group.rules)
        known[said] = _order(group.rules, inbound), _order(group.rules, outbound)
    return known[said]


@question
def _orders(_: Network) -> dict[Said, _Orders]:
    return {}


def _ways(rules: Sequence[SecurityRule]) -> tuple[list[int], list[int]]:
    """The places of the inbound and of the outbound rules, as written."""
    inbound: list[int] = []
    outbound: list[int] = []
    for place, rule in enumerate(rules):
        (inbound if rule.inbound else outbound).append(place)
    return inbound, outbound


def _order(rules: Sequence[SecurityRule], way: list[int]) -> Order | None:
    try:
        return _ordered(rules, way)
    except Undetermined:
        return None


def _ordered(rules: Sequence[SecurityRule], way: list[int]) -> Order:
    way.sort(key=lambda place: (rules[place].priority, rules[place].label.lower()))
    return Order(tuple(way), len({rules[place].priority for place in way}) < len(way))
