"""Public IP addresses and prefixes (facts E-1, E-3, E-6)."""

from msgspec import field

from auditor.resources.base import Cidr, IpAddress, Ref, Resource, Sku, Wire, Word, arm, settings


class DnsSettings(Wire, gc=False):
    """`dnsSettings` of a public IP."""

    fqdn: str | None = None
    domain_name_label: str | None = None


class DdosSettings(Wire, gc=False):
    """`ddosSettings` of a public IP."""

    protection_mode: Word | None = None


class PublicIpProperties(Wire):
    """Settings of a public IP."""

    ip_address: IpAddress | None = None
    ip_configuration: Ref | None = None
    nat_gateway: Ref | None = None
    public_ip_prefix: Ref | None = field(default=None, name="publicIPPrefix")
    public_ip_allocation_method: Word | None = field(default=None, name="publicIPAllocationMethod")
    public_ip_address_version: Word | None = field(default=None, name="publicIPAddressVersion")
    dns_settings: DnsSettings | None = None
    ddos_settings: DdosSettings | None = None
    provisioning_state: Word | None = None


@arm(
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces"
    "/ipConfigurations/publicIPAddresses",
)
class PublicIp(Resource):
    """A public IP address; `properties.ip_address` is absent while it is unallocated."""

    sku: Sku | None = None
    properties: PublicIpProperties = settings(PublicIpProperties)


class PublicIpPrefixProperties(Wire):
    """Settings of a public IP prefix."""

    ip_prefix: Cidr | None = None
    prefix_length: int | None = None
    public_ip_addresses: list[Ref] | None = field(default=None, name="publicIPAddresses")
    load_balancer_frontend_ip_configuration: Ref | None = None
    nat_gateway: Ref | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/publicIPPrefixes")
class PublicIpPrefix(Resource):
    """A reserved range of public addresses: a reservation, no exposure."""

    sku: Sku | None = None
    properties: PublicIpPrefixProperties = settings(PublicIpPrefixProperties)
