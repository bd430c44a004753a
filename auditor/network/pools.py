"""Of which pools of load balancers an ip configuration is a member (E-14)."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.interfaces import Configuration
from auditor.resources.load_balancers import BackendPool

LISTED = ("backendIPConfigurations", "networkInterfaceIPConfiguration")
"""How pools of load balancers name the ip configurations that they list."""


def pools_of(network: Network, configuration: Configuration) -> tuple[BackendPool, ...]:
    """Give the pools that an ip configuration is a member of, told by either side."""
    found: dict[str, BackendPool] = {}
    for ref in configuration.properties.load_balancer_backend_address_pools or ():
        pool = network.get(ref, BackendPool)
        if pool is None:
            raise Undetermined(f"a pool of {configuration.label}", resource=configuration.id)
        found[pool.key] = pool
    for pool in pools_listing(network, configuration):
        found[pool.key] = pool
    return tuple(found.values())


def pools_listing(network: Network, configuration: Configuration) -> Iterator[BackendPool]:
    """Give the pools that name an ip configuration themselves, whatever it says."""
    for edge in network.referrers(configuration, *LISTED):
        holder = edge.source
        pool = holder if isinstance(holder, BackendPool) else network.holder(holder, BackendPool)
        if pool is not None:
            yield pool
