"""Application gateways and everything inside them (facts A-1 to A-54, T-8, T-9).

A gateway speaks HTTP (`httpListeners`, `requestRoutingRules`, `backendHttpSettingsCollection`)
and, since 2023, plain TCP and TLS (`listeners`, `routingRules`, `backendSettingsCollection`); the
two are twins here, a subclass each, so that questions need not ask which it is.
"""

from msgspec import field

from auditor.errors import Undetermined
from auditor.resources.base import (
    Count,
    IpAddress,
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
    union,
)
from auditor.resources.gateway_routing import (
    LoadDistributionPolicy,
    Redirect,
    RoutingRule,
    StreamRoutingRule,
    UrlPathMap,
)
from auditor.resources.gateway_tls import (
    SslCertificate,
    SslPolicy,
    SslProfile,
    TrustedClientCertificate,
    TrustedRootCertificate,
)

_AGW = "Microsoft.Network/applicationGateways"


class GatewayIpConfigurationProperties(Wire):
    """Settings of the binding of a gateway to its own subnet."""

    subnet: Ref | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/gatewayIPConfigurations")
class GatewayIpConfiguration(Node):
    """The subnet that the gateway's instances live in (A-2). The gateway is its `owner`."""

    properties: GatewayIpConfigurationProperties = settings(GatewayIpConfigurationProperties)


class GatewayFrontendProperties(Wire):
    """Settings of a frontend: a public address, or a private one in a subnet (A-20)."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    private_ip_allocation_method: Word | None = field(
        default=None, name="privateIPAllocationMethod"
    )
    subnet: Ref | None = None
    public_ip_address: Ref | None = field(default=None, name="publicIPAddress")
    private_link_configuration: Ref | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/frontendIPConfigurations")
class GatewayFrontend(Node):
    """A frontend address. The gateway is its `owner`."""

    properties: GatewayFrontendProperties = settings(GatewayFrontendProperties)

    @property
    def public(self) -> bool:
        """Whether it carries a public address. Raises Undetermined when it tells no address."""
        p = self.properties
        if p.public_ip_address is not None:
            return True
        if p.subnet is None and p.private_ip_address is None:
            raise Undetermined(f"the address of the frontend {self.name}", resource=self.id)
        return False


class FrontendPortProperties(Wire, gc=False):
    """Settings of a frontend port."""

    port: Port | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/frontendPorts")
class FrontendPort(Node):
    """A port that listeners may use. The gateway is its `owner`."""

    properties: FrontendPortProperties = settings(FrontendPortProperties)


class ListenerProperties(Wire):
    """Settings of a listener (A-21)."""

    frontend_ip_configuration: Ref | None = field(default=None, name="frontendIPConfiguration")
    frontend_port: Ref | None = None
    protocol: Word | None = None
    host_name: str | None = None
    host_names: list[str] | None = None
    require_server_name_indication: bool | None = None
    ssl_certificate: Ref | None = None
    ssl_profile: Ref | None = None
    firewall_policy: Ref | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/httpListeners")
class Listener(Node):
    """A listener for HTTP or HTTPS. The gateway is its `owner`."""

    properties: ListenerProperties = settings(ListenerProperties)

    @property
    def protocol(self) -> str:
        """`http`, `https`, `tcp` or `tls`, in lower case. Raises Undetermined when not told."""
        word = (self.properties.protocol or "").lower()
        if word not in ("http", "https", "tcp", "tls"):
            raise Undetermined(f"the protocol of the listener {self.name}", resource=self.id)
        return word

    @property
    def encrypted(self) -> bool:
        """Whether it presents a certificate."""
        return self.protocol in ("https", "tls")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names it answers to, both fields merged; none means any name (basic)."""
        return union(self.properties.host_name, self.properties.host_names)


@arm(f"{_AGW}/listeners")
class StreamListener(Listener):
    """A listener for TCP or TLS. The gateway is its `owner`."""


class GatewayBackendAddress(Wire, gc=False):
    """One entry of `backendAddresses`: an address or a name (A-26)."""

    ip_address: IpAddress | None = None
    fqdn: str | None = None


class GatewayPoolProperties(Wire):
    """Settings of a backend pool: members by address and by NIC."""

    backend_addresses: list[GatewayBackendAddress] | None = None
    backend_ip_configurations: list[Ref] | None = field(
        default=None, name="backendIPConfigurations"
    )
    provisioning_state: Word | None = None


@arm(f"{_AGW}/backendAddressPools")
class GatewayPool(Node):
    """A backend pool. The gateway is its `owner`."""

    properties: GatewayPoolProperties = settings(GatewayPoolProperties)


class BackendSettingsProperties(Wire):
    """How the gateway speaks to a pool (A-30)."""

    port: Port | None = None
    protocol: Word | None = None
    host_name: str | None = None
    pick_host_name_from_backend_address: bool | None = None
    path: str | None = None
    probe: Ref | None = None
    request_timeout: int | None = None
    trusted_root_certificates: list[Ref] | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/backendHttpSettingsCollection")
class BackendSettings(Node):
    """Backend settings for HTTP or HTTPS. The gateway is its `owner`."""

    properties: BackendSettingsProperties = settings(BackendSettingsProperties)


@arm(f"{_AGW}/backendSettingsCollection")
class StreamBackendSettings(BackendSettings):
    """Backend settings for TCP or TLS. The gateway is its `owner`."""


class GatewayProbeProperties(Wire):
    """Settings of a health probe (A-31)."""

    protocol: Word | None = None
    host: str | None = None
    path: str | None = None
    port: Port | None = None
    pick_host_name_from_backend_http_settings: bool | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/probes")
