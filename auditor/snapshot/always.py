"""Lists that Azure writes in every answer, if only empty ones.

An answer without one was cut short: by a query that picks properties, by hand, by a tool. What was
on the list is not known, and no list is not an empty one. A request is another matter: it leaves
out what it does not ask for.
"""

from __future__ import annotations

ALWAYS_LISTED: dict[str, tuple[str, ...]] = {
    "microsoft.network/applicationgateways": (
        "gatewayIPConfigurations",
        "frontendIPConfigurations",
        "backendAddressPools",
        "httpListeners",
        "requestRoutingRules",
    ),
    "microsoft.network/loadbalancers": (
        "frontendIPConfigurations",
        "backendAddressPools",
        "loadBalancingRules",
        "inboundNatRules",
    ),
    "microsoft.network/networkinterfaces": ("ipConfigurations",),
    "microsoft.network/networksecuritygroups": ("securityRules",),
    "microsoft.network/privateendpoints/privatednszonegroups": ("privateDnsZoneConfigs",),
    "microsoft.network/routetables": ("routes",),
    "microsoft.network/virtualnetworkgateways": ("ipConfigurations",),
    "microsoft.network/virtualnetworks": ("subnets", "virtualNetworkPeerings"),
    "microsoft.containerservice/managedclusters": ("agentPoolProfiles",),
}
"""By lower-case type, the keys below `properties`."""
