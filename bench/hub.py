"""The hub of a landing zone: firewall, Bastion, VPN gateway, workspace, private DNS zones."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench import nsg
from bench.arm import NETWORK, Estate, Json, Scope, part, part_id, ref
from bench.network import VNet, add_public_ip, add_vnet

ON_PREMISES = "192.168.0.0/16"
ZONES = ("privatelink.blob.core.windows.net", "privatelink.vaultcore.azure.net")


@dataclass(slots=True)
class Addresses:
    """Public addresses that nobody else in the estate has."""

    next: int

    def take(self) -> str:
        """Give the next one, from 20.0.0.0/8 like Azure's own."""
        number = self.next
        self.next += 1
        return f"20.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass(slots=True)
class Hub:
    """What spokes need to know of their hub."""

    number: int
    estate: Estate
    scope: Scope
    vnet: VNet
    public: Addresses
    firewall_address: str = ""
    workspace: str = ""
    storage: str = ""
    watcher: str = ""
    zones: dict[str, str] = field(default_factory=dict)


def add_hub(estate: Estate, scope: Scope, number: int, public: Addresses) -> Hub:
    """Make a whole hub."""
    vnet = add_vnet(estate, scope, f"vnet-hub-{number:05}", 0)
    hub = Hub(number, estate, scope, vnet, public)
    _add_observers(hub, number)
    _add_firewall(hub, number)
    _add_bastion(hub, number)
    _add_vpn_gateway(hub, number)
    for zone in ZONES:
        hub.zones[zone] = add_zone(estate, scope, zone)
    watch(hub, hub.vnet)
    return hub


def add_zone(estate: Estate, scope: Scope, name: str) -> str:
    """Make a private DNS zone without links and records."""
    properties = {
        "maxNumberOfRecordSets": 25000,
        "maxNumberOfVirtualNetworkLinks": 1000,
        "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
        "numberOfRecordSets": 1,
        "numberOfVirtualNetworkLinks": 0,
        "numberOfVirtualNetworkLinksWithRegistration": 0,
    }
    kind = f"{NETWORK}/privateDnsZones"
    return estate.add(scope, kind, name, properties, location="global")


def link(estate: Estate, zone: str, vnet: VNet) -> str:
    """Let a network resolve names of a private zone."""
    properties = {
        "registrationEnabled": False,
        "virtualNetwork": ref(vnet.id),
        "virtualNetworkLinkState": "Completed",
    }
    estate.properties(zone)["numberOfVirtualNetworkLinks"] += 1
    name = vnet.id.rpartition("/")[2]
    return estate.child(zone, "virtualNetworkLinks", name, properties, location="global")


def record(estate: Estate, zone: str, name: str, address: str) -> str:
    """Put an A record into a private zone."""
    properties = {
        "fqdn": f"{name}.{zone.rpartition('/')[2]}.",
        "ttl": 10,
        "isAutoRegistered": False,
        "aRecords": [{"ipv4Address": address}],
    }
    estate.properties(zone)["numberOfRecordSets"] += 1
    return estate.child(zone, "A", name, properties)


def watch(hub: Hub, vnet: VNet) -> None:
    """Link a network to the hub's zones and log its flows (G-9)."""
    for zone in hub.zones.values():
        link(hub.estate, zone, vnet)
    name = vnet.id.rpartition("/")[2]
    properties = {
        "targetResourceId": vnet.id,
        "targetResourceGuid": hub.estate.properties(vnet.id)["resourceGuid"],
        "storageId": hub.storage,
        "enabled": True,
        "flowAnalyticsConfiguration": {
            "networkWatcherFlowAnalyticsConfiguration": {
                "enabled": True,
                "workspaceId": hub.estate.guid(),
                "workspaceRegion": hub.scope.location,
                "workspaceResourceId": hub.workspace,
                "trafficAnalyticsInterval": 60,
            }
        },
        "retentionPolicy": {"days": 90, "enabled": True},
        "format": {"type": "JSON", "version": 2},
    }
    hub.estate.child(
        hub.watcher, "flowLogs", f"flow-{name}", properties, location=hub.scope.location
    )


