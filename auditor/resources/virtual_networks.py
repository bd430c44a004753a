"""Virtual networks, subnets and peerings (facts D-1 to D-5, D-11, R-14 to R-20)."""

from msgspec import field

from auditor.addresses import Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.resources.base import (
    Cidr,
    Given,
    Named,
    Node,
    Ref,
    Resource,
    Wire,
    Word,
    arm,
    naming_its_owner,
    settings,
    union,
)


class AddressSpace(Wire, gc=False):
    """`addressSpace` and its kind: a list of prefixes."""

    address_prefixes: list[Given[Cidr]] | None = None

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """The prefixes, in the order written."""
        return tuple(map(parse_prefix, filter(None, self.address_prefixes or ())))


class Delegation(Wire):
    """One entry of `delegations`: the subnet accepts only that service (D-11)."""

    class Settings(Wire, gc=False):
        """The delegation's `properties`."""

        service_name: str | None = None

    name: str | None = None
    properties: Settings = settings(Settings)


class ServiceEndpoint(Wire, gc=False):
    """One entry of `serviceEndpoints` (R-40)."""

    service: str | None = None
    provisioning_state: Word | None = None


class SubnetProperties(Wire):
    """Settings of a subnet."""

    address_prefix: Cidr | None = None
    address_prefixes: list[Given[Cidr]] | None = None
    network_security_group: Ref | None = None
    route_table: Ref | None = None
    nat_gateway: Ref | None = None
    delegations: list[Delegation] | None = None
    service_endpoints: list[ServiceEndpoint] | None = None
    ip_configurations: list[Ref] | None = None
    application_gateway_ip_configurations: list[Ref] | None = field(
        default=None, name="applicationGatewayIPConfigurations"
    )
    private_endpoints: list[Ref] | None = None
    ip_configuration_profiles: list[Named] | None = None
    service_association_links: list[Named] | None = None
    resource_navigation_links: list[Named] | None = None
    private_endpoint_network_policies: Word | None = None
    private_link_service_network_policies: Word | None = None
    default_outbound_access: bool | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualNetworks/subnets")
class Subnet(Node):
    """A subnet. Its VNet is its `owner`, None when the export holds the subnet alone."""

    properties: SubnetProperties = settings(SubnetProperties)

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """Its prefixes, singular and plural fields merged (D-4).

        Raises Undetermined when it tells none: every subnet has one.
        """
        p = self.properties
        one, many = p.address_prefix, p.address_prefixes
        if one and not many:  # the ordinary case
            return (parse_prefix(one),)
        texts = union(one, many)
        if not texts:
            raise Undetermined(f"the address prefix of subnet {self.label}", resource=self.id)
        return tuple(dict.fromkeys(map(parse_prefix, texts)))

    @property
    def delegated_to(self) -> tuple[str, ...]:
        """The services it is delegated to (`Microsoft.DBforMySQL/flexibleServers`, ...).

        Raises Undetermined when a delegation does not tell its service.
        """
        delegations = self.properties.delegations
        if not delegations:
            return ()
        services = [each.properties.service_name for each in delegations]
        if not all(services):
            raise Undetermined(f"to whom the subnet {self.label} is delegated", resource=self.id)
        return tuple(filter(None, services))


class PeeringProperties(Wire):
    """Settings of a peering, seen from the VNet that holds it."""

    remote_virtual_network: Ref | None = None
    remote_address_space: AddressSpace | None = None
    remote_virtual_network_address_space: AddressSpace | None = None
    peering_state: Word | None = None
    peering_sync_level: Word | None = None
    allow_virtual_network_access: bool | None = None
    allow_forwarded_traffic: bool | None = None
    allow_gateway_transit: bool | None = None
    use_remote_gateways: bool | None = None
    peer_complete_vnets: bool | None = None
    local_subnet_names: list[str] | None = None
    remote_subnet_names: list[str] | None = None
    enable_only_ipv6_peering: bool | None = field(default=None, name="enableOnlyIPv6Peering")
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualNetworks/virtualNetworkPeerings")
class Peering(Node):
    """One side of a peering. Its VNet is its `owner`."""

    properties: PeeringProperties = settings(PeeringProperties)

    @property
    def connected(self) -> bool:
        """Whether this side says Connected; routes need it on both sides (R-14)."""
        return (self.properties.peering_state or "").lower() == "connected"


class DhcpOptions(Wire, gc=False):
    """`dhcpOptions`: an empty list means Azure's own DNS (L-11)."""

    dns_servers: list[str] | None = None


class VirtualNetworkProperties(Wire):
    """Settings of a virtual network."""

    address_space: AddressSpace | None = None
    subnets: list[Subnet] | None = None
    virtual_network_peerings: list[Peering] | None = None
    dhcp_options: DhcpOptions | None = None
    enable_ddos_protection: bool | None = None
    ddos_protection_plan: Ref | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/virtualNetworks")
class VirtualNetwork(Resource):
    """A virtual network."""

    properties: VirtualNetworkProperties = settings(VirtualNetworkProperties)

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """The address space. Raises Undetermined when it is not told: every network has one."""
        space = self.properties.address_space
        if space is None or space.address_prefixes is None:
            raise Undetermined(f"the address space of network {self.label}", resource=self.id)
        return space.prefixes

    @property
    @naming_its_owner
    def subnets(self) -> tuple[Subnet, ...]:
        """The subnets, in the order written."""
        return tuple(self.properties.subnets or ())

    @property
    def peerings(self) -> tuple[Peering, ...]:
        """Its sides of its peerings. Raises Undetermined when it does not tell which there are."""
        settings = self.properties
        try:
            return tuple(settings.virtual_network_peerings or ())
        except Undetermined:
            lacks = f"the peerings of network {self.label}"
        raise Undetermined(lacks, resource=self.id)
