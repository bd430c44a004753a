"""The named sets, each at both sides of its ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from auditor import special_addresses as special
from auditor.addresses import NOTHING, AddressSet, parse_address, parse_prefix

IPV6 = {
    "fc00::/7": special.UNIQUE_LOCAL,
    "::1": special.LOOPBACK,
    "::": special.UNSPECIFIED,
    "fe80::/10": special.LINK_LOCAL,
    "ff00::/8": special.MULTICAST,
    "2001:db8::/32": special.DOCUMENTATION,
    "3fff::/20": special.DOCUMENTATION,
}


@pytest.mark.parametrize("text", IPV6)
def test_ipv6_constants_are_the_prefixes_they_name(text: str) -> None:
    block = parse_prefix(text)

    assert (block.first, block.last) in IPV6[text].v6


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("9.255.255.255", False), ("10.0.0.0", True), ("10.255.255.255", True), ("11.0.0.0", False),
        ("172.15.255.255", False), ("172.16.0.0", True), ("172.31.255.255", True),
        ("172.32.0.0", False), ("192.168.0.0/16", True), ("192.168.0.0/15", False),
        ("100.63.255.255", False), ("100.64.0.0/10", True), ("100.128.0.0", False),
        ("168.63.129.16", False), ("169.254.1.1", False), ("fd00::/8", True), ("fe00::", False),
        ("10.0.0.0/7", False), ("0.0.0.0/0", False), ("::/0", False), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_r_1_private_is_rfc_1918_and_6598_and_unique_local(text: str, private: bool) -> None:
    assert special.is_private(parse_prefix(text)) is private


def test_public_is_what_a_packet_from_the_internet_can_come_from() -> None:
    for text in ("8.8.8.8", "20.50.2.1", "1.0.0.0", "223.255.255.255", "2603:1020::1"):
        assert parse_address(text) in special.PUBLIC
    assert special.DOCUMENTATION <= special.PUBLIC  # they stand for addresses like these
    for text in ("0.0.0.0", "10.0.0.4", "127.0.0.1", "168.63.129.16", "224.0.0.1", "::1"):
        assert parse_address(text) not in special.PUBLIC
    nobodys = special.RESERVED - special.DOCUMENTATION
    assert special.PUBLIC & (special.PRIVATE | nobodys) == NOTHING


def test_d_3_what_no_network_may_hold() -> None:
    for text in ("224.0.0.0", "239.255.255.255", "255.255.255.255", "127.0.0.1", "169.254.0.1"):
        assert parse_address(text) in special.VNET_FORBIDDEN
    assert special.PLATFORM_HOST in special.VNET_FORBIDDEN
    for text in ("223.255.255.255", "240.0.0.0", "168.63.129.15", "168.63.129.17", "100.64.0.1"):
        assert parse_address(text) not in special.VNET_FORBIDDEN


def test_k_30_what_a_cluster_may_not_touch() -> None:
    forbidden = special.AKS_FORBIDDEN

    assert forbidden.overlaps(AddressSet.from_text(["172.16.0.0/12"]))
    assert forbidden.overlaps(AddressSet.from_text(["172.30.255.0/24"]))
    assert not forbidden.overlaps(AddressSet.from_text(["172.29.0.0/16", "172.28.0.0/15"]))
    assert not forbidden.overlaps(AddressSet.from_text(["172.32.0.0/16", "192.0.3.0/24"]))


def test_reading_ipv4_loads_no_address_library() -> None:
    code = (
        "import sys, auditor.special_addresses as s; s.is_private(s.parse_address('10.0.0.4'));"
        "sys.exit('netaddr' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
