"""Commands that create a cluster anew, with the real names."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.errors import Undetermined
from auditor.network.clusters import most_nodes
from auditor.network.graph import Network
from auditor.network.namesakes import names_of
from auditor.remedy import az, unused_name
from auditor.resources import walk
from auditor.resources.managed_clusters import AgentPool, ManagedCluster

_KEPT = ("network_policy", "network_dataplane", "outbound_type", "service_cidr", "dns_service_ip")
"""What the network profile of one cluster hands on to another."""


def created_anew(network: Network, cluster: ManagedCluster, **change: str) -> str:
    """Give the command that makes another cluster like this one, but for what has to change.

    As far as its network goes: what is left out would be AKS's default, as a public API server.
    """
    kept = {name: told for name, told in _like(cluster).items() if name not in change}
    return az(
        "aks",
        "create",
        resource_group=cluster.resource_group,
        name=unused_name(f"{cluster.label}-2", names_of(network, ManagedCluster)),
        **kept,
        **change,
    )


def grown_less(pools: Iterable[tuple[ManagedCluster, AgentPool]], fewer: int) -> str:
    """Give, as an example, the command by which the largest pool grows to so many nodes fewer.

    Empty where none of the pools can spare them, or they do not tell how far they grow.
    """
    try:
        cluster, pool = max(pools, key=lambda each: (most_nodes(each[1]), each[1].key))
        left = most_nodes(pool) - fewer
    except Undetermined:
        return ""
    if left < max(1, pool.min_count or 1):
        return ""
    whose = {"resource_group": cluster.resource_group, "cluster_name": cluster.label}
    if not pool.enable_auto_scaling:
        command = az("aks", "nodepool", "scale", **whose, name=pool.label, node_count=left)
    else:
        command = az(
            *("aks", "nodepool", "update"),
            **whose,
            name=pool.label,
            update_cluster_autoscaler=(),
            min_count=pool.min_count or 1,
            max_count=left,
        )
    return f", as by {command}"


def _like(cluster: ManagedCluster) -> dict[str, str | tuple[str, ...]]:
    profile = walk.peek(cluster.properties, "network_profile")
    found: dict[str, str | tuple[str, ...]] = {}
    plugin = _told(profile, "network_plugin")
    if plugin:
        found["network_plugin"] = plugin
    mode = _told(profile, "network_plugin_mode")
    if mode:
        found["network_plugin_mode"] = mode
    ranged = mode or plugin == "kubenet"
    kept = (*_KEPT, "pod_cidr") if ranged else _KEPT
    found |= {name: told for name in kept if (told := _told(profile, name))}
    pools = walk.peek(cluster.properties, "agent_pool_profiles") or ()
    homes = (_told(pool, "vnet_subnet_id") for pool in pools)
    if subnet := next(filter(None, homes), ""):
        found["vnet_subnet_id"] = subnet
    access = walk.peek(cluster.properties, "api_server_access_profile")
    if walk.peek(access, "enable_private_cluster") is True:
        found["enable_private_cluster"] = ()
    return found


def _told(profile: object, name: str) -> str:
    told = walk.peek(profile, name)
    return str(told) if told else ""
