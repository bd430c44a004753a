"""ARM templates for tests, and what becomes of an expression in one."""

from __future__ import annotations

from typing import Any

from .reading import bodies, read

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
GROUP = "/subscriptions/{subscription}/resourceGroups/{resource-group:-}"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
NO_PARTS: dict[str, Any] = {"subnets": [], "virtualNetworkPeerings": []}
"""What a network that declares neither subnets nor peerings gets."""


def resource(name: str = "hub", kind: str = "virtualNetworks", **more: Any) -> dict[str, Any]:
    return {"type": f"Microsoft.Network/{kind}", "apiVersion": "2024-01-01", "name": name, **more}


def template(*resources: Any, **more: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **more}


def evaluated(expression: Any, **more: Any) -> tuple[Any, tuple[tuple[str, str], ...]]:
    snapshot = read(template(resource(properties={"x": expression}), **more))
    return bodies(snapshot)[0]["properties"].get("x"), snapshot.records[0].unresolved
