"""The public addresses that Azure keeps for the input: nobody else has one of them (E-1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from auditor.addresses import NOTHING, AddressError, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.resources.public_addresses import PublicIp, PublicIpPrefix
from auditor.special_addresses import PUBLIC


def of_others(network: Network, whole: AddressSet = PUBLIC) -> AddressSet:
    """Give addresses but for the public ones that are kept for the input.

    What Azure chooses by itself, and what its own names stand for, is none of these. Where they
    are many, they stay: each would cut what follows once more.
    """
    own = reserved(network)
    return whole - own if len(own.v4) + len(own.v6) < _MANY else whole


_MANY = 100
"""Ranges of addresses that are left out at most."""


@question
def reserved(network: Network) -> AddressSet:
    """Give the addresses of the public IPs and public IP prefixes of the input."""
    addresses = (_kept(partial(_address, each)) for each in network.all(PublicIp))
    ranges = (_kept(partial(_range, each)) for each in network.all(PublicIpPrefix))
    found, _ = AddressSet.union((*addresses, *ranges))
    return found & PUBLIC


def _address(node: PublicIp) -> str | None:
    return node.properties.ip_address


def _range(node: PublicIpPrefix) -> str | None:
    return node.properties.ip_prefix


def _kept(read: Callable[[], str | None]) -> AddressSet:
    """Give what a node keeps; nothing where it has no address yet, or that is not told."""
    try:
        text = read()
        return AddressSet.from_text([text]) if text else NOTHING
    except (AddressError, Undetermined):
        return NOTHING
