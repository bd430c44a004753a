"""What the options of commands do to what they are about."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def inside(node: Json, path: list[str]) -> Json:
    """Give the object at a path, made where it is not there."""
    for key in path:
        node = node.setdefault(key, {})
    return node


def _truth(words: list[str]) -> bool:
    return words[0] == "true"


def _word(words: list[str]) -> str:
    return words[0]


def _sides(name: str) -> Callable[[Json, list[str]], None]:
    """One value goes to the singular field of a security rule, several to the plural one."""

    def put(settings: Json, words: list[str]) -> None:
        plural = name + ("es" if name.endswith("Prefix") else "s")
        settings.pop(name, None)
        settings.pop(plural, None)
        settings[name if len(words) == 1 else plural] = words[0] if len(words) == 1 else words

    return put


def _addresses(settings: Json, words: list[str]) -> None:
    """AKS makes other addresses than it had, and tells them later."""
    profile = inside(settings, ["networkProfile", "loadBalancerProfile"])
    profile["managedOutboundIPs"] = {"count": int(words[0])}
    profile.pop("effectiveOutboundIPs", None)


def _prefixes(settings: Json, words: list[str]) -> None:
    settings.pop("addressPrefix", None)
    settings["addressPrefixes"] = words


def _put(path: str, form: Callable[[list[str]], Any] = _word) -> Callable[[Json, list[str]], None]:
    def put(settings: Json, words: list[str]) -> None:
        *above, last = path.split("/")
        inside(settings, above)[last] = form(words)

    return put


SETTERS: dict[tuple[str, str], Callable[[Json, list[str]], None]] = {
    ("aks", "load-balancer-managed-outbound-ip-count"): _addresses,
    ("aks", "load-balancer-outbound-ports"): _put(
        "networkProfile/loadBalancerProfile/allocatedOutboundPorts", lambda words: int(words[0])
    ),
    ("aks", "network-dataplane"): _put("networkProfile/networkDataplane"),
    ("aks", "network-plugin"): _put("networkProfile/networkPlugin"),
    ("aks", "network-plugin-mode"): _put("networkProfile/networkPluginMode"),
    ("aks", "outbound-type"): _put("networkProfile/outboundType"),
    ("aks", "pod-cidr"): _put("networkProfile/podCidr"),
    ("keyvault", "bypass"): _put("networkAcls/bypass"),
    ("mysql flexible-server", "public-access"): _put("network/publicNetworkAccess"),
    ("network application-gateway", "max-capacity"): _put(
        "autoscaleConfiguration/maxCapacity", lambda words: int(words[0])
    ),
    ("network application-gateway address-pool", "servers"): _put(
        "backendAddresses",
        lambda words: [
            {"ipAddress" if re.fullmatch(r"[0-9.]+", word) else "fqdn": word} for word in words
        ],
    ),
    ("network application-gateway redirect-config", "include-path"): _put("includePath", _truth),
    ("network application-gateway redirect-config", "include-query-string"): _put(
        "includeQueryString", _truth
    ),
    ("network application-gateway redirect-config", "type"): _put("redirectType"),
    ("network application-gateway rule", "priority"): _put("priority", lambda words: int(words[0])),
    ("network application-gateway ssl-cert", "key-vault-secret-id"): _put("keyVaultSecretId"),
    ("network lb frontend-ip", "private-ip-address"): lambda settings, words: settings.update(
        privateIPAddress=words[0], privateIPAllocationMethod="Static"
    ),
    ("network nic ip-config", "private-ip-address"): lambda settings, words: settings.update(
        privateIPAddress=words[0], privateIPAllocationMethod="Static"
    ),
    ("network lb outbound-rule", "outbound-ports"): _put(
        "allocatedOutboundPorts", lambda words: int(words[0])
    ),
    ("network nsg rule", "access"): _put("access"),
    ("network nsg rule", "destination-address-prefixes"): _sides("destinationAddressPrefix"),
    ("network nsg rule", "destination-port-ranges"): _sides("destinationPortRange"),
    ("network nsg rule", "direction"): _put("direction"),
    ("network nsg rule", "priority"): _put("priority", lambda words: int(words[0])),
    ("network nsg rule", "protocol"): _put("protocol"),
    ("network nsg rule", "source-address-prefixes"): _sides("sourceAddressPrefix"),
    ("network public-ip", "sku"): lambda settings, words: settings.update(
        publicIPAllocationMethod="Static", ipAddress="203.0.113.77"
    ),
    ("network route-table", "disable-bgp-route-propagation"): _put(
        "disableBgpRoutePropagation", _truth
    ),
    ("network route-table route", "address-prefix"): _put("addressPrefix"),
    ("network route-table route", "next-hop-ip-address"): _put("nextHopIpAddress"),
    ("network route-table route", "next-hop-type"): _put("nextHopType"),
    ("network vnet", "address-prefixes"): _put("addressSpace/addressPrefixes", list),
    ("network vnet peering", "allow-forwarded-traffic"): _put("allowForwardedTraffic", _truth),
    ("network vnet peering", "allow-gateway-transit"): _put("allowGatewayTransit", _truth),
    ("network vnet peering", "use-remote-gateways"): _put("useRemoteGateways", _truth),
    ("network vnet peering", "allow-vnet-access"): _put("allowVirtualNetworkAccess", _truth),
    ("network vnet peering", "remote-vnet"): _put(
        "remoteVirtualNetwork", lambda words: {"id": words[0]}
    ),
    ("network vnet subnet", "address-prefixes"): _prefixes,
    ("network vnet subnet", "default-outbound-access"): _put("defaultOutboundAccess", _truth),
    ("network vnet subnet", "private-endpoint-network-policies"): _put(
        "privateEndpointNetworkPolicies"
    ),
    ("network vnet-gateway", "address-prefixes"): _put(
        "vpnClientConfiguration/vpnClientAddressPool/addressPrefixes", list
    ),
}  # fmt: skip
"""What an option puts into the properties of what a command is about."""

NAMED = {
    ("network nat gateway", "public-ip-addresses"): ("publicIpAddresses", "network public-ip"),
    ("network vnet subnet", "nat-gateway"): ("natGateway", "network nat gateway"),
    ("network vnet subnet", "network-security-group"): ("networkSecurityGroup", "network nsg"),
    ("network vnet subnet", "route-table"): ("routeTable", "network route-table"),
}
"""Options that name another resource, by id or by a name in the same resource group."""

NEW: dict[str, Json] = {
    "network nsg rule": {
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    },
    "network vnet peering": {"peeringState": "Initiated"},
}
"""What az gives a new thing when it is not told otherwise."""

PLACE = {"subscription", "resource-group", "name", "location", "ids", "add", "set", "remove", "sku"}
