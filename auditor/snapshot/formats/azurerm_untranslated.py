"""What resources of azurerm that are not translated are in ARM: the lists that are not whole then.

Only what has an address, opens a way, or decides one; of others a count is enough. Source:
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs.
"""

from __future__ import annotations

_SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
_CLUSTERS = "Microsoft.ContainerService/managedClusters"
_FRONT_DOORS = "Microsoft.Cdn/profiles"
_RECORDS = "Microsoft.Network/privateDnsZones/ALL"

LISTS = {
    "azurerm_api_management": "Microsoft.ApiManagement/service",
    "azurerm_application_gateway": "Microsoft.Network/applicationGateways",
    "azurerm_bastion_host": "Microsoft.Network/bastionHosts",
    "azurerm_cdn_frontdoor_profile": _FRONT_DOORS,
    "azurerm_express_route_connection": "Microsoft.Network/connections",
    "azurerm_firewall": "Microsoft.Network/azureFirewalls",
    "azurerm_frontdoor": "Microsoft.Network/frontDoors",
    "azurerm_kubernetes_cluster": _CLUSTERS,
    "azurerm_kubernetes_cluster_node_pool": _CLUSTERS,
    "azurerm_linux_virtual_machine_scale_set": _SCALE_SETS,
    "azurerm_local_network_gateway": "Microsoft.Network/localNetworkGateways",
    "azurerm_network_manager": "Microsoft.Network/networkManagers",
    "azurerm_orchestrated_virtual_machine_scale_set": _SCALE_SETS,
    "azurerm_private_dns_a_record": _RECORDS,
    "azurerm_private_dns_aaaa_record": _RECORDS,
    "azurerm_private_dns_cname_record": _RECORDS,
    "azurerm_private_dns_resolver": "Microsoft.Network/dnsResolvers",
    "azurerm_private_endpoint": "Microsoft.Network/privateEndpoints",
    "azurerm_private_link_service": "Microsoft.Network/privateLinkServices",
    "azurerm_public_ip_prefix": "Microsoft.Network/publicIPPrefixes",
    "azurerm_route_server": "Microsoft.Network/virtualHubs",
    "azurerm_virtual_hub": "Microsoft.Network/virtualHubs",
    "azurerm_virtual_machine_scale_set": _SCALE_SETS,
    "azurerm_virtual_network_gateway": "Microsoft.Network/virtualNetworkGateways",
    "azurerm_virtual_network_gateway_connection": "Microsoft.Network/connections",
    "azurerm_windows_virtual_machine_scale_set": _SCALE_SETS,
}
"""The ARM type of each."""
