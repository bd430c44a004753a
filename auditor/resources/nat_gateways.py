"""NAT gateways: egress only, never inbound (R-31)."""

from msgspec import field

from auditor.resources.base import Ref, Resource, Sku, Wire, Word, arm, settings


class NatGatewayProperties(Wire):
    """Settings of a NAT gateway."""

    public_ip_addresses: list[Ref] | None = None
    public_ip_prefixes: list[Ref] | None = None
    public_ip_addresses_v6: list[Ref] | None = field(default=None, name="publicIpAddressesV6")
    public_ip_prefixes_v6: list[Ref] | None = field(default=None, name="publicIpPrefixesV6")
    subnets: list[Ref] | None = None
    source_virtual_network: Ref | None = None
    idle_timeout_in_minutes: int | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/natGateways")
class NatGateway(Resource):
    """A NAT gateway; subnets name it (`natGateway`), and it lists them (`subnets`)."""

    sku: Sku | None = None
    properties: NatGatewayProperties = settings(NatGatewayProperties)

    @property
    def addresses(self) -> tuple[Ref, ...]:
        """Its public IPs of both versions."""
        p = self.properties
        return (*(p.public_ip_addresses or ()), *(p.public_ip_addresses_v6 or ()))

    @property
    def prefixes(self) -> tuple[Ref, ...]:
        """Its public IP prefixes of both versions."""
        p = self.properties
        return (*(p.public_ip_prefixes or ()), *(p.public_ip_prefixes_v6 or ()))
