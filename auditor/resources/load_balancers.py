"""Load balancers: frontends, rules, NAT rules, outbound rules, backend pools (E-10)."""

from msgspec import field

from auditor.errors import Undetermined
from auditor.resources.base import (
    Count,
    IpAddress,
    Named,
    Node,
    Port,
    Ref,
    Resource,
    Sku,
    Wire,
    Word,
    arm,
    naming_its_owner,
    settings,
)


class FrontendProperties(Wire):
    """Settings of a frontend: public (`publicIPAddress`), internal (`subnet`), or a prefix.

    The rules that use it are told again here: back references.
    """

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    private_ip_allocation_method: Word | None = field(
        default=None, name="privateIPAllocationMethod"
    )
    private_ip_address_version: Word | None = field(default=None, name="privateIPAddressVersion")
    subnet: Ref | None = None
    public_ip_address: Ref | None = field(default=None, name="publicIPAddress")
    public_ip_prefix: Ref | None = field(default=None, name="publicIPPrefix")
    gateway_load_balancer: Ref | None = None
    load_balancing_rules: list[Named] | None = None
    inbound_nat_rules: list[Named] | None = None
    inbound_nat_pools: list[Named] | None = None
    outbound_rules: list[Named] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/loadBalancers/frontendIPConfigurations")
class LoadBalancerFrontend(Node):
    """A frontend. The load balancer is its `owner`."""

    zones: list[str] | None = None
    properties: FrontendProperties = settings(FrontendProperties)

    @property
    def public(self) -> bool:
        """Whether it carries a public address or prefix (E-17).

        Raises Undetermined when it tells no address of any kind.
        """
        p = self.properties
        if p.public_ip_address is not None or p.public_ip_prefix is not None:
            return True
        if p.subnet is None and p.private_ip_address is None:
            raise Undetermined(f"the address of the frontend {self.name}", resource=self.id)
        return False


class PortMapping(Wire):
    """The port of a NAT rule's range that a member has (E-18)."""

    inbound_nat_rule_name: str | None = None
    frontend_port: Port | None = None


class BackendAddressProperties(Wire):
    """A pool member given by address (E-14)."""

    ip_address: IpAddress | None = None
    virtual_network: Ref | None = None
    subnet: Ref | None = None
    network_interface_ip_configuration: Ref | None = field(
        default=None, name="networkInterfaceIPConfiguration"
    )
    load_balancer_frontend_ip_configuration: Ref | None = field(
        default=None, name="loadBalancerFrontendIPConfiguration"
    )
    admin_state: Word | None = None
    inbound_nat_rules_port_mapping: list[PortMapping] | None = None


class BackendAddress(Wire):
    """One entry of `loadBalancerBackendAddresses`."""

    name: str | None = None
    properties: BackendAddressProperties = settings(BackendAddressProperties)


class BackendPoolProperties(Wire):
    """Settings of a backend pool: members by NIC and by address."""

    backend_ip_configurations: list[Ref] | None = field(
        default=None, name="backendIPConfigurations"
    )
    load_balancer_backend_addresses: list[BackendAddress] | None = None
    virtual_network: Ref | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/loadBalancers/backendAddressPools")
class BackendPool(Node):
    """A backend pool. The load balancer is its `owner`."""

    properties: BackendPoolProperties = settings(BackendPoolProperties)


class LoadBalancingRuleProperties(Wire):
    """Settings of a load-balancing rule (E-10)."""

    frontend_ip_configuration: Ref | None = field(default=None, name="frontendIPConfiguration")
    backend_address_pool: Ref | None = None
    backend_address_pools: list[Ref] | None = None
    probe: Ref | None = None
    protocol: Word | None = None
    frontend_port: Port | None = None
    backend_port: Port | None = None
    enable_floating_ip: bool | None = field(default=None, name="enableFloatingIP")
    disable_outbound_snat: bool | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/loadBalancers/loadBalancingRules")
class LoadBalancingRule(Node):
    """A load-balancing rule. The load balancer is its `owner`."""

    properties: LoadBalancingRuleProperties = settings(LoadBalancingRuleProperties)

    @property
    def pools(self) -> tuple[Ref, ...]:
        """Its backend pools, singular and plural fields merged."""
        p = self.properties
        single = (p.backend_address_pool,) if p.backend_address_pool else ()
        merged = {
            ref.id.lower(): ref for ref in (*single, *(p.backend_address_pools or ())) if ref.id
        }
        return tuple(merged.values())


