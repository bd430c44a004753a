"""Addresses, prefixes and sets of them, IPv4 and IPv6, with the laws of sets.

Text comes in through `parse_prefix` and `parse_address` and goes out through `str`; between the
two there are only whole numbers. Versions never mix: no IPv4 prefix holds an IPv6 address (P-12).
Sets of ports have the same laws and live in `auditor.ports`; addresses with a meaning (private,
reserved, Azure's) have names in `auditor.special_addresses`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec

from auditor import intervals as iv
from auditor.errors import InputError, quoted
from auditor.intervals import Intervals
from auditor.ports import EVERY_PORT, PortError, PortSet, parse_ports

__all__ = [
    "EVERYTHING", "EVERY_PORT", "EVERY_V4", "EVERY_V6", "NOTHING", "Address", "AddressError",
    "AddressSet", "PortError", "PortSet", "Prefix", "Version", "overlap_count", "overlapping",
    "overlapping_groups", "parse_address", "parse_ports", "parse_prefix",
]  # fmt: skip

T = TypeVar("T")

Version: TypeAlias = Literal[4, 6]

_BITS: dict[Version, int] = {4: 32, 6: 128}
_TOP: dict[Version, int] = {4: (1 << 32) - 1, 6: (1 << 128) - 1}
_LONGEST_TEXT = 128
"""Characters. No address is longer, blanks around it included; longer text is not looked at."""


PrefixLength: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=32)]
"""The bits of an IPv4 prefix in a rule's parameters."""


class AddressError(InputError):
    """A text that is no address, or no CIDR."""


class Address(msgspec.Struct, frozen=True, order=True, gc=False):
    """One address. IPv4 sorts before IPv6. `str` gives its canonical text (RFC 5952 for IPv6)."""

    version: Version
    value: int

    def __str__(self) -> str:
        return _text4(self.value) if self.version == 4 else _text6(self.value)


class Prefix(msgspec.Struct, frozen=True, order=True, gc=False):
    """A CIDR block, host bits zero. Make one with `parse_prefix` or `Prefix.of`.

    `first` and `last` are its outermost addresses as numbers, `length` its bits (0 to 32 or 128).
    Prefixes sort by version, first address, then length: a wide one before those inside it.
    """

    version: Version
    first: int
    length: int
    last: int

    @staticmethod
    def of(version: Version, value: int, length: int) -> Prefix:
        """Give the prefix of `length` bits that holds the address `value`; host bits are cut."""
        hosts = (1 << _BITS[version] - length) - 1
        return Prefix(version, value & ~hosts, length, value | hosts)

    @property
    def size(self) -> int:
        """The number of addresses."""
        return self.last - self.first + 1

    @property
    def address(self) -> Address:
        """The first address."""
        return Address(self.version, self.first)

    def __contains__(self, item: Prefix | Address | int) -> bool:
        """Tell whether a prefix or an address lies inside; a number is of this version."""
        if isinstance(item, int):
            return self.first <= item <= self.last
        if self.version != item.version:
            return False
        if isinstance(item, Prefix):
            return self.first <= item.first and item.last <= self.last
        return self.first <= item.value <= self.last

    def overlaps(self, other: Prefix) -> bool:
        """Tell whether the two share an address, that is whether one lies inside the other."""
        return (
            self.version == other.version and self.first <= other.last and other.first <= self.last
        )

    def __str__(self) -> str:
        text = _text4(self.first) if self.version == 4 else _text6(self.first)
        return f"{text}/{self.length}"


_OCTET = {str(number): number for number in range(256)}
_LENGTH4 = {str(number): number for number in range(33)}
_LENGTH6 = {str(number): number for number in range(129)}
_HOSTS4 = tuple((1 << 32 - length) - 1 for length in range(33))


@lru_cache(maxsize=16384)
def parse_prefix(text: str) -> Prefix:
    """Read `10.0.0.0/24`, `2001:db8::/32`, or a bare address (a prefix of 32 or 128 bits).

    Host bits are allowed and cut: `10.0.0.7/24` is `10.0.0.0/24`. Blanks around the text are
    ignored. Raises AddressError for everything else: masks (`/255.255.255.0`), short forms
    (`10.0/16`), leading zeros, zone ids, digits outside ASCII.
    """
    address, slash, bits = text.partition("/")
    try:
        # A dictionary is both the strictest and the quickest reader of an octet.
        a, b, c, d = address.split(".")
        value = _OCTET[a] << 24 | _OCTET[b] << 16 | _OCTET[c] << 8 | _OCTET[d]
        length = _LENGTH4[bits] if slash else 32
    except (KeyError, ValueError):
        return _parse_other_prefix(text)
    hosts = _HOSTS4[length]
    return Prefix(4, value & ~hosts, length, value | hosts)


