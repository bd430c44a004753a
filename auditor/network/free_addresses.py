"""A private address that nobody of the input has, to be proposed."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.address_owners import owned_addresses
from auditor.network.graph import Network
from auditor.network.hidden_addresses import unlisted
from auditor.network.routing_domains import network_key
from auditor.network.subnets import told_claims
from auditor.resources.virtual_networks import Subnet

_RESERVED = 4
"""Azure keeps the first four addresses of each prefix of a subnet, and the last one (D-1)."""


def free_address(network: Network, subnet: Subnet, version: int, nth: int = 0) -> Address | None:
    """Give the first address of a subnet that nobody owns, or another: `nth` counts from 0.

    None where there is none, or it is not told, as where somebody may live who is not listed.
    """
    taken = owned_addresses(network, network_key(subnet.id))
    try:
        claims = told_claims(subnet)
    except Undetermined:
        return None
    if unlisted(network, subnet):
        return None
    for prefix in (claim.prefix for claim in claims if claim.prefix.version == version):
        for number in range(prefix.first + _RESERVED, prefix.last):
            address = Address(prefix.version, number)
            if address not in taken:
                if not nth:
                    return address
                nth -= 1
    return None
