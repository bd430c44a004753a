"""The functions of ARM templates about ranges of addresses.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-cidr
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netaddr import IPNetwork


_BITS = {4: 32, 6: 128}


def parse_cidr(text: str) -> dict[str, str | int]:
    """Give the properties of a range; in IPv6 every address is usable. Raises ValueError."""
    found = _network(text)
    first, last, spared = found.first, found.last, int(found.version == 4 and found.size > 2)
    told: dict[str, str | int] = {
        "network": str(found.network),
        "netmask": str(found.netmask),
        "firstUsable": _address(found, first + spared),
        "lastUsable": _address(found, last - spared),
        "cidr": found.prefixlen,
    }
    return told if found.version == 6 else {**told, "broadcast": _address(found, last)}


def cidr_subnet(text: str, length: int, index: int) -> str:
    """Give the subnet of a range that has a prefix length and a number. Raises ValueError."""
    found = _network(text)
    if not found.prefixlen <= length <= _BITS[found.version] or index < 0:
        raise ValueError
    size = 1 << (_BITS[found.version] - length)
    if (index + 1) * size > found.size:
        raise ValueError
    return f"{_address(found, found.first + index * size)}/{length}"


def cidr_host(text: str, index: int) -> str:
    """Give a usable address of an IPv4 range by its number, from 0. Raises ValueError."""
    found = _network(text)
    if found.version != 4 or not 0 <= index < found.size - 2:
        raise ValueError
    return _address(found, found.first + 1 + index)


def _network(text: str) -> IPNetwork:
    from netaddr import AddrFormatError, IPNetwork  # few templates compute ranges

    if not isinstance(text, str) or "/" not in text:
        raise ValueError
    try:
        return IPNetwork(text)
    except AddrFormatError:
        raise ValueError from None


def _address(found: IPNetwork, value: int) -> str:
    from netaddr import IPAddress

    return str(IPAddress(value, found.version))
