"""Web application firewall policies, for application gateways and for Front Door (A-50)."""

from __future__ import annotations

from auditor.resources.base import Resource, Wire, arm, settings


class WafPolicySettings(Wire, gc=False):
    """`policySettings`: on or off (`state`; Front Door: `enabledState`), and how it acts."""

    state: str | None = None
    enabled_state: str | None = None
    mode: str | None = None


class ManagedRuleSet(Wire, gc=False):
    """One managed rule set: OWASP, Microsoft_DefaultRuleSet, Microsoft_BotManagerRuleSet."""

    rule_set_type: str | None = None
    rule_set_version: str | None = None


class ManagedRules(Wire):
    """`managedRules` of either kind of policy."""

    managed_rule_sets: list[ManagedRuleSet] | None = None


class WafPolicyProperties(Wire):
    """Settings of a policy.

    The lists of gateways, listeners and path rules that Azure shows with it are not read: the
    gateways say the same.
    """

    policy_settings: WafPolicySettings | None = None
    managed_rules: ManagedRules | None = None
    provisioning_state: str | None = None


@arm(
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
    "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies",
)
class WafPolicy(Resource):
    """A WAF policy."""

    properties: WafPolicyProperties = settings(WafPolicyProperties)

    @property
    def for_front_door(self) -> bool:
        """Whether it is of the kind that Front Door uses."""
        return "/frontdoorwebapplicationfirewallpolicies/" in self.key

    @property
    def base_rule_sets(self) -> tuple[ManagedRuleSet, ...]:
        """The managed rule sets against common attacks; those about bots left out."""
        rules = self.properties.managed_rules
        return tuple(
            one
            for one in (rules.managed_rule_sets if rules else None) or ()
            if "bot" not in (one.rule_set_type or "").lower()
        )
