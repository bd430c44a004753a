"""Firewall rules that never decide a packet, because earlier rules match all that they match.

What a service tag or a name stands for is not told, but the same name is the same set. So a packet
has here, besides addresses, protocol and port, one dimension for each thing that rules name: value
0 is "nothing that is named", every other value stands for one name. A rule that names a tag matches
its value, and those of the tag's regions; `*.contoso.com` matches the values of all names below.
Two dimensions more are questions that have one answer for all rules: whether rules that name ports
match packets without, and whether `*` holds addresses of the version that its rule is not for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import msgspec
from msgspec.structs import replace

from auditor.addresses import Version
from auditor.network.extents import Extent
from auditor.network.firewalling.program import firewall_program, policy_program
from auditor.network.firewalling.sides import OTHER_VERSION
from auditor.network.firewalling.terms import (
    Cell,
    FirewallAction,
    FirewallProgram,
    FirewallTerm,
    Target,
)
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS
from auditor.packets.cover import shadowed
from auditor.packets.intervals import Intervals
from auditor.packets.rule import Rule
from auditor.packets.space import Dimension, Shape
from auditor.resources.firewalls import Firewall, FirewallPolicy

_BITS: dict[Version, int] = {4: 32, 6: 128}
_SIDES = ("source", "destination")


class IdleRules(msgspec.Struct):
    """The rules of a firewall or policy that never decide, with the earlier ones that cover them.

    A rule without any is one that can match nothing. `doubtful` are rules of which it is not told
    whether they decide anything, and `unknown` says what rules may be missing: they could cover
    more, and uncover nothing.
    """

    covered: dict[FirewallTerm, tuple[FirewallTerm, ...]] = msgspec.field(default_factory=dict)
    doubtful: dict[FirewallTerm, Reason] = msgspec.field(default_factory=dict)
    unknown: tuple[Reason, ...] = ()


@question_about
def idle_firewall_rules(network: Network, holder: Firewall | FirewallPolicy) -> IdleRules:
    """Give the rules that never decide, of a policy with all it inherits, or of a firewall.

    NAT rules are held against NAT rules, application rules against network rules as well.
    Addresses of service tags are not used: what is said holds whatever they are.
    """
    if isinstance(holder, FirewallPolicy):
        program = policy_program(network, holder, NO_TAGS)
    else:
        program = firewall_program(network, holder, NO_TAGS)
    found = IdleRules(unknown=program.unknown)
    for terms in _sequences(program):
        covered = _covered(terms)
        for term in terms:
            _judge(found, term, covered.get(term))
    _doubt_inherited(found, program.nat)
    return found


def _doubt_inherited(found: IdleRules, terms: tuple[FirewallTerm, ...]) -> None:
    """Make NAT rules doubtful that those of a parent policy cover, if these are inherited."""
    if len({term.level for term in terms}) < 2:
        return
    named = {
        replace(term, doubts=tuple(d for d in term.doubts if d.label != "semantics:E-20"))
        if term.level
        else term: term
        for term in terms
    }
    for term, causes in _covered(tuple(named)).items():
        by = next((cause for cause in causes if cause.level), None)
        if by is not None and named[term] not in found.covered:
            detail = f"whether {by.name} is inherited, which covers {term.name}"
            found.doubtful.setdefault(named[term], Reason("semantics:E-20", detail, term.resource))


def _sequences(program: FirewallProgram) -> tuple[tuple[FirewallTerm, ...], ...]:
    return program.nat, (*program.network, *program.application)


def _judge(found: IdleRules, term: FirewallTerm, causes: tuple[FirewallTerm, ...] | None) -> None:
    if causes is None:
        gaps = [reason for reason in term.reasons if reason.label == "collection-gap"]
        if gaps:
            found.doubtful[term] = gaps[0]
        return
    rivals = [cause for cause in causes if cause.ties(term)]
    if rivals:
        detail = f"which of {rivals[0].collection} and {term.collection} comes first"
        found.doubtful[term] = Reason("semantics:E-21", detail, term.resource)
    else:
        found.covered[term] = causes


def _covered(terms: Sequence[FirewallTerm]) -> dict[FirewallTerm, tuple[FirewallTerm, ...]]:
    """Give the rules of which every version of IP says that earlier ones cover them."""
    found: dict[FirewallTerm, set[FirewallTerm]] = {term: set() for term in terms}
    versions: tuple[Version, ...] = (4, 6)
    for version in versions:
        world = _World(terms, version)
        rules = list(world.rules())
        by = shadowed(world.shape, rules)
        for place, rule in enumerate(rules):
            term = terms[rule.label]
            if term not in found:
                continue
            if place in by:
                found[term].update(terms[rules[cause].label] for cause in by[place])
            else:
                del found[term]
    order = {term: place for place, term in enumerate(terms)}
    return {
        term: tuple(sorted(causes - {term}, key=order.__getitem__))
        for term, causes in found.items()
    }


class _Names:
    """The things of one sort that rules name, as the values 1 and up of a dimension."""

    def __init__(self, names: Iterable[str]) -> None:
        self.places = {name: place for place, name in enumerate(sorted(set(names)), start=1)}

    @property
    def size(self) -> int:
        return len(self.places) + 1

    def values(self, names: Iterable[str]) -> Iterator[tuple[int, int]]:
        """Give the values of names and of all that lies within them."""
        for name in names:
            for other, place in self.places.items():
                if _within(other, name):
                    yield place, place


def _within(name: str, other: str) -> bool:
    """Whether all that a name stands for, another stands for too, by their spelling."""
    if name == other or other == "fqdn *":
        return True
    if other.startswith("service-tag:"):
        return name.startswith(other + ".")
    return (
        other.startswith("fqdn *.")
        and name.startswith("fqdn ")
        and name.endswith(other.removeprefix("fqdn *"))
    )


class _Part(msgspec.Struct, frozen=True):
    """Addresses that a side holds: those that belong to a name, or all when it is empty."""

    addresses: Intervals
    name: str = ""
    star: bool = False
    """Whether they are what `*` holds of the version that its rule is not for, if anything."""


class _World:
    """Rules of one sequence as boxes of packets of one version of IP."""

    def __init__(self, terms: Sequence[FirewallTerm], version: Version) -> None:
        self.terms = terms
        self.version: Version = version
        self.parts = {
            side: [self._parts(getattr(term, f"{side}s")) for term in terms] for side in _SIDES
        }
        self.names = {
            side: _Names(part.name for parts in found for part in parts if part.name)
            for side, found in self.parts.items()
        }
        self.asked = _Names(_spelled(target) for term in terms for target in term.targets)
        self.services = _Names(word for term in terms for word, _ in term.services)
        bits = _BITS[version]
        self.shape = Shape(
            (
                *(Dimension(side, 1 << bits) for side in _SIDES),
                Dimension("protocol", 1 << 8),
                Dimension("destination_port", 1 << 16),
                *(Dimension(f"{side} name", self.names[side].size) for side in _SIDES),
                Dimension("asked", self.asked.size),
                Dimension("service", self.services.size),
                Dimension("portless", 2),
                Dimension("star", 2),
            )
        )

    def _parts(self, extent: Extent) -> list[_Part]:
        found = [_Part(extent.must.intervals(self.version))]
        for doubt in extent.doubts:
            region = doubt.region.intervals(self.version)
            if doubt.reason in OTHER_VERSION:
                found.append(_Part(region, star=True))
            else:
                found.append(_Part(region, _symbol(doubt.reason)))
        return [part for part in found if part.addresses]

    def rules(self) -> Iterator[Rule[int]]:
        """Give the boxes of every rule, labelled with its place."""
        for place, term in enumerate(self.terms):
            sure = not _blind(term)
            for source, destination in product(*(self.parts[side][place] for side in _SIDES)):
                certain = sure and not (_gap(source) or _gap(destination))
                for cell in term.cells:
                    for box in self._boxes(term, source, destination, cell):
                        must = box if certain else ((), *box[1:])
                        yield Rule(place, term.allow, box, must)

    def _boxes(
        self, term: FirewallTerm, source: _Part, destination: _Part, cell: Cell
    ) -> Iterator[tuple[Intervals, ...]]:
        sides: dict[str, Iterable[tuple[int, int]]] = {
            "source": source.addresses,
            "destination": destination.addresses,
            "protocol": cell.protocols,
        }
        for side, part in zip(_SIDES, (source, destination), strict=True):
            if part.name:
                sides[f"{side} name"] = tuple(self.names[side].values((part.name,)))
        if cell.reason is not None:
            sides["portless"] = ((1, 1),)
        if source.star or destination.star:
            sides["star"] = ((1, 1),)
        if term.targets:
            sides["asked"] = tuple(self.asked.values(map(_spelled, term.targets)))
        if any(_spelled(target) == "fqdn *" for target in term.targets):
            del sides["asked"]
        if not term.services:
            yield self.shape.box(destination_port=cell.destination_ports, **sides)
        for word, port in term.services:
            place = self.services.places[word]
            yield self.shape.box(
                destination_port=((port, port),), service=((place, place),), **sides
            )


def _spelled(target: Target) -> str:
    return f"{target.kind} {target.name}"


def _symbol(reason: Reason) -> str:
    return reason.label if reason.label.startswith(("service-tag:", "fqdn:")) else str(reason)


def _gap(part: _Part) -> bool:
    """Whether nobody knows what the part is, so that it covers nothing."""
    return part.name.startswith("collection-gap")


def _blind(term: FirewallTerm) -> bool:
    """Whether a rule covers nothing for certain: it is not told, or may not be there."""
    if term.action is FirewallAction.DNAT:
        return bool(term.doubts)
    return any(not doubt.label.startswith("fqdn:") for doubt in term.doubts)
