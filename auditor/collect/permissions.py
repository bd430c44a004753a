"""What a snapshot may do in Azure and in a cluster: derived from what it reads, and no more.

The page docs/snapshot.md shows it; a test holds the calls of whole runs against it.
"""

from __future__ import annotations

from typing import Any

from auditor.collect import clusters, effective, rights
from auditor.collect.catalogue import KINDS
from auditor.snapshot.cluster import READABLE

OVERVIEW = (
    *rights.ACTIONS,
    "Microsoft.Network/locations/serviceTags/read",
    "Microsoft.ResourceGraph/resources/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    "Microsoft.Resources/subscriptions/resources/read",
)
"""What finding out takes: rights, subscriptions, groups, inventories, Resource Graph, tags."""

MANAGEMENT_GROUPS = "Microsoft.Management/managementGroups/descendants/read"
"""What `--management-group` takes; a role has it only where it is assigned to such a group."""

EFFECTIVE = tuple(effective.actions())
"""What `--effective` takes, beyond the role Reader."""

KUBERNETES = (clusters.CREDENTIALS,)
"""What `--kubernetes` without a kubeconfig takes, beyond the role Reader."""


def actions() -> tuple[str, ...]:
    """Give what a snapshot takes without `--effective` and `--kubernetes`, sorted, each once."""
    found = {action.lower(): action for action in (*OVERVIEW, *(kind.action for kind in KINDS))}
    return tuple(found[key] for key in sorted(found))


def role() -> dict[str, Any]:
    """Give a custom role that grants what a snapshot takes, as `az role definition` reads it."""
    return {
        "Name": "auditor snapshot",
        "IsCustom": True,
        "Description": "Reads what auditor audits, and nothing else.",
        "Actions": list(actions()),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/SUBSCRIPTION"],
    }


def cluster_role() -> dict[str, Any]:
    """Give a role of Kubernetes that allows to list what is read of a cluster."""
    groups: dict[str, list[str]] = {}
    for plural, (group, _) in READABLE.items():
        groups.setdefault(group, []).append(plural)
    rules = [
        {"apiGroups": [group], "resources": sorted(plurals), "verbs": ["list"]}
        for group, plurals in sorted(groups.items())
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "auditor-snapshot"},
        "rules": rules,
    }
