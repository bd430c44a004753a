"""What to export, by which command, where it hangs below a resource and is not part of it."""

from __future__ import annotations

from auditor.ids import GroupName
from auditor.remedy import az
from auditor.resources.base import Resource
from auditor.resources.managed_clusters import ManagedCluster

ASK_THE_SERVER = "no export tells it: ask the DNS server itself"
"""What to do where a DNS server of one's own answers."""


def records_of(zone: Resource) -> str:
    """Say how to export the records of a private zone."""
    return f"export its records with the rest: {_list_of(zone, 'record-set')}"


def links_of(zone: Resource) -> str:
    """Say how to export the network links of a private zone."""
    return f"export its links with the rest: {_list_of(zone, 'link', 'vnet')}"


def _list_of(zone: Resource, *kind: str) -> str:
    return az(
        *("network", "private-dns", *kind, "list"),
        resource_group=zone.resource_group,
        zone_name=zone.label,
    )


def zone_groups_of(endpoint: Resource) -> str:
    """Say how to export the DNS zone groups of a private endpoint."""
    listed = az(
        *("network", "private-endpoint", "dns-zone-group", "list"),
        resource_group=endpoint.resource_group,
        endpoint_name=endpoint.label,
    )
    return f"export them with the rest: {listed}"


def assignments_on(resource: Resource) -> str:
    """Say how to export the role assignments that hold for a resource."""
    listed = az(*("role", "assignment", "list"), scope=resource.id, include_inherited=True)
    return f"export them with the rest: {listed.removesuffix(' true')}"


def vault_named(vault: str) -> str:
    """Say how to export a key vault by its name, which no other has."""
    return "export it with the rest: " + az("keyvault", "show", name=vault)


def firewall_rules_of(server: Resource) -> str:
    """Say how to export the firewall rules of a MySQL server, which the server does not show."""
    if "flexibleservers" not in server.type.lower():  # az has no commands for the others any more
        return f"export {server.id}/firewallRules with the rest"
    listed = az(
        *("mysql", "flexible-server", "firewall-rule", "list"),
        resource_group=server.resource_group,
        name=server.label,
    )
    return f"export them with the rest: {listed}"


def role_definition(role: str) -> str:
    """Say where to see what a role of one's own allows, which auditor does not read."""
    shown = az("role", "definition", "list", name=role)
    return (
        "no export that is read tells it: see whether its dataActions hold "
        f"Microsoft.KeyVault/vaults/secrets/getSecret/action: {shown}"
    )


def membership(group: str, member: str) -> str:
    """Say how to ask the directory whether a principal is in a group."""
    asked = az("ad", "group", "member", "check", group=group, member_id=member)
    return f"no export tells it: ask the directory: {asked}"


def in_node_group_of(cluster: ManagedCluster, *kind: str) -> str:
    """Say how to export what AKS made of a kind (`"lb"`) in a cluster's node resource group.

    Empty where the cluster does not name it.
    """
    name = cluster.properties.node_resource_group
    if not name:
        return ""
    group = GroupName(name)
    group.subscription = cluster.subscription
    listed = az("network", *kind, "list", resource_group=group)
    return f"export the node resource group with the rest: {listed}"
