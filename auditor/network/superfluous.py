"""Security rules that do nothing: shadowed by earlier ones, or saying what later ones say.

Exact for literal addresses, protocols and ports; for service tags and application security groups
true of whatever they stand for (`auditor.network.symbols`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TypeAlias

import msgspec

from auditor.addresses import NOTHING, AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.filters import (
    DEFAULTS,
    Filter,
    attachments,
    custom_rules,
    filters_of,
)
from auditor.network.graph import Network, question, question_about
from auditor.network.likeness import kinship, likeness
from auditor.network.openings import subnets_at
from auditor.network.rule_lists import Said, said_by
from auditor.network.symbols import Symbolic, applies, symbolic
from auditor.packets.cover import superfluous
from auditor.resources.base import Node
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import VirtualNetwork

_VERSIONS: tuple[Version, ...] = (4, 6)
_Found: TypeAlias = dict[int, tuple[int, ...]]
"""Rules and those that explain why each does nothing, by their places."""


class Cause(msgspec.Struct, frozen=True):
    """A rule that explains why another does nothing: its name, and whether it allows.

    `id` is empty for Azure's default rules.
    """

    name: str
    allow: bool
    id: str = ""


class Idle(msgspec.Struct):
    """The rules of one group that do nothing, with the rules that explain it.

    `shadowed` never decide a packet: earlier rules match all of it. `redundant` decide what later
    rules would decide the same; no explanation names one, so all can go together.
    """

    shadowed: dict[SecurityRule, tuple[Cause, ...]] = msgspec.field(default_factory=dict)
    redundant: dict[SecurityRule, tuple[Cause, ...]] = msgspec.field(default_factory=dict)


@question_about
def idle_rules(network: Network, group: NetworkSecurityGroup) -> Idle:
    """Give the rules of a group that do nothing, computed once for each group.

    Raises Undetermined when the input does not tell the order of its rules.
    """
    result = Idle()
    for inbound, way in zip((True, False), _ways(network, group), strict=True):
        if way.shadowed or way.redundant:
            rules = custom_rules(network, group, inbound=inbound)
            filters = (*way.custom, *DEFAULTS[inbound])
            for number, causes in way.shadowed.items():
                result.shadowed[rules[number]] = _causes(causes, rules, filters)
            for number, causes in way.redundant.items():
                result.redundant[rules[number]] = _causes(causes, rules, filters)
    return result


class _Way(msgspec.Struct, frozen=True):
    """What a list says of one direction: its filters, and by place what does nothing.

    `suspects` are those and the places of filters of which it is not told what they match.
    """

    custom: tuple[Filter, ...]
    shadowed: _Found
    redundant: _Found
    suspects: tuple[int, ...]


_Ways: TypeAlias = tuple[_Way, _Way]


def _ways(network: Network, group: NetworkSecurityGroup) -> _Ways:
    """What a group says inbound and outbound: asked once for all that say the same.

    Of those that name addresses, only where `VirtualNetwork` holds the same beside them.
    """
    said = said_by(network, group)
    known = _lists(network)
    found = known.get(said)
    if found is None:
        inbound, outbound = (filters_of(network, group, inbound=way) for way in (True, False))
        found = _List(inbound, outbound, _literal(inbound), _literal(outbound))
        known[said] = found
    inside = _inside(network, group) if found.literal_in or found.literal_out else NOTHING
    ways = found.ways.get(inside)
    if ways is None:
        ways = found.ways[inside] = (
            _way(network, found.inbound, inside if found.literal_in else NOTHING, True),
            _way(network, found.outbound, inside if found.literal_out else NOTHING, False),
        )
    return ways


class _List(msgspec.Struct):
    """The filters of both directions, whether they name addresses, and the answers by `inside`."""

    inbound: tuple[Filter, ...]
    outbound: tuple[Filter, ...]
    literal_in: bool
    literal_out: bool
    ways: dict[AddressSet, _Ways] = msgspec.field(default_factory=dict)


@question
def _lists(_: Network) -> dict[Said, _List]:
    return {}


def _way(network: Network, custom: tuple[Filter, ...], inside: AddressSet, inbound: bool) -> _Way:
    shadowed, redundant = _answer(network, custom, inside, inbound)
    untold = [number for number, each in enumerate(custom) if not each.told]
    return _Way(custom, shadowed, redundant, (*shadowed, *redundant, *untold))


def _causes(
    numbers: Iterable[int], rules: Sequence[SecurityRule], filters: Sequence[Filter]
) -> tuple[Cause, ...]:
    return tuple(
        Cause(filters[n].name, filters[n].allow, rules[n].id if n < len(rules) else "")
        for n in numbers
    )


def _literal(filters: Iterable[Filter]) -> bool:
    """Whether any filter names addresses, which the tag `VirtualNetwork` may hold."""
    return any(rule.sources.addresses or rule.destinations.addresses for rule in filters)


def _inside(network: Network, group: NetworkSecurityGroup) -> AddressSet:
    """What `VirtualNetwork` certainly holds at each place where the group stands (N-20, N-21)."""
    common: AddressSet | None = None
    try:
        for place in attachments(network, group):
            for subnet in subnets_at(network, place):
                vnet = network.holder(subnet, VirtualNetwork)
                if vnet is None:
                    return NOTHING
                space = _space(network, vnet)
                common = space if common is None else common & space
    except Undetermined:
        return NOTHING
    return common or NOTHING


@question_about
def _space(_: Network, vnet: VirtualNetwork) -> AddressSet:
    return AddressSet.from_prefixes(vnet.prefixes)


def _answer(
    network: Network, custom: tuple[Filter, ...], inside: AddressSet, inbound: bool
) -> tuple[_Found, _Found]:
    """What does nothing, asked once for all groups with one likeness."""
    same, alike = _answers(network)
    found = same.get((inbound, custom, inside))
    if found is None:
        key = inbound, likeness(custom, inside)
        found = alike.get(key)
        if found is None:
            found = alike[key] = _asked(network, custom, inside, inbound)
        same[inbound, custom, inside] = found
    return found


def _asked(
    network: Network, custom: tuple[Filter, ...], inside: AddressSet, inbound: bool
) -> tuple[_Found, _Found]:
    """What does nothing, asked once for all kin of which nothing does."""
    kin = inbound, kinship(custom, inside)
    busy = _busy(network)
    if kin in busy:
        return {}, {}
    found = _do_nothing((*custom, *DEFAULTS[inbound]), len(custom), inside, inbound)
    if not any(found):
        busy.add(kin)
    return found


@question
def _busy(network: Network) -> set[Hashable]:
    """The kin of lists in which every rule does something."""
    return set()


_Answers: TypeAlias = dict[Hashable, tuple[_Found, _Found]]


@question
def _answers(network: Network) -> tuple[_Answers, _Answers]:
    """By what the rules say, and by their likeness: the first is told sooner."""
    return {}, {}


def _do_nothing(
    filters: tuple[Filter, ...], custom: int, inside: AddressSet, inbound: bool
) -> tuple[_Found, _Found]:
    """The shadowed and the redundant of the first `custom` filters, by place."""
    if not custom:
        return {}, {}
    worlds = [_World(filters, version, inside, inbound) for version in _VERSIONS]
    views = [_View(world) for world in worlds]
    shadowed = _in_all(views, custom, _View.shadowing)
    gone = set(shadowed)
    redundant: _Found = {}
    while True:
        if gone:
            views = [_View(world, gone) for world in worlds]
        chosen = _together(_in_all(views, custom, _View.spared, skip=gone))
        if not chosen:
            return shadowed, redundant
        redundant.update(chosen)
        gone |= set(chosen)


class _World:
    """The filters that apply to one version of IP: as rules, and their places among all."""

    def __init__(
        self, filters: Sequence[Filter], version: Version, inside: AddressSet, inbound: bool
    ) -> None:
        self.places = tuple(i for i, rule in enumerate(filters) if applies(rule, version))
        self._filters = [filters[i] for i in self.places]
        self._version: Version = version
        self._inside = inside
        self._inbound = inbound

    @cached_property
    def symbolic(self) -> Symbolic:
        """The filters as rules over packets."""
        return symbolic(self._filters, self._version, self._inside, inbound=self._inbound)


class _View:
    """What one version of IP says about rules, some of them gone.

    Found out when first asked: most rules are needed in IPv4, whatever IPv6 says.
    """

    def __init__(self, world: _World, gone: Iterable[int] = ()) -> None:
        self._world = world
        self._gone = set(gone)
        self.applying = set(world.places) - self._gone

    @cached_property
    def _found(self) -> tuple[_Found, _Found]:
        symbolic = self._world.symbolic
        # Places among all filters; the impossible, which are nobody's, have -1.
        named = [-1] * symbolic.impossible + list(self._world.places)
        kept = [i for i, place in enumerate(named) if place not in self._gone]
        places = [named[i] for i in kept]
        rules = [symbolic.rules[i] for i in kept]
        found = superfluous(symbolic.shape, rules, skip=symbolic.impossible)
        return _translated(found.shadowed, places), _translated(found.redundant, places)

    def shadowing(self, rule: int) -> tuple[int, ...] | None:
        """The rules that match all of this one before it, None when it decides something."""
        return self._found[0].get(rule)

    def spared(self, rule: int) -> tuple[int, ...] | None:
        """The rules that make this one needless here, None when it is needed."""
        shadowed, redundant = self._found
        return redundant.get(rule, shadowed.get(rule))


def _translated(found: Mapping[int, tuple[int, ...]], places: Sequence[int]) -> _Found:
    """From places in a list of rules to the filters' own, the impossible left out."""
    return {
        places[i]: tuple(places[j] for j in causes if places[j] >= 0)
        for i, causes in found.items()
        if places[i] >= 0
    }


