"""Azure Front Door: Standard and Premium (`Microsoft.Cdn/profiles`), and classic.

A profile's endpoints, routes, origins, domains and security policies are resources of their own;
a list of profiles does not hold them.
"""

from auditor.resources.base import Node, Port, Ref, Resource, Sku, Wire, Word, arm, settings

_PROFILE = "Microsoft.Cdn/profiles"


class FrontDoorProfileProperties(Wire):
    """Settings of a profile."""

    front_door_id: str | None = None
    provisioning_state: Word | None = None


@arm(_PROFILE)
class FrontDoorProfile(Resource):
    """A profile of Front Door (or, by its sku, of an older content delivery network)."""

    sku: Sku | None = None
    properties: FrontDoorProfileProperties = settings(FrontDoorProfileProperties)

    @property
    def is_front_door(self) -> bool:
        """Whether it is Front Door Standard or Premium."""
        return "frontdoor" in ((self.sku.name or "") if self.sku else "").lower()


class FrontDoorEndpointProperties(Wire):
    """Settings of an endpoint."""

    host_name: str | None = None
    enabled_state: Word | None = None
    provisioning_state: Word | None = None


@arm(f"{_PROFILE}/afdEndpoints")
class FrontDoorEndpoint(Resource):
    """An endpoint: a host name at the edge. The profile is its `owner`."""

    properties: FrontDoorEndpointProperties = settings(FrontDoorEndpointProperties)


class FrontDoorRouteProperties(Wire):
    """Settings of a route: which domains and paths go to which origins."""

    custom_domains: list[Ref] | None = None
    origin_group: Ref | None = None
    link_to_default_domain: str | None = None
    rule_sets: list[Ref] | None = None
    supported_protocols: list[str] | None = None
    forwarding_protocol: str | None = None
    https_redirect: str | None = None
    enabled_state: Word | None = None
    provisioning_state: Word | None = None


@arm(f"{_PROFILE}/afdEndpoints/routes")
class FrontDoorRoute(Resource):
    """A route. The endpoint is its `owner`."""

    properties: FrontDoorRouteProperties = settings(FrontDoorRouteProperties)


class FrontDoorDomainProperties(Wire):
    """Settings of a custom domain."""

    host_name: str | None = None
    provisioning_state: Word | None = None


@arm(f"{_PROFILE}/customDomains")
class FrontDoorDomain(Resource):
    """A custom domain. The profile is its `owner`."""

    properties: FrontDoorDomainProperties = settings(FrontDoorDomainProperties)


class FrontDoorOriginGroupProperties(Wire):
    """Settings of an origin group."""

    provisioning_state: Word | None = None


@arm(f"{_PROFILE}/originGroups")
class FrontDoorOriginGroup(Resource):
    """A group of origins. The profile is its `owner`."""

    properties: FrontDoorOriginGroupProperties = settings(FrontDoorOriginGroupProperties)


class SharedPrivateLink(Wire):
    """`sharedPrivateLinkResource`: the origin is reached through Private Link."""

    private_link: Ref | None = None
    group_id: str | None = None
    status: Word | None = None


class FrontDoorOriginProperties(Wire):
    """Settings of an origin."""

    host_name: str | None = None
    origin_host_header: str | None = None
    http_port: Port | None = None
    https_port: Port | None = None
    azure_origin: Ref | None = None
    shared_private_link_resource: SharedPrivateLink | None = None
    enabled_state: Word | None = None
    provisioning_state: Word | None = None


@arm(f"{_PROFILE}/originGroups/origins")
class FrontDoorOrigin(Resource):
    """An origin: where Front Door fetches from. The origin group is its `owner`."""

    properties: FrontDoorOriginProperties = settings(FrontDoorOriginProperties)


class SecurityAssociation(Wire):
    """Which domains a security policy protects."""

    domains: list[Ref] | None = None
    patterns_to_match: list[str] | None = None


class SecurityParameters(Wire):
    """`parameters` of a security policy: the WAF policy and what it protects."""

    type: str | None = None
    waf_policy: Ref | None = None
    associations: list[SecurityAssociation] | None = None


class FrontDoorSecurityPolicyProperties(Wire):
    """Settings of a security policy."""

    parameters: SecurityParameters | None = None
    provisioning_state: Word | None = None


@arm(f"{_PROFILE}/securityPolicies")
class FrontDoorSecurityPolicy(Resource):
    """Binds a WAF policy to endpoints and domains. The profile is its `owner`."""

    properties: FrontDoorSecurityPolicyProperties = settings(FrontDoorSecurityPolicyProperties)


class ClassicEndpointProperties(Wire):
    """Settings of a classic frontend endpoint."""

    host_name: str | None = None
    web_application_firewall_policy_link: Ref | None = None


@arm("Microsoft.Network/frontDoors/frontendEndpoints")
class ClassicEndpoint(Node):
    """A host name of a classic Front Door. The Front Door is its `owner`."""

    properties: ClassicEndpointProperties = settings(ClassicEndpointProperties)


class ClassicBackend(Wire, gc=False):
    """One backend of a classic pool: a host name or an address."""

    address: str | None = None
    backend_host_header: str | None = None
    http_port: Port | None = None
    https_port: Port | None = None
    enabled_state: Word | None = None


class ClassicBackendPoolProperties(Wire):
    """Settings of a classic backend pool."""

    backends: list[ClassicBackend] | None = None


@arm("Microsoft.Network/frontDoors/backendPools")
class ClassicBackendPool(Node):
    """The origins of a classic Front Door. The Front Door is its `owner`."""

    properties: ClassicBackendPoolProperties = settings(ClassicBackendPoolProperties)


class ClassicFrontDoorProperties(Wire):
    """Settings of a classic Front Door."""

    enabled_state: Word | None = None
    frontend_endpoints: list[ClassicEndpoint] | None = None
    backend_pools: list[ClassicBackendPool] | None = None
    frontdoor_id: str | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/frontDoors")
class ClassicFrontDoor(Resource):
    """A Front Door of the classic tier."""

    properties: ClassicFrontDoorProperties = settings(ClassicFrontDoorProperties)

    @property
    def endpoints(self) -> tuple[ClassicEndpoint, ...]:
        """The frontend endpoints, in the order written."""
        return tuple(self.properties.frontend_endpoints or ())
