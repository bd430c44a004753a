"""Private endpoints, their DNS zone groups, private link services (facts L-1 to L-7)."""

from msgspec import field

from auditor.resources.base import ArmId, IpAddress, Node, Ref, Resource, Wire, Word, arm, settings
from auditor.resources.mysql import ConnectionState


class ServiceConnectionProperties(Wire):
    """Settings of one connection of an endpoint; `private_link_service_id` is its target."""

    private_link_service_id: ArmId | None = None
    group_ids: list[str] | None = None
    private_link_service_connection_state: ConnectionState | None = None
    provisioning_state: Word | None = None


class ServiceConnection(Wire):
    """One entry of `privateLinkServiceConnections` or of the manual ones."""

    id: str | None = None
    name: str | None = None
    properties: ServiceConnectionProperties = settings(ServiceConnectionProperties)


class CustomDnsConfig(Wire, gc=False):
    """One entry of `customDnsConfigs`: the name and addresses DNS should give."""

    fqdn: str | None = None
    ip_addresses: list[str] | None = None


class EndpointIpConfigurationProperties(Wire, gc=False):
    """Settings of a static address of an endpoint."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    group_id: str | None = None
    member_name: str | None = None


class EndpointIpConfiguration(Wire):
    """One entry of an endpoint's `ipConfigurations`."""

    name: str | None = None
    properties: EndpointIpConfigurationProperties = settings(EndpointIpConfigurationProperties)


class PrivateEndpointProperties(Wire):
    """Settings of a private endpoint."""

    subnet: Ref | None = None
    network_interfaces: list[Ref] | None = None
    private_link_service_connections: list[ServiceConnection] | None = None
    manual_private_link_service_connections: list[ServiceConnection] | None = None
    custom_dns_configs: list[CustomDnsConfig] | None = None
    ip_configurations: list[EndpointIpConfiguration] | None = None
    application_security_groups: list[Ref] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/privateEndpoints")
class PrivateEndpoint(Resource):
    """A private endpoint: an address of the subnet that leads to another service."""

    properties: PrivateEndpointProperties = settings(PrivateEndpointProperties)

    @property
    def connections(self) -> tuple[ServiceConnection, ...]:
        """Its connections, automatic and manual."""
        p = self.properties
        return (
            *(p.private_link_service_connections or ()),
            *(p.manual_private_link_service_connections or ()),
        )


class RecordSetOfZone(Wire, gc=False):
    """One entry of `recordSets`: what Azure wrote into the zone."""

    record_type: str | None = None
    record_set_name: str | None = None
    fqdn: str | None = None
    ip_addresses: list[str] | None = None
    provisioning_state: Word | None = None


class ZoneConfigProperties(Wire):
    """Settings of one zone of a group."""

    private_dns_zone_id: ArmId | None = None
    record_sets: list[RecordSetOfZone] | None = None


class ZoneConfig(Wire):
    """One entry of `privateDnsZoneConfigs`."""

    name: str | None = None
    properties: ZoneConfigProperties = settings(ZoneConfigProperties)


class ZoneGroupProperties(Wire):
    """Settings of a DNS zone group (L-10)."""

    private_dns_zone_configs: list[ZoneConfig] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")
class ZoneGroup(Resource):
    """A DNS zone group. The private endpoint is its `owner`."""

    properties: ZoneGroupProperties = settings(ZoneGroupProperties)


class PrivateLinkServiceIpConfigurationProperties(Wire):
    """Settings of a NAT address of a private link service."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    private_ip_allocation_method: Word | None = field(
        default=None, name="privateIPAllocationMethod"
    )
    subnet: Ref | None = None


class PrivateLinkServiceIpConfiguration(Node):
    """A NAT address. The private link service is its `owner`."""

    properties: PrivateLinkServiceIpConfigurationProperties = settings(
        PrivateLinkServiceIpConfigurationProperties
    )


class Subscriptions(Wire, gc=False):
    """`visibility` and `autoApproval`: `*` is everybody (L-7)."""

    subscriptions: list[str] | None = None


class PrivateLinkServiceProperties(Wire):
    """Settings of a private link service."""

    load_balancer_frontend_ip_configurations: list[Ref] | None = None
    ip_configurations: list[PrivateLinkServiceIpConfiguration] | None = None
    network_interfaces: list[Ref] | None = None
    visibility: Subscriptions | None = None
    auto_approval: Subscriptions | None = None
    alias: str | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/privateLinkServices")
class PrivateLinkService(Resource):
    """A private link service in front of an internal load balancer."""

    properties: PrivateLinkServiceProperties = settings(PrivateLinkServiceProperties)
