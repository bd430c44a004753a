"""Commands about security groups, with the real names."""

from __future__ import annotations

import re

from auditor import ids
from auditor.network.filters import subnet_name
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet

_LONGEST = 76
"""What a name may have of 80 characters, beside a number."""

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
        name=free_name(group, name),
        priority=priority,
        direction=direction,
        access=access,
        protocol=protocol,
        source_address_prefixes=sources,
        destination_address_prefixes=destinations,
        destination_port_ranges=ports,
    )  # fmt: skip


def free_name(group: NetworkSecurityGroup, name: str) -> str:
    """Give a name that no rule of a group has: a command to create one writes over its namesake.

    What names of rules may not hold becomes a hyphen.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:_LONGEST].rstrip("-.")
    taken = {rule.label.lower() for rule in group.rules}
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each.lower() not in taken)


def delete_rule(rule: SecurityRule) -> str:
    """Give the command that takes a rule from its group."""
    return az(
        "network", "nsg", "rule", "delete",
        resource_group=ids.resource_group(rule.id),
        nsg_name=rule.owner.label if rule.owner is not None else "<group>",
        name=rule.label,
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
