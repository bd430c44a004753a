"""Virtual WAN, its hubs, what they join, and Route Servers, which are hubs too (R-28, R-29)."""

from msgspec import field

from auditor.resources.base import (
    ArmId,
    Cidr,
    Given,
    IpAddress,
    Node,
    Ref,
    Resource,
    Wire,
    Word,
    arm,
    settings,
)
from auditor.resources.virtual_networks import AddressSpace


class PropagatedRouteTables(Wire):
    """`propagatedRouteTables`: where a connection's prefixes are taught."""

    labels: list[str] | None = None
    ids: list[Ref] | None = None


class StaticRoute(Wire):
    """One entry of `staticRoutes`: prefixes behind an appliance of the connected VNet."""

    name: str | None = None
    address_prefixes: list[Given[Cidr]] | None = None
    next_hop_ip_address: IpAddress | None = None


class VnetRoutes(Wire):
    """`vnetRoutes` of a connection."""

    static_routes: list[StaticRoute] | None = None


class RoutingConfiguration(Wire):
    """`routingConfiguration` of a hub connection."""

    associated_route_table: Ref | None = None
    propagated_route_tables: PropagatedRouteTables | None = None
    vnet_routes: VnetRoutes | None = None


class HubConnectionProperties(Wire):
    """Settings of a hub's connection to a VNet."""

    remote_virtual_network: Ref | None = None
    enable_internet_security: bool | None = None
    routing_configuration: RoutingConfiguration | None = None
    provisioning_state: Word | None = None


@arm(
    "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections",
    "Microsoft.Network/virtualHubs/virtualHubVnetConnections",
)
class HubConnection(Node):
    """A hub's connection to a VNet. The hub is its `owner`."""

    properties: HubConnectionProperties = settings(HubConnectionProperties)


class HubRoute(Wire):
    """One entry of `routes` of a hub's route table; `next_hop` is a connection or a firewall."""

    name: str | None = None
    destination_type: str | None = None
    destinations: list[str] | None = None
    next_hop_type: Word | None = None
    next_hop: ArmId | None = None


class HubRouteTableProperties(Wire):
    """Settings of a hub's route table; connections propagate to it by id or by label."""

    routes: list[HubRoute] | None = None
    labels: list[str] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualHubs/hubRouteTables")
class HubRouteTable(Node):
    """A route table of a hub (R-29). The hub is its `owner`."""

    properties: HubRouteTableProperties = settings(HubRouteTableProperties)


class HubIpConfigurationProperties(Wire):
    """Settings of the ip configuration of a Route Server."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    subnet: Ref | None = None
    public_ip_address: Ref | None = field(default=None, name="publicIPAddress")
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualHubs/ipConfigurations")
class HubIpConfiguration(Node):
    """The ip configuration of a Route Server. The hub is its `owner`."""

    properties: HubIpConfigurationProperties = settings(HubIpConfigurationProperties)


class BgpConnectionProperties(Wire):
    """Settings of a hub's BGP session with an appliance."""

    peer_ip: IpAddress | None = None
    peer_asn: int | None = None
    hub_virtual_network_connection: Ref | None = None


@arm("Microsoft.Network/virtualHubs/bgpConnections")
class BgpConnection(Node):
    """A hub's BGP session with an appliance. The hub is its `owner`."""

    properties: BgpConnectionProperties = settings(BgpConnectionProperties)


class RoutingPolicy(Wire):
    """One routing policy: which destinations go to which next hop."""

    name: str | None = None
    destinations: list[str] | None = None
    next_hop: ArmId | None = None


class RoutingIntentProperties(Wire):
    """Settings of a hub's routing intent."""

    routing_policies: list[RoutingPolicy] | None = None


@arm("Microsoft.Network/virtualHubs/routingIntent")
class RoutingIntent(Node):
    """A hub's routing intent (R-29). The hub is its `owner`."""

    properties: RoutingIntentProperties = settings(RoutingIntentProperties)


