"""What is stopped: its network stands as it is told, and it answers once it is started."""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.resources import walk
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer


def stopped(network: Network, arm_id: str) -> str:
    """Say that a cluster or a database is stopped (K-76, L-26); empty when it is not, or untold."""
    node = network.find(arm_id)
    settings = walk.peek(node, "properties")
    if isinstance(node, ManagedCluster):
        state = walk.peek(walk.peek(settings, "power_state"), "code")
        return f"{node.label} is stopped (K-76)" if _is_stopped(state) else ""
    if isinstance(node, MySqlFlexibleServer) and _is_stopped(walk.peek(settings, "state")):
        return f"{node.label} is stopped (L-26)"
    return ""


def _is_stopped(state: str | None) -> bool:
    return (state or "").lower() == "stopped"
