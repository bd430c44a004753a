"""Commands about security groups, with the real names."""

from __future__ import annotations

from auditor import ids
from auditor.network.filters import subnet_name
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet

Words = str | tuple[str, ...]


def new_rule(
    group: NetworkSecurityGroup,
    name: str,
    priority: int,
    *,
    direction: str = "Inbound",
    access: str = "Deny",
    protocol: str | None = "*",
    sources: Words | None = None,
    destinations: Words | None = None,
    ports: Words = "*",
) -> str:
    """Give the command that adds a rule to a group; sides left out are `*`."""
    return az(
        "network", "nsg", "rule", "create",
        resource_group=group.resource_group,
        nsg_name=group.label,
        name=name,
        priority=priority,
        direction=direction,
        access=access,
        protocol=protocol,
        source_address_prefixes=sources,
        destination_address_prefixes=destinations,
        destination_port_ranges=ports,
    )  # fmt: skip


def new_group(subnet: Subnet) -> str:
    """Give the command that gives a subnet a group called after it."""
    return az(
        "network", "vnet", "subnet", "update",
        resource_group=subnet.resource_group,
        vnet_name=ids.segment(subnet.id, "virtualNetworks"),
        name=subnet_name(subnet),
        network_security_group=f"nsg-{subnet_name(subnet)}",
    )  # fmt: skip
