"""Private links, names, databases, logs and Front Door."""

from __future__ import annotations

from .paths import (
    AKS,
    APP,
    CDN,
    GATEWAY,
    INSIGHTS,
    MYSQL,
    PLAIN,
    VAULT,
    VNET,
    WORKSPACE,
    Json,
    at,
    part,
    ref,
    thing,
)


def private_links() -> list[Json]:
    return [
        thing(
            "privateEndpoints/db",
            subnet=ref(APP),
            networkInterfaces=[ref("networkInterfaces/db")],
            applicationSecurityGroups=[ref("applicationSecurityGroups/web")],
            privateLinkServiceConnections=[
                {
                    "name": "db",
                    "properties": {"privateLinkServiceId": at(f"{MYSQL}/flexibleServers/open")},
                }
            ],
        ),
        thing(
            "privateEndpoints/partner",
            subnet=ref(APP),
            manualPrivateLinkServiceConnections=[
                {
                    "name": "api",
                    "properties": {"privateLinkServiceId": at("privateLinkServices/api")},
                }
            ],
        ),
        thing("networkInterfaces/db", privateEndpoint=ref("privateEndpoints/db")),
        thing("networkInterfaces/api", privateLinkService=ref("privateLinkServices/api")),
        thing(
            "privateLinkServices/api",
            loadBalancerFrontendIpConfigurations=[
                ref("loadBalancers/inner/frontendIPConfigurations/private")
            ],
            ipConfigurations=[
                part("privateLinkServices/api/ipConfigurations/nat", subnet=ref(APP))
            ],
            networkInterfaces=[ref("networkInterfaces/api")],
        ),
        thing(
            "privateEndpoints/db/privateDnsZoneGroups/default",
            privateDnsZoneConfigs=[
                {
                    "name": "db",
                    "properties": {"privateDnsZoneId": at("privateDnsZones/db.private")},
                }
            ],
        ),
        thing("privateDnsZones/db.private"),
        thing("privateDnsZones/db.private/virtualNetworkLinks/hub", virtualNetwork=ref(VNET)),
        thing("privateDnsZones/db.private/A/db", aRecords=[{"ipv4Address": "10.0.0.20"}]),
        thing("dnsZones/example.com"),
        thing("dnsZones/example.com/A/shop", targetResource=ref(f"{PLAIN}/entry")),
        thing("dnsZones/example.com/CNAME/www", CNAMERecord={"cname": "shop.example.com"}),
    ]


def services() -> list[Json]:
    return [
        thing(
            f"{MYSQL}/flexibleServers/inside",
            network={
                "delegatedSubnetResourceId": at(APP),
                "privateDnsZoneResourceId": at("privateDnsZones/db.private"),
            },
        ),
        thing(
            f"{MYSQL}/flexibleServers/open",
            privateEndpointConnections=[
                {"name": "db", "properties": {"privateEndpoint": ref("privateEndpoints/db")}}
            ],
        ),
        thing(f"{MYSQL}/flexibleServers/open/firewallRules/office", startIpAddress="192.0.2.1"),
        thing(
            f"{MYSQL}/servers/old",
            privateEndpointConnections=[
                {"name": "db", "properties": {"privateEndpoint": ref("privateEndpoints/partner")}}
            ],
        ),
        thing(f"{MYSQL}/servers/old/firewallRules/office", startIpAddress="192.0.2.1"),
        thing(f"{MYSQL}/servers/old/virtualNetworkRules/app", virtualNetworkSubnetId=at(APP)),
        thing(VAULT, networkAcls={"virtualNetworkRules": [ref(APP)]}),
        thing("Microsoft.ManagedIdentity/userAssignedIdentities/reader", principalId="p"),
        thing(f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/read", principalId="p"),
        thing(WORKSPACE),
        thing(f"{GATEWAY}/providers/{INSIGHTS}/diagnosticSettings/logs", workspaceId=at(WORKSPACE)),
        thing("networkWatchers/west"),
        thing(
            "networkWatchers/west/flowLogs/hub",
            targetResourceId=at(VNET),
            flowAnalyticsConfiguration={
                "networkWatcherFlowAnalyticsConfiguration": {"workspaceResourceId": at(WORKSPACE)}
            },
        ),
        thing(
            f"{INSIGHTS}/dataCollectionRules/containers",
            destinations={"logAnalytics": [{"name": "logs", "workspaceResourceId": at(WORKSPACE)}]},
        ),
        thing(
            f"{AKS}/shop/providers/{INSIGHTS}/dataCollectionRuleAssociations/containers",
            dataCollectionRuleId=at(f"{INSIGHTS}/dataCollectionRules/containers"),
        ),
        thing("trafficManagerProfiles/global", endpoints=[{"name": "shop"}]),
    ]


def front_doors() -> list[Json]:
    edge, origins = f"{CDN}/edge", f"{CDN}/edge/originGroups/shop"
    return [
        thing(edge, beside={"sku": {"name": "Premium_AzureFrontDoor"}}),
        thing(f"{edge}/afdEndpoints/shop", hostName="shop.example.net"),
        thing(
            f"{edge}/afdEndpoints/shop/routes/all",
            originGroup=ref(origins),
            customDomains=[ref(f"{edge}/customDomains/shop")],
        ),
        thing(f"{edge}/customDomains/shop", hostName="shop.example.com"),
        thing(origins),
        thing(
            f"{origins}/origins/entry",
            hostName="192.0.2.10",
            azureOrigin=ref(f"{PLAIN}/entry"),
            sharedPrivateLinkResource={"privateLink": ref("privateLinkServices/api")},
        ),
        thing(
            f"{edge}/securityPolicies/waf",
            parameters={
                "wafPolicy": ref("FrontDoorWebApplicationFirewallPolicies/edge"),
                "associations": [{"domains": [ref(f"{edge}/customDomains/shop")]}],
            },
        ),
        thing("FrontDoorWebApplicationFirewallPolicies/edge"),
        thing(
            "frontDoors/classic",
            frontendEndpoints=[
                part(
                    "frontDoors/classic/frontendEndpoints/shop",
                    webApplicationFirewallPolicyLink=ref(
                        "FrontDoorWebApplicationFirewallPolicies/edge"
                    ),
                )
            ],
            backendPools=[
                part("frontDoors/classic/backendPools/shop", backends=[{"address": "192.0.2.10"}])
            ],
        ),
    ]