class VirtualHubProperties(Wire):
    """Settings of a hub."""

    address_prefix: Cidr | None = None
    virtual_wan: Ref | None = None
    azure_firewall: Ref | None = None
    vpn_gateway: Ref | None = None
    express_route_gateway: Ref | None = None
    p2s_vpn_gateway: Ref | None = field(default=None, name="p2SVpnGateway")
    virtual_router_ips: list[Given[IpAddress]] | None = None
    hub_virtual_network_connections: list[HubConnection] | None = None
    ip_configurations: list[HubIpConfiguration] | None = None
    bgp_connections: list[BgpConnection] | None = None
    routing_intent: list[RoutingIntent] | None = None
    sku: str | None = None
    routing_state: Word | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualHubs")
class VirtualHub(Resource):
    """A Virtual WAN hub, or a Route Server."""

    kind: Word | None = None
    properties: VirtualHubProperties = settings(VirtualHubProperties)

    @property
    def connections(self) -> tuple[HubConnection, ...]:
        """Its connections to VNets, as far as the export holds them."""
        return tuple(self.properties.hub_virtual_network_connections or ())


class VirtualWanProperties(Wire):
    """Settings of a Virtual WAN; `type` is Basic or Standard."""

    type: str | None = None
    virtual_hubs: list[Ref] | None = None
    allow_branch_to_branch_traffic: bool | None = None
    allow_vnet_to_vnet_traffic: bool | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualWans")
class VirtualWan(Resource):
    """A Virtual WAN."""

    properties: VirtualWanProperties = settings(VirtualWanProperties)


class HubVpnAddress(Wire, gc=False):
    """One instance's addresses of a hub's VPN gateway (E-2)."""

    public_ip_address: IpAddress | None = None
    private_ip_address: IpAddress | None = None


class HubVpnConnectionProperties(Wire):
    """Settings of a hub's connection to a site."""

    remote_vpn_site: Ref | None = None
    enable_bgp: bool | None = None


@arm("Microsoft.Network/vpnGateways/vpnConnections")
class HubVpnConnection(Node):
    """A connection of a hub's VPN gateway to a site. The gateway is its `owner`."""

    properties: HubVpnConnectionProperties = settings(HubVpnConnectionProperties)


class HubVpnGatewayProperties(Wire):
    """Settings of a hub's VPN gateway."""

    virtual_hub: Ref | None = None
    ip_configurations: list[HubVpnAddress] | None = None
    connections: list[HubVpnConnection] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/vpnGateways")
class HubVpnGateway(Resource):
    """The site-to-site VPN gateway of a hub."""

    properties: HubVpnGatewayProperties = settings(HubVpnGatewayProperties)


class VpnSiteProperties(Wire):
    """Settings of a site."""

    virtual_wan: Ref | None = None
    address_space: AddressSpace | None = None


@arm("Microsoft.Network/vpnSites")
class VpnSite(Resource):
    """The far end of a hub's VPN, with the prefixes behind it."""

    properties: VpnSiteProperties = settings(VpnSiteProperties)


class ClientConnectionProperties(Wire):
    """Settings of one pool of a hub's point-to-site gateway."""

    vpn_client_address_pool: AddressSpace | None = None


class ClientConnection(Wire):
    """One entry of `p2SConnectionConfigurations`."""

    name: str | None = None
    properties: ClientConnectionProperties = settings(ClientConnectionProperties)


class HubClientGatewayProperties(Wire):
    """Settings of a hub's point-to-site gateway."""

    virtual_hub: Ref | None = None
    connection_configurations: list[ClientConnection] | None = field(
        default=None, name="p2SConnectionConfigurations"
    )
    provisioning_state: Word | None = None


@arm("Microsoft.Network/p2svpnGateways")
class HubClientGateway(Resource):
    """The point-to-site VPN gateway of a hub."""

    properties: HubClientGatewayProperties = settings(HubClientGatewayProperties)


class HubExpressRouteGatewayProperties(Wire):
    """Settings of a hub's ExpressRoute gateway; what it learns is not in ARM (R-25)."""

    virtual_hub: Ref | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/expressRouteGateways")
class HubExpressRouteGateway(Resource):
    """The ExpressRoute gateway of a hub."""

    properties: HubExpressRouteGatewayProperties = settings(HubExpressRouteGatewayProperties)