class GatewayProbe(Node):
    """A health probe. The gateway is its `owner`."""

    properties: GatewayProbeProperties = settings(GatewayProbeProperties)


class PrivateLinkIpConfigurationProperties(Wire):
    """Settings of an address that Private Link translates to."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    private_ip_allocation_method: Word | None = field(
        default=None, name="privateIPAllocationMethod"
    )
    subnet: Ref | None = None
    primary: bool | None = None


@arm(f"{_AGW}/privateLinkConfigurations/ipConfigurations")
class PrivateLinkIpConfiguration(Node):
    """An address that Private Link translates to (A-52)."""

    properties: PrivateLinkIpConfigurationProperties = settings(
        PrivateLinkIpConfigurationProperties
    )


class PrivateLinkConfigurationProperties(Wire):
    """Settings of a Private Link configuration."""

    ip_configurations: list[PrivateLinkIpConfiguration] | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/privateLinkConfigurations")
class PrivateLinkConfiguration(Node):
    """Lets private endpoints reach a frontend (A-52). The gateway is its `owner`."""

    properties: PrivateLinkConfigurationProperties = settings(PrivateLinkConfigurationProperties)


class AutoscaleConfiguration(Wire, gc=False):
    """`autoscaleConfiguration` (A-1)."""

    min_capacity: Count | None = None
    max_capacity: Count | None = None


class WafConfiguration(Wire, gc=False):
    """`webApplicationFirewallConfiguration`, the older way to have a WAF (A-50, A-51)."""

    enabled: bool | None = None
    firewall_mode: Word | None = None
    rule_set_type: Word | None = None
    rule_set_version: Word | None = None


class ApplicationGatewayProperties(Wire):
    """Settings of an application gateway."""

    sku: Sku | None = None
    operational_state: Word | None = None
    autoscale_configuration: AutoscaleConfiguration | None = None
    gateway_ip_configurations: list[GatewayIpConfiguration] | None = field(
        default=None, name="gatewayIPConfigurations"
    )
    frontend_ip_configurations: list[GatewayFrontend] | None = field(
        default=None, name="frontendIPConfigurations"
    )
    frontend_ports: list[FrontendPort] | None = None
    http_listeners: list[Listener] | None = None
    listeners: list[StreamListener] | None = None
    backend_address_pools: list[GatewayPool] | None = None
    backend_http_settings_collection: list[BackendSettings] | None = None
    backend_settings_collection: list[StreamBackendSettings] | None = None
    probes: list[GatewayProbe] | None = None
    request_routing_rules: list[RoutingRule] | None = None
    routing_rules: list[StreamRoutingRule] | None = None
    url_path_maps: list[UrlPathMap] | None = None
    load_distribution_policies: list[LoadDistributionPolicy] | None = None
    redirect_configurations: list[Redirect] | None = None
    ssl_certificates: list[SslCertificate] | None = None
    trusted_root_certificates: list[TrustedRootCertificate] | None = None
    trusted_client_certificates: list[TrustedClientCertificate] | None = None
    ssl_profiles: list[SslProfile] | None = None
    ssl_policy: SslPolicy | None = None
    default_predefined_ssl_policy: str | None = None
    private_link_configurations: list[PrivateLinkConfiguration] | None = None
    firewall_policy: Ref | None = None
    force_firewall_policy_association: bool | None = None
    web_application_firewall_configuration: WafConfiguration | None = None
    enable_http2: bool | None = None
    provisioning_state: Word | None = None


class UserAssignedIdentity(Wire, gc=False):
    """What a resource shows of one of its user-assigned identities."""

    principal_id: str | None = None
    client_id: str | None = None


class GatewayIdentity(Wire):
    """`identity`: which managed identities the gateway acts as; keys are ARM ids (T-9)."""

    type: str | None = None
    principal_id: str | None = None
    user_assigned_identities: dict[str, UserAssignedIdentity] | None = None


@arm(_AGW)
class ApplicationGateway(Resource):
    """An application gateway."""

    identity: GatewayIdentity | None = None
    properties: ApplicationGatewayProperties = settings(ApplicationGatewayProperties)

    @property
    def tier(self) -> str:
        """The tier in lower case: `standard`, `waf`, `standard_v2`, `waf_v2`, `basic`; or empty."""
        sku = self.properties.sku
        return ((sku.tier or sku.name or "") if sku else "").lower()

    @property
    @naming_its_owner
    def frontends(self) -> tuple[GatewayFrontend, ...]:
        """The frontends, in the order written."""
        return tuple(self.properties.frontend_ip_configurations or ())

    @property
    @naming_its_owner
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners, HTTP before TCP and TLS."""
        return (*(self.properties.http_listeners or ()), *(self.properties.listeners or ()))

    @property
    @naming_its_owner
    def rules(self) -> tuple[RoutingRule, ...]:
        """The routing rules, HTTP before TCP and TLS, in the order written."""
        p = self.properties
        return (*(p.request_routing_rules or ()), *(p.routing_rules or ()))

    @property
    @naming_its_owner
    def pools(self) -> tuple[GatewayPool, ...]:
        """The backend pools, in the order written."""
        return tuple(self.properties.backend_address_pools or ())

    @property
    def redirects(self) -> tuple[Redirect, ...]:
        """The redirects, in the order written."""
        return tuple(self.properties.redirect_configurations or ())

    @property
    @naming_its_owner
    def ip_configurations(self) -> tuple[GatewayIpConfiguration, ...]:
        """The bindings to the gateway's own subnet; Azure allows one."""
        return tuple(self.properties.gateway_ip_configurations or ())
