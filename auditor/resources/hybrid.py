"""VPN and ExpressRoute: gateways in VNets, local gateways, connections, circuits (R-24 to R-27)."""

from msgspec import field

from auditor.resources.base import (
    Cidr,
    Given,
    IpAddress,
    Node,
    Ref,
    Resource,
    Sku,
    Wire,
    Word,
    arm,
    naming_its_owner,
    settings,
)
from auditor.resources.virtual_networks import AddressSpace


class GatewayIpConfigurationProperties(Wire):
    """Settings of one ip configuration of a VNet gateway."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    subnet: Ref | None = None
    public_ip_address: Ref | None = field(default=None, name="publicIPAddress")
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualNetworkGateways/ipConfigurations")
class VpnGatewayIpConfiguration(Node):
    """One ip configuration of a VNet gateway. The gateway is its `owner`."""

    properties: GatewayIpConfigurationProperties = settings(GatewayIpConfigurationProperties)


class ClientPoolConfiguration(Wire):
    """One entry of `vngClientConnectionConfigurations`: a pool for a group of clients."""

    class Settings(Wire):
        """Its `properties`."""

        vpn_client_address_pool: AddressSpace | None = None

    name: str | None = None
    properties: Settings = settings(Settings)


class VpnClientConfiguration(Wire):
    """`vpnClientConfiguration`: the point-to-site pool, whole and by group."""

    vpn_client_address_pool: AddressSpace | None = None
    vng_client_connection_configurations: list[ClientPoolConfiguration] | None = None


class BgpPeeringAddress(Wire, gc=False):
    """One entry of `bgpPeeringAddresses`."""

    default_bgp_ip_addresses: list[Given[IpAddress]] | None = None
    custom_bgp_ip_addresses: list[Given[IpAddress]] | None = None


class BgpSettings(Wire):
    """`bgpSettings`; `bgpPeeringAddress` may hold two addresses with a comma between."""

    asn: int | None = None
    bgp_peering_address: str | None = None
    bgp_peering_addresses: list[BgpPeeringAddress] | None = None


class NatMapping(Wire, gc=False):
    """One side of a VPN NAT rule."""

    address_space: Cidr | None = None


class VpnNatRuleProperties(Wire):
    """Settings of a VPN NAT rule: `mode` is `IngressSnat` or `EgressSnat`."""

    mode: Word | None = None
    internal_mappings: list[NatMapping] | None = None
    external_mappings: list[NatMapping] | None = None


@arm("Microsoft.Network/virtualNetworkGateways/natRules")
class VpnNatRule(Node):
    """A NAT rule of a VPN gateway. The gateway is its `owner`."""

    properties: VpnNatRuleProperties = settings(VpnNatRuleProperties)


class VirtualNetworkGatewayProperties(Wire):
    """Settings of a VNet gateway. Its `sku` stands here, not beside `properties`."""

    ip_configurations: list[VpnGatewayIpConfiguration] | None = None
    gateway_type: Word | None = None
    vpn_type: Word | None = None
    sku: Sku | None = None
    enable_bgp: bool | None = None
    active_active: bool | None = None
    bgp_settings: BgpSettings | None = None
    custom_routes: AddressSpace | None = None
    vpn_client_configuration: VpnClientConfiguration | None = None
    nat_rules: list[VpnNatRule] | None = None
    gateway_default_site: Ref | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualNetworkGateways")
class VirtualNetworkGateway(Resource):
    """A VPN or ExpressRoute gateway in a GatewaySubnet."""

    properties: VirtualNetworkGatewayProperties = settings(VirtualNetworkGatewayProperties)

    @property
    @naming_its_owner
    def ip_configurations(self) -> tuple[VpnGatewayIpConfiguration, ...]:
        """Its ip configurations, in the order written."""
        return tuple(self.properties.ip_configurations or ())

    @property
    def kind(self) -> str:
        """`vpn`, `expressroute`, `localgateway`, or empty when the export does not say."""
        return (self.properties.gateway_type or "").lower()


class LocalNetworkGatewayProperties(Wire):
    """Settings of a local network gateway."""

    local_network_address_space: AddressSpace | None = None
    gateway_ip_address: str | None = None
    bgp_settings: BgpSettings | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/localNetworkGateways")
class LocalNetworkGateway(Resource):
    """The far end of a site-to-site VPN, with the prefixes behind it (R-24)."""

    properties: LocalNetworkGatewayProperties = settings(LocalNetworkGatewayProperties)


class ConnectionProperties(Wire):
    """Settings of a connection. `peer` is the circuit of an ExpressRoute connection."""

    virtual_network_gateway1: Ref | None = None
    virtual_network_gateway2: Ref | None = None
    local_network_gateway2: Ref | None = None
    peer: Ref | None = None
    connection_type: Word | None = None
    connection_status: Word | None = None
    enable_bgp: bool | None = None
    ingress_nat_rules: list[Ref] | None = None
    egress_nat_rules: list[Ref] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/connections")
class Connection(Resource):
    """What joins a VNet gateway to a local gateway, another VNet gateway, or a circuit."""

    properties: ConnectionProperties = settings(ConnectionProperties)


class CircuitPeeringProperties(Wire, gc=False):
    """Settings of one peering of a circuit; learned prefixes are not in ARM (R-25)."""

    peering_type: str | None = None
    state: Word | None = None
    azure_asn: int | None = field(default=None, name="azureASN")
    peer_asn: int | None = field(default=None, name="peerASN")
    vlan_id: int | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/expressRouteCircuits/peerings")
class CircuitPeering(Node):
    """A peering of a circuit (`AzurePrivatePeering`, `MicrosoftPeering`)."""

    properties: CircuitPeeringProperties = settings(CircuitPeeringProperties)


class CircuitProperties(Wire):
    """Settings of an ExpressRoute circuit."""

    peerings: list[CircuitPeering] | None = None
    circuit_provisioning_state: str | None = None
    service_provider_provisioning_state: str | None = None
    global_reach_enabled: bool | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/expressRouteCircuits")
class ExpressRouteCircuit(Resource):
    """An ExpressRoute circuit."""

    sku: Sku | None = None
    properties: CircuitProperties = settings(CircuitProperties)