class InboundNatRuleProperties(Wire):
    """Settings of an inbound NAT rule, version 1 (one NIC) or 2 (a pool) (E-18)."""

    frontend_ip_configuration: Ref | None = field(default=None, name="frontendIPConfiguration")
    backend_ip_configuration: Ref | None = field(default=None, name="backendIPConfiguration")
    backend_address_pool: Ref | None = None
    protocol: Word | None = None
    frontend_port: Port | None = None
    frontend_port_range_start: Port | None = None
    frontend_port_range_end: Port | None = None
    backend_port: Port | None = None
    enable_floating_ip: bool | None = field(default=None, name="enableFloatingIP")
    provisioning_state: Word | None = None


@arm("Microsoft.Network/loadBalancers/inboundNatRules")
class InboundNatRule(Node):
    """An inbound NAT rule. The load balancer is its `owner`."""

    properties: InboundNatRuleProperties = settings(InboundNatRuleProperties)


class InboundNatPoolProperties(Wire):
    """Settings of an inbound NAT pool (scale sets, legacy)."""

    frontend_ip_configuration: Ref | None = field(default=None, name="frontendIPConfiguration")
    protocol: Word | None = None
    frontend_port_range_start: Port | None = None
    frontend_port_range_end: Port | None = None
    backend_port: Port | None = None


class InboundNatPool(Node):
    """An inbound NAT pool. The load balancer is its `owner`."""

    properties: InboundNatPoolProperties = settings(InboundNatPoolProperties)


class OutboundRuleProperties(Wire):
    """Settings of an outbound rule (R-35)."""

    frontend_ip_configurations: list[Ref] | None = field(
        default=None, name="frontendIPConfigurations"
    )
    backend_address_pool: Ref | None = None
    protocol: Word | None = None
    allocated_outbound_ports: Count | None = None
    idle_timeout_in_minutes: int | None = None


@arm("Microsoft.Network/loadBalancers/outboundRules")
class OutboundRule(Node):
    """An outbound rule. The load balancer is its `owner`."""

    properties: OutboundRuleProperties = settings(OutboundRuleProperties)


class ProbeProperties(Wire, gc=False):
    """Settings of a health probe."""

    protocol: Word | None = None
    port: Port | None = None
    request_path: str | None = None
    no_healthy_backends_behavior: Word | None = None


@arm("Microsoft.Network/loadBalancers/probes")
class LoadBalancerProbe(Node):
    """A health probe. The load balancer is its `owner`."""

    properties: ProbeProperties = settings(ProbeProperties)


class LoadBalancerProperties(Wire):
    """Settings of a load balancer."""

    frontend_ip_configurations: list[LoadBalancerFrontend] | None = field(
        default=None, name="frontendIPConfigurations"
    )
    backend_address_pools: list[BackendPool] | None = None
    load_balancing_rules: list[LoadBalancingRule] | None = None
    inbound_nat_rules: list[InboundNatRule] | None = None
    inbound_nat_pools: list[InboundNatPool] | None = None
    outbound_rules: list[OutboundRule] | None = None
    probes: list[LoadBalancerProbe] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/loadBalancers")
class LoadBalancer(Resource):
    """A load balancer, public or internal."""

    sku: Sku | None = None
    properties: LoadBalancerProperties = settings(LoadBalancerProperties)

    @property
    @naming_its_owner
    def frontends(self) -> tuple[LoadBalancerFrontend, ...]:
        """The frontends, in the order written."""
        return tuple(self.properties.frontend_ip_configurations or ())

    @property
    @naming_its_owner
    def pools(self) -> tuple[BackendPool, ...]:
        """The backend pools, in the order written."""
        return tuple(self.properties.backend_address_pools or ())

    @property
    @naming_its_owner
    def rules(self) -> tuple[LoadBalancingRule, ...]:
        """The load-balancing rules, in the order written."""
        return tuple(self.properties.load_balancing_rules or ())
