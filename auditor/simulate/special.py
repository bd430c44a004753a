"""Addresses that Azure treats in a way of its own."""

from __future__ import annotations

from auditor.addresses import AddressSet, Prefix, parse_address


def _v6(leading: int, length: int) -> AddressSet:
    # By number: reading IPv6 text would load netaddr at every start.
    return AddressSet.from_prefixes([Prefix.of(6, leading << 96, length)])


HOST = parse_address("168.63.129.16")
METADATA = parse_address("169.254.169.254")
HOSTS = AddressSet.from_text([str(HOST), str(METADATA)])

RESERVED = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""What goes nowhere unless a network claims it (R-1)."""

PRIVATE = AddressSet.from_text(RESERVED) | _v6(0xFC00_0000, 7)
LOCAL = (
    AddressSet.from_text(["169.254.0.0/16", "127.0.0.0/8"])
    | _v6(0xFE80_0000, 10)
    | AddressSet(v6=((1, 1),))
)
UNROUTED = AddressSet.from_text(["224.0.0.0/4", "255.255.255.255"]) | _v6(0xFF00_0000, 8)
"""Multicast and broadcast, which virtual networks drop (N-18)."""

EXAMPLES = AddressSet.from_text(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]) | _v6(
    0x2001_0DB8, 32
)
"""Documentation addresses (RFC 5737, RFC 3849): no service of Azure has one."""

PUBLIC = ~(PRIVATE | LOCAL | UNROUTED)
"""What may be an address on the internet."""
