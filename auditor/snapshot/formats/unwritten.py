"""What a Terraform plan calls known after apply, and nobody writes: it is not set."""

from __future__ import annotations

from collections.abc import Collection

from auditor.snapshot.formats import azurerm
from auditor.snapshot.formats.functions import Unknown
from auditor.snapshot.formats.planned import Made, Resource

_NETWORK, _NAME_SERVERS = "azurerm_virtual_network", "azurerm_virtual_network_dns_servers"


def close_inline(resource: Resource, kind: str, made: Made) -> None:
    """Settle a list that a new resource leaves open because its elements are resources.

    When the configuration does not write it, and the resource is created, it holds just what the
    plan's own resources put in.
    """
    block, key = azurerm.INLINE.get(kind, ("", ""))
    open_list = isinstance(made.properties.get(key), Unknown) and not resource.values.get(block)
    if open_list and _is_unset(resource, block):
        made.properties[key] = []


def close_names(resource: Resource, made: Made, kinds: Collection[str]) -> None:
    """Settle the DNS servers of a network: Azure's own, where nothing of the plan sets others."""
    if resource.kind != _NETWORK or resource.values.get("dns_servers"):
        return
    if _NAME_SERVERS in kinds:
        made.properties["dhcpOptions"] = Unknown(f"{_NAME_SERVERS} may set it")
    elif _is_unset(resource, "dns_servers"):
        made.properties.pop("dhcpOptions", None)


def _is_unset(resource: Resource, attribute: str) -> bool:
    """Whether a resource is created and its configuration does not write an attribute."""
    written = resource.expressions
    created = resource.actions == ["create"]
    return created and isinstance(written, dict) and attribute not in written
