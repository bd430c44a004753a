"""What lists of security rules say, and in which order, told once for all that say the same.

Groups are made from templates. Of settings that say the same the network keeps one copy, so that
two lists are soon compared: by the names of the rules, and by which copies they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import attrgetter
from typing import Any

import msgspec

from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.resources import walk
from auditor.resources.security import NetworkSecurityGroup, SecurityRule, SecurityRuleProperties


class Order(msgspec.Struct, frozen=True):
    """The places of the rules of one direction by priority; whether any two tie."""

    places: tuple[int, ...]
    ties: bool


class Said(msgspec.Struct, eq=False):
    """What the rules of a group say: their names and their settings, as written.

    Told apart by itself, not by what it holds: there is one for all groups that say the same.
    `inbound` and `outbound` are their orders of evaluation, None where that is not told; `read`
    keeps the rules of a direction, inbound or not, when they have been read as filters.
    """

    names: tuple[str, ...]
    settings: tuple[SecurityRuleProperties, ...]
    inbound: Order | None
    outbound: Order | None
    read: dict[bool, tuple[Any, ...]] = msgspec.field(default_factory=dict)


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
        inbound, outbound = _order(rules, inbound=True), _order(rules, inbound=False)
        found = known[names, settings] = Said(names, settings, inbound, outbound)
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


def order_of(network: Network, group: NetworkSecurityGroup, inbound: bool) -> Order:
    """Give in which order Azure evaluates rules of a group (N-5); those that tie, by name.

    Raises Undetermined when the input does not tell any rule's direction, or a priority of these.
    """
    said = said_by(network, group)
    order = said.inbound if inbound else said.outbound
    return _ordered(group.rules, inbound) if order is None else order


def _order(rules: Sequence[SecurityRule], inbound: bool) -> Order | None:
    try:
        return _ordered(rules, inbound)
    except Undetermined:
        return None


def _ordered(rules: Sequence[SecurityRule], inbound: bool) -> Order:
    way = [place for place, rule in enumerate(rules) if rule.inbound is inbound]
    way.sort(key=lambda place: (rules[place].priority, rules[place].label.lower()))
    return Order(tuple(way), len({rules[place].priority for place in way}) < len(way))
