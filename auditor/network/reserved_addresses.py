"""The public addresses that Azure keeps for the input: nobody else has one of them (E-1)."""

from __future__ import annotations

from auditor.addresses import NOTHING, AddressError, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.resources.public_addresses import PublicIp, PublicIpPrefix
from auditor.special_addresses import PUBLIC


def of_others(network: Network, public: AddressSet = PUBLIC) -> AddressSet:
    """Give public addresses but for those that are kept for the input.

    What Azure chooses by itself, and what its own names stand for, is none of these. Where they
    are many, they stay: each would cut what follows once more.
    """
    own = reserved(network)
    return public - own if len(own.v4) + len(own.v6) < _MANY else public


_MANY = 100
"""Ranges of addresses that are left out at most."""


@question
def reserved(network: Network) -> AddressSet:
    """Give the addresses of the public IPs and public IP prefixes of the input."""
    found, _ = AddressSet.union(
        _kept(node) for kind in (PublicIp, PublicIpPrefix) for node in network.all(kind)
    )
    return found & PUBLIC


def _kept(node: PublicIp | PublicIpPrefix) -> AddressSet:
    """Give what a node keeps; nothing where it has no address yet, or that is not told."""
    try:
        p = node.properties
        text = p.ip_address if isinstance(node, PublicIp) else p.ip_prefix
        return AddressSet.from_text([text]) if text else NOTHING
    except (AddressError, Undetermined):
        return NOTHING
