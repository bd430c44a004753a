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
