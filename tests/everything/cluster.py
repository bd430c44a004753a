"""An AKS cluster and what AKS made for it."""

from __future__ import annotations

from .paths import (
    AKS,
    APP,
    COMPUTE,
    NODES,
    PLAIN,
    VNET,
    WORKSPACE,
    Json,
    at,
    part,
    public,
    ref,
    thing,
)


def cluster() -> list[Json]:
    """A cluster in its own subnet, with all that AKS made for it in its node resource group."""
    outer, inner = f"{NODES}:loadBalancers/kubernetes", f"{NODES}:loadBalancers/kubernetes-internal"
    pool = ref(f"{outer}/backendAddressPools/kubernetes")
    ingress, egress = "a1f0c2d4e6b84a0d8c9e7f6a5b4c3d2e", "5d0e7c1a-9b7e-4a57-9d38-0f2f6f0c4b11"
    shop = "a9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4"
    nodes = f"{NODES}:{COMPUTE}/virtualMachineScaleSets/aks-system"

    def side(balancer: str, name: str) -> Json:
        return ref(f"{balancer}/frontendIPConfigurations/{name}")

    return [
        thing(
            f"{AKS}/shop",
            nodeResourceGroup=NODES,
            agentPoolProfiles=[
                {
                    "name": "system",
                    "count": 3,
                    "vnetSubnetID": at(APP),
                    "podSubnetID": at(f"{VNET}/subnets/GatewaySubnet"),
                    "nodePublicIPPrefixID": at("publicIPPrefixes/out"),
                    "networkProfile": {
                        "applicationSecurityGroups": [at("applicationSecurityGroups/web")]
                    },
                }
            ],
            networkProfile={
                "networkPlugin": "azure",
                "loadBalancerProfile": {
                    "effectiveOutboundIPs": [ref(f"{NODES}:{PLAIN}/{egress}")],
                    "outboundIPs": {"publicIPs": [ref(f"{PLAIN}/nat")]},
                    "outboundIPPrefixes": {"publicIPPrefixes": [ref("publicIPPrefixes/out")]},
                },
                "natGatewayProfile": {"effectiveOutboundIPs": [ref(f"{PLAIN}/nat")]},
            },
            apiServerAccessProfile={"subnetId": at(APP)},
            ingressProfile={"webAppRouting": {"dnsZoneResourceIds": [at("dnsZones/example.com")]}},
            azureMonitorProfile={
                "containerInsights": {"logAnalyticsWorkspaceResourceId": at(WORKSPACE)}
            },
        ),
        thing(
            outer,
            beside={"sku": {"name": "Standard"}},
            frontendIPConfigurations=[
                part(
                    f"{outer}/frontendIPConfigurations/{egress}",
                    publicIPAddress=ref(f"{NODES}:{PLAIN}/{egress}"),
                ),
                part(
                    f"{outer}/frontendIPConfigurations/{shop}",
                    publicIPAddress=ref(f"{NODES}:{PLAIN}/kubernetes-{shop}"),
                ),
            ],
            backendAddressPools=[part(f"{outer}/backendAddressPools/kubernetes")],
            loadBalancingRules=[
                part(
                    f"{outer}/loadBalancingRules/{shop}-TCP-443",
                    frontendIPConfiguration=side(outer, shop),
                    backendAddressPool=pool,
                    protocol="Tcp",
                    frontendPort=443,
                    backendPort=443,
                )
            ],
            outboundRules=[
                part(
                    f"{outer}/outboundRules/aksOutboundRule",
                    frontendIPConfigurations=[side(outer, egress)],
                    backendAddressPool=pool,
                )
            ],
        ),
        public(f"{NODES}:{PLAIN}/{egress}", ipAddress="192.0.2.40"),
        public(
            f"{NODES}:{PLAIN}/kubernetes-{shop}",
            ipAddress="192.0.2.41",
            ipConfiguration=side(outer, shop),
        )
        | {"tags": {"k8s-azure-service": "shop/web,shop/api"}},
        thing(
            inner,
            beside={"sku": {"name": "Standard"}},
            frontendIPConfigurations=[
                part(
                    f"{inner}/frontendIPConfigurations/{ingress}",
                    privateIPAddress="10.0.0.100",
                    subnet=ref(APP),
                )
            ],
            backendAddressPools=[part(f"{inner}/backendAddressPools/kubernetes")],
            loadBalancingRules=[
                part(
                    f"{inner}/loadBalancingRules/{ingress}-TCP-80",
                    frontendIPConfiguration=side(inner, ingress),
                    backendAddressPool=ref(f"{inner}/backendAddressPools/kubernetes"),
                    protocol="Tcp",
                    frontendPort=80,
                    backendPort=80,
                )
            ],
        ),
        thing(f"{NODES}:networkSecurityGroups/aks-agentpool-nsg"),
        thing(f"{NODES}:routeTables/aks-agentpool-routetable"),
        thing(nodes),
    ]
