"""Commands about security groups, with the real names."""

from __future__ import annotations

import re
from typing import Protocol

import msgspec

from auditor import ids
from auditor.network.filters import custom_rules, subnet_name
from auditor.network.graph import Network
from auditor.network.namesakes import names_of, nth_beside
from auditor.remedy import az, region, unused_name
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_LONGEST = 76
"""What a name may have of 80 characters, beside a number."""


class Group(Protocol):
    """What commands ask of a group."""

    @property
    def resource_group(self) -> str:
        """Where it is."""

    @property
    def label(self) -> str:
        """Its name."""

    @property
    def rules(self) -> tuple[SecurityRule, ...]:
        """Its own rules."""


Words = str | tuple[str, ...]


def new_rule(
    group: Group,
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


def free_name(group: Group, name: str) -> str:
    """Give a name that no rule of a group has: a command to create one writes over its namesake.

    What names of rules may not hold becomes a hyphen.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:_LONGEST].rstrip("-.")
    return unused_name(name, {rule.label.lower() for rule in group.rules})


def changed_rule(rule: SecurityRule, **change: str | tuple[str, ...]) -> str:
    """Give the command that changes a rule of a group."""
    return az(
        "network", "nsg", "rule", "update",
        resource_group=ids.resource_group(rule.id),
        nsg_name=rule.owner.label if rule.owner is not None else "<group>",
        name=rule.label,
        **change,
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


def delete_rule(rule: SecurityRule) -> str:
    """Give the command that takes a rule from its group."""
    return az(
        "network", "nsg", "rule", "delete",
        resource_group=ids.resource_group(rule.id),
        nsg_name=rule.owner.label if rule.owner is not None else "<group>",
        name=rule.label,
    )  # fmt: skip


class NewGroup(msgspec.Struct, frozen=True):
    """A group that is still to be made for a subnet, called after it."""

    subnet: Subnet
    label: str
    location: str
    rules: tuple[SecurityRule, ...] = ()

    @property
    def resource_group(self) -> str:
        """The resource group of the subnet."""
        return self.subnet.resource_group

    def create(self) -> str:
        """Give the command that makes it, without rules of its own."""
        return az(
            "network", "nsg", "create",
            resource_group=self.resource_group,
            name=self.label,
            location=self.location,
        )  # fmt: skip

    def attach(self) -> str:
        """Give the command that gives it to the subnet."""
        return az(
            "network", "vnet", "subnet", "update",
            resource_group=self.resource_group,
            vnet_name=ids.segment(self.subnet.id, "virtualNetworks"),
            name=subnet_name(self.subnet),
            network_security_group=self.label,
        )  # fmt: skip


def new_group(network: Network, subnet: Subnet) -> NewGroup:
    """Give a group to make for a subnet, under a name that no other has or is to get."""
    name = f"nsg-{subnet_name(subnet)}"
    label = unused_name(
        name, names_of(network, NetworkSecurityGroup), nth=nth_beside(network, subnet)
    )
    vnet = network.holder(subnet, VirtualNetwork)
    return NewGroup(subnet, label, region(vnet) if vnet is not None else "<region>")


def last_free_priorities(
    network: Network, group: NetworkSecurityGroup, *, inbound: bool
) -> tuple[int, int]:
    """Give the two largest priorities that no rule of a direction has, the largest first."""
    taken = {rule.properties.priority for rule in custom_rules(network, group, inbound=inbound)}
    free = (number for number in range(4096, 99, -1) if number not in taken)
    return next(free, 100), next(free, 100)
