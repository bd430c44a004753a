"""What the security rules of a subnet do with each packet, by the rule that stops it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from auditor.addresses import Version
from auditor.network.effective_rules import Direction
from auditor.network.flow import terms_at
from auditor.network.graph import Network, question
from auditor.network.layers import Layer, LayerKind, holder_of
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.terms import Term, Terms
from auditor.packets.compile import first_match
from auditor.packets.diagram import Diagram, leaves
from auditor.packets.reshape import merged
from auditor.reach.filtering import (
    Key,
    allows,
    box_of,
    counts,
    is_final,
    is_loose,
    shared_conditions,
)
from auditor.reach.space import FlowSpace, space_of
from auditor.resources.virtual_networks import Subnet


class Stop(NamedTuple):
    """A rule that denies: of the subnet's own group where `resource` is empty.

    Without a `rule`, one of several; it is not told which.
    """

    admin: bool = False
    resource: str = ""
    rule: str = ""


PASS, PERHAPS, MIXED = "pass", "perhaps", "mixed"
"""Other outcomes; mixed is what is not the same for all addresses of somebody."""

UNNAMED = Stop()

Outcome: TypeAlias = str | Stop

Layers: TypeAlias = Sequence[tuple[Layer, Sequence[Term]]]
"""Layers of filters in order, each with what its rules match."""

_FINAL = "final"


def outcomes(
    network: Network,
    subnet: Subnet,
    direction: Direction,
    version: Version,
    tags: ServiceTags = NO_TAGS,
) -> Diagram[Outcome]:
    """Give what becomes of each packet at the filters of any machine of a subnet.

    Passing surely is `admitted(...).must`, surely or perhaps `may`.
    """
    terms = terms_at(network, None, direction, subnet, tags)
    rules = terms.rules
    names = tuple(_said_by(layer) for layer in rules.layers)
    key = (Key(network, rules, None), version, names)
    known = network.ask(_told)
    found = known.get(key)
    if found is None:
        space = space_of(network, version)
        found = known[key] = _outcomes(space, terms) if names else space.leaf(PASS)
    return found


def _said_by(layer: Layer) -> tuple[str, ...]:
    own = layer.group.id if layer.group is not None else ""
    elsewhere = {holder_of(rule.resource) for rule in layer.rules} - {own}
    return (*sorted(elsewhere), *(rule.name for rule in layer.rules))


@question
def _told(network: Network) -> dict[object, Diagram[Outcome]]:
    return {}


class _Common(NamedTuple):
    """What is the same at all layers: the space, the direction, and the dimension of conditions."""

    space: FlowSpace
    inbound: bool
    shared: dict[str, str]


def _outcomes(space: FlowSpace, terms: Terms) -> Diagram[Outcome]:
    common = _Common(space, terms.rules.inbound, _shared_by(terms))
    layers = list(zip(terms.rules.layers, terms.layers, strict=True))
    total = _in_any_case(common, layers)
    if len(layers) < _SEVERAL or UNNAMED not in leaves(total):
        return total
    for layer in layers:  # the one that stops it whatever those before it do
        total = space.combine(total, _in_any_case(common, [layer]), _named_by)
    return total


_SEVERAL = 2


def _named_by(total: Outcome, alone: Outcome) -> Outcome:
    return alone if total == UNNAMED and isinstance(alone, Stop) else total


def _in_any_case(common: _Common, layers: Layers) -> Diagram[Outcome]:
    """Give what becomes of packets at some layers, whatever is so of what is not told."""
    most = _deciding(common, layers, True)
    least = _deciding(common, layers, False) if _is_open(layers) else most
    for name in common.shared.values():
        most, least = merged(most, name, either), merged(least, name, either)
    return most if most is least else common.space.combine(most, least, either)


def either(one: Outcome, other: Outcome) -> Outcome:
    """Give the outcome when it is not told which of two it is."""
    if one == other:
        return one
    both = isinstance(one, Stop) and isinstance(other, Stop)
    return UNNAMED if both else PERHAPS


def _deciding(common: _Common, layers: Layers, generous: bool) -> Diagram[Outcome]:
    space, inbound, shared = common
    total: Diagram[Outcome] = space.leaf(PASS)
    for layer, found in layers:
        if layer.kind is LayerKind.ADMIN and is_loose(found, shared):
            return space.leaf(PASS) if generous else space.leaf(UNNAMED)
        kept = [t for t in found if counts(t, allows(layer, t), shared, generous)]
        boxes = [box_of(space, term, shared, inbound) for term in kept]
        here = first_match(space, boxes, [_outcome(layer, term) for term in kept], PASS)
        total = here if total.is_leaf else space.combine(total, here, _then)
    if not any(layer.kind is LayerKind.ADMIN for layer, _ in layers):
        return total
    return space.map(total, lambda value: PASS if value == _FINAL else value)


def _then(before: Outcome, here: Outcome) -> Outcome:
    return here if before == PASS else before


def _outcome(layer: Layer, term: Term) -> Outcome:
    if allows(layer, term):
        return _FINAL if is_final(layer, term) else PASS
    if term.label < 0:
        return UNNAMED
    rule = layer.rules[term.label]
    holder = holder_of(rule.resource)
    own = layer.group is not None and holder.lower() == layer.group.key
    return Stop(layer.kind is LayerKind.ADMIN, "" if own else holder, rule.name)


def _is_open(layers: Layers) -> bool:
    return any(term.conditions for _, found in layers for term in found)


def _shared_by(terms: Terms) -> dict[str, str]:
    kinds = (layer.kind is LayerKind.ADMIN for layer in terms.rules.layers)
    return shared_conditions(zip(kinds, terms.layers, strict=True))