def _parse_other_prefix(text: str) -> Prefix:
    if len(text) <= _LONGEST_TEXT:
        stripped = text.strip(" \t\r\n")
        if stripped != text:
            return parse_prefix(stripped)
        address, slash, bits = text.partition("/")
        value = _value6(address)
        length = _LENGTH6.get(bits) if slash else 128
        if value is not None and length is not None:
            return Prefix.of(6, value, length)
    raise AddressError(f"{quoted(text)} is not a CIDR")


def parse_address(text: str) -> Address:
    """Read one address, `10.0.0.4` or `2001:db8::4`. Raises AddressError for anything else."""
    if "/" not in text:
        try:
            prefix = parse_prefix(text)
        except AddressError:
            pass
        else:
            return Address(prefix.version, prefix.first)
    raise AddressError(f"{quoted(text)} is not an address")


def address_or_none(text: str | None) -> Address | None:
    """Read one address; None for no text and for what is no address, as a host name is none."""
    try:
        return parse_address(text or "")
    except AddressError:
        return None


def prefix_or_none(text: str | None) -> Prefix | None:
    """Read a CIDR or address; None for no text and for what is neither, as a service tag is."""
    try:
        return parse_prefix(text or "")
    except AddressError:
        return None


def _value6(text: str) -> int | None:
    if ":" not in text:
        return None
    import netaddr  # here because it costs a start-up 40 ms and most estates have no IPv6

    try:
        return int(netaddr.IPAddress(text, 6))
    except (netaddr.AddrFormatError, ValueError):
        return None


def _text4(value: int) -> str:
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def _text6(value: int) -> str:
    import netaddr

    return str(netaddr.IPAddress(value, 6))


class AddressSet(msgspec.Struct, frozen=True):
    """A set of IPv4 and IPv6 addresses; equal sets are equal values.

    `|`, `&`, `-` and `~` combine sets (`~` within both whole address spaces), `<=` tells a subset,
    `in` an address or a whole prefix; a set without addresses is false. `v4` and `v6` hold
    (first, last) pairs of numbers, canonical as in `auditor.intervals`. Make a set with
    `from_prefixes`, `from_text` or `from_range`.
    """

    v4: Intervals = ()
    v6: Intervals = ()

    @staticmethod
    def from_prefixes(prefixes: Iterable[Prefix]) -> AddressSet:
        """Give the addresses of all the prefixes."""
        v4: list[iv.Interval] = []
        v6: list[iv.Interval] = []
        for prefix in prefixes:
            (v4 if prefix.version == 4 else v6).append((prefix.first, prefix.last))
        if len(v4) > 1 or len(v6) > 1:
            return AddressSet(iv.merged(v4), iv.merged(v6))
        return AddressSet(tuple(v4), tuple(v6))

    @staticmethod
    def union(sets: Iterable[AddressSet]) -> tuple[AddressSet, bool]:
        """Give the addresses of many sets, and whether no two of them share any."""
        every = tuple(sets)
        v4 = [pair for each in every for pair in each.v4]
        v6 = [pair for each in every for pair in each.v6]
        total = AddressSet(iv.merged(v4), iv.merged(v6))
        return total, total.size == iv.size(v4) + iv.size(v6)

    @staticmethod
    def from_text(texts: Iterable[str]) -> AddressSet:
        """Give the addresses of CIDRs and addresses in text. Raises AddressError."""
        return AddressSet.from_prefixes(map(parse_prefix, texts))

    @staticmethod
    def from_range(first: Address, last: Address) -> AddressSet:
        """Give the addresses from `first` to `last`, both included.

        Raises AddressError when they are of two versions or in the wrong order.
        """
        if first.version != last.version or first.value > last.value:
            raise AddressError(f"{first} to {last} is not a range of addresses")
        pair = ((first.value, last.value),)
        return AddressSet(v4=pair) if first.version == 4 else AddressSet(v6=pair)

    def __or__(self, other: AddressSet) -> AddressSet:
        if not other.v6:  # the ordinary case
            return AddressSet(iv.union(self.v4, other.v4), self.v6) if other.v4 else self
        return AddressSet(iv.union(self.v4, other.v4), iv.union(self.v6, other.v6))

    def __and__(self, other: AddressSet) -> AddressSet:
        return AddressSet(iv.intersection(self.v4, other.v4), iv.intersection(self.v6, other.v6))

    def __sub__(self, other: AddressSet) -> AddressSet:
        v6 = iv.difference(self.v6, other.v6) if self.v6 else ()
        return AddressSet(iv.difference(self.v4, other.v4), v6)

    def __invert__(self) -> AddressSet:
        return AddressSet(iv.complement(self.v4, _TOP[4]), iv.complement(self.v6, _TOP[6]))

    def __le__(self, other: AddressSet) -> bool:
        return iv.is_subset(self.v4, other.v4) and (not self.v6 or iv.is_subset(self.v6, other.v6))

    def __ge__(self, other: AddressSet) -> bool:
        return other <= self

    def __contains__(self, item: Address | Prefix) -> bool:
        these = self.v4 if item.version == 4 else self.v6
        if isinstance(item, Prefix):
            return iv.covers(these, item.first, item.last)
        return iv.covers(these, item.value, item.value)

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __str__(self) -> str:
        """Give the prefixes, separated by commas; `nothing` for the empty set."""
        return ", ".join(map(str, self.prefixes())) or "nothing"

    @property
    def size(self) -> int:
        """The number of addresses."""
        return iv.size(self.v4) + iv.size(self.v6)

    def intervals(self, version: Version) -> Intervals:
        """Give the (first, last) pairs of one version."""
        return self.v4 if version == 4 else self.v6

    def overlaps(self, other: AddressSet) -> bool:
        """Tell whether the two share an address."""
        return iv.overlap(self.v4, other.v4) or (bool(self.v6) and iv.overlap(self.v6, other.v6))

    def smallest(self) -> Address | None:
        """Give the smallest address, a witness that the set is not empty; None when it is."""
        if self.v4:
            return Address(4, self.v4[0][0])
        return Address(6, self.v6[0][0]) if self.v6 else None

    def prefixes(self) -> tuple[Prefix, ...]:
        """Give the fewest prefixes that make up the set, sorted."""
        versions: tuple[Version, ...] = (4, 6)
        return tuple(
            prefix
            for version in versions
            for low, high in self.intervals(version)
            for prefix in _blocks(version, low, high)
        )


