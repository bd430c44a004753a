"""Network security groups as filters: what their rules match, in order, and where they stand.

A `Filter` is a rule with its text read: addresses as sets, tags and application security groups by
name, ports as sets. Bounds are kept where the snapshot does not tell what a rule matches (11.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import force_setattr

from auditor import ids
from auditor.addresses import (
    EVERY_PORT,
    EVERYTHING,
    NOTHING,
    AddressError,
    AddressSet,
    PortSet,
    parse_ports,
    parse_prefix,
)
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.rule_lists import order_of, said_by
from auditor.resources.base import Node, Ref, union
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import NetworkSecurityGroup, SecurityRule, SecurityRuleProperties
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC

PROTOCOLS = ("tcp", "udp", "icmp", "esp", "ah")
"""What a rule's `protocol` can name (N-6), in lower case; `*` is all of them and more."""

ANY = "*"
INTERNET = "internet"
VIRTUAL_NETWORK = "virtualnetwork"
AZURE_LOAD_BALANCER = "azureloadbalancer"


@dataclass(frozen=True, slots=True)
class Selector:
    """One side of a rule: literal addresses, service tags, application security groups.

    `tags` are in lower case, `groups` are folded ids. `told` is false when the input does not tell
    the side, so that it may match anything; with `grouped`, members of application security groups
    only. `public` is what `addresses` hold of the internet.
    """

    addresses: AddressSet = NOTHING
    tags: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    told: bool = True
    grouped: bool = False
    public: AddressSet = field(default=NOTHING, compare=False)

    @property
    def everything(self) -> bool:
        """Whether it is `*`: every address of both versions, and so every tag and group."""
        return self.addresses == EVERYTHING


UNTOLD = Selector(told=False)
SOME_GROUP = Selector(told=False, grouped=True)
EVERYBODY = Selector(EVERYTHING, public=PUBLIC)


class Filter(msgspec.Struct, frozen=True, eq=False):
    """A security rule as it works.

    `protocols` holds `*` or names of `PROTOCOLS`; it and the two port sets are None when the input
    does not tell them. Rules that say the same give one filter, so that lists of them compare and
    hash by identity.
    """

    name: str
    priority: int
    allow: bool
    protocols: frozenset[str] | None
    sources: Selector
    destinations: Selector
    source_ports: PortSet | None
    destination_ports: PortSet | None

    told: bool = False
    """Whether the input tells what the rule matches."""

    def __post_init__(self) -> None:
        parts = (self.protocols, self.source_ports, self.destination_ports)
        told = None not in parts and self.sources.told and self.destinations.told
        force_setattr(self, "told", told)

    def speaks_of(self, protocol: str) -> bool:
        """Whether it may match packets of a protocol."""
        return self.protocols is None or ANY in self.protocols or protocol in self.protocols


def selector(texts: Iterable[str], groups: Iterable[Ref] = ()) -> Selector:
    """Read one side of a rule from its texts (N-7, N-9) and group references (N-8).

    A side that names nothing at all is not told: Azure stores no such rule.
    """
    return _selector(tuple(texts), [ref.id for ref in groups if ref.id])


def _selector(texts: tuple[str, ...], groups: Iterable[str]) -> Selector:
    ids_named = tuple(groups)
    if _HIDDEN_GROUP in ids_named:
        return UNTOLD if texts else SOME_GROUP
    found = _read(texts)
    named = frozenset(map(fold, ids_named))
    return replace(found, groups=named, told=True) if named else found


@lru_cache(maxsize=8192)
def _read(texts: tuple[str, ...]) -> Selector:
    prefixes = []
    tags = set()
    for text in texts:
        word = text.strip().lower()
        if word in (ANY, "any"):
            return EVERYBODY
        try:
            prefixes.append(parse_prefix(word))
        except AddressError:
            tags.add(word)
    addresses = AddressSet.from_prefixes(prefixes)
    told = bool(prefixes or tags)
    return Selector(addresses, frozenset(tags), told=told, public=addresses & PUBLIC)


