"""Resources in a line each, by paths that stand for ids.

`virtualNetworks/hub/subnets/app` lies in Microsoft.Network unless a provider comes first, and in
the group `rg` unless a group and `:` come before all.
"""

from __future__ import annotations

from typing import Any

from auditor import ids
from auditor.testing import SUBSCRIPTION

Json = dict[str, Any]

AKS = "Microsoft.ContainerService/managedClusters"
CDN = "Microsoft.Cdn/profiles"
COMPUTE = "Microsoft.Compute"
INSIGHTS = "Microsoft.Insights"
MYSQL = "Microsoft.DBforMySQL"
VAULT = "Microsoft.KeyVault/vaults/secrets"
WORKSPACE = "Microsoft.OperationalInsights/workspaces/logs"
NODES = "MC_rg_shop_westeurope"
VNET, APP, PLAIN = "virtualNetworks/hub", "virtualNetworks/hub/subnets/app", "publicIPAddresses"
BALANCER, GATEWAY = "loadBalancers/web", "applicationGateways/entry"
NIC, MODEL = "networkInterfaces/web/ipConfigurations/v4", f"{COMPUTE}/virtualMachineScaleSets/farm"
MODEL_NIC = f"{MODEL}/networkInterfaceConfigurations/nic"


def at(path: str) -> str:
    """Give the id a path stands for."""
    group, colon, rest = path.rpartition(":")
    provider = "" if rest.startswith("Microsoft.") else "Microsoft.Network/"
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group if colon else 'rg'}"
    return f"{scope}/providers/{provider}{rest}"


def ref(path: str) -> Json:
    return {"id": at(path)}


def part(path: str, **properties: Any) -> Json:
    return {"id": at(path), "name": path.rpartition("/")[2], "properties": properties}


def thing(path: str, *, beside: Json | None = None, **properties: Any) -> Json:
    kind = {"type": ids.type_of(at(path)), "location": "westeurope"}
    return part(path, **properties) | kind | (beside or {})


def public(path: str, **properties: Any) -> Json:
    return thing(path, beside={"sku": {"name": "Standard"}}, **properties)
