"""AKS clusters and what belongs to them in a line each, for tests."""

from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, resource

from .networks import subnet_id

Json = dict[str, Any]
CLUSTER = "Microsoft.ContainerService/managedClusters"
GROUP = "MC_rg_shop_westeurope"


def cluster_id(name: str = "shop") -> str:
    return arm_id(CLUSTER, name)


def pool(name: str = "system", in_: tuple[str, str] | None = ("a", "nodes"), **more: Any) -> Json:
    """A pool of three nodes in a subnet, given as (VNet, subnet); None: AKS's own network."""
    settings: Json = {"name": name, "count": 3, "maxPods": 30, "enableAutoScaling": False}
    if in_ is not None:
        settings["vnetSubnetID"] = subnet_id(*in_)
    return settings | more


def cluster(name: str = "shop", *pools: Json, network: Json | None = None, **more: Any) -> Json:
    """A cluster of one pool, or of those given; `network` is added to its network profile."""
    profile: Json = {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkPolicy": "cilium",
        "networkDataplane": "cilium",
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.96.0.0/16",
        "outboundType": "loadBalancer",
    }
    settings: Json = {
        "nodeResourceGroup": f"MC_rg_{name}_westeurope",
        "agentPoolProfiles": list(pools) or [pool()],
        "networkProfile": {
            key: value for key, value in (profile | (network or {})).items() if value is not None
        },
    }
    return resource(CLUSTER, name, {k: v for k, v in (settings | more).items() if v is not None})