def compiled(rule: SecurityRule) -> Filter:
    """Read one rule.

    Raises Undetermined when the input does not tell its priority or its access: then nothing of
    its group can be told.
    """
    settings = rule.properties
    priority = rule.priority
    said = tuple([_said(settings, say) for say in _PARTS])
    return _filter(rule.label, priority, rule.allows, *said)


_Part: TypeAlias = tuple[Any, ...] | None
"""What a rule says in one respect, as written; None when the input does not tell."""

_PARTS: tuple[Callable[[SecurityRuleProperties], _Part], ...] = (
    lambda p: (p.protocol,),
    lambda p: (
        p.source_address_prefix,
        tuple(p.source_address_prefixes or ()),
        _named(lambda: p.source_application_security_groups),
    ),
    lambda p: (
        p.destination_address_prefix,
        tuple(p.destination_address_prefixes or ()),
        _named(lambda: p.destination_application_security_groups),
    ),
    lambda p: (p.source_port_range, tuple(p.source_port_ranges or ())),
    lambda p: (p.destination_port_range, tuple(p.destination_port_ranges or ())),
)
"""Protocol, sources, destinations, source ports, destination ports."""


def _said(
    settings: SecurityRuleProperties, say: Callable[[SecurityRuleProperties], _Part]
) -> _Part:
    try:
        return say(settings)
    except Undetermined:
        return None


_HIDDEN_GROUP = "?"
"""In place of the id of a group that a rule names and the input does not tell."""


def _named(groups: Callable[[], list[Ref] | None]) -> tuple[str, ...]:
    try:
        return tuple([ref.id for ref in groups() or () if ref.id])
    except Undetermined:
        return (_HIDDEN_GROUP,)


@lru_cache(maxsize=16384)
def _filter(name: str, priority: int, allow: bool, *said: _Part) -> Filter:
    """Read what a rule says, once for all rules that say it."""
    protocol, sources, destinations, source_ports, destination_ports = said
    return Filter(
        name=name,
        priority=priority,
        allow=allow,
        protocols=_protocols(protocol),
        sources=_side(sources),
        destinations=_side(destinations),
        source_ports=_ports(source_ports),
        destination_ports=_ports(destination_ports),
    )


def _protocols(said: _Part) -> frozenset[str] | None:
    if said is None or not said[0]:
        return None
    word = said[0].lower()
    if word in (ANY, "any"):
        return frozenset((ANY,))
    return frozenset((word,)) if word in PROTOCOLS else None


def _side(said: _Part) -> Selector:
    if said is None:
        return UNTOLD
    one, many, groups = said
    return _selector(union(one, many), groups)


def _ports(said: _Part) -> PortSet | None:
    texts = () if said is None else union(*said)
    return _read_ports(texts) if texts else None


@lru_cache(maxsize=4096)
def _read_ports(texts: tuple[str, ...]) -> PortSet:
    return EVERY_PORT if ANY in texts else parse_ports(*texts)


def custom_rules(
    network: Network, group: NetworkSecurityGroup, *, inbound: bool
) -> tuple[SecurityRule, ...]:
    """Give a group's own rules of one direction in the order of evaluation (N-5).

    Put in order once for each group. Raises Undetermined when the input does not tell any rule's
    direction, or a priority of these, or when two of one priority disagree: Azure stores no such
    rules, and either may come first.
    """
    rules = by_priority(network, group, inbound)
    if order_of(network, group, inbound).ties:
        _refuse_ties(rules)
    return rules


_Rules: TypeAlias = tuple[SecurityRule, ...]


@question_about
def by_priority(network: Network, group: NetworkSecurityGroup, inbound: bool) -> _Rules:
    """Give a group's own rules of one direction by priority; rules that tie, by name.

    Raises Undetermined when the input does not tell any rule's direction, or a priority of these.
    """
    rules = group.rules
    return tuple([rules[i] for i in order_of(network, group, inbound).places])


def _refuse_ties(way: _Rules) -> None:
    for one, other in pairwise(way):
        priority = one.properties.priority
        if priority == other.properties.priority and one.allows is not other.allows:
            names = f"{one.label} and {other.label}"
            raise Undetermined(f"which of {names} comes first, both of priority {priority}")


