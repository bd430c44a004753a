"""What a firewall rule's texts stand for: addresses in two bounds, protocols, ports (E-20)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

import msgspec

from auditor.addresses import (
    EVERY_PORT,
    EVERY_V4,
    EVERY_V6,
    EVERYTHING,
    NOTHING,
    AddressError,
    AddressSet,
    PortError,
    parse_address,
    parse_ports,
    parse_prefix,
)
from auditor.errors import Undetermined, quoted
from auditor.network.extents import Doubt, Extent, joined
from auditor.network.filters import ANY, AZURE_LOAD_BALANCER, INTERNET, VIRTUAL_NETWORK
from auditor.network.firewalling.terms import EVERY_NUMBER, EVERY_PROTOCOL, WITH_PORTS
from auditor.network.graph import Missing, Network
from auditor.network.reasons import Reason, gap
from auditor.network.service_tags import ServiceTags
from auditor.network.symbols import PROTOCOL_NUMBERS
from auditor.packets.intervals import Intervals, union
from auditor.resources.firewalls import IpGroup
from auditor.special_addresses import PUBLIC

T = TypeVar("T")

_NOT_PUBLIC = frozenset({INTERNET, VIRTUAL_NETWORK, AZURE_LOAD_BALANCER})
_IPV6 = Reason("semantics:E-20", "whether * holds addresses of IPv6")
_IPV4 = Reason("semantics:E-20", "whether * of a rule for IPv6 holds addresses of IPv4")
OTHER_VERSION = frozenset({_IPV6, _IPV4})
"""Why `*` holds addresses of the version that its rule is not for only perhaps."""


def told(read: Callable[[], T]) -> T | None:
    """Give a value; None when the input names it and does not give it."""
    try:
        return read()
    except Undetermined:
        return None


class Texts(msgspec.Struct, frozen=True):
    """A list of addresses as written, read: literal ones, `*`, names of tags, and the rest."""

    addresses: AddressSet = NOTHING
    every: bool = False
    tags: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()


@lru_cache(maxsize=16384)
def read_texts(texts: tuple[str, ...]) -> Texts:
    """Read addresses, CIDRs, ranges with a hyphen, `*`, and names of service tags."""
    total = NOTHING
    prefixes = []
    tags = set()
    strange = []
    for text in texts:
        word = text.strip()
        if word == ANY:
            continue
        first, dash, last = word.partition("-")
        try:
            if dash:
                total = total | AddressSet.from_range(parse_address(first), parse_address(last))
            else:
                prefixes.append(parse_prefix(word))
        except AddressError:
            if _is_tag(word):
                tags.add(word.lower())
            else:
                strange.append(text)
    every = any(text.strip() == ANY for text in texts)
    literal = total | AddressSet.from_prefixes(prefixes)
    return Texts(literal, every, tuple(sorted(tags)), tuple(strange))


def _is_tag(word: str) -> bool:
    plain = word.replace(".", "", 1).replace("_", "")
    return plain.isascii() and plain.isalnum() and plain[0].isalpha()


class Sides:
    """Reads the sides of rules, with what the network and the tag file tell."""

    def __init__(self, network: Network, tags: ServiceTags) -> None:
        """Take the network for its IP groups, and what is known of service tags."""
        self.network = network
        self.tags = tags

    def extent(
        self,
        texts: list[str] | None,
        groups: list[str] | None,
        names: list[str] | None = None,
        *,
        what: str,
        ipv6: bool = False,
    ) -> Extent:
        """Give what a side of a rule holds; `what` says which side of which rule.

        A side that names nothing is not told: Azure stores no such rule.
        """
        if not (texts or groups or names):
            return self.untold(what)
        return joined(
            (
                self._written(tuple(texts or ()), ipv6),
                *(self._group(group) for group in groups or ()),
                *(named(name) for name in names or ()),
            )
        )

    def untold(self, what: str) -> Extent:
        """Give the extent of a side that the input does not tell."""
        return Extent(doubts=(Doubt(EVERYTHING, Reason("collection-gap", what)),))

    def _written(self, texts: tuple[str, ...], ipv6: bool = False) -> Extent:
        found = read_texts(texts)
        parts = [Extent(found.addresses)]
        if found.every:
            parts.append(_everything(ipv6))
        parts += [self._tag(tag) for tag in found.tags]
        parts += [self.untold(f"what {quoted(text)} stands for") for text in found.strange]
        return joined(parts)

    def _tag(self, tag: str) -> Extent:
        """Give what a service tag (in lower case) holds (N-27, N-28)."""
        known = self.tags(tag)
        if known is not None:
            return Extent(known)
        why = "no tag file is given" if not len(self.tags) else "it is not in the tag file"
        where = f"which addresses {tag} holds: {why}"
        general = self.tags(tag.partition(".")[0])
        region = EVERYTHING if tag in _NOT_PUBLIC else PUBLIC if general is None else general
        return Extent(self.tags.within(tag), (Doubt(region, Reason(f"service-tag:{tag}", where)),))

    def _group(self, target: str) -> Extent:
        """Give what an IP group holds. One without addresses lets its rule match nothing."""
        node = self.network.find(target)
        if isinstance(node, Missing) or not isinstance(node, IpGroup):
            reason = Reason("collection-gap", f"{target} is not in the snapshot", target)
            return Extent(doubts=(Doubt(EVERYTHING, reason),))
        try:
            texts = node.properties.ip_addresses
        except Undetermined as unknown:
            return Extent(doubts=(Doubt(EVERYTHING, gap(unknown, node.id)),))
        if texts is None:
            reason = Reason("collection-gap", f"the addresses of {node.label}", node.id)
            return Extent(doubts=(Doubt(EVERYTHING, reason),))
        return self._written(tuple(texts))


def _everything(ipv6: bool) -> Extent:
    """Give what `*` holds: of the version that the rule is not for, nobody says."""
    if ipv6:
        return Extent(EVERY_V6, (Doubt(EVERY_V4, _IPV4),))
    return Extent(EVERY_V4, (Doubt(EVERY_V6, _IPV6),))


def named(name: str) -> Extent:
    """Give the addresses that a host name may have: any (E-25)."""
    low = name.strip().lower()
    return Extent(doubts=(Doubt(EVERYTHING, Reason(f"fqdn:{low}", "which addresses it has")),))


def only_v4(extent: Extent) -> Extent:
    """Give the IPv4 part: application and NAT rules concern nothing else."""
    doubts = (Doubt(doubt.region & EVERY_V4, doubt.reason) for doubt in extent.doubts)
    return Extent(extent.must & EVERY_V4, tuple(doubt for doubt in doubts if doubt.region))


def protocols(names: Iterable[str] | None, ports: Intervals | None) -> Intervals | None:
    """Read a rule's protocols; None when they are not told.

    `Any` is every protocol, but TCP and UDP when the rule names ports.
    """
    words = [name.strip().lower() for name in names or ()]
    found: Intervals = ()
    for word in words:
        if word in (ANY, "any"):
            found = union(
                found, WITH_PORTS if ports not in (None, EVERY_NUMBER) else EVERY_PROTOCOL
            )
        elif word in ("tcp", "udp", "icmp"):
            found = union(found, PROTOCOL_NUMBERS[word])
        else:
            return None
    return found or None


def ports(texts: Iterable[str] | None) -> Intervals | None:
    """Read a rule's ports; None when they are not told."""
    words = tuple(texts or ())
    try:
        found = EVERY_PORT if ANY in words else parse_ports(*words)
    except PortError:
        return None
    return found.intervals or None


def untold_parts(parts: Iterable[tuple[str, object]], name: str, where: str) -> Iterator[Reason]:
    """Give a reason for each part of a rule that is None."""
    for what, value in parts:
        if value is None:
            yield Reason("collection-gap", f"the {what} of {name}", where)
