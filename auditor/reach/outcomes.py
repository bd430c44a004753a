"""What the security rules of a subnet do with each packet, by the rule that stops it."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from auditor.addresses import Version
from auditor.network.effective_rules import Direction
from auditor.network.flow import terms_at
from auditor.network.graph import Network, question
from auditor.network.layers import Layer, LayerKind, holder_of
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.terms import Term, Terms
from auditor.packets.compile import first_match
from auditor.packets.diagram import Diagram
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


def _outcomes(space: FlowSpace, terms: Terms) -> Diagram[Outcome]:
    shared = _shared_by(terms)
    most = _deciding(space, terms, shared, True)
    least = _deciding(space, terms, shared, False) if _is_open(terms) else most
    for name in shared.values():
        most, least = merged(most, name, either), merged(least, name, either)
    return most if most is least else space.combine(most, least, either)


def either(one: Outcome, other: Outcome) -> Outcome:
    """Give the outcome when it is not told which of two it is."""
    if one == other:
        return one
    both = isinstance(one, Stop) and isinstance(other, Stop)
    return UNNAMED if both else PERHAPS


def _deciding(
    space: FlowSpace, terms: Terms, shared: dict[str, str], generous: bool
) -> Diagram[Outcome]:
    inbound = terms.rules.inbound
    total: Diagram[Outcome] = space.leaf(PASS)
    for layer, found in zip(terms.rules.layers, terms.layers, strict=True):
        if layer.kind is LayerKind.ADMIN and is_loose(found, shared):
            return space.leaf(PASS) if generous else space.leaf(UNNAMED)
        kept = [t for t in found if counts(t, allows(layer, t), shared, generous)]
        boxes = [box_of(space, term, shared, inbound) for term in kept]
        here = first_match(space, boxes, [_outcome(layer, term) for term in kept], PASS)
        total = here if total.is_leaf else space.combine(total, here, _then)
    if not any(layer.kind is LayerKind.ADMIN for layer in terms.rules.layers):
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


def _is_open(terms: Terms) -> bool:
    return any(term.conditions for layer in terms.layers for term in layer)


def _shared_by(terms: Terms) -> dict[str, str]:
    kinds = (layer.kind is LayerKind.ADMIN for layer in terms.rules.layers)
    return shared_conditions(zip(kinds, terms.layers, strict=True))
