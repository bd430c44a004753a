"""Addresses that Azure treats in a way of its own."""

from __future__ import annotations

from auditor.addresses import AddressSet, parse_address

HOST = parse_address("168.63.129.16")
METADATA = parse_address("169.254.169.254")
HOSTS = AddressSet.from_text([str(HOST), str(METADATA)])

RESERVED = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""What goes nowhere unless a network claims it (R-1)."""

PRIVATE = AddressSet.from_text([*RESERVED, "fc00::/7"])
LOCAL = AddressSet.from_text(["169.254.0.0/16", "fe80::/10", "127.0.0.0/8", "::1"])
UNROUTED = AddressSet.from_text(["224.0.0.0/4", "255.255.255.255", "ff00::/8"])
"""Multicast and broadcast, which virtual networks drop (N-18)."""

EXAMPLES = AddressSet.from_text(
    ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"]
)
"""Documentation addresses (RFC 5737, RFC 3849): no service of Azure has one."""

PUBLIC = ~(PRIVATE | LOCAL | UNROUTED)
"""What may be an address on the internet."""