def _in_all(
    views: Sequence[_View],
    custom: int,
    why: Callable[[_View, int], tuple[int, ...] | None],
    skip: Iterable[int] = (),
) -> _Found:
    """The rules of which it is true in every version that they match anything in."""
    skipped = set(skip)
    found: _Found = {}
    for i in range(custom):
        applying = [view for view in views if i in view.applying]
        if i in skipped or not applying:
            continue
        merged: set[int] = set()
        for view in applying:
            causes = why(view, i)
            if causes is None:
                break
            merged.update(causes)
        else:
            if merged:
                found[i] = tuple(sorted(merged))
    return found


def _together(found: _Found) -> _Found:
    """Choose rules of which none explains another: these can go at once."""
    chosen: _Found = {}
    used: set[int] = set()
    for i in sorted(found, reverse=True):
        if i not in used and not chosen.keys() & set(found[i]):
            chosen[i] = found[i]
            used |= set(found[i])
    return chosen


def written_by_kubernetes(rule: SecurityRule) -> bool:
    """Tell whether Azure's cloud provider for Kubernetes keeps the rule, by its name (K-59)."""
    return _is_kubernetes(rule.label)


def _is_kubernetes(name: str) -> bool:
    return name.lower().startswith("k8s-azure-lb_")


def sure_to_match(network: Network, group: NetworkSecurityGroup, rule: SecurityRule) -> None:
    """Raise Undetermined when the input does not tell what a rule of a group matches."""
    rules = custom_rules(network, group, inbound=rule.inbound)
    filters = filters_of(network, group, inbound=rule.inbound)
    if not filters[rules.index(rule)].told:
        raise Undetermined(f"what {rule.label} matches", resource=rule.id)


