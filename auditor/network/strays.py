"""Interfaces that do not tell where they stand, or what they are part of.

They may stand in any subnet and in any pool of their subscription, so that nothing is proved about
those by what other interfaces tell.
"""

from __future__ import annotations

from collections.abc import Callable

from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.resources import walk
from auditor.resources.interfaces import IpConfiguration, NetworkInterface


@question
def strays(network: Network) -> tuple[NetworkInterface, ...]:
    """Give the interfaces of which some address is not told to be in a subnet.

    Those that came without any settings are left out: the input's gaps tell of them.
    """
    return tuple(
        nic
        for nic in network.all(NetworkInterface)
        if walk.peek(nic, "properties") is not None and _hides(nic, _subnet)
    )


@question
def unbound(network: Network) -> tuple[NetworkInterface, ...]:
    """Give the interfaces that do not tell which pools they are in."""
    return tuple(nic for nic in network.all(NetworkInterface) if _hides(nic, _pools))


def _hides(nic: NetworkInterface, tells: Callable[[IpConfiguration], object]) -> bool:
    try:
        return not all(map(tells, nic.ip_configurations))
    except Undetermined:
        return True


def _subnet(configuration: IpConfiguration) -> object:
    subnet = configuration.properties.subnet
    return subnet is not None and subnet.id


def _pools(configuration: IpConfiguration) -> bool:
    p = configuration.properties
    _ = p.load_balancer_backend_address_pools, p.load_balancer_inbound_nat_rules
    return True
