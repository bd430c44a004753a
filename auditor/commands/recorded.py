"""What Azure answered about running NICs, held against what auditor works out of the same.

Routes are compared by what becomes of addresses: each stretch of addresses that either side has a
route of its own for. Rules are compared one by one, by group and name.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from auditor import ids
from auditor.addresses import Address, AddressError, AddressSet, Prefix, parse_prefix
from auditor.commands.effective_rules import answer as own_rules
from auditor.commands.effective_rules import as_json
from auditor.network import routing
from auditor.network.graph import Network
from auditor.network.interfaces import Interface
from auditor.network.routing import Hop, NextHop, Source
from auditor.network.service_tags import ServiceTags
from auditor.resources.interfaces import NetworkInterface
from auditor.snapshot.document import EffectiveAnswer


class Verdict(enum.Enum):
    """How two answers to one question compare."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "told by Azure alone"
    """auditor cannot tell, and what Azure answers is among what it holds possible."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One thing on which the two do not say the same; `what` is a prefix, a rule, a group."""

    what: str
    azure: str
    auditor: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """One answer of Azure, and the points on which auditor says something else, or nothing."""

    nic: str
    question: str
    points: tuple[Point, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its points."""
        if any(point.certain for point in self.points):
            return Verdict.DIFFERS
        return Verdict.UNKNOWN if self.points else Verdict.AGREES


def compare(network: Network, tags: ServiceTags) -> Iterator[Comparison]:
    """Compare every answer of the snapshot."""
    for each in network.effective:
        nic = network.find(each.nic)
        if not isinstance(nic, NetworkInterface):
            points = [
                Point(ids.name(each.nic), "answered", "the NIC is not in the snapshot", False)
            ]
        elif each.question.lower() == "effectiveroutetable":
            points = list(_routes(network, nic, each, tags))
        else:
            points = list(_rules(network, nic, each, tags))
        yield Comparison(each.nic, each.question, tuple(sorted(set(points))))


# routes


class _Route(msgspec.Struct, rename="camel"):
    source: str | None = None
    state: str | None = None
    address_prefix: list[str] | None = None
    next_hop_type: str | None = None
    next_hop_ip_address: list[str] | None = None


class _Routes(msgspec.Struct):
    value: list[_Route]


@dataclass(frozen=True, slots=True)
class _Recorded:
    prefix: Prefix
    hop: str
    addresses: frozenset[str]
    source: str

    def __str__(self) -> str:
        where = f" {', '.join(sorted(self.addresses))}" if self.addresses else ""
        return f"{self.hop}{where} ({self.source})"


def _routes(
    network: Network, nic: Interface, answer: EffectiveAnswer, tags: ServiceTags
) -> Iterator[Point]:
    try:
        recorded = _recorded(msgspec.json.decode(answer.body, type=_Routes).value)
    except (msgspec.ValidationError, AddressError) as error:
        yield Point("the answer", f"is not understood: {error}", "", certain=False)
        return
    own = routing.routes_from(network, nic, tags)
    versions = {route.prefix.version for route in recorded}
    mine = [route.prefix for route in own.drafts if route.told]
    borders: set[Address] = set()
    for prefix in (*(route.prefix for route in recorded), *mine):
        if prefix.version in versions:
            borders.update(_borders(prefix))
    for address in sorted(borders):
        azure = max(
            (route for route in recorded if address in route.prefix),
            key=lambda route: route.prefix.length,
            default=None,
        )
        found = routing.next_hop(network, nic, address, tags)
        if not _same(azure, found):
            yield _point(address, azure, found)


def _recorded(routes: Iterable[_Route]) -> list[_Recorded]:
    return [
        _Recorded(
            parse_prefix(text),
            route.next_hop_type or "",
            frozenset(route.next_hop_ip_address or ()),
            route.source or "",
        )
        for route in routes
        if (route.state or "active").lower() == "active"
        for text in route.address_prefix or ()
    ]


def _borders(prefix: Prefix) -> Iterator[Address]:
    """The first address of a prefix, and the one after its last."""
    yield prefix.address
    if prefix.last + 1 < 1 << (32 if prefix.version == 4 else 128):
        yield Address(prefix.version, prefix.last + 1)


def _same(azure: _Recorded | None, found: NextHop) -> bool:
    if not found.certain:
        return False
    hop = azure.hop if azure is not None else Hop.NONE.value
    if hop.lower() != found.hop.value.lower():
        return False
    given = found.route.address if found.route is not None else None
    if found.hop is not Hop.APPLIANCE or azure is None or given is None:
        return True
    return str(given) in azure.addresses


def _point(address: Address, azure: _Recorded | None, found: NextHop) -> Point:
    hop = azure.hop if azure is not None else Hop.NONE.value
    may = {each.value.lower() for each in found.may}
    certain = found.certain or not may & {hop.lower(), Hop.UNKNOWN.value.lower()}
    certain = certain and not _drops_of_itself(azure, found)
    known = [route.prefix for route in found.possible if route.told]
    known += [azure.prefix] if azure is not None else []
    what = str(max(known, key=lambda each: each.length)) if known else str(address)
    said = str(azure) if azure is not None else "no route"
    return Point(what, said, _own_words(found), certain)


def _drops_of_itself(azure: _Recorded | None, found: NextHop) -> bool:
    """Whether Azure drops a range that is public by its documentation (25.48.0.0/12, ...).

    Its tables have a dozen such routes that nothing documents, and that auditor does not know.
    """
    return (
        azure is not None
        and (azure.source.lower(), azure.hop.lower()) == ("default", "none")
        and found.route is not None
        and found.route.hop is Hop.INTERNET
        and found.route.source is Source.SYSTEM
    )


def _own_words(found: NextHop) -> str:
    if not found.certain:
        return "cannot tell: " + "; ".join(str(reason) for reason in found.reasons[:3])
    route = found.route
    if route is None:
        return "no route"
    where = f" {route.address}" if route.address else ""
    return f"{route.hop.value}{where} ({route.source.value}, {route.fact})"


# rules


class _Rule(msgspec.Struct, rename="camel"):
    name: str = ""
    protocol: str | None = None
    source_port_range: str | None = None
    source_port_ranges: list[str] | None = None
    destination_port_range: str | None = None
    destination_port_ranges: list[str] | None = None
    source_address_prefix: str | None = None
    source_address_prefixes: list[str] | None = None
    expanded_source_address_prefix: list[str] | None = None
    destination_address_prefix: str | None = None
    destination_address_prefixes: list[str] | None = None
    expanded_destination_address_prefix: list[str] | None = None
    access: str | None = None
    priority: int | None = None
    direction: str | None = None
    reasons: Any = None


class _Ref(msgspec.Struct):
    id: str = ""


class _Group(msgspec.Struct, rename="camel"):
    network_security_group: _Ref | None = None
    effective_security_rules: list[_Rule] | None = None


class _Groups(msgspec.Struct):
    value: list[_Group]


def _rules(
    network: Network, nic: Interface, answer: EffectiveAnswer, tags: ServiceTags
) -> Iterator[Point]:
    try:
        azure = _by_group(msgspec.json.decode(answer.body, type=_Groups))
    except (msgspec.ValidationError, RecursionError) as error:
        yield Point("the answer", f"is not understood: {error}", "", certain=False)
        return
    told = as_json(own_rules(network, nic, tags))
    ours = _by_group(msgspec.convert(told, _Groups))
    for key in sorted(azure.keys() | ours.keys()):
        name = ids.name(key) or "rules of network managers"
        if not key:
            # How Azure words these is not documented well enough to be held against.
            yield Point(name, "in force" if key in azure else "none", "not compared", False)
        elif key not in ours:
            unknown = any(each is None for each in ours.values())
            yield Point(name, "in force", "no such group here", certain=not unknown)
        elif key not in azure:
            yield Point(name, "no such group here", "in force")
        else:
            yield from _compared(name, azure[key], ours[key])


def _by_group(groups: _Groups) -> dict[str, list[_Rule] | None]:
    """The rules by the folded id of their group, empty for a network manager's."""
    found: dict[str, list[_Rule] | None] = {}
    for group in groups.value:
        ref = group.network_security_group
        key = ids.fold(ref.id) if ref is not None and ref.id else ""
        rules = group.effective_security_rules
        if key in found and (rules is None or found[key] is None):
            continue
        found[key] = rules
    return found


def _compared(group: str, azure: list[_Rule] | None, ours: list[_Rule] | None) -> Iterator[Point]:
    if azure is None or ours is None:
        yield Point(group, "in force", "cannot tell its rules", certain=False)
        return
    one, two = ({_key(rule): rule for rule in rules} for rules in (azure, ours))
    for key in sorted(one.keys() | two.keys()):
        what = f"{group}/{key[1]} ({key[0]})"
        theirs, mine = one.get(key), two.get(key)
        if theirs is None or mine is None:
            yield Point(what, *("there", "absent") if mine is None else ("absent", "there"))
            continue
        for field, said, own in _differences(theirs, mine):
            yield Point(f"{what} {field}", said, own, certain=not mine.reasons)


def _key(rule: _Rule) -> tuple[str, str]:
    name = rule.name.rpartition("/")[2]
    for prefix in ("UserRule_", "DefaultRule_"):
        name = name.removeprefix(prefix)
    return (rule.direction or "").lower(), name.lower()


def _differences(azure: _Rule, ours: _Rule) -> Iterator[tuple[str, str, str]]:
    yield from _unless_same("access", (azure.access or "").lower(), (ours.access or "").lower())
    yield from _unless_same("priority", azure.priority, ours.priority)
    yield from _unless_same("protocol", _protocol(azure.protocol), _protocol(ours.protocol))
    for side in ("source", "destination"):
        yield from _unless_same(f"{side} ports", _ports(azure, side), _ports(ours, side))
        yield from _addresses(azure, ours, side)


def _unless_same(field: str, azure: Any, ours: Any) -> Iterator[tuple[str, str, str]]:
    if azure != ours:
        yield field, _words(azure), _words(ours)


def _words(value: Any) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)


