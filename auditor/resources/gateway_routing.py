"""Where an application gateway sends requests: rules, path maps, redirects, weights."""

from auditor.resources.base import Node, Ref, Wire, Word, arm, settings

_AGW = "Microsoft.Network/applicationGateways"


class RoutingRuleProperties(Wire):
    """Settings of a routing rule (A-22); the HTTP and the TCP/TLS spelling side by side."""

    rule_type: Word | None = None
    priority: int | None = None
    http_listener: Ref | None = None
    listener: Ref | None = None
    backend_address_pool: Ref | None = None
    backend_http_settings: Ref | None = None
    backend_settings: Ref | None = None
    url_path_map: Ref | None = None
    redirect_configuration: Ref | None = None
    load_distribution_policy: Ref | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/requestRoutingRules")
class RoutingRule(Node):
    """A rule that gives a listener its target. The gateway is its `owner`."""

    properties: RoutingRuleProperties = settings(RoutingRuleProperties)

    @property
    def listener(self) -> Ref | None:
        """The listener it serves."""
        return self.properties.http_listener or self.properties.listener


@arm(f"{_AGW}/routingRules")
class StreamRoutingRule(RoutingRule):
    """A rule of a TCP or TLS listener. The gateway is its `owner`."""


class PathRuleProperties(Wire):
    """Settings of one path rule (A-23)."""

    paths: list[str] | None = None
    backend_address_pool: Ref | None = None
    backend_http_settings: Ref | None = None
    redirect_configuration: Ref | None = None
    load_distribution_policy: Ref | None = None
    firewall_policy: Ref | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/urlPathMaps/pathRules")
class PathRule(Node):
    """Where some paths go. The path map is its `owner`."""

    properties: PathRuleProperties = settings(PathRuleProperties)


class UrlPathMapProperties(Wire):
    """Settings of a path map: the default, and the path rules (A-23)."""

    default_backend_address_pool: Ref | None = None
    default_backend_http_settings: Ref | None = None
    default_redirect_configuration: Ref | None = None
    default_load_distribution_policy: Ref | None = None
    path_rules: list[PathRule] | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/urlPathMaps")
class UrlPathMap(Node):
    """Chooses a target by path. The gateway is its `owner`."""

    properties: UrlPathMapProperties = settings(UrlPathMapProperties)

    @property
    def path_rules(self) -> tuple[PathRule, ...]:
        """The path rules, in the order written."""
        return tuple(self.properties.path_rules or ())


class LoadDistributionTargetProperties(Wire):
    """Settings of one share of a load distribution policy."""

    weight_per_server: int | None = None
    backend_address_pool: Ref | None = None


class LoadDistributionTarget(Wire):
    """One share of a load distribution policy."""

    name: str | None = None
    properties: LoadDistributionTargetProperties = settings(LoadDistributionTargetProperties)


class LoadDistributionPolicyProperties(Wire):
    """Settings of a load distribution policy."""

    load_distribution_targets: list[LoadDistributionTarget] | None = None


@arm(f"{_AGW}/loadDistributionPolicies")
class LoadDistributionPolicy(Node):
    """Spreads a rule's traffic over several pools. The gateway is its `owner`."""

    properties: LoadDistributionPolicyProperties = settings(LoadDistributionPolicyProperties)


class RedirectProperties(Wire):
    """Settings of a redirect: to a listener of this gateway, or to a URL (A-24)."""

    redirect_type: Word | None = None
    target_listener: Ref | None = None
    target_url: str | None = None
    include_path: bool | None = None
    include_query_string: bool | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/redirectConfigurations")
class Redirect(Node):
    """A redirect. The gateway is its `owner`."""

    properties: RedirectProperties = settings(RedirectProperties)