def _add_observers(hub: Hub, number: int) -> None:
    estate, scope = hub.estate, hub.scope
    workspace: Json = {
        "customerId": estate.guid(),
        "sku": {"name": "PerGB2018", "lastSkuUpdate": "2026-01-05T08:00:00.0000000Z"},
        "retentionInDays": 90,
        "features": {"legacy": 0, "enableLogAccessUsingOnlyResourcePermissions": True},
        "workspaceCapping": {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"},
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    kind = "Microsoft.OperationalInsights/workspaces"
    hub.workspace = estate.add(scope, kind, f"log-{number:05}", workspace)
    hub.storage = add_storage(estate, scope, f"stflow{number:05}")
    hub.watcher = estate.add(
        scope, f"{NETWORK}/networkWatchers", f"NetworkWatcher_{scope.location}_{number:05}", {}
    )


def add_storage(estate: Estate, scope: Scope, name: str) -> str:
    """Make a storage account that is closed to the internet."""
    properties: Json = {
        "publicNetworkAccess": "Disabled",
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "supportsHttpsTrafficOnly": True,
        "networkAcls": {
            "bypass": "AzureServices",
            "virtualNetworkRules": [],
            "ipRules": [],
            "defaultAction": "Deny",
        },
        "primaryEndpoints": {
            service: f"https://{name}.{service}.core.windows.net/"
            for service in ("blob", "dfs", "file", "queue", "table", "web")
        },
        "primaryLocation": scope.location,
        "statusOfPrimary": "available",
    }
    sku = {"name": "Standard_ZRS", "tier": "Standard"}
    kind = "Microsoft.Storage/storageAccounts"
    return estate.add(scope, kind, name, properties, sku=sku, kind="StorageV2")


def _add_firewall(hub: Hub, number: int) -> None:
    estate, scope = hub.estate, hub.scope
    subnet = hub.vnet.subnet("AzureFirewallSubnet", 0, 26)
    name = f"afw-{number:05}"
    arm_id = scope.id(f"{NETWORK}/azureFirewalls", name)
    ip_configuration = part_id(arm_id, "azureFirewallIpConfigurations", "ipconfig1")
    hub.firewall_address = subnet.take(ip_configuration)
    public = add_public_ip(estate, scope, f"pip-{name}", hub.public.take(), ip_configuration)
    policy_name = f"afwp-{number:05}"
    policy = estate.add(
        scope,
        f"{NETWORK}/firewallPolicies",
        policy_name,
        {
            "sku": {"tier": "Standard"},
            "threatIntelMode": "Deny",
            "dnsSettings": {"servers": [], "enableProxy": True},
            "childPolicies": [],
            "ruleCollectionGroups": [],
            "firewalls": [ref(arm_id)],
        },
    )
    properties: Json = {
        "sku": {"name": "AZFW_VNet", "tier": "Standard"},
        "threatIntelMode": "Deny",
        "additionalProperties": {},
        "ipConfigurations": [
            part(
                arm_id,
                "azureFirewallIpConfigurations",
                "ipconfig1",
                {
                    "privateIPAddress": hub.firewall_address,
                    "privateIPAllocationMethod": "Dynamic",
                    "publicIPAddress": ref(public),
                    "subnet": ref(subnet.id),
                },
            )
        ],
        "networkRuleCollections": [],
        "applicationRuleCollections": [],
        "natRuleCollections": [],
        "firewallPolicy": ref(policy),
    }
    estate.add(scope, f"{NETWORK}/azureFirewalls", name, properties, zones=["1", "2", "3"])
    estate.diagnostics(arm_id, hub.workspace, "AZFWNetworkRule", "AZFWApplicationRule")


def _add_bastion(hub: Hub, number: int) -> None:
    estate, scope = hub.estate, hub.scope
    group = nsg.add_nsg(estate, scope, f"nsg-bastion-{number:05}", nsg.bastion())
    subnet = hub.vnet.subnet("AzureBastionSubnet", 1, 26, nsg=group)
    name = f"bas-{number:05}"
    arm_id = scope.id(f"{NETWORK}/bastionHosts", name)
    ip_configuration = part_id(arm_id, "bastionHostIpConfigurations", "ipconfig1")
    subnet.take(ip_configuration)
    public = add_public_ip(estate, scope, f"pip-{name}", hub.public.take(), ip_configuration)
    inner = {
        "privateIPAllocationMethod": "Dynamic",
        "publicIPAddress": ref(public),
        "subnet": ref(subnet.id),
    }
    properties = {
        "dnsName": f"bst-{estate.guid()}.bastion.azure.com",
        "scaleUnits": 2,
        "enableTunneling": True,
        "ipConfigurations": [part(arm_id, "bastionHostIpConfigurations", "ipconfig1", inner)],
    }
    estate.add(scope, f"{NETWORK}/bastionHosts", name, properties, sku={"name": "Standard"})


def _add_vpn_gateway(hub: Hub, number: int) -> None:
    estate, scope = hub.estate, hub.scope
    subnet = hub.vnet.subnet("GatewaySubnet", 2, 27)
    name = f"vgw-{number:05}"
    arm_id = scope.id(f"{NETWORK}/virtualNetworkGateways", name)
    ip_configuration = part_id(arm_id, "ipConfigurations", "default")
    subnet.take(ip_configuration)
    public = add_public_ip(estate, scope, f"pip-{name}", hub.public.take(), ip_configuration)
    inner = {
        "privateIPAllocationMethod": "Dynamic",
        "publicIPAddress": ref(public),
        "subnet": ref(subnet.id),
    }
    properties: Json = {
        "ipConfigurations": [part(arm_id, "ipConfigurations", "default", inner)],
        "sku": {"name": "VpnGw2AZ", "tier": "VpnGw2AZ", "capacity": 2},
        "gatewayType": "Vpn",
        "vpnType": "RouteBased",
        "enableBgp": False,
        "activeActive": False,
        "vpnGatewayGeneration": "Generation2",
        "enablePrivateIpAddress": False,
    }
    estate.add(scope, f"{NETWORK}/virtualNetworkGateways", name, properties)
    local = estate.add(
        scope,
        f"{NETWORK}/localNetworkGateways",
        f"lgw-{number:05}",
        {
            "localNetworkAddressSpace": {"addressPrefixes": [ON_PREMISES]},
            "gatewayIpAddress": hub.public.take(),
        },
    )
    connection: Json = {
        "virtualNetworkGateway1": ref(arm_id),
        "localNetworkGateway2": ref(local),
        "connectionType": "IPsec",
        "connectionProtocol": "IKEv2",
        "routingWeight": 0,
        "enableBgp": False,
        "useLocalAzureIpAddress": False,
        "usePolicyBasedTrafficSelectors": False,
        "ipsecPolicies": [],
        "connectionMode": "Default",
    }
    estate.add(scope, f"{NETWORK}/connections", f"cn-{number:05}", connection)