def filters_of(
    network: Network, group: NetworkSecurityGroup, *, inbound: bool
) -> tuple[Filter, ...]:
    """Give a group's own rules of one direction as filters, in the order of evaluation.

    Read once for all groups that say the same. Raises Undetermined as `custom_rules` and
    `compiled` do.
    """
    said = said_by(network, group)
    order = said.inbound if inbound else said.outbound
    if order is None or order.ties:
        custom_rules(network, group, inbound=inbound)  # which refuses those that disagree
    found = said.read.get(inbound)  # as most often, and at once
    return filters_by_priority(network, group, inbound) if found is None else found


def filters_by_priority(
    network: Network, group: NetworkSecurityGroup, inbound: bool
) -> tuple[Filter, ...]:
    """Give the same where rules of one priority may disagree, as `by_priority` orders them."""
    known = said_by(network, group).read
    found = known.get(inbound)
    if found is None:
        rules = by_priority(network, group, inbound)
        found = known[inbound] = tuple([_read_once(network, rule) for rule in rules])
    return found


def _read_once(network: Network, rule: SecurityRule) -> Filter:
    known = _rules_read(network)
    said = rule.label, rule.properties
    found = known.get(said)
    if found is None:
        found = known[said] = compiled(rule)
    return found


@question
def _rules_read(_: Network) -> dict[tuple[str, SecurityRuleProperties], Filter]:
    return {}


def _default(name: str, priority: int, allow: bool, source: str, destination: str) -> Filter:
    return Filter(
        name=name,
        priority=priority,
        allow=allow,
        protocols=frozenset((ANY,)),
        sources=selector((source,)),
        destinations=selector((destination,)),
        source_ports=EVERY_PORT,
        destination_ports=EVERY_PORT,
    )


DEFAULTS: dict[bool, tuple[Filter, ...]] = {
    True: (
        _default("AllowVnetInBound", 65000, True, "VirtualNetwork", "VirtualNetwork"),
        _default("AllowAzureLoadBalancerInBound", 65001, True, "AzureLoadBalancer", ANY),
        _default("DenyAllInBound", 65500, False, ANY, ANY),
    ),
    False: (
        _default("AllowVnetOutBound", 65000, True, "VirtualNetwork", "VirtualNetwork"),
        _default("AllowInternetOutBound", 65001, True, ANY, "Internet"),
        _default("DenyAllOutBound", 65500, False, ANY, ANY),
    ),
}
"""The rules that Azure adds to every group, by "is inbound" (N-10)."""


@question_about
def attachments(
    network: Network, group: NetworkSecurityGroup
) -> tuple[Subnet | NetworkInterface | ScaleSetInterface | Missing, ...]:
    """Give the subnets and NICs that a group filters, told from either side (N-2), sorted."""
    found: dict[str, Subnet | NetworkInterface | ScaleSetInterface | Missing] = {}
    for edge in group.incoming or ():
        if edge.kind == "networkSecurityGroup" and isinstance(edge.source, _FILTERED):
            found[edge.source.key] = edge.source
    settings = group.properties
    for ref in (*(settings.subnets or ()), *(settings.network_interfaces or ())):
        node = ref.node or network.find(ref)
        if isinstance(node, (*_FILTERED, Missing)):
            found.setdefault(node.key, node)
    return tuple([found[key] for key in sorted(found)])


_FILTERED = (Subnet, NetworkInterface, ScaleSetInterface)


def subnet_name(subnet: Subnet) -> str:
    """Give a subnet's own name; templates write it after its VNet's, `vnet-hub/snet-app`."""
    label = subnet.name or subnet.label
    return ids.name(label) if "/" in label else label


def place_name(place: Node | Missing) -> str:
    """Name a subnet or NIC for a person: `vnet-hub/snet-app`, `nic-web`."""
    if isinstance(place, Subnet):
        vnet = ids.segment(place.id, "virtualNetworks")
        return f"{vnet}/{subnet_name(place)}" if vnet else place.label
    return ids.name(place.id)
