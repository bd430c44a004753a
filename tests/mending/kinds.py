"""What groups of commands are about."""

from __future__ import annotations

_NET, _WAF = "microsoft.network/", "applicationgatewaywebapplicationfirewallpolicies"
TOPS = {
    "aks": "microsoft.containerservice/managedclusters",
    "keyvault": "microsoft.keyvault/vaults",
    "mysql flexible-server": "microsoft.dbformysql/flexibleservers",
    "network application-gateway": _NET + "applicationgateways",
    "network application-gateway waf-policy": f"{_NET}{_WAF}",
    "network lb": _NET + "loadbalancers",
    "network nat gateway": _NET + "natgateways",
    "network nic": _NET + "networkinterfaces",
    "network nsg": _NET + "networksecuritygroups",
    "network private-endpoint": _NET + "privateendpoints",
    "network public-ip": _NET + "publicipaddresses",
    "network route-table": _NET + "routetables",
    "network vhub": _NET + "virtualhubs",
    "network vnet": _NET + "virtualnetworks",
    "network vnet-gateway": _NET + "virtualnetworkgateways",
    "vmss": "microsoft.compute/virtualmachinescalesets",
}  # fmt: skip
"""Groups of commands, and the type of resource that each is about."""

GATEWAY = ("network application-gateway", "gateway-name")
_LB, VNET = ("network lb", "lb-name"), ("network vnet", "vnet-name")
PARTS = {
    "network application-gateway address-pool": (*GATEWAY, "backendAddressPools"),
    "network application-gateway redirect-config": (*GATEWAY, "redirectConfigurations"),
    "network application-gateway rule": (*GATEWAY, "requestRoutingRules"),
    "network application-gateway ssl-cert": (*GATEWAY, "sslCertificates"),
    "network lb frontend-ip": (*_LB, "frontendIPConfigurations"),
    "network lb inbound-nat-rule": (*_LB, "inboundNatRules"),
    "network lb outbound-rule": (*_LB, "outboundRules"),
    "network lb rule": (*_LB, "loadBalancingRules"),
    "network nic ip-config": ("network nic", "nic-name", "ipConfigurations"),
    "network nsg rule": ("network nsg", "nsg-name", "securityRules"),
    "network route-table route": ("network route-table", "route-table-name", "routes"),
    "network vnet peering": (*VNET, "virtualNetworkPeerings"),
    "network vnet subnet": (*VNET, "subnets"),
}
"""Groups about parts: the group of what holds them, the option that names it, the JSON list."""
