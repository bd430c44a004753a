"""Addresses that mean something of their own: private, reserved, Azure's.

Sources: the IANA registries of special-purpose addresses (RFC 6890 and its updates),
https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry, and
facts of docs/facts.md by number.
"""

from __future__ import annotations

from auditor.addresses import EVERY_V4, Address, AddressSet, Prefix, parse_address


def _set(*texts: str) -> AddressSet:
    return AddressSet.from_text(texts)


def _v6(leading: int, length: int) -> AddressSet:
    # By number: reading IPv6 text would load netaddr at every start.
    return AddressSet.from_prefixes([Prefix.of(6, leading << 96, length)])


RFC1918 = _set("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
RFC6598 = _set("100.64.0.0/10")
"""Shared address space of carriers; Azure routes it like RFC 1918 (R-1)."""

UNIQUE_LOCAL = _v6(0xFC00_0000, 7)
"""fc00::/7, RFC 4193."""

PRIVATE = RFC1918 | RFC6598 | UNIQUE_LOCAL
"""What Azure never sends to the internet and never receives from it (R-1, R-2)."""

PLATFORM_HOST: Address = parse_address("168.63.129.16")
"""Azure's host: DNS, DHCP, load balancer probes (N-14, N-15, N-19). A public address by number."""

PLATFORM_HOSTS = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST) | _set("169.254.169.254")
"""The same, and its instance metadata: both are the machine's own host, and no route's matter."""

LOOPBACK = _set("127.0.0.0/8") | AddressSet(v6=((1, 1),))
LINK_LOCAL = _set("169.254.0.0/16") | _v6(0xFE80_0000, 10)
MULTICAST = _set("224.0.0.0/4") | _v6(0xFF00_0000, 8)
BROADCAST = _set("255.255.255.255")
UNSPECIFIED = _set("0.0.0.0/8") | AddressSet(v6=((0, 0),))
DOCUMENTATION = (
    _set("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    | _v6(0x2001_0DB8, 32)
    | _v6(0x3FFF_0000, 20)
)
"""RFC 5737; 2001:db8::/32, RFC 3849; 3fff::/20, RFC 9637."""

RESERVED = (
    LOOPBACK
    | LINK_LOCAL
    | MULTICAST
    | UNSPECIFIED
    | DOCUMENTATION
    | _set("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4")
)
"""Addresses that are neither private nor anyone's on the internet, IPv6 outside 2000::/3 apart."""

PUBLIC = (
    (EVERY_V4 | _v6(0x2000_0000, 3))
    - PRIVATE
    - (RESERVED - DOCUMENTATION)
    - _set(str(PLATFORM_HOST))
)
"""Global unicast: the addresses a packet from the internet can come from."""

VNET_FORBIDDEN = (
    _set("224.0.0.0/4", "127.0.0.0/8", "169.254.0.0/16") | BROADCAST | _set(str(PLATFORM_HOST))
)
"""What no virtual network may hold (D-3)."""

AKS_FORBIDDEN = _set("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
"""What an AKS cluster's network, services and pods may not touch (K-30)."""


def is_private(item: Prefix | Address) -> bool:
    """Tell whether the whole prefix, or the address, is private in Azure's sense (`PRIVATE`)."""
    return item in PRIVATE
