"""Networks, machines and the load balancers before them."""

from __future__ import annotations

from .paths import (
    APP,
    BALANCER,
    COMPUTE,
    GATEWAY,
    MODEL,
    NIC,
    PLAIN,
    VNET,
    Json,
    part,
    public,
    ref,
    thing,
)


def networks() -> list[Json]:
    return [
        thing(
            VNET,
            addressSpace={"addressPrefixes": ["10.0.0.0/16"]},
            ddosProtectionPlan=ref("ddosProtectionPlans/shield"),
            subnets=[
                part(
                    APP,
                    addressPrefix="10.0.0.0/24",
                    networkSecurityGroup=ref("networkSecurityGroups/app"),
                    routeTable=ref("routeTables/app"),
                    natGateway=ref("natGateways/out"),
                ),
                *(
                    part(f"{VNET}/subnets/{name}", addressPrefix=f"10.0.{number}.0/24")
                    for number, name in enumerate(
                        ("GatewaySubnet", "AzureBastionSubnet", "AzureFirewallSubnet"), start=1
                    )
                ),
            ],
            virtualNetworkPeerings=[
                part(
                    f"{VNET}/virtualNetworkPeerings/to-spoke",
                    remoteVirtualNetwork=ref("virtualNetworks/spoke"),
                )
            ],
        ),
        thing("virtualNetworks/spoke", addressSpace={"addressPrefixes": ["10.1.0.0/16"]}),
        thing("ddosProtectionPlans/shield"),
        thing(
            "networkSecurityGroups/app",
            securityRules=[
                part(
                    "networkSecurityGroups/app/securityRules/web",
                    priority=100,
                    direction="Inbound",
                    access="Allow",
                    protocol="Tcp",
                    sourcePortRange="*",
                    destinationPortRange="443",
                    sourceApplicationSecurityGroups=[ref("applicationSecurityGroups/web")],
                    destinationApplicationSecurityGroups=[ref("applicationSecurityGroups/web")],
                )
            ],
        ),
        thing("applicationSecurityGroups/web"),
        thing(
            "routeTables/app",
            routes=[
                part(
                    "routeTables/app/routes/out",
                    addressPrefix="0.0.0.0/0",
                    nextHopType="VirtualAppliance",
                    nextHopIpAddress="10.0.3.4",
                )
            ],
        ),
        thing(
            "natGateways/out",
            publicIpAddresses=[ref(f"{PLAIN}/nat")],
            publicIpPrefixes=[ref("publicIPPrefixes/nat")],
        ),
        public(f"{PLAIN}/nat", natGateway=ref("natGateways/out")),
        public("publicIPPrefixes/nat", natGateway=ref("natGateways/out")),
    ]


def machines() -> list[Json]:
    return [
        thing(
            "networkInterfaces/web",
            networkSecurityGroup=ref("networkSecurityGroups/app"),
            virtualMachine=ref(f"{COMPUTE}/virtualMachines/web"),
            ipConfigurations=[
                part(
                    NIC,
                    privateIPAddress="10.0.0.4",
                    subnet=ref(APP),
                    publicIPAddress=ref(f"{PLAIN}/machine"),
                    applicationSecurityGroups=[ref("applicationSecurityGroups/web")],
                    loadBalancerBackendAddressPools=[ref(f"{BALANCER}/backendAddressPools/nics")],
                    loadBalancerInboundNatRules=[ref(f"{BALANCER}/inboundNatRules/ssh")],
                    applicationGatewayBackendAddressPools=[
                        ref(f"{GATEWAY}/backendAddressPools/web")
                    ],
                )
            ],
        ),
        public(
            f"{PLAIN}/machine", ipConfiguration=ref(NIC), publicIPPrefix=ref("publicIPPrefixes/own")
        ),
        public("publicIPPrefixes/own", publicIPAddresses=[ref(f"{PLAIN}/machine")]),
        thing(
            f"{COMPUTE}/virtualMachines/web",
            networkProfile={"networkInterfaces": [ref("networkInterfaces/web")]},
        ),
        thing(
            MODEL,
            virtualMachineProfile={
                "networkProfile": {
                    "networkInterfaceConfigurations": [
                        {
                            "name": "nic",
                            "properties": {
                                "networkSecurityGroup": ref("networkSecurityGroups/app"),
                                "ipConfigurations": [
                                    {
                                        "name": "v4",
                                        "properties": {
                                            "subnet": ref(APP),
                                            "loadBalancerBackendAddressPools": [
                                                ref(f"{BALANCER}/backendAddressPools/nics")
                                            ],
                                            "loadBalancerInboundNatPools": [
                                                ref(f"{BALANCER}/inboundNatPools/rdp")
                                            ],
                                            "applicationGatewayBackendAddressPools": [
                                                ref(f"{GATEWAY}/backendAddressPools/web")
                                            ],
                                        },
                                    }
                                ],
                            },
                        }
                    ]
                }
            },
        ),
    ]


