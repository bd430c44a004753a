"""What joins networks with others, and what guards them: VPN, Bastion, firewalls, hubs."""

from __future__ import annotations

from .paths import APP, PLAIN, VNET, Json, at, part, public, ref, thing


def hybrid() -> list[Json]:
    vpn = "virtualNetworkGateways/vpn"
    return [
        thing(
            vpn,
            gatewayType="Vpn",
            gatewayDefaultSite=ref("localNetworkGateways/office"),
            ipConfigurations=[
                part(
                    f"{vpn}/ipConfigurations/one",
                    subnet=ref(f"{VNET}/subnets/GatewaySubnet"),
                    publicIPAddress=ref(f"{PLAIN}/vpn"),
                )
            ],
            natRules=[part(f"{vpn}/natRules/in", mode="IngressSnat")],
        ),
        public(f"{PLAIN}/vpn"),
        thing("virtualNetworkGateways/er", gatewayType="ExpressRoute"),
        thing(
            "localNetworkGateways/office",
            localNetworkAddressSpace={"addressPrefixes": ["192.168.0.0/24"]},
        ),
        thing(
            "connections/office",
            connectionType="IPsec",
            virtualNetworkGateway1=ref(vpn),
            localNetworkGateway2=ref("localNetworkGateways/office"),
            ingressNatRules=[ref(f"{vpn}/natRules/in")],
        ),
        thing(
            "connections/between",
            connectionType="Vnet2Vnet",
            virtualNetworkGateway1=ref(vpn),
            virtualNetworkGateway2=ref("virtualNetworkGateways/er"),
        ),
        thing(
            "connections/circuit",
            connectionType="ExpressRoute",
            virtualNetworkGateway1=ref("virtualNetworkGateways/er"),
            peer=ref("expressRouteCircuits/line"),
        ),
        thing(
            "expressRouteCircuits/line",
            peerings=[part("expressRouteCircuits/line/peerings/AzurePrivatePeering")],
        ),
        thing(
            "bastionHosts/jump",
            ipConfigurations=[
                part(
                    "bastionHosts/jump/bastionHostIpConfigurations/one",
                    subnet=ref(f"{VNET}/subnets/AzureBastionSubnet"),
                    publicIPAddress=ref(f"{PLAIN}/bastion"),
                )
            ],
        ),
        thing("bastionHosts/developer", virtualNetwork=ref(VNET)),
        thing("dnsResolvers/names", virtualNetwork=ref(VNET)),
        thing(
            "dnsResolvers/names/inboundEndpoints/in",
            ipConfigurations=[
                {
                    "subnet": ref(f"{VNET}/subnets/app"),
                    "privateIpAddress": "10.0.0.53",
                    "privateIpAllocationMethod": "Dynamic",
                }
            ],
        ),
        public(f"{PLAIN}/bastion"),
    ]


def firewalls() -> list[Json]:
    wall = "azureFirewalls/wall"
    group = "firewallPolicies/rules/ruleCollectionGroups/first"
    return [
        thing(
            wall,
            firewallPolicy=ref("firewallPolicies/rules"),
            ipConfigurations=[
                part(
                    f"{wall}/azureFirewallIpConfigurations/one",
                    subnet=ref(f"{VNET}/subnets/AzureFirewallSubnet"),
                    publicIPAddress=ref(f"{PLAIN}/wall"),
                )
            ],
        ),
        public(f"{PLAIN}/wall"),
        thing("firewallPolicies/base"),
        thing("firewallPolicies/rules", basePolicy=ref("firewallPolicies/base")),
        thing(
            group,
            priority=100,
            ruleCollections=[
                {
                    "name": "allowed",
                    "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
                    "rules": [
                        {
                            "ruleType": "NetworkRule",
                            "name": "office",
                            "sourceIpGroups": [at("ipGroups/office")],
                            "destinationIpGroups": [at("ipGroups/servers")],
                        }
                    ],
                }
            ],
        ),
        thing("ipGroups/office", ipAddresses=["192.168.0.0/24"]),
        thing("ipGroups/servers", ipAddresses=["10.0.0.0/24"]),
        thing(
            "azureFirewalls/classic",
            networkRuleCollections=[
                part(
                    "azureFirewalls/classic/networkRuleCollections/allowed",
                    rules=[{"name": "office", "sourceIpGroups": [at("ipGroups/office")]}],
                )
            ],
            natRuleCollections=[
                part(
                    "azureFirewalls/classic/natRuleCollections/in",
                    rules=[{"name": "web", "sourceIpGroups": [at("ipGroups/office")]}],
                )
            ],
            applicationRuleCollections=[
                part(
                    "azureFirewalls/classic/applicationRuleCollections/out",
                    rules=[{"name": "web", "sourceIpGroups": [at("ipGroups/servers")]}],
                )
            ],
        ),
    ]


def hubs() -> list[Json]:
    hub = "virtualHubs/west"
    return [
        thing("virtualWans/wan", virtualHubs=[ref(hub)]),
        thing(
            hub,
            addressPrefix="10.9.0.0/23",
            virtualWan=ref("virtualWans/wan"),
            azureFirewall=ref("azureFirewalls/hub"),
            vpnGateway=ref("vpnGateways/hub"),
            expressRouteGateway=ref("expressRouteGateways/hub"),
            p2SVpnGateway=ref("p2svpnGateways/hub"),
            hubVirtualNetworkConnections=[
                part(
                    f"{hub}/hubVirtualNetworkConnections/spoke",
                    remoteVirtualNetwork=ref("virtualNetworks/spoke"),
                    routingConfiguration={
                        "associatedRouteTable": ref(f"{hub}/hubRouteTables/defaultRouteTable"),
                        "propagatedRouteTables": {
                            "labels": ["default"],
                            "ids": [ref(f"{hub}/hubRouteTables/defaultRouteTable")],
                        },
                    },
                )
            ],
            routingIntent=[
                part(
                    f"{hub}/routingIntent/all",
                    routingPolicies=[
                        {
                            "name": "internet",
                            "destinations": ["Internet"],
                            "nextHop": at("azureFirewalls/hub"),
                        }
                    ],
                )
            ],
        ),
        thing(
            f"{hub}/hubRouteTables/defaultRouteTable",
            labels=["default"],
            routes=[{"name": "all", "nextHop": at("azureFirewalls/hub")}],
        ),
        thing("azureFirewalls/hub", virtualHub=ref(hub)),
        thing(
            "vpnGateways/hub",
            virtualHub=ref(hub),
            connections=[
                part("vpnGateways/hub/vpnConnections/shop", remoteVpnSite=ref("vpnSites/shop"))
            ],
        ),
        thing("vpnSites/shop", virtualWan=ref("virtualWans/wan")),
        thing("expressRouteGateways/hub", virtualHub=ref(hub)),
        thing("p2svpnGateways/hub", virtualHub=ref(hub)),
        thing("virtualHubs/routes", beside={"kind": "RouteServer"}),
        thing(
            "virtualHubs/routes/ipConfigurations/one",
            subnet=ref(APP),
            publicIPAddress=ref(f"{PLAIN}/routes"),
        ),
        thing("virtualHubs/routes/bgpConnections/appliance", peerIp="10.0.0.50"),
        public(f"{PLAIN}/routes"),
    ]
