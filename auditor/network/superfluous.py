"""Security rules that do nothing: shadowed by earlier ones, or saying what later ones say.

Exact for literal addresses, protocols and ports; for service tags and application security groups
true of whatever they stand for (`auditor.network.symbols`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from operator import attrgetter
from typing import TypeAlias

import msgspec

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.filters import DEFAULTS, Filter, attachments, custom_rules, filters_of
from auditor.network.graph import Network, possibly, question, question_about
from auditor.network.idle_filters import Found, do_nothing
from auditor.network.likeness import kinship, likeness
from auditor.network.openings import subnets_at
from auditor.network.rule_lists import Said, said_by
from auditor.resources.base import Node
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


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
def idle_rules(network: Network, group: NetworkSecurityGroup, inbound: bool) -> Idle:
    """Give the rules of a group in one direction that do nothing, computed once for each.

    Raises Undetermined when the input does not tell the order of these rules.
    """
    result = Idle()
    way = _ways(network, group)[not inbound]
    if way is None:
        filters_of(network, group, inbound=inbound)  # which raises, with the names of this group
        return result
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
    shadowed: Found
    redundant: Found
    suspects: tuple[int, ...]


_Ways: TypeAlias = tuple[_Way | None, _Way | None]


def _ways(network: Network, group: NetworkSecurityGroup) -> _Ways:
    """What a group says inbound and outbound: asked once for all that say the same.

    Of those that name addresses, only where `VirtualNetwork` holds the same beside them. None where
    the order is not told. Raises Undetermined when the input has no list of the rules.
    """
    said = said_by(network, group)
    known = _lists(network)
    found = known.get(said)
    if found is None:
        inbound, outbound = (_told(network, group, inbound=way) for way in (True, False))
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


def _told(
    network: Network, group: NetworkSecurityGroup, *, inbound: bool
) -> tuple[Filter, ...] | None:
    try:
        return filters_of(network, group, inbound=inbound)
    except Undetermined:
        return None


class _List(msgspec.Struct):
    """The filters of both directions, whether they name addresses, and the answers by `inside`."""

    inbound: tuple[Filter, ...] | None
    outbound: tuple[Filter, ...] | None
    literal_in: bool
    literal_out: bool
    ways: dict[AddressSet, _Ways] = msgspec.field(default_factory=dict)


@question
def _lists(_: Network) -> dict[Said, _List]:
    return {}


def _way(
    network: Network, custom: tuple[Filter, ...] | None, inside: AddressSet, inbound: bool
) -> _Way | None:
    if custom is None:
        return None
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


def _literal(filters: Iterable[Filter] | None) -> bool:
    """Whether any filter names addresses, which the tag `VirtualNetwork` may hold."""
    return any(rule.sources.addresses or rule.destinations.addresses for rule in filters or ())


def _inside(network: Network, group: NetworkSecurityGroup) -> AddressSet:
    """What `VirtualNetwork` certainly holds at each place where the group stands (N-20, N-21)."""
    common: AddressSet | None = None
    try:
        for place in attachments(network, group):
            for subnet in (place,) if isinstance(place, Subnet) else subnets_at(network, place):
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
) -> tuple[Found, Found]:
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
) -> tuple[Found, Found]:
    """What does nothing, asked once for all kin of which nothing does."""
    kin = inbound, kinship(custom, inside)
    busy = _busy(network)
    if kin in busy:
        return {}, {}
    found = do_nothing((*custom, *DEFAULTS[inbound]), len(custom), inside, inbound)
    if not any(found):
        busy.add(kin)
    return found


@question
def _busy(network: Network) -> set[Hashable]:
    """The kin of lists in which every rule does something."""
    return set()


_Answers: TypeAlias = dict[Hashable, tuple[Found, Found]]


@question
def _answers(network: Network) -> tuple[_Answers, _Answers]:
    """By what the rules say, and by their likeness: the first is told sooner."""
    return {}, {}


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
            ways = _ways(network, group)
        except Undetermined:
            continue
        judged.add(group)
        for inbound, way in zip((True, False), ways, strict=True):
            if way is None:
                found.update(each for each in group.rules if _may_be(each, inbound))
            elif way.suspects:
                ordered = custom_rules(network, group, inbound=inbound)
                found.update(ordered[number] for number in way.suspects)
    rules = kept_by_hand(network)
    suspects = [rule for rule in rules if rule in found or rule.owner not in judged]
    return tuple(sorted(suspects, key=attrgetter("key")))


def _may_be(rule: SecurityRule, inbound: bool) -> bool:
    return possibly(lambda each: each.inbound is inbound, rule)


def in_words(causes: tuple[Cause, ...], most: int = 4) -> str:
    """Name the rules of an explanation: `a`, `a and b`, `a, b, c, d and 3 more`."""
    names = [cause.name for cause in causes]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
