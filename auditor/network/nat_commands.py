"""Commands that give a subnet a NAT gateway, with the real names."""

from __future__ import annotations

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.egress import explicit_way
from auditor.network.filters import subnet_name
from auditor.network.graph import Network
from auditor.network.namesakes import names_of, nth_beside
from auditor.network.subnets import RESERVED_NAMES
from auditor.remedy import az, region, unused_name
from auditor.resources.base import Ref
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_RESERVED = frozenset(name.lower() for name in RESERVED_NAMES)


def leave_by_new_nat_gateway(
    network: Network, subnet: Subnet, whoever: str, *, private: bool = False
) -> str:
    """Say how machines get out by a NAT gateway: not in a subnet of Azure's own, which takes none.

    Source: facts R-31, N-40.
    """
    if subnet_name(subnet).lower() in _RESERVED:
        return f"move {whoever} to a subnet of its own, with a NAT gateway"
    return f"let it leave by a NAT gateway: {by_new_nat_gateway(network, subnet, private=private)}"


def another_way_first(network: Network, home: Ref | None) -> str:
    """Say what comes before machines lose the address by which they leave; nothing: a way is kept.

    An address of their own goes before everything but a NAT gateway and a route (R-30): without
    it they are left with default outbound access, or with no way out at all.
    """
    try:
        subnet = network.get(home, Subnet)
        kept = subnet is not None and explicit_way(network, subnet)
    except Undetermined:
        kept = ""
    if kept:
        return ""
    at = f" at {ids.name(home.id)}" if home is not None and home.id else ""
    return f"give it another way out (a NAT gateway{at}) if it needs the internet, "


def by_new_nat_gateway(
    network: Network, subnet: Subnet, *, address: str = "", private: bool = False
) -> str:
    """Give the commands that let a subnet leave by a NAT gateway of its own.

    By a new public address, or by one that is there. With `private`, access by default ends.
    """
    name = f"nat-{subnet_name(subnet)}"
    nth = nth_beside(network, subnet)
    gateway = unused_name(name, names_of(network, NatGateway), nth=nth)
    given = address or unused_name(f"pip-{name}", names_of(network, PublicIp), nth=nth)
    vnet = network.holder(subnet, VirtualNetwork)
    here = {
        "resource_group": subnet.resource_group,
        "location": region(vnet) if vnet is not None else "<region>",
    }
    steps = [
        az("network", "public-ip", "create", **here, name=given, sku="Standard"),
        az("network", "nat", "gateway", "create", **here, name=gateway, public_ip_addresses=given),
        az(
            *("network", "vnet", "subnet", "update"),
            resource_group=subnet.resource_group,
            vnet_name=ids.segment(subnet.id, "virtualNetworks"),
            name=subnet_name(subnet),
            nat_gateway=gateway,
            default_outbound_access=False if private else None,
        ),
    ]
    return " && ".join(steps[1:] if address else steps)
