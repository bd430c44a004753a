"""Azure Bastion."""

from msgspec import field

from auditor.resources.base import (
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


class BastionIpConfigurationProperties(Wire):
    """Settings of the ip configuration of a Bastion."""

    subnet: Ref | None = None
    public_ip_address: Ref | None = field(default=None, name="publicIPAddress")
    provisioning_state: Word | None = None


class BastionIpConfiguration(Node):
    """The ip configuration of a Bastion. The Bastion is its `owner`."""

    properties: BastionIpConfigurationProperties = settings(BastionIpConfigurationProperties)


class BastionProperties(Wire):
    """Settings of a Bastion; the Developer SKU has a VNet and no ip configuration."""

    ip_configurations: list[BastionIpConfiguration] | None = None
    virtual_network: Ref | None = None
    scale_units: int | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/bastionHosts")
class Bastion(Resource):
    """An Azure Bastion host."""

    sku: Sku | None = None
    properties: BastionProperties = settings(BastionProperties)

    @property
    @naming_its_owner
    def ip_configurations(self) -> tuple[BastionIpConfiguration, ...]:
        """Its ip configurations, in the order written."""
        return tuple(self.properties.ip_configurations or ())
