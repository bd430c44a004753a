"""Virtual machines and scale sets, as far as the network sees them (E-2, E-2b)."""

from msgspec import field

from auditor.errors import Undetermined
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


class VmNetworkProfile(Wire):
    """`networkProfile` of a VM."""

    network_interfaces: list[Ref] | None = None


class VirtualMachineProperties(Wire):
    """Settings of a VM."""

    network_profile: VmNetworkProfile | None = None
    virtual_machine_scale_set: Ref | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Compute/virtualMachines")
class VirtualMachine(Resource):
    """A virtual machine."""

    properties: VirtualMachineProperties = settings(VirtualMachineProperties)


class PublicAddressModelProperties(Wire, gc=False):
    """Settings of the public address every instance gets."""

    idle_timeout_in_minutes: int | None = None


class PublicAddressModel(Wire):
    """`publicIPAddressConfiguration`: each instance gets a public address (E-2)."""

    name: str | None = None
    sku: Sku | None = None
    properties: PublicAddressModelProperties = settings(PublicAddressModelProperties)


class ScaleSetIpConfigurationProperties(Wire):
    """Settings of one ip configuration of a scale set's model NIC."""

    primary: bool | None = None
    subnet: Ref | None = None
    private_ip_address_version: Word | None = field(default=None, name="privateIPAddressVersion")
    public_ip_address_configuration: PublicAddressModel | None = field(
        default=None, name="publicIPAddressConfiguration"
    )
    application_security_groups: list[Ref] | None = None
    load_balancer_backend_address_pools: list[Ref] | None = None
    load_balancer_inbound_nat_pools: list[Ref] | None = None
    application_gateway_backend_address_pools: list[Ref] | None = None


class ScaleSetIpConfiguration(Node):
    """One ip configuration of a model NIC. The model NIC is its `owner`."""

    properties: ScaleSetIpConfigurationProperties = settings(ScaleSetIpConfigurationProperties)


class ScaleSetInterfaceProperties(Wire):
    """Settings of a scale set's model NIC."""

    primary: bool | None = None
    network_security_group: Ref | None = None
    enable_ip_forwarding: bool | None = field(default=None, name="enableIPForwarding")
    ip_configurations: list[ScaleSetIpConfiguration] | None = None


class ScaleSetInterface(Node):
    """A model NIC: every instance gets one like it. The scale set is its `owner`."""

    properties: ScaleSetInterfaceProperties = settings(ScaleSetInterfaceProperties)

    @property
    @naming_its_owner
    def ip_configurations(self) -> tuple[ScaleSetIpConfiguration, ...]:
        """Its ip configurations, in the order written. Raises Undetermined when it has no list."""
        if self.properties.ip_configurations is None:
            raise Undetermined(f"the addresses of model interface {self.label}", resource=self.id)
        return tuple(self.properties.ip_configurations)


class ScaleSetNetworkProfile(Wire):
    """`networkProfile` of the model."""

    network_interface_configurations: list[ScaleSetInterface] | None = None


class ScaleSetProfile(Wire):
    """`virtualMachineProfile`: the model instances are made after."""

    network_profile: ScaleSetNetworkProfile | None = None


class ScaleSetProperties(Wire):
    """Settings of a scale set."""

    virtual_machine_profile: ScaleSetProfile | None = None
    orchestration_mode: Word | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Compute/virtualMachineScaleSets")
class ScaleSet(Resource):
    """A scale set. Uniform instances have no NIC resources of their own (E-2b)."""

    sku: Sku | None = None
    properties: ScaleSetProperties = settings(ScaleSetProperties)

    @property
    def interfaces(self) -> tuple[ScaleSetInterface, ...]:
        """The model's NICs.

        Raises Undetermined when a model without them is told: only a flexible scale set can do
        without a model.
        """
        profile = self.properties.virtual_machine_profile
        network = profile.network_profile if profile else None
        listed = network.network_interface_configurations if network else None
        if listed is None and (self.properties.orchestration_mode or "").lower() != "flexible":
            raise Undetermined(
                f"the network interfaces of scale set {self.label}", resource=self.id
            )
        return tuple(listed or ())
