"""AKS clusters with their node resource group, and MySQL in a subnet of its own."""

from __future__ import annotations

from dataclasses import dataclass

from bench import nsg
from bench.arm import Estate, Json, Scope, part, part_id, ref
from bench.hub import Hub, add_zone, link
from bench.machines import LOAD_BALANCER, add_internal_balancer, add_scale_set, join
from bench.network import Subnet, VNet, add_public_ip

CLUSTER = "Microsoft.ContainerService/managedClusters"
MYSQL = "Microsoft.DBforMySQL/flexibleServers"
POD_CIDR = "100.64.0.0/15"
SERVICE_CIDR = "172.20.0.0/16"
OUTBOUND_TYPES = ("loadBalancer", "userAssignedNATGateway", "userDefinedRouting")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster: its id, its node resource group, the address of its internal ingress."""

    id: str
    nodes: Scope
    ingress: str


def add_cluster(hub: Hub, scope: Scope, name: str, subnet: Subnet, outbound: str) -> Cluster:
    """Make a cluster with overlay pods and an internal ingress; `outbound` as in K-4."""
    estate = hub.estate
    arm_id = scope.id(CLUSTER, name)
    nodes = scope.beside(f"MC_{scope.group}_{name}_{scope.location}")
    tags = {"aks-managed-cluster-name": name, "aks-managed-cluster-rg": scope.group}
    service = f"a{estate.guid().replace('-', '')[:31]}"
    pool, ingress = add_internal_balancer(
        estate, nodes, "kubernetes-internal", subnet, service, "kubernetes", 443
    )
    pools = [pool]
    egress = ""
    if outbound == "loadBalancer":
        egress, outbound_pool = _add_egress(hub, nodes, tags)
        pools.append(outbound_pool)
    group = nsg.add_nsg(
        estate, nodes, f"aks-agentpool-{estate.rng.randrange(10**7, 10**8)}-nsg", []
    )
    for pool_name, size in (("system", 3), ("user", 5)):
        vmss = f"aks-{pool_name}-{estate.rng.randrange(10**7, 10**8)}-vmss"
        made = add_scale_set(estate, nodes, vmss, subnet, size, pools)
        profile = estate.properties(made)["virtualMachineProfile"]["networkProfile"]
        interface = profile["networkInterfaceConfigurations"][0]["properties"]
        interface["networkSecurityGroup"] = ref(group)
    kubelet = estate.add(
        nodes,
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        f"{name}-agentpool",
        {"principalId": estate.guid(), "clientId": estate.guid()},
    )
    properties = _cluster(hub, name, subnet, nodes, outbound, egress)
    properties["identityProfile"] = {"kubeletidentity": {"resourceId": kubelet}}
    spelled = arm_id.replace("/resourceGroups/", "/resourcegroups/")
    estate.add(
        scope,
        CLUSTER,
        name,
        properties,
        identity={"type": "SystemAssigned", "principalId": estate.guid()},
        sku={"name": "Base", "tier": "Standard"},
    )
    # Azure answers clusters with a lower-case group segment and a type of its own.
    estate.resources[arm_id] |= {
        "id": spelled,
        "type": "Microsoft.ContainerService/ManagedClusters",
    }
    estate.diagnostics(
        arm_id, hub.workspace, "kube-apiserver", "kube-audit-admin", "kube-controller-manager",
        "kube-scheduler", "cluster-autoscaler", "guard",
    )  # fmt: skip
    _collect_container_logs(hub, scope, name, spelled)
    return Cluster(arm_id, nodes, ingress)


def _collect_container_logs(hub: Hub, scope: Scope, name: str, cluster: str) -> None:
    """Send what containers write to the workspace (G-4)."""
    streams = ["Microsoft-ContainerLogV2", "Microsoft-KubeEvents", "Microsoft-KubePodInventory"]
    source = {
        "name": "ContainerInsightsExtension",
        "extensionName": "ContainerInsights",
        "streams": streams,
    }
    rule = hub.estate.add(
        scope,
        "Microsoft.Insights/dataCollectionRules",
        f"MSCI-{scope.location}-{name}",
        {
            "dataSources": {"extensions": [source]},
            "destinations": {
                "logAnalytics": [{"name": "logs", "workspaceResourceId": hub.workspace}]
            },
            "dataFlows": [{"streams": streams, "destinations": ["logs"]}],
        },
        kind="Linux",
    )
    kind = "Microsoft.Insights/dataCollectionRuleAssociations"
    arm_id = f"{cluster}/providers/{kind}/ContainerInsightsExtension"
    hub.estate.resources[arm_id] = {
        "name": "ContainerInsightsExtension",
        "id": arm_id,
        "type": kind,
        "properties": {
            "dataCollectionRuleId": rule,
            "description": f"Container insights of {name}",
        },
    }


def _cluster(hub: Hub, name: str, subnet: Subnet, nodes: Scope, outbound: str, egress: str) -> Json:
    estate = hub.estate
    network: Json = {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkPolicy": "cilium",
        "networkDataplane": "cilium",
        "loadBalancerSku": "standard",
        "podCidr": POD_CIDR,
        "serviceCidr": SERVICE_CIDR,
        "dnsServiceIP": "172.20.0.10",
        "outboundType": outbound,
        "podCidrs": [POD_CIDR],
        "serviceCidrs": [SERVICE_CIDR],
        "ipFamilies": ["IPv4"],
    }
    if egress:
        network["loadBalancerProfile"] = {
            "managedOutboundIPs": {"count": 1},
            "effectiveOutboundIPs": [ref(egress)],
            "backendPoolType": "nodeIPConfiguration",
        }
    return {
        "powerState": {"code": "Running"},
        "kubernetesVersion": "1.34",
        "currentKubernetesVersion": "1.34.2",
        "dnsPrefix": name,
        "fqdn": f"{name}-{estate.guid()[:8]}.hcp.{nodes.location}.azmk8s.io",
        "agentPoolProfiles": [
            _pool("system", "System", 3, 5, subnet.id),
            _pool("user", "User", 5, 20, subnet.id),
        ],
        "servicePrincipalProfile": {"clientId": "msi"},
        "nodeResourceGroup": nodes.group,
        "nodeResourceGroupProfile": {"restrictionLevel": "ReadOnly"},
        "enableRBAC": True,
        "supportPlan": "KubernetesOfficial",
        "networkProfile": network,
        "aadProfile": {"managed": True, "enableAzureRBAC": True, "adminGroupObjectIDs": None},
        "maxAgentPools": 100,
        "apiServerAccessProfile": {
            "enablePrivateCluster": False,
            "authorizedIPRanges": ["20.255.255.0/28"],
            "disableRunCommand": True,
        },
        "disableLocalAccounts": True,
        "addonProfiles": {
            "azurepolicy": {"enabled": True, "config": None},
            "omsagent": {
                "enabled": True,
                "config": {
                    "logAnalyticsWorkspaceResourceID": hub.workspace,
                    "useAADAuth": "true",
                },
            },
        },
        "azureMonitorProfile": {"metrics": {"enabled": True, "kubeStateMetrics": {}}},
        "oidcIssuerProfile": {"enabled": True},
        "autoUpgradeProfile": {"upgradeChannel": "stable", "nodeOSUpgradeChannel": "NodeImage"},
    }


def _pool(name: str, mode: str, count: int, most: int, subnet: str) -> Json:
    return {
        "name": name,
        "count": count,
        "vmSize": "Standard_D4s_v5",
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "kubeletDiskType": "OS",
        "vnetSubnetID": subnet,
        "maxPods": 110,
        "type": "VirtualMachineScaleSets",
        "availabilityZones": ["1", "2", "3"],
        "enableAutoScaling": True,
        "minCount": count,
        "maxCount": most,
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "orchestratorVersion": "1.34",
        "currentOrchestratorVersion": "1.34.2",
        "enableNodePublicIP": False,
        "mode": mode,
        "osType": "Linux",
        "osSKU": "AzureLinux3",
        "nodeImageVersion": "AKSAzureLinux-V3gen2-202601.13.0",
        "upgradeSettings": {"maxSurge": "10%"},
        "enableFIPS": False,
    }


def _add_egress(hub: Hub, nodes: Scope, tags: Json) -> tuple[str, str]:
    """Make the public load balancer that only lets nodes out (K-58)."""
    estate = hub.estate
    arm_id = nodes.id(LOAD_BALANCER, "kubernetes")
    name = estate.guid()
    frontend = part_id(arm_id, "frontendIPConfigurations", name)
    pool = part_id(arm_id, "backendAddressPools", "aksOutboundBackendPool")
    rule = part_id(arm_id, "outboundRules", "aksOutboundRule")
    public = add_public_ip(estate, nodes, name, hub.public.take(), frontend)
    estate.resources[public]["tags"] = {**tags, "aks-managed-type": "aks-slb-managed-outbound-ip"}
    outbound = {
        "allocatedOutboundPorts": 0,
        "protocol": "All",
        "enableTcpReset": True,
        "idleTimeoutInMinutes": 30,
        "backendAddressPool": ref(pool),
        "frontendIPConfigurations": [ref(frontend)],
    }
    front = {
        "privateIPAllocationMethod": "Dynamic",
        "publicIPAddress": ref(public),
        "outboundRules": [ref(rule)],
    }
    properties: Json = {
        "frontendIPConfigurations": [part(arm_id, "frontendIPConfigurations", name, front)],
        "backendAddressPools": [
            part(
                arm_id,
                "backendAddressPools",
                "aksOutboundBackendPool",
                {"outboundRules": [ref(rule)]},
            )
        ],
        "loadBalancingRules": [],
        "probes": [],
        "inboundNatRules": [],
        "outboundRules": [part(arm_id, "outboundRules", "aksOutboundRule", outbound)],
        "inboundNatPools": [],
    }
    sku = {"name": "Standard", "tier": "Regional"}
    estate.add(nodes, LOAD_BALANCER, "kubernetes", properties, sku=sku)
    return public, pool


def add_public_service(hub: Hub, cluster: Cluster, members: list[str]) -> str:
    """Publish a Service of the cluster to the internet; give the id of its public address."""
    estate = hub.estate
    arm_id = cluster.nodes.id(LOAD_BALANCER, "kubernetes")
    if arm_id not in estate.resources:
        estate.add(
            cluster.nodes,
            LOAD_BALANCER,
            "kubernetes",
            {
                "frontendIPConfigurations": [],
                "backendAddressPools": [],
                "loadBalancingRules": [],
                "probes": [],
                "inboundNatRules": [],
                "outboundRules": [],
                "inboundNatPools": [],
            },
            sku={"name": "Standard", "tier": "Regional"},
        )
    service = f"a{estate.guid().replace('-', '')[:31]}"
    frontend = part_id(arm_id, "frontendIPConfigurations", service)
    pool = part_id(arm_id, "backendAddressPools", "kubernetes")
    public = add_public_ip(
        estate, cluster.nodes, f"kubernetes-{service}", hub.public.take(), frontend
    )
    estate.resources[public]["tags"] = {
        "k8s-azure-cluster-name": "kubernetes",
        "k8s-azure-service": "shop/web",
    }
    rule_name = f"{service}-TCP-443"
    rule = part_id(arm_id, "loadBalancingRules", rule_name)
    probe = part_id(arm_id, "probes", rule_name)
    parts = estate.properties(arm_id)
    parts["frontendIPConfigurations"].append(
        part(
            arm_id,
            "frontendIPConfigurations",
            service,
            {
                "privateIPAllocationMethod": "Dynamic",
                "publicIPAddress": ref(public),
                "loadBalancingRules": [ref(rule)],
            },
        )
    )
    parts["backendAddressPools"].append(
        part(arm_id, "backendAddressPools", "kubernetes", {"loadBalancingRules": [ref(rule)]})
    )
    parts["loadBalancingRules"].append(
        part(
            arm_id,
            "loadBalancingRules",
            rule_name,
            {
                "frontendIPConfiguration": ref(frontend),
                "frontendPort": 443,
                "backendPort": 443,
                "enableFloatingIP": True,
                "idleTimeoutInMinutes": 4,
                "protocol": "Tcp",
                "disableOutboundSnat": True,
                "backendAddressPool": ref(pool),
                "probe": ref(probe),
            },
        )
    )
    parts["probes"].append(
        part(
            arm_id,
            "probes",
            rule_name,
            {
                "protocol": "Tcp",
                "port": 31443,
                "intervalInSeconds": 5,
                "numberOfProbes": 2,
                "loadBalancingRules": [ref(rule)],
            },
        )
    )
    for member in members:
        join(estate, pool, member)
    return public


def add_mysql(hub: Hub, scope: Scope, name: str, subnet: Subnet, networks: list[VNet]) -> str:
    """Make a server inside a delegated subnet, its name known to the given networks (L-21)."""
    estate: Estate = hub.estate
    zone = add_zone(estate, scope, f"{name}.private.mysql.database.azure.com")
    for network in networks:
        link(estate, zone, network)
    subnet.take(None)
    properties: Json = {
        "administratorLogin": "operator",
        "storage": {"storageSizeGB": 128, "iops": 700, "autoGrow": "Enabled"},
        "version": "8.0.21",
        "state": "Ready",
        "fullyQualifiedDomainName": f"{name}.mysql.database.azure.com",
        "availabilityZone": "1",
        "replicationRole": "None",
        "network": {
            "publicNetworkAccess": "Disabled",
            "delegatedSubnetResourceId": subnet.id,
            "privateDnsZoneResourceId": zone,
        },
        "backup": {"backupRetentionDays": 14, "geoRedundantBackup": "Enabled"},
        "highAvailability": {"mode": "ZoneRedundant", "state": "Healthy"},
        "privateEndpointConnections": [],
        "databasePort": 3306,
    }
    sku = {"name": "Standard_D2ads_v5", "tier": "GeneralPurpose"}
    return estate.add(scope, MYSQL, name, properties, sku=sku)
