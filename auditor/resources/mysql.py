"""Azure Database for MySQL: servers and their firewall rules (facts L-20 to L-25)."""

from msgspec import field

from auditor.resources.base import ArmId, Ref, Resource, Sku, Wire, Word, arm, settings


class ConnectionState(Wire, gc=False):
    """`privateLinkServiceConnectionState`: only Approved carries traffic (L-1)."""

    status: Word | None = None
    description: str | None = None


class ServerConnectionProperties(Wire):
    """Settings of a private endpoint's connection, seen from the server."""

    private_endpoint: Ref | None = None
    private_link_service_connection_state: ConnectionState | None = None


class ServerConnection(Wire):
    """One entry of `privateEndpointConnections`."""

    id: str | None = None
    name: str | None = None
    properties: ServerConnectionProperties = settings(ServerConnectionProperties)


class FlexibleServerNetwork(Wire, gc=False):
    """`network`: VNet-injected, or public (L-20)."""

    public_network_access: Word | None = None
    delegated_subnet_resource_id: ArmId | None = None
    private_dns_zone_resource_id: ArmId | None = None


class FirewallRuleProperties(Wire, gc=False):
    """Settings of a firewall rule; 0.0.0.0 to 0.0.0.0 means every Azure address (L-22)."""

    start_ip_address: str | None = None
    end_ip_address: str | None = None


@arm(
    "Microsoft.DBforMySQL/flexibleServers/firewallRules",
    "Microsoft.DBforMySQL/servers/firewallRules",
)
class MySqlFirewallRule(Resource):
    """A firewall rule. The server is its `owner`."""

    properties: FirewallRuleProperties = settings(FirewallRuleProperties)


class DelegatedSubnet(Wire, gc=False):
    """`delegatedSubnetArguments`: what API versions before 2021-05-01 call the subnet."""

    subnet_arm_resource_id: ArmId | None = None


class FlexibleServerProperties(Wire):
    """Settings of a flexible server.

    `public_network_access` and `delegated_subnet_arguments` stand here in API versions before
    2021-05-01, in `network` since.
    """

    network: FlexibleServerNetwork | None = None
    public_network_access: Word | None = None
    delegated_subnet_arguments: DelegatedSubnet | None = None
    private_endpoint_connections: list[ServerConnection] | None = None
    fully_qualified_domain_name: str | None = None
    state: Word | None = None
    version: Word | None = None
    firewall_rules: list[MySqlFirewallRule] | None = field(default=None, name="firewallRules")
    provisioning_state: Word | None = None


@arm("Microsoft.DBforMySQL/flexibleServers")
class MySqlFlexibleServer(Resource):
    """A MySQL flexible server."""

    sku: Sku | None = None
    properties: FlexibleServerProperties = settings(FlexibleServerProperties)


class VirtualNetworkRuleProperties(Wire, gc=False):
    """Settings of a virtual network rule: the subnet that it lets in."""

    virtual_network_subnet_id: ArmId | None = None


@arm("Microsoft.DBforMySQL/servers/virtualNetworkRules")
class MySqlVirtualNetworkRule(Resource):
    """A virtual network rule of a single server, which is its `owner` (L-24)."""

    properties: VirtualNetworkRuleProperties = settings(VirtualNetworkRuleProperties)


class SingleServerProperties(Wire):
    """Settings of a single server (retired, L-24)."""

    public_network_access: Word | None = None
    private_endpoint_connections: list[ServerConnection] | None = None
    fully_qualified_domain_name: str | None = None
    ssl_enforcement: str | None = None
    firewall_rules: list[MySqlFirewallRule] | None = field(default=None, name="firewallRules")
    virtual_network_rules: list[MySqlVirtualNetworkRule] | None = field(
        default=None, name="virtualNetworkRules"
    )


@arm("Microsoft.DBforMySQL/servers")
class MySqlSingleServer(Resource):
    """A MySQL single server."""

    sku: Sku | None = None
    properties: SingleServerProperties = settings(SingleServerProperties)
