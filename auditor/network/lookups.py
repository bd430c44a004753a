"""How to learn the private addresses that no list of resources holds, and who can tell them."""

from __future__ import annotations

from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet


def of_crowd(node: Node) -> str:
    """Say how to learn the addresses of instances: of a scale set, an AKS pool, a gateway."""
    if isinstance(node, ScaleSetIpConfiguration):
        root = node.root
        listed = az(
            *("vmss", "nic", "list"), resource_group=root.resource_group, vmss_name=root.label
        )
        return f"export their network interfaces with the rest: {listed}"
    if isinstance(node, AgentPool):
        return "no export tells it: ask the cluster, with kubectl get nodes,pods -A -o wide"
    return (
        "no export tells it, as Azure lists no addresses of a gateway's instances: keep other "
        "machines out of its subnet"
    )


def of_endpoint(endpoint: PrivateEndpoint) -> str:
    """Say how to export the NIC of a private endpoint: by its id, where the endpoint names it."""
    listed = walk.peek(walk.peek(endpoint, "properties"), "network_interfaces") or ()
    nic = next((ref.id for ref in listed if walk.peek(ref, "id")), None)
    if nic:
        return "export its network interface with the rest: " + az("resource", "show", ids=nic)
    group = endpoint.resource_group
    return "export its network interface with the rest: " + az(
        "network", "nic", "list", resource_group=group
    )


def of_injected(service: str, subnet: Subnet) -> str:
    """Say who knows the addresses that a platform service takes in a subnet that is its own."""
    return (
        f"no export tells it: whoever runs what {service} has in {subnet.label} sees there which "
        "addresses it has"
    )
