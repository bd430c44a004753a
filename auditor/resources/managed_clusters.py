"""AKS clusters and their agent pools (facts K-*)."""

from typing import Any, ClassVar

from msgspec import field

from auditor.resources.base import (
    ArmId,
    Cidr,
    Count,
    Given,
    IpAddress,
    Node,
    Ref,
    Resource,
    Wire,
    Word,
    arm,
    naming_its_owner,
    settings,
)


class PortRange(Wire, gc=False):
    """One entry of `allowedHostPorts` (K-6)."""

    port_start: int | None = None
    port_end: int | None = None
    protocol: Word | None = None


class PoolNetworkProfile(Wire):
    """`networkProfile` of a pool."""

    allowed_host_ports: list[PortRange] | None = None
    application_security_groups: list[ArmId] | None = None


class UpgradeSettings(Wire, gc=False):
    """`upgradeSettings` of a pool; `max_surge` is a number of nodes or a percentage."""

    max_surge: str | int | None = None


@arm("Microsoft.ContainerService/managedClusters/agentPools")
class AgentPool(Node):
    """An agent pool. The cluster is its `owner`. `vnet_subnet_id` None: the managed VNet (K-5)."""

    segment: ClassVar[str] = "agentPools"
    lifted: ClassVar[bool] = True

    count: Count | None = None
    enable_auto_scaling: bool | None = None
    min_count: Count | None = None
    max_count: Count | None = None
    max_pods: Count | None = None
    vnet_subnet_id: ArmId | None = field(default=None, name="vnetSubnetID")
    pod_subnet_id: ArmId | None = field(default=None, name="podSubnetID")
    pod_ip_allocation_mode: Word | None = field(default=None, name="podIPAllocationMode")
    enable_node_public_ip: bool | None = field(default=None, name="enableNodePublicIP")
    node_public_ip_prefix_id: ArmId | None = field(default=None, name="nodePublicIPPrefixID")
    network_profile: PoolNetworkProfile | None = None
    upgrade_settings: UpgradeSettings | None = None
    pool_type: Word | None = field(default=None, name="type")
    mode: Word | None = None
    os_type: Word | None = None
    provisioning_state: Word | None = None


class ManagedOutboundIps(Wire, gc=False):
    """`managedOutboundIPs`."""

    count: Count | None = None
    count_ipv6: Count | None = field(default=None, name="countIPv6")


class OutboundIps(Wire, gc=False):
    """`outboundIPs`: public addresses brought along."""

    public_ips: list[Ref] | None = field(default=None, name="publicIPs")


class OutboundIpPrefixes(Wire, gc=False):
    """`outboundIPPrefixes`: public prefixes brought along."""

    public_ip_prefixes: list[Ref] | None = field(default=None, name="publicIPPrefixes")


class ClusterLoadBalancerProfile(Wire):
    """`loadBalancerProfile`: egress through the load balancer (R-39)."""

    managed_outbound_ips: ManagedOutboundIps | None = field(default=None, name="managedOutboundIPs")
    outbound_ips: OutboundIps | None = field(default=None, name="outboundIPs")
    outbound_ip_prefixes: OutboundIpPrefixes | None = field(default=None, name="outboundIPPrefixes")
    effective_outbound_ips: list[Ref] | None = field(default=None, name="effectiveOutboundIPs")
    allocated_outbound_ports: Count | None = None
    backend_pool_type: Word | None = None


class ClusterNatGatewayProfile(Wire):
    """`natGatewayProfile`: egress through a NAT gateway (R-39)."""

    effective_outbound_ips: list[Ref] | None = field(default=None, name="effectiveOutboundIPs")


class ClusterNetworkProfile(Wire):
    """`networkProfile` of a cluster (K-2)."""

    network_plugin: Word | None = None
    network_plugin_mode: Word | None = None
    network_dataplane: str | None = None
    network_policy: Word | None = None
    pod_cidr: Cidr | None = None
    pod_cidrs: list[Given[Cidr]] | None = None
    service_cidr: Cidr | None = None
    service_cidrs: list[Given[Cidr]] | None = None
    dns_service_ip: IpAddress | None = field(default=None, name="dnsServiceIP")
    docker_bridge_cidr: Cidr | None = None
    load_balancer_sku: Word | None = None
    outbound_type: Word | None = None
    load_balancer_profile: ClusterLoadBalancerProfile | None = None
    nat_gateway_profile: ClusterNatGatewayProfile | None = None


class ApiServerAccess(Wire):
    """`apiServerAccessProfile` (K-10 to K-14)."""

    enable_private_cluster: bool | None = None
    enable_private_cluster_public_fqdn: bool | None = field(
        default=None, name="enablePrivateClusterPublicFQDN"
    )
    authorized_ip_ranges: list[str] | None = field(default=None, name="authorizedIPRanges")
    private_dns_zone: str | None = field(default=None, name="privateDNSZone")
    enable_vnet_integration: bool | None = None
    subnet_id: ArmId | None = None
    disable_run_command: bool | None = None


class Addon(Wire):
    """One entry of `addonProfiles`."""

    enabled: bool | None = None
    config: dict[str, Any] | None = None


class WebAppRoutingNginx(Wire, gc=False):
    """`nginx` of the application routing add-on (K-72)."""

    default_ingress_controller_type: str | None = None


class WebAppRouting(Wire):
    """`webAppRouting` (K-72)."""

    enabled: bool | None = None
    dns_zone_resource_ids: list[ArmId] | None = None
    nginx: WebAppRoutingNginx | None = None


class IngressProfile(Wire):
    """`ingressProfile`."""

    web_app_routing: WebAppRouting | None = None


class MetricsProfile(Wire, gc=False):
    """`azureMonitorProfile.metrics` (K-71)."""

    enabled: bool | None = None


class ContainerInsights(Wire, gc=False):
    """`azureMonitorProfile.containerInsights`."""

    enabled: bool | None = None
    log_analytics_workspace_resource_id: ArmId | None = None


class AzureMonitorProfile(Wire):
    """`azureMonitorProfile`."""

    metrics: MetricsProfile | None = None
    container_insights: ContainerInsights | None = None


class PowerState(Wire, gc=False):
    """`powerState`: whether the cluster runs (K-76)."""

    code: Word | None = None


class ManagedClusterProperties(Wire):
    """Settings of a cluster."""

    node_resource_group: str | None = None
    fqdn: str | None = None
    private_fqdn: str | None = field(default=None, name="privateFQDN")
    kubernetes_version: Word | None = None
    current_kubernetes_version: Word | None = None
    agent_pool_profiles: list[AgentPool] | None = None
    network_profile: ClusterNetworkProfile | None = None
    api_server_access_profile: ApiServerAccess | None = None
    addon_profiles: dict[str, Addon | None] | None = None
    ingress_profile: IngressProfile | None = None
    azure_monitor_profile: AzureMonitorProfile | None = None
    disable_local_accounts: bool | None = None
    provisioning_state: Word | None = None
    power_state: PowerState | None = None


@arm("Microsoft.ContainerService/managedClusters")
class ManagedCluster(Resource):
    """An AKS cluster."""

    properties: ManagedClusterProperties = settings(ManagedClusterProperties)

    @property
    @naming_its_owner
    def pools(self) -> tuple[AgentPool, ...]:
        """The agent pools, in the order written."""
        return tuple(self.properties.agent_pool_profiles or ())

    def addon(self, name: str) -> Addon | None:
        """Give an add-on's profile; names compare without case (K-70)."""
        for key, profile in (self.properties.addon_profiles or {}).items():
            if key.lower() == name.lower():
                return profile
        return None
