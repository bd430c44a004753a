"""What the security rules at one place let through, as a set of packets in two bounds (11.2).

Rules are those of `auditor.network.effective_rules`; what they depend on and nobody tells is a
condition (`auditor.network.terms`). A condition that several rules share is the same for all of
them: it is a dimension of its own until everything is compiled, and then *may* is "for some value"
and *must* "for every value". One that a single rule has is the difference of its two bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from auditor.addresses import AddressSet, Version
from auditor.network.effective_rules import Direction, EffectiveRules, is_endpoint
from auditor.network.flow import terms_at
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.interfaces import Interface
from auditor.network.layers import Action, Layer, LayerKind, Listing
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.surroundings import Surroundings
from auditor.network.terms import MAYBE_DENIED, MAYBE_FINAL, Term, Terms
from auditor.packets.compile import first_match
from auditor.packets.diagram import PacketSet
from auditor.packets.space import Box
from auditor.reach.bounds import Bounds
from auditor.reach.space import CONDITIONS, FlowSpace, always, somehow, space_of
from auditor.resources.virtual_networks import Subnet


def admitted(
    network: Network,
    nic: Interface | None,
    direction: Direction,
    version: Version,
    subnet: Subnet | Missing | None = None,
    tags: ServiceTags = NO_TAGS,
) -> Bounds:
    """Give the packets that the filters of a NIC let through in one direction, as they stand there.

    `subnet` is that of the address at hand, by default of the NIC's first ip configuration. Without
    a NIC: what filters any machine of the subnet. Compiled once for all places where the same rules
    mean the same. Whether a public address needs a group to be open (E-3) is not asked here.
    """
    return _through(network, terms_at(network, nic, direction, subnet, tags), version)


def let_through(network: Network, rules: EffectiveRules, version: Version) -> Bounds:
    """Give the packets that all layers of some rules let through."""
    return _through(network, Terms(rules), version)


def _through(network: Network, terms: Terms, version: Version) -> Bounds:
    key = (Key(network, terms.rules, terms.rules.surroundings.nic), version)
    known = network.ask(_known)
    found = known.get(key)
    if found is None:
        space = space_of(network, version)
        found = known[key] = compiled(space, sifted(terms), terms.rules.inbound)
    return found


def unfiltered(
    network: Network,
    nic: Interface | None,
    subnet: Subnet | Missing | None = None,
    tags: ServiceTags = NO_TAGS,
) -> bool | None:
    """Tell whether no security group stands before a NIC, neither its own nor its subnet's.

    None when that is not told. Admin rules are no group (E-3 speaks of groups).
    """
    return _unfiltered(network, nic, subnet, tags)


@question_about
def _unfiltered(
    network: Network,
    nic: Interface | None,
    subnet: Subnet | Missing | None,
    tags: ServiceTags,
) -> bool | None:
    layers = terms_at(network, nic, Direction.INBOUND, subnet, tags).rules.layers
    groups = [layer for layer in layers if layer.kind is not LayerKind.ADMIN]
    if any(layer.unknown is None for layer in groups):
        return False
    return None if groups else True


_Cached: TypeAlias = dict[tuple["Key", Version], Bounds]


@question
def _known(network: Network) -> _Cached:
    return {}


class Key:
    """What decides what rules mean at a place: their content, and what their names stand for."""

    __slots__ = ("_hash", "parts")

    def __init__(self, network: Network, rules: EffectiveRules, nic: Interface | None) -> None:
        here = rules.surroundings
        layers = tuple(content(network, layer) for layer in rules.layers)
        groups = any(names_groups for _, names_groups in layers)
        self.parts = (
            rules.direction,
            tuple(content for content, _ in layers),
            _bounds_of(network, here) if layers else None,
            here.tags,
            is_endpoint(nic),
            nic.key if nic is not None and groups else "",
        )
        self._hash = hash((*self.parts[:2], id(self.parts[2]), *self.parts[3:]))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and (
            self.parts[2] is other.parts[2] and self.parts == other.parts
        )


_TagBounds: TypeAlias = tuple[AddressSet, AddressSet]


def _bounds_of(network: Network, here: Surroundings) -> _TagBounds:
    """Give what `VirtualNetwork` holds surely, and perhaps: why is of no concern here.

    One of each: equal ones are then the same object, which is quick to compare.
    """
    extent = here.virtual_network
    found = (extent.must, extent.open)
    return network.ask(_tag_bounds).setdefault(found, found)


@question
def _tag_bounds(network: Network) -> dict[_TagBounds, _TagBounds]:
    return {}


_Content: TypeAlias = tuple[object, bool]


def content(network: Network, layer: Layer) -> _Content:
    """Give what a layer says, whatever its rules are called, and if they name groups."""
    if layer.unknown is not None:
        return (layer.kind, layer.at), False
    number, groups = _said(network, layer.listing, layer.kind is LayerKind.ADMIN)
    return (layer.kind, number), groups


@question_about
def _said(network: Network, listing: Listing, admin: bool) -> tuple[int, bool]:
    """The number of what rules say, and if they name groups."""
    said: tuple[object, ...] = listing.filters
    if admin:
        said = tuple((rule.filter, rule.action, rule.doubt) for rule in listing.rules)
    known = _numbers(network)
    found = known.get(said)
    if found is None:
        groups = any(each.sources.groups or each.destinations.groups for each in listing.filters)
        found = known[said] = (len(known), groups)
    return found


@question
def _numbers(_: Network) -> dict[object, tuple[int, bool]]:
    """Lists of rules that say the same have one number, and name groups or do not."""
    return {}


class Judged(NamedTuple):
    """A term, and what becomes of the packets that it decides at its layer."""

    term: Term
    allows: bool
    final: bool
    """Whether they skip all later layers (N-50)."""


class Sifted(NamedTuple):
    """What of a layer decides whether packets pass, whatever its rules are called."""

    admin: bool
    terms: tuple[Judged, ...]


def sifted(terms: Terms) -> tuple[Sifted, ...]:
    """Give the terms of all layers with what becomes of packets."""
    return tuple(
        Sifted(
            layer.kind is LayerKind.ADMIN,
            tuple(Judged(term, allows(layer, term), is_final(layer, term)) for term in found),
        )
        for layer, found in zip(terms.rules.layers, terms.layers, strict=True)
    )


def compiled(space: FlowSpace, layers: Sequence[Sifted], inbound: bool) -> Bounds:
    """Give the packets that pass all layers."""
    terms = ((each.admin, [judged.term for judged in each.terms]) for each in layers)
    shared = shared_conditions(terms)
    most = _passing(space, layers, shared, inbound, True)
    exact = not any(judged.term.conditions for each in layers for judged in each.terms)
    least = most if exact else _passing(space, layers, shared, inbound, False)
    for name in shared.values():
        most, least = somehow(most, name), always(least, name)
    return Bounds(most, least)


def shared_conditions(layers: Iterable[tuple[bool, Iterable[Term]]]) -> dict[str, str]:
    """Give a dimension to every condition on which more than one rule depends."""
    users: dict[str, set[object]] = {}
    for number, (admin, layer) in enumerate(layers):
        for term in layer:
            for condition, way in term.conditions:
                found = users.setdefault(condition, set())
                found.add((number, term.label))
                if not way or admin:
                    found.add("both")  # not only the difference of one rule's bounds
    wanted = [condition for condition, found in users.items() if len(found) > 1]
    return dict(zip(wanted, CONDITIONS, strict=False))


def _passing(
    space: FlowSpace,
    layers: Iterable[Sifted],
    shared: dict[str, str],
    inbound: bool,
    generous: bool,
) -> PacketSet:
    """The packets that pass all layers, each rule at the bound that lets through more, or less."""
    total = space.all
    final = space.empty
    for admin, found in layers:
        if admin and is_loose((each.term for each in found), shared):
            return space.all if generous else space.empty
        kept = [each for each in found if counts(each.term, each.allows, shared, generous)]
        boxes = [box_of(space, each.term, shared, inbound) for each in kept]
        total &= first_match(space, boxes, [each.allows for each in kept], True)
        if admin:
            final = first_match(space, boxes, [each.final for each in kept], False)
    return total | final


def is_loose(terms: Iterable[Term], shared: dict[str, str]) -> bool:
    """Whether some condition has no dimension: an Allow of an admin rule has no simple bounds."""
    return any(condition not in shared for term in terms for condition, _ in term.conditions)


def allows(layer: Layer, term: Term) -> bool:
    """Tell whether a layer lets a packet go on that a term of it decides."""
    if term.label < 0:
        return term.label != MAYBE_DENIED
    if layer.kind is not LayerKind.ADMIN:
        return layer.filters[term.label].allow
    return layer.rules[term.label].action is not Action.DENY


def is_final(layer: Layer, term: Term) -> bool:
    """Tell whether packets that a term decides skip all later layers (N-50), or may."""
    if term.label < 0:
        return term.label == MAYBE_FINAL
    return layer.kind is LayerKind.ADMIN and layer.rules[term.label].action is Action.FINAL


def counts(term: Term, allows: bool, shared: dict[str, str], generous: bool) -> bool:
    """Whether a rule that may match counts as matching, for this bound."""
    certain = all(condition in shared for condition, _ in term.conditions)
    return certain or allows is generous


def box_of(space: FlowSpace, term: Term, shared: dict[str, str], inbound: bool) -> Box:
    """Give the packets of a term, on the conditions that have a dimension."""
    version = space.version
    source, destination = (term.peer, term.own) if inbound else (term.own, term.peer)
    conditions = {
        shared[name]: ((int(way), int(way)),) for name, way in term.conditions if name in shared
    }
    return space.box(
        source=source.intervals(version),
        destination=destination.intervals(version),
        protocol=term.protocols,
        destination_port=term.destination_ports,
        source_port=term.source_ports,
        **conditions,
    )
