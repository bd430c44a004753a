"""Which security rules open what to the whole internet.

*Open to any source* means: at least half of the public IPv4 or IPv6 addresses get in, by one rule
or by several of one group together (`auditor.network.admission.anywhere`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Generic, TypeAlias, TypeVar

import msgspec

from auditor.addresses import EVERY_PORT, NOTHING, AddressSet, PortSet, Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.network.admission import (
    ANYWHERE,
    Admission,
    Admitted,
    admissions,
    anywhere,
    foreign,
    large,
)
from auditor.network.egress import learned_default
from auditor.network.filters import (
    INTERNET,
    PROTOCOLS,
    VIRTUAL_NETWORK,
    Filter,
    attachments,
    custom_rules,
    filters_of,
    selector,
)
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.on_premises import client_pools, gateways_serving, on_premises
from auditor.network.rule_lists import where_alike
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.routing import RouteTable
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PUBLIC

WITH_PORTS = ("tcp", "udp")


K = TypeVar("K", int, SecurityRule)


class Opening(msgspec.Struct, Generic[K]):
    """What a rule lets in: ports by protocol, and the other rules it takes to reach any source.

    A protocol without ports is there, with every port, when all of it gets in. `versions` are those
    of IP over which any source gets in, where that is certain.
    """

    ports: dict[str, PortSet] = msgspec.field(default_factory=dict)
    together: set[K] = msgspec.field(default_factory=set)
    versions: set[int] = msgspec.field(default_factory=set)

    def add(self, protocol: str, ports: tuple[int, int]) -> None:
        """Note a range of ports."""
        self.ports[protocol] = self.ports.get(protocol, PortSet()) | PortSet.of(*ports)

    def of(self, protocol: str) -> PortSet:
        """Give the ports of a protocol."""
        return self.ports.get(protocol, PortSet())

    @property
    def portless(self) -> tuple[str, ...]:
        """The protocols without ports that get in."""
        return tuple(p for p in self.ports if p not in WITH_PORTS and self.of(p) == EVERY_PORT)


class Openings(msgspec.Struct, Generic[K]):
    """What the inbound rules of one group open, by rule (or by its place in their order).

    `certain` and `possible` are openings to any source; `possible` holds what depends on something
    that the snapshot does not tell, listed in `doubts`. `tags` and `possible_tags` are openings to
    service tags other than `Internet`, by tag in lower case.
    """

    certain: dict[K, Opening[K]] = msgspec.field(default_factory=dict)
    possible: dict[K, Opening[K]] = msgspec.field(default_factory=dict)
    tags: dict[K, dict[str, Opening[K]]] = msgspec.field(default_factory=dict)
    possible_tags: dict[K, dict[str, Opening[K]]] = msgspec.field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@question_about
def openings(network: Network, group: NetworkSecurityGroup) -> Openings[SecurityRule]:
    """Give what a group's inbound rules open, computed once for each group.

    Raises Undetermined when the input does not tell the order of its rules.
    """
    filters = filters_of(network, group, inbound=True)
    routed = routed_to(network, group, filters)
    known = _answers(network)
    by_place = known.get((filters, routed))
    if by_place is None:
        by_place = known[filters, routed] = _by_place(filters, routed)
    return _by_rule(by_place, custom_rules(network, group, inbound=True))


def group_of(network: Network, rule: SecurityRule) -> NetworkSecurityGroup:
    """Give the group that holds a rule. Raises Undetermined when the snapshot lacks it."""
    group = rule.owner
    if not isinstance(group, NetworkSecurityGroup):
        group = network.holder(rule, NetworkSecurityGroup)
    if group is None:
        raise Undetermined(
            f"the network security group of {rule.id} with its other rules", resource=rule.id
        )
    return group


@question
def inbound_allows(network: Network) -> tuple[SecurityRule, ...]:
    """Name the subjects of the rules about inbound Allow rules: the custom ones of every group.

    In no order.
    """
    return tuple(where_alike(network.unordered(SecurityRule), _lets_in))


def _lets_in(rule: SecurityRule) -> bool:
    try:
        return rule.inbound and rule.allows
    except Undetermined:
        return True  # judged, and then answered with unknown


@question
def foreign_allows(network: Network) -> dict[SecurityRule, None]:
    """Give the inbound Allow rules that concern anybody outside, or may, in order."""
    found = where_alike(inbound_allows(network), _concerns)
    return dict.fromkeys(sorted(found, key=attrgetter("key")))


def concerns_internet(network: Network, rule: SecurityRule) -> bool:
    """Tell whether an inbound Allow rule may let anybody in from outside.

    False for a rule whose sources are private, `VirtualNetwork` or groups: whatever stands before
    it, it opens nothing. The cheap question before the others.
    """
    return rule in foreign_allows(network)


@question
def opening_to_any(network: Network) -> tuple[SecurityRule, ...]:
    """Give those of them that open something to any source, or may, in order.

    The suspects of the rules about such openings.
    """
    return tuple(_opening(network, lambda found: (found.certain, found.possible)))


@question
def opening_to_tags(network: Network) -> tuple[SecurityRule, ...]:
    """Give those of them that open something to service tags, or may, in order."""
    return tuple(_opening(network, lambda found: (found.tags, found.possible_tags, found.possible)))


def _opening(
    network: Network,
    tables: Callable[[Openings[SecurityRule]], Iterable[Container[SecurityRule]]],
) -> Iterator[SecurityRule]:
    for rule in foreign_allows(network):
        try:
            found = openings(network, group_of(network, rule))
        except Undetermined:
            yield rule
        else:
            for table in tables(found):
                if rule in table:
                    yield rule
                    break


def _concerns(rule: SecurityRule) -> bool:
    try:
        return foreign(selector(rule.sources))
    except Undetermined:
        return True


@question
def _answers(network: Network) -> dict[tuple[tuple[Filter, ...], AddressSet], Openings[int]]:
    """One answer for all groups that say the same."""
    return {}


def _by_rule(found: Openings[int], rules: tuple[SecurityRule, ...]) -> Openings[SecurityRule]:
    def named(opening: Opening[int]) -> Opening[SecurityRule]:
        others = {rules[place] for place in opening.together}
        return Opening(opening.ports, others, opening.versions)

    def tagged(table: dict[int, dict[str, Opening[int]]]) -> dict[SecurityRule, _Tags]:
        return {
            rules[place]: {tag: named(opening) for tag, opening in by_tag.items()}
            for place, by_tag in table.items()
        }

    return Openings(
        {rules[place]: named(opening) for place, opening in found.certain.items()},
        {rules[place]: named(opening) for place, opening in found.possible.items()},
        tagged(found.tags),
        tagged(found.possible_tags),
        found.doubts,
    )


_Tags: TypeAlias = dict[str, Opening[SecurityRule]]


def _by_place(filters: tuple[Filter, ...], routed: AddressSet) -> Openings[int]:
    result = Openings[int](doubts=_doubts(filters, routed))
    done: dict[tuple[int, ...], tuple[Admission, ...]] = {}
    for protocol in PROTOCOLS:
        relevant = tuple(i for i, f in enumerate(filters) if f.speaks_of(protocol))
        if relevant not in done:
            done[relevant] = admissions(filters, protocol, ANYWHERE, routed)
        for admission in done[relevant]:
            _note_sources(result, protocol, admission)
            _note_tags(result, protocol, admission)
    return result


def _note_sources(result: Openings[int], protocol: str, admission: Admission) -> None:
    sure = _culprits(admission, admission.certain, _certain)
    for place in sure[:1] if len(sure) > 1 and not _alone(admission, sure[0]) else sure:
        opening = result.certain.setdefault(place, Opening())
        opening.add(protocol, admission.ports)
        alone = _alone(admission, place)
        if not alone:
            opening.together |= set(sure) - {place}
        opening.versions |= _versions(
            admission.by_rule[place].certain if alone else admission.certain
        )
    if not sure:
        for place in _culprits(admission, admission.possible, _possible):
            opening = result.possible.setdefault(place, Opening())
            opening.add(protocol, admission.ports)


def _versions(let_in: AddressSet) -> set[int]:
    """Tell over which versions of IP any source is among those that are let in."""
    parts = {4: AddressSet(v4=let_in.v4), 6: AddressSet(v6=let_in.v6)}
    return {version for version, part in parts.items() if anywhere(part)}


def _certain(admitted: Admitted) -> AddressSet:
    return admitted.certain


def _possible(admitted: Admitted) -> AddressSet:
    return admitted.possible


def _alone(admission: Admission, place: int) -> bool:
    return anywhere(admission.by_rule[place].certain)


def _culprits(
    admission: Admission, total: AddressSet, part: Callable[[Admitted], AddressSet]
) -> list[int]:
    """The rules that make any source of the total: those that do so alone, else the large ones."""
    if not anywhere(total):
        return []
    alone = [i for i, admitted in admission.by_rule.items() if anywhere(part(admitted))]
    return alone or [i for i, admitted in admission.by_rule.items() if large(part(admitted))]


def _note_tags(result: Openings[int], protocol: str, admission: Admission) -> None:
    for place, admitted in admission.by_rule.items():
        for table, tags in (
            (result.tags, admitted.tags),
            (result.possible_tags, admitted.possible_tags - admitted.tags),
        ):
            for tag in tags:
                by_tag = table.setdefault(place, {})
                by_tag.setdefault(tag, Opening()).add(protocol, admission.ports)


def _doubts(filters: tuple[Filter, ...], routed: AddressSet) -> tuple[str, ...]:
    """What keeps openings from being certain, in words."""
    untold = [f"what {f.name} matches" for f in filters if not f.told]
    if routed:
        untold.append("which addresses VirtualNetwork stands for where a default route applies")
    return tuple(untold)


_ROUTED = frozenset((INTERNET, VIRTUAL_NETWORK))


def routed_to(
    network: Network, group: NetworkSecurityGroup, filters: tuple[Filter, ...]
) -> AddressSet:
    """Give the public addresses that `VirtualNetwork` may hold, if a Deny rule depends on it.

    Routes put them there (N-20 to N-22); nothing where no Deny rule names it or `Internet`.
    """
    if [f for f in filters if not f.allow and not _ROUTED.isdisjoint(f.sources.tags)]:
        return _may_be_routed(network, attachments(network, group))
    return NOTHING


def _may_be_routed(
    network: Network, places: Iterable[Subnet | NetworkInterface | ScaleSetInterface | Missing]
) -> AddressSet:
    total = NOTHING
    try:
        for place in places:
            for subnet in subnets_at(network, place):
                total = total | _routes(network, subnet)
    except Undetermined:
        return PUBLIC
    return total & PUBLIC


def subnets_at(
    network: Network, place: Subnet | NetworkInterface | ScaleSetInterface | Missing
) -> Iterator[Subnet]:
    """Give the subnets of a place where a group stands. Raises Undetermined when one is missing."""
    if isinstance(place, Missing):
        raise Undetermined(f"{place.id} is not in the snapshot", resource=place.id)
    if isinstance(place, Subnet):
        yield place
        return
    for configuration in place.ip_configurations:
        subnet = network.get(configuration.properties.subnet, Subnet)
        if subnet is not None:
            yield subnet


def _routes(network: Network, subnet: Subnet) -> AddressSet:
    """What routes may add to `VirtualNetwork` as this subnet sees it (N-20 to N-22)."""
    table = network.get(subnet.properties.route_table, RouteTable)
    prefixes: list[Prefix] = []
    if table is not None:
        for route in table.properties.routes or ():
            text = route.properties.address_prefix or ""
            prefixes += [parse_prefix(text)] if text[:1].isdigit() or ":" in text else []
    found = AddressSet.from_prefixes(prefixes)
    learns = table is None or table.properties.disable_bgp_route_propagation is not True
    return found | _taught(network, subnet) if learns else found


def _taught(network: Network, subnet: Subnet) -> AddressSet:
    """What gateways, its own or a peer's, may teach a subnet: everything, if routes are learned.

    Raises Undetermined when that is not told; a site's prefixes are, and what clients are given.
    """
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None or any(p.properties.use_remote_gateways is None for p in vnet.peerings):
        return PUBLIC
    if learned_default(network, subnet):
        return PUBLIC
    claims = list(on_premises(network, vnet))
    for gateway in gateways_serving(network, vnet):
        claims += client_pools(gateway)
    return AddressSet.from_prefixes(claim.prefix for claim in claims)


def ports_in_words(ports: Mapping[str, PortSet]) -> str:
    """Say ports by protocol: `TCP 22, 80-90 and UDP 53`, `every port`."""
    named = {protocol: found for protocol, found in ports.items() if found}
    if named and all(named.get(p) == EVERY_PORT for p in WITH_PORTS):
        return "every port"
    return " and ".join(
        f"{protocol.upper()} {'on every port' if found == EVERY_PORT else found}"
        for protocol, found in named.items()
    )