@question
def kept_by_hand(network: Network) -> tuple[SecurityRule, ...]:
    """Name the subjects: custom rules, without those that Kubernetes writes and rewrites.

    In no order.
    """
    rules = tuple(network.unordered(SecurityRule))
    names = {rule.name for rule in rules}
    if "" not in names and not any(map(_is_kubernetes, names)):
        return rules
    return tuple([rule for rule in rules if not written_by_kubernetes(rule)])


@question
def dispensable(network: Network) -> tuple[SecurityRule, ...]:
    """Give the subjects that may do nothing, or of which it cannot be told: the suspects, in order.

    The others certainly decide something, and without them something would change.
    """
    judged: set[Node | None] = set()
    found: set[SecurityRule] = set()
    for group in network.all(NetworkSecurityGroup):
        try:
            inward, outward = _ways(network, group)
            for inbound, way in ((True, inward), (False, outward)):
                if way.suspects:
                    rules = custom_rules(network, group, inbound=inbound)
                    found.update([rules[number] for number in way.suspects])
        except Undetermined:
            continue
        judged.add(group)
    rules = kept_by_hand(network)
    suspects = [rule for rule in rules if rule in found or rule.owner not in judged]
    return tuple(sorted(suspects, key=attrgetter("key")))


def in_words(causes: tuple[Cause, ...], most: int = 4) -> str:
    """Name the rules of an explanation: `a`, `a and b`, `a, b, c, d and 3 more`."""
    names = [cause.name for cause in causes]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
