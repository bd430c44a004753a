"""Azure DNS Private Resolvers: where networks and sites ask for names (fact D-11)."""

from msgspec import field

from auditor.resources.base import IpAddress, Ref, Resource, Wire, Word, arm, settings


class DnsResolverProperties(Wire):
    """Settings of a DNS resolver."""

    virtual_network: Ref | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/dnsResolvers")
class DnsResolver(Resource):
    """A DNS resolver; its endpoints are resources of their own."""

    properties: DnsResolverProperties = settings(DnsResolverProperties)


class InboundEndpointIpConfiguration(Wire, gc=False):
    """The address of an inbound endpoint, and the subnet that it stands in."""

    subnet: Ref | None = None
    private_ip_address: IpAddress | None = field(default=None, name="privateIpAddress")
    private_ip_allocation_method: Word | None = field(
        default=None, name="privateIpAllocationMethod"
    )


class InboundEndpointProperties(Wire):
    """Settings of an inbound endpoint; Azure gives it one ip configuration."""

    ip_configurations: list[InboundEndpointIpConfiguration] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/dnsResolvers/inboundEndpoints")
class ResolverInboundEndpoint(Resource):
    """An inbound endpoint of a DNS resolver: a machine of Azure's that answers DNS."""

    properties: InboundEndpointProperties = settings(InboundEndpointProperties)