def balancers() -> list[Json]:
    public_side = ref(f"{BALANCER}/frontendIPConfigurations/public")
    return [
        thing(
            BALANCER,
            beside={"sku": {"name": "Standard"}},
            frontendIPConfigurations=[
                part(
                    f"{BALANCER}/frontendIPConfigurations/public",
                    publicIPAddress=ref(f"{PLAIN}/web"),
                ),
                part(
                    f"{BALANCER}/frontendIPConfigurations/out",
                    publicIPPrefix=ref("publicIPPrefixes/out"),
                ),
            ],
            backendAddressPools=[
                part(f"{BALANCER}/backendAddressPools/nics", backendIPConfigurations=[ref(NIC)]),
                part(
                    f"{BALANCER}/backendAddressPools/addresses",
                    loadBalancerBackendAddresses=[
                        {
                            "name": "one",
                            "properties": {"ipAddress": "10.0.0.9", "virtualNetwork": ref(VNET)},
                        }
                    ],
                ),
            ],
            loadBalancingRules=[
                part(
                    f"{BALANCER}/loadBalancingRules/https",
                    frontendIPConfiguration=public_side,
                    backendAddressPool=ref(f"{BALANCER}/backendAddressPools/nics"),
                    backendAddressPools=[ref(f"{BALANCER}/backendAddressPools/addresses")],
                    probe=ref(f"{BALANCER}/probes/alive"),
                    frontendPort=443,
                    backendPort=443,
                    protocol="Tcp",
                )
            ],
            inboundNatRules=[
                part(
                    f"{BALANCER}/inboundNatRules/ssh",
                    frontendIPConfiguration=public_side,
                    backendIPConfiguration=ref(NIC),
                ),
                part(
                    f"{BALANCER}/inboundNatRules/range",
                    frontendIPConfiguration=public_side,
                    backendAddressPool=ref(f"{BALANCER}/backendAddressPools/nics"),
                ),
            ],
            inboundNatPools=[
                part(f"{BALANCER}/inboundNatPools/rdp", frontendIPConfiguration=public_side)
            ],
            outboundRules=[
                part(
                    f"{BALANCER}/outboundRules/out",
                    frontendIPConfigurations=[ref(f"{BALANCER}/frontendIPConfigurations/out")],
                    backendAddressPool=ref(f"{BALANCER}/backendAddressPools/nics"),
                )
            ],
            probes=[part(f"{BALANCER}/probes/alive", protocol="Tcp", port=443)],
        ),
        public(f"{PLAIN}/web", ipConfiguration=public_side),
        public("publicIPPrefixes/out"),
        thing(
            "loadBalancers/inner",
            beside={"sku": {"name": "Standard"}},
            frontendIPConfigurations=[
                part(
                    "loadBalancers/inner/frontendIPConfigurations/private",
                    privateIPAddress="10.0.0.10",
                    subnet=ref(APP),
                )
            ],
        ),
    ]
