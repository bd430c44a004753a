"""Commands about security groups, with the real names."""

from __future__ import annotations

from itertools import count

from auditor import ids
from auditor.network.filters import subnet_name
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
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


def changed_rule(rule: SecurityRule, **change: str | tuple[str, ...]) -> str:
    """Give the command that changes a rule of a group."""
    return az(
        "network", "nsg", "rule", "update",
        resource_group=ids.resource_group(rule.id),
        nsg_name=rule.owner.label if rule.owner is not None else "<group>",
        name=rule.label,
        **change,
    )  # fmt: skip


def fresh_name(group: NetworkSecurityGroup, name: str) -> str:
    """Give a name for a new rule that no rule of a group has: `az` would overwrite that one."""
    taken = {rule.label.lower() for rule in group.rules}
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(each for each in names if each.lower() not in taken)


def new_group(subnet: Subnet) -> str:
    """Give the command that gives a subnet a group called after it."""
    return az(
        "network", "vnet", "subnet", "update",
        resource_group=subnet.resource_group,
        vnet_name=ids.segment(subnet.id, "virtualNetworks"),
        name=subnet_name(subnet),
        network_security_group=f"nsg-{subnet_name(subnet)}",
    )  # fmt: skip


def heeding_endpoints(subnet: Subnet) -> str:
    """Give the command that makes a subnet's group count for the private endpoints in it (N-48)."""
    return az(
        "network", "vnet", "subnet", "update",
        resource_group=subnet.resource_group,
        vnet_name=ids.segment(subnet.id, "virtualNetworks"),
        name=subnet_name(subnet),
        private_endpoint_network_policies="Enabled",
    )  # fmt: skip
