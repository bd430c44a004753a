"""Network interfaces and their ip configurations."""

from msgspec import field

from auditor.ids import known_as
from auditor.resources.base import (
    Cidr,
    Node,
    Ref,
    Resource,
    Wire,
    Word,
    arm,
    naming_its_owner,
    settings,
)

_INSTANCES = "/virtualmachinescalesets/"


class IpConfigurationProperties(Wire):
    """Settings of one ip configuration of a NIC."""

    private_ip_address: Cidr | None = field(default=None, name="privateIPAddress")
    private_ip_allocation_method: Word | None = field(
        default=None, name="privateIPAllocationMethod"
    )
    private_ip_address_version: Word | None = field(default=None, name="privateIPAddressVersion")
    primary: bool | None = None
    subnet: Ref | None = None
    public_ip_address: Ref | None = field(default=None, name="publicIPAddress")
    application_security_groups: list[Ref] | None = None
    load_balancer_backend_address_pools: list[Ref] | None = None
    load_balancer_inbound_nat_rules: list[Ref] | None = None
    application_gateway_backend_address_pools: list[Ref] | None = None
    gateway_load_balancer: Ref | None = None
    provisioning_state: Word | None = None


class IpConfiguration(Node):
    """One address of a NIC. The NIC is its `owner`."""

    properties: IpConfigurationProperties = settings(IpConfigurationProperties)


class InterfaceDns(Wire, gc=False):
    """`dnsSettings` of a NIC."""

    dns_servers: list[str] | None = None


class NetworkInterfaceProperties(Wire):
    """Settings of a NIC."""

    ip_configurations: list[IpConfiguration] | None = None
    network_security_group: Ref | None = None
    virtual_machine: Ref | None = None
    private_endpoint: Ref | None = None
    private_link_service: Ref | None = None
    hosted_workloads: list[str] | None = None
    enable_ip_forwarding: bool | None = field(default=None, name="enableIPForwarding")
    dns_settings: InterfaceDns | None = None
    default_outbound_connectivity_enabled: bool | None = None
    provisioning_state: Word | None = None


@arm(
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
)
class NetworkInterface(Resource):
    """A NIC of a VM, of an instance of a scale set (E-2b), or of a private endpoint."""

    properties: NetworkInterfaceProperties = settings(NetworkInterfaceProperties)

    @property
    def label(self) -> str:
        """Its name; that of an instance's NIC, which all of a scale set share, with whose it is."""
        return known_as(self.id) if _INSTANCES in self.key else super().label

    @property
    @naming_its_owner
    def ip_configurations(self) -> tuple[IpConfiguration, ...]:
        """Its addresses, in the order written."""
        return tuple(self.properties.ip_configurations or ())