def _protocol(text: str | None) -> frozenset[str]:
    names = {name.strip().lower() for name in (text or "").split(",")}
    return frozenset({"all"} if names & {"all", "*"} else names)


def _ports(rule: _Rule, side: str) -> frozenset[str]:
    found = [getattr(rule, f"{side}_port_range"), *(getattr(rule, f"{side}_port_ranges") or ())]
    return frozenset(map(_port, filter(None, found)))


def _port(text: str) -> str:
    if text == "*":
        return "0-65535"
    return text if "-" in text else f"{text}-{text}"


def _addresses(azure: _Rule, ours: _Rule, side: str) -> Iterator[tuple[str, str, str]]:
    """Compare what was written; where both tell what tags stand for, that as well."""
    said, own = (_prefixes(rule, side) for rule in (azure, ours))
    if said and own and said != own:
        yield f"{side} addresses", _words(said), _words(own)
    expanded = f"expanded_{side}_address_prefix"
    theirs, mine = (_set(getattr(rule, expanded)) for rule in (azure, ours))
    if theirs is None or mine is None or theirs == mine or (ours.reasons and mine <= theirs):
        return
    for more, sentence in ((theirs - mine, True), (mine - theirs, False)):
        if more:
            listed = ", ".join(str(prefix) for prefix in list(more.prefixes())[:3])
            both = (listed, "not these") if sentence else ("not these", listed)
            yield f"{side} addresses that tags stand for", *both


def _prefixes(rule: _Rule, side: str) -> frozenset[str]:
    one = getattr(rule, f"{side}_address_prefix")
    many = getattr(rule, f"{side}_address_prefixes") or ()
    found = {_prefix(text) for text in (one, *many) if text}
    if "0.0.0.0/0" in found or "*" in found:
        return frozenset({"*"})
    return frozenset(found)


def _prefix(text: str) -> str:
    try:
        return str(parse_prefix(text))
    except AddressError:
        return text.lower()


def _set(texts: list[str] | None) -> AddressSet | None:
    """IPv4 alone: what Azure lists of IPv6 depends on whether the network has any."""
    try:
        found = [parse_prefix(text) for text in texts or ()]
    except AddressError:
        return None
    listed = [prefix for prefix in found if prefix.version == 4]
    return AddressSet.from_prefixes(listed) if listed else None
