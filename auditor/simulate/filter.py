"""Security groups and admin rules, one packet at a time (N-1 to N-54)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, pairwise, product

import msgspec

from auditor.addresses import EVERYTHING, AddressSet, prefix_or_none
from auditor.network.graph import Missing, Network, question
from auditor.network.service_tags import ServiceTags
from auditor.ports import EVERY_PORT, PortError, PortSet, parse_ports
from auditor.resources.base import Node
from auditor.resources.network_manager import (
    AddressItem,
    AdminRule,
    NetworkManager,
    RuleCollection,
    SecurityAdminConfiguration,
)
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.logic import Truth, agreed, both, either, lies, opposite, told, told_of
from auditor.simulate.members import members
from auditor.simulate.packet import WITH_PORTS, Sighting
from auditor.simulate.peers import network_of
from auditor.simulate.special import HOST, HOSTS, LOCAL, METADATA, PRIVATE
from auditor.simulate.tag import Tag, virtual_network

INBOUND, OUTBOUND = True, False

Groups = tuple[NetworkSecurityGroup | Missing, ...]
"""The groups that a packet must pass, in the order in which they are asked."""


class Ruling(msgspec.Struct, frozen=True):
    """Whether a packet passes, and by which rules."""

    passes: Truth
    by: tuple[str, ...]

    def __str__(self) -> str:
        word = {True: "allowed", False: "denied", None: "perhaps denied"}[self.passes]
        return f"{word} by {' or '.join(self.by) or 'no security group'}"


class Place(msgspec.Struct, frozen=True):
    """Where filters look at a packet: the subnet, and the groups that its machine is a member of.

    `subnet` None: a place whose subnet is not told.
    """

    network: Network
    subnet: Subnet | None
    tags: ServiceTags
    standing: frozenset[str] = frozenset()

    @property
    def home(self) -> str:
        """The folded id of the network."""
        found = network_of(self.network, self.subnet) if self.subnet is not None else None
        return found.key if found else ""


class _World(msgspec.Struct, frozen=True):
    """One of the possible truths about `VirtualNetwork`: whether it holds each end."""

    source: bool
    destination: bool


class _Rule(msgspec.Struct, frozen=True):
    order: int | None
    name: str
    rule: SecurityRule | None
    inbound: Truth
    allows: Truth
    protocol: str | None
    sources: tuple[str, ...] | None
    destinations: tuple[str, ...] | None
    source_groups: tuple[str, ...] = ()
    destination_groups: tuple[str, ...] = ()
    source_ports: PortSet | None = EVERY_PORT
    destination_ports: PortSet | None = EVERY_PORT


def judge(place: Place, inbound: bool, groups: Groups, seen: Sighting) -> Ruling:
    """Tell whether a packet passes the admin rules and all the groups (P-1, P-2, N-11)."""
    rulings = [_in_world(place, inbound, groups, seen, world) for world in _worlds(place, seen)]
    by = tuple(dict.fromkeys(name for ruling in rulings for name in ruling.by))
    passes = agreed(ruling.passes for ruling in rulings)
    return _administered(place, inbound, seen, Ruling(passes, by))


def _worlds(place: Place, seen: Sighting) -> Iterator[_World]:
    tag = virtual_network(place.network, place.subnet)
    for source, destination in product(_ends(tag, seen.sources), _ends(tag, seen.destinations)):
        yield _World(source, destination)


def _ends(tag: Tag, candidates: AddressSet) -> tuple[bool, ...]:
    if candidates <= tag.surely:
        return (True,)
    return (True, False) if candidates.overlaps(tag.possibly) else (False,)


def _in_world(place: Place, inbound: bool, groups: Groups, seen: Sighting, world: _World) -> Ruling:
    passes: Truth = True
    by: list[str] = []
    for group in groups:
        if isinstance(group, Missing):
            ruling = Ruling(None, (f"{group.id}, which is not told",))
        else:
            ruling = _group(place, inbound, group, seen, world)
        passes = both(passes, ruling.passes)
        by += ruling.by
    return Ruling(passes, tuple(by))


def _group(
    place: Place, inbound: bool, group: NetworkSecurityGroup, seen: Sighting, world: _World
) -> Ruling:
    listed = told(lambda: group.rules, None)
    if listed is None:
        return Ruling(None, (f"the rules of {group.label}, which are not told",))
    rules = [
        (told_of(rule, lambda r: r.properties.priority, None), rule)
        for rule in listed
        if told_of(rule, lambda r: r.inbound, None) is not (not inbound)
    ]
    unordered = [_read(rule) for order, rule in rules if order is None]
    ordered = sorted(
        ((order, rule.label, rule) for order, rule in rules if order is not None),
        key=lambda each: each[:2],
    )
    in_turn = chain((_read(rule) for _, _, rule in ordered), _DEFAULTS)  # as far as they are asked
    outcomes: list[Truth] = []
    by: list[str] = []

    def note(rule: _Rule) -> None:
        outcomes.append(rule.allows)
        by.append(f"{group.label}/{rule.name}")

    def sure_of(rules: Iterable[_Rule]) -> bool:
        sure = False
        for rule in rules:
            matches = _matches(place, inbound, rule, seen, world)
            if matches is not False:
                note(rule)
            sure = sure or matches is True
        return sure

    sure_of(unordered)
    for _, same in groupby(in_turn, key=lambda r: r.order):
        if sure_of(same):
            break
    return Ruling(agreed(outcomes), tuple(by))


def _read(rule: SecurityRule) -> _Rule:
    p = rule.properties
    return _Rule(
        told(lambda: p.priority, None),
        rule.label,
        rule,
        told(lambda: rule.inbound, None),
        told(lambda: rule.allows, None),
        told(lambda: p.protocol, None),
        told(lambda: rule.sources, None),
        told(lambda: rule.destinations, None),
        _ids(told(lambda: p.source_application_security_groups, None)),
        _ids(told(lambda: p.destination_application_security_groups, None)),
        _ports(told(lambda: rule.source_ports, None)),
        _ports(told(lambda: rule.destination_ports, None)),
    )


def _ids(refs: object) -> tuple[str, ...]:
    found = []
    for ref in refs if isinstance(refs, list) else ():
        found.append(told_of(ref, lambda r: r.id, None) or "?")
    return tuple(found)


def _ports(texts: Iterable[str] | None) -> PortSet | None:
    """Read ports; None when there are none to read (N-9b)."""
    try:
        return parse_ports(*texts) or None if texts is not None else None
    except PortError:
        return None


def _default(order: int, name: str, inbound: bool, source: str, to: str, allows: bool) -> _Rule:
    return _Rule(order, name, None, inbound, allows, "*", (source,), (to,))


_DEFAULTS = (
    _default(65000, "AllowVnetInBound", True, "VirtualNetwork", "VirtualNetwork", True),
    _default(65000, "AllowVnetOutBound", False, "VirtualNetwork", "VirtualNetwork", True),
    _default(65001, "AllowAzureLoadBalancerInBound", True, "AzureLoadBalancer", "*", True),
    _default(65001, "AllowInternetOutBound", False, "*", "Internet", True),
    _default(65500, "DenyAllInBound", True, "*", "*", False),
    _default(65500, "DenyAllOutBound", False, "*", "*", False),
)
"""The rules that every group ends with (N-10)."""


def _matches(place: Place, inbound: bool, rule: _Rule, seen: Sighting, world: _World) -> Truth:
    if rule.inbound is (not inbound):
        return False
    packet = both(
        None if rule.inbound is None else True,
        _protocol(rule.protocol, seen.packet.protocol),
        _on_ports(rule, seen),
    )
    if packet is False:
        return False
    at_source = _side(
        place, rule.sources, rule.source_groups, seen.sources, world.source, not inbound
    )
    if at_source is False:
        return False
    return both(
        packet,
        at_source,
        _side(
            place,
            rule.destinations,
            rule.destination_groups,
            seen.destinations,
            world.destination,
            inbound,
        ),
    )


def _protocol(written: str | None, protocol: str) -> Truth:
    word = (written or "").lower()
    if word in ("*", "any"):
        return True
    if word not in ("tcp", "udp", "icmp", "esp", "ah"):
        return None
    return word == protocol


def _on_ports(rule: _Rule, seen: Sighting) -> Truth:
    source, destination = rule.source_ports, rule.destination_ports
    if seen.packet.protocol not in WITH_PORTS:
        return True if source == EVERY_PORT and destination == EVERY_PORT else None  # N-9c
    if source is None:
        at_source: Truth = None
    elif seen.source_ports <= source:
        at_source = True
    else:
        at_source = None if seen.source_ports & source else False
    at_destination = None if destination is None else seen.packet.destination_port in destination
    return both(at_source, at_destination)


def _side(
    place: Place,
    texts: tuple[str, ...] | None,
    groups: tuple[str, ...],
    candidates: AddressSet,
    in_network: bool,
    local: bool,
) -> Truth:
    if texts is None or not (texts or groups):
        return None
    plain = AddressSet()
    answers: list[Truth] = []
    for text in texts:
        prefix = prefix_or_none(text)
        if prefix is not None:
            plain = plain | AddressSet.from_prefixes([prefix])
        else:
            answers.append(_term(place, text, candidates, in_network))
    surely = possibly = plain
    for group in groups:
        found = members(place.network, group, place.home)
        surely, possibly = surely | found.surely, possibly | found.possibly
        if local and place.network.find(group) and _fold(place, group) in place.standing:
            possibly = possibly | candidates  # N-34
    answers.append(True if candidates <= surely else opposite_of_apart(candidates, possibly))
    return either(*answers)


def opposite_of_apart(candidates: AddressSet, possibly: AddressSet) -> Truth:
    """No when the candidates lie apart from what is possible, else not told."""
    return None if candidates.overlaps(possibly) else False


def _fold(place: Place, group: str) -> str:
    node = place.network.find(group)
    return node.key if node is not None else group


_PLATFORM = {"azureplatformdns": HOST, "azureplatformimds": METADATA}
"""The tags of the platform of which it is known what they hold (N-14)."""


def _term(place: Place, text: str, candidates: AddressSet, in_network: bool) -> Truth:
    word = text.strip().lower()
    if word in ("*", "any"):
        return True
    if word == "virtualnetwork":
        return in_network
    if word == "internet":
        if in_network:
            return False
        return None if candidates.overlaps(PRIVATE | LOCAL) else True  # N-24
    if word == "azureloadbalancer":
        probes = AddressSet.from_text([str(HOST)])
        return True if candidates <= probes else opposite_of_apart(candidates, probes | LOCAL)
    known = place.tags(text)
    if known is not None:
        return lies(candidates, known)
    if word in _PLATFORM:
        return lies(candidates, AddressSet.from_text([str(_PLATFORM[word])]))
    if word.startswith("azureplatform"):
        return opposite_of_apart(candidates, EVERYTHING)
    inside = place.tags.within(text)
    if inside and candidates <= inside:
        return True
    whole = place.tags(text.rpartition(".")[0]) if "." in text else None
    outside = whole if whole is not None else ~(PRIVATE | LOCAL) | AddressSet.from_text([str(HOST)])
    return opposite_of_apart(candidates, outside)


def _administered(place: Place, inbound: bool, seen: Sighting, ruling: Ruling) -> Ruling:
    """Let admin rules, which may or may not be deployed, have their say (N-50, N-52)."""
    passes = ruling.passes
    by = list(ruling.by)
    if _may_hide_rules(place.network):
        return Ruling(None, (*by, "admin rules that were not read"))
    for rule in place.network.all(AdminRule):
        access = (told_of(rule, lambda r: r.properties.access, None) or "").lower()
        turns = (access != "allow" and passes is True and access != "alwaysallow") or (
            passes is False and access not in ("allow", "deny")
        )
        if turns and _admin_matches(place, inbound, rule, seen) is not False:
            passes = None
            by.append(f"admin rule {rule.label}, if it is deployed")
    return Ruling(passes, tuple(by))


@question
def _may_hide_rules(network: Network) -> bool:
    """Whether a manager may have admin rules that are not in the input."""
    if any("/networkmanagers" in gap.subject.lower() for gap in network.gaps):
        return True
    levels: list[type[Node]] = [
        NetworkManager,
        SecurityAdminConfiguration,
        RuleCollection,
        AdminRule,
    ]
    for kind, inside in pairwise(levels):
        ids = [each.key for each in network.all(inside)]
        for holder in network.all(kind):
            silent = not any(key.startswith(f"{holder.key}/") for key in ids)
            if silent and not network.asked_below(holder) and _rules(holder):
                return True
    return False


def _rules(holder: Node) -> bool:
    """Whether a manager may deploy admin rules; what is below one does."""
    if not isinstance(holder, NetworkManager):
        return True
    accesses = told_of(holder, lambda m: m.properties.network_manager_scope_accesses, None)
    return accesses is None or "securityadmin" in map(str.lower, accesses)


def _admin_matches(place: Place, inbound: bool, rule: AdminRule, seen: Sighting) -> Truth:
    p = told(lambda: rule.properties, None)
    if p is None:
        return None
    direction = (told(lambda: p.direction, None) or "").lower()
    read = _Rule(
        None,
        rule.label,
        None,
        direction == "inbound" if direction in ("inbound", "outbound") else None,
        None,
        told(lambda: p.protocol, None),
        None,
        None,
        (),
        (),
        _ports(told(lambda: p.source_port_ranges, None) or ()),
        _ports(told(lambda: p.destination_port_ranges, None) or ()),
    )
    if read.inbound is (not inbound):
        return False
    return both(
        None,  # whether it is deployed, and for this network
        _protocol(read.protocol, seen.packet.protocol),
        _on_ports(read, seen),
        _items(place, told(lambda: p.sources, None), seen.sources),
        _items(place, told(lambda: p.destinations, None), seen.destinations),
    )


def _items(place: Place, items: list[AddressItem] | None, candidates: AddressSet) -> Truth:
    answers: list[Truth] = []
    for item in items or ():
        text = told_of(item, lambda i: i.address_prefix, None)
        prefix = prefix_or_none(text)
        if prefix is not None:
            answers.append(lies(candidates, AddressSet.from_prefixes([prefix])))
        else:
            answers.append(True if text == "*" else None)
    return either(*answers) if answers else None


def is_platform(seen: Sighting) -> Truth:
    """Whether a packet goes to Azure's own host, which groups do not filter (N-14)."""
    packet = seen.packet
    if packet.destination not in HOSTS:
        return False
    if packet.destination == HOST:
        services = {("udp", 53), ("tcp", 53), ("udp", 67), ("tcp", 80), ("tcp", 32526)}
    else:
        services = {("tcp", 80)}
    return True if (packet.protocol, packet.destination_port) in services else None


def names_platform(groups: Groups) -> Truth:
    """Whether a rule names one of the tags that do filter platform traffic (N-14)."""
    for group in groups:
        rules = None if isinstance(group, Missing) else told_of(group, lambda g: g.rules, None)
        if rules is None:
            return None
        for rule in rules:
            texts = told_of(rule, lambda r: r.destinations, ("AzurePlatform",))
            if any(text.lower().startswith("azureplatform") for text in texts):
                return True
    return opposite(True)
