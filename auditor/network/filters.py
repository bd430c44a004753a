"""Network security groups as filters: what their rules match, in order, and where they stand.

A `Filter` is a rule with its text read: addresses as sets, tags and application security groups by
name, ports as sets. Bounds are kept where the snapshot does not tell what a rule matches (11.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

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
from auditor.network.graph import Missing, Network, question
from auditor.resources.base import Node, Ref
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
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
    the side, so that it may match anything. `public` is what `addresses` hold of the internet.
    """

    addresses: AddressSet = NOTHING
    tags: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    told: bool = True
    public: AddressSet = field(default=NOTHING, compare=False)

    @property
    def everything(self) -> bool:
        """Whether it is `*`: every address of both versions, and so every tag and group."""
        return self.addresses == EVERYTHING


UNTOLD = Selector(told=False)
EVERYBODY = Selector(EVERYTHING, public=PUBLIC)


@dataclass(frozen=True, slots=True)
class Filter:
    """A security rule as it works.

    `protocols` holds `*` or names of `PROTOCOLS`; it and the two port sets are None when the input
    does not tell them.
    """

    name: str
    priority: int
    allow: bool
    protocols: frozenset[str] | None
    sources: Selector
    destinations: Selector
    source_ports: PortSet | None
    destination_ports: PortSet | None

    def speaks_of(self, protocol: str) -> bool:
        """Whether it may match packets of a protocol."""
        return self.protocols is None or ANY in self.protocols or protocol in self.protocols


def selector(texts: Iterable[str], groups: Iterable[Ref] = ()) -> Selector:
    """Read one side of a rule from its texts (N-7, N-9) and group references (N-8).

    A side that names nothing at all is not told: Azure stores no such rule.
    """
    found = _read(tuple(texts))
    named = frozenset(fold(ref.id) for ref in groups if ref.id)
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
    if settings.priority is None or not settings.access:
        raise Undetermined(f"priority and access of {rule.id}", resource=rule.id)
    return Filter(
        name=rule.label,
        priority=settings.priority,
        allow=rule.allows,
        protocols=_protocols(rule),
        sources=_sources(rule),
        destinations=_destinations(rule),
        source_ports=_ports(rule, "source_ports"),
        destination_ports=_ports(rule, "destination_ports"),
    )


def _protocols(rule: SecurityRule) -> frozenset[str] | None:
    try:
        protocol = rule.properties.protocol
    except Undetermined:
        return None
    if not protocol:
        return None
    word = protocol.lower()
    return frozenset((ANY if word == "any" else word,))


def _sources(rule: SecurityRule) -> Selector:
    try:
        return selector(rule.sources, rule.properties.source_application_security_groups or ())
    except Undetermined:
        return UNTOLD


def _destinations(rule: SecurityRule) -> Selector:
    try:
        groups = rule.properties.destination_application_security_groups or ()
        return selector(rule.destinations, groups)
    except Undetermined:
        return UNTOLD


def _ports(rule: SecurityRule, side: str) -> PortSet | None:
    try:
        texts: tuple[str, ...] = getattr(rule, side)
    except Undetermined:
        return None
    return _read_ports(texts) if texts else None


@lru_cache(maxsize=4096)
def _read_ports(texts: tuple[str, ...]) -> PortSet:
    return EVERY_PORT if ANY in texts else parse_ports(*texts)


def custom_rules(group: NetworkSecurityGroup, *, inbound: bool) -> tuple[SecurityRule, ...]:
    """Give a group's own rules of one direction in the order of evaluation (N-5).

    Raises Undetermined when the input does not tell a rule's direction or priority.
    """
    found = []
    for place, rule in enumerate(group.rules):
        if not rule.properties.direction or rule.properties.priority is None:
            raise Undetermined(f"direction and priority of {rule.id}", resource=rule.id)
        if rule.inbound is inbound:
            found.append((rule.properties.priority, place, rule))
    return tuple(rule for _, _, rule in sorted(found, key=lambda item: item[:2]))


def filters_of(
    network: Network, group: NetworkSecurityGroup, *, inbound: bool
) -> tuple[Filter, ...]:
    """Give a group's own rules of one direction as filters, in the order of evaluation.

    Read once for each group. Raises Undetermined as `custom_rules` and `compiled` do.
    """
    known = _known(network)
    if (group.key, inbound) not in known:
        known[group.key, inbound] = tuple(
            compiled(rule) for rule in custom_rules(group, inbound=inbound)
        )
    return known[group.key, inbound]


@question
def _known(network: Network) -> dict[tuple[str, bool], tuple[Filter, ...]]:
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


def attachments(
    network: Network, group: NetworkSecurityGroup
) -> tuple[Subnet | NetworkInterface | ScaleSetInterface | Missing, ...]:
    """Give the subnets and NICs that a group filters, told from either side (N-2), sorted."""
    found: dict[str, Subnet | NetworkInterface | ScaleSetInterface | Missing] = {}
    for edge in network.referrers(group, "networkSecurityGroup"):
        if isinstance(edge.source, Subnet | NetworkInterface | ScaleSetInterface):
            found[edge.source.key] = edge.source
    settings = group.properties
    for ref in (*(settings.subnets or ()), *(settings.network_interfaces or ())):
        node = network.find(ref)
        if isinstance(node, Subnet | NetworkInterface | ScaleSetInterface | Missing):
            found.setdefault(node.key, node)
    return tuple(found[key] for key in sorted(found))


def idle(network: Network, group: NetworkSecurityGroup) -> bool:
    """Tell whether a group filters nothing, and the snapshot holds subnets or NICs to tell by."""
    if attachments(network, group):
        return False
    return bool(network.all(Subnet) or network.all(NetworkInterface))


def subnet_name(subnet: Subnet) -> str:
    """Give a subnet's own name; templates write it after its VNet's, `vnet-hub/snet-app`."""
    return ids.name(subnet.label)


def place_name(place: Node | Missing) -> str:
    """Name a subnet or NIC for a person: `vnet-hub/snet-app`, `nic-web`."""
    if isinstance(place, Subnet):
        vnet = ids.segment(place.id, "virtualNetworks")
        return f"{vnet}/{subnet_name(place)}" if vnet else place.label
    return ids.name(place.id)
