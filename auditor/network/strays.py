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
def irregular(network: Network) -> tuple[NetworkInterface, ...]:
    """Give the interfaces that need a second look, in order.

    All others tell of each of their addresses that it is of IPv4, in which subnet and in which
    pools: nearly all of tens of thousands, which several questions would go through one by one.
    """
    found: list[NetworkInterface] = []
    for nic in network.all(NetworkInterface):
        record = nic.record
        if record is None or record.unresolved:
            found.append(nic)
            continue
        try:
            for configuration in nic.properties.ip_configurations or ():
                told = configuration.properties
                subnet = told.subnet
                _ = told.load_balancer_backend_address_pools, told.load_balancer_inbound_nat_rules
                if subnet is None or not subnet.id or told.private_ip_address_version not in _V4:
                    found.append(nic)
                    break
        except Undetermined:
            found.append(nic)
    return tuple(found)


_V4 = (None, "IPv4")
"""How Azure itself says that an address is of IPv4; whoever says it otherwise is asked again."""


@question
def strays(network: Network) -> tuple[NetworkInterface, ...]:
    """Give the interfaces of which some address is not told to be in a subnet.

    Those that came without any settings are left out: the input's gaps tell of them.
    """
    return tuple(
        nic
        for nic in irregular(network)
        if walk.peek(nic, "properties") is not None and _hides(nic, _subnet)
    )


@question
def unbound(network: Network) -> tuple[NetworkInterface, ...]:
    """Give the interfaces that do not tell which pools they are in."""
    return tuple(nic for nic in irregular(network) if _hides(nic, _pools))


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