def _blocks(version: Version, low: int, high: int) -> Iterator[Prefix]:
    """Cut an interval into the fewest aligned blocks, each as large as its start allows."""
    bits = _BITS[version]
    while low <= high:
        aligned = (low & -low).bit_length() - 1 if low else bits
        hosts = min(aligned, (high - low + 1).bit_length() - 1)
        yield Prefix(version, low, bits - hosts, low | (1 << hosts) - 1)
        low += 1 << hosts


NOTHING = AddressSet()
EVERY_V4 = AddressSet(v4=((0, _TOP[4]),))
EVERY_V6 = AddressSet(v6=((0, _TOP[6]),))
EVERYTHING = EVERY_V4 | EVERY_V6


def overlapping(
    items: Iterable[tuple[Prefix, T]],
) -> Iterator[tuple[tuple[Prefix, T], tuple[Prefix, T]]]:
    """Give every pair of items whose prefixes share an address, the wider prefix first.

    Pairs come in the order of their second item, then of their first, items being sorted by prefix;
    those with equal prefixes keep the order they came in. Takes the time for sorting plus one step
    for each pair.
    """
    for outer, item in _nested(items):
        for wider in outer:
            yield wider, item


def overlap_count(items: Iterable[tuple[Prefix, T]]) -> int:
    """Count the pairs that `overlapping` would give, without making them."""
    return sum(len(outer) for outer, _ in _nested(items))


def _nested(
    items: Iterable[tuple[Prefix, T]],
) -> Iterator[tuple[list[tuple[Prefix, T]], tuple[Prefix, T]]]:
    """Give each item with all the items around it (the list changes from step to step).

    Two prefixes are nested or disjoint. So in sorted order the prefixes around an item are a
    stack: what ended before the item began is on top of it and never needed again.
    """
    stack: list[tuple[Prefix, T]] = []
    end = -1
    version = 0
    for item in sorted(items, key=_order):
        prefix = item[0]
        if prefix.version != version:
            stack.clear()
            version = prefix.version
        elif prefix.first > end:
            while stack and stack[-1][0].last < prefix.first:
                stack.pop()
        if stack:
            yield stack, item
        stack.append(item)
        end = prefix.last


def _order(item: tuple[Prefix, T]) -> int:
    # The order of prefixes in one number, which sorts three times as fast as they do.
    prefix = item[0]
    order = prefix.first << 8 | prefix.length
    return order if prefix.version == 4 else order + (1 << 136)


def overlapping_groups(
    groups: Iterable[tuple[T, Iterable[Prefix]]],
) -> Iterator[tuple[tuple[Prefix, T], tuple[Prefix, T]]]:
    """Give every pair of prefixes from two different groups that share an address.

    A group is a name and its prefixes (a network and its address space); a prefix that a group
    lists twice counts once. Order as in `overlapping`.
    """
    # Distinct prefixes of one group nest at most 33 or 129 deep, so skipping them stays cheap.
    items = (
        (prefix, (number, group))
        for number, (group, prefixes) in enumerate(groups)
        for prefix in sorted(set(prefixes))
    )
    for (wide, (left, group)), (narrow, (right, other)) in overlapping(items):
        if left != right:
            yield (wide, group), (narrow, other)
