"""What a rule, of a security group or of a network manager, matches of one packet (N-1 to N-34)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.addresses import EVERYTHING, AddressSet, prefix_or_none
from auditor.network.graph import Network
from auditor.network.service_tags import ServiceTags
from auditor.ports import EVERY_PORT, PortError, PortSet, parse_ports
from auditor.resources.security import SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.logic import Truth, both, either, lies
from auditor.simulate.members import members
from auditor.simulate.packet import WITH_PORTS, Sighting
from auditor.simulate.peers import network_of
from auditor.simulate.special import HOST, LOCAL, METADATA, PRIVATE


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


class Rule(msgspec.Struct, frozen=True):
    """A rule as it is read, `order` its priority; None where something is not told."""

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


def read_ports(texts: Iterable[str] | None) -> PortSet | None:
    """Read ports; None when there are none to read (N-9b)."""
    try:
        return parse_ports(*texts) or None if texts is not None else None
    except PortError:
        return None


def fits_protocol(written: str | None, protocol: str) -> Truth:
    """Whether the protocol of a rule is that of a packet."""
    word = (written or "").lower()
    if word in ("*", "any"):
        return True
    if word not in ("tcp", "udp", "icmp", "esp", "ah"):
        return None
    return word == protocol


def fits_ports(rule: Rule, seen: Sighting) -> Truth:
    """Whether both ports of a packet are among those of a rule."""
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


def fits_side(
    place: Place,
    texts: tuple[str, ...] | None,
    groups: tuple[str, ...],
    candidates: AddressSet,
    in_network: bool,
    local: bool,
) -> Truth:
    """Whether one end of a packet, which is one of the candidates, is what a rule says of it.

    `in_network` is whether `VirtualNetwork` holds it, and `local` whether it is the machine here.
    """
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
