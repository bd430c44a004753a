"""Which parents have children of a kind at all, by what they say of themselves.

Azure refuses some lists of children for some variants of a type (the endpoints of a profile that
is no Front Door, the NICs of a flexible scale set). Asking would leave gaps that are none.
"""

from __future__ import annotations

from typing import Any

import msgspec

from auditor.collect.catalogue import Kind


class _Sku(msgspec.Struct):
    name: str = ""


class _Settings(msgspec.Struct, rename="camel"):
    orchestration_mode: str = ""
    gateway_type: str = ""
    virtual_wan: Any = None


class _Parent(msgspec.Struct):
    sku: _Sku | None = None
    properties: _Settings | None = None


_DECODER = msgspec.json.Decoder(_Parent)

_OF_ROUTE_SERVERS = frozenset({"bgpConnections", "ipConfigurations"})
_OF_WAN_HUBS = frozenset(
    {"bgpConnections", "hubRouteTables", "hubVirtualNetworkConnections", "routingIntent"}
)

DEPENDS = frozenset(
    {
        "microsoft.cdn/profiles",
        "microsoft.compute/virtualmachinescalesets",
        "microsoft.network/virtualhubs",
        "microsoft.network/virtualnetworkgateways",
    }
)
"""Types (lower case) of which not every one has the children of its type."""


def may_have(kind: Kind, parent: bytes) -> bool:
    """Tell whether a parent (its JSON text) may have children of a kind; in doubt it may."""
    if kind.suffix.startswith("providers/"):
        return True
    try:
        told = _DECODER.decode(parent)
    except (msgspec.DecodeError, RecursionError):
        return True
    settings = told.properties or _Settings()
    match kind.parent.lower():
        case "microsoft.cdn/profiles":
            return told.sku is None or "frontdoor" in told.sku.name.lower()
        case "microsoft.compute/virtualmachinescalesets":
            return settings.orchestration_mode.lower() != "flexible"
        case "microsoft.network/virtualhubs":
            return kind.suffix in (_OF_WAN_HUBS if settings.virtual_wan else _OF_ROUTE_SERVERS)
        case "microsoft.network/virtualnetworkgateways":
            return settings.gateway_type.lower() != "expressroute"
    return True
