"""Web application firewall policies, for application gateways and for Front Door (A-50)."""

from typing import Any

from auditor.errors import Undetermined
from auditor.resources.base import Named, Resource, Wire, Word, arm, settings


class WafPolicySettings(Wire, gc=False):
    """`policySettings`: on or off (`state`; Front Door: `enabledState`), and how it acts."""

    state: Word | None = None
    enabled_state: Word | None = None
    mode: Word | None = None


class ManagedRuleSet(Wire, gc=False):
    """One managed rule set: OWASP, Microsoft_DefaultRuleSet, Microsoft_BotManagerRuleSet."""

    rule_set_type: Word | None = None
    rule_set_version: Word | None = None


class ManagedRules(Wire):
    """`managedRules` of either kind of policy."""

    managed_rule_sets: list[ManagedRuleSet] | None = None


class WafPolicyProperties(Wire):
    """Settings of a policy, with the lists of who uses it that Azure shows."""

    policy_settings: WafPolicySettings | None = None
    managed_rules: ManagedRules | None = None
    custom_rules: Any = None
    application_gateways: list[Named] | None = None
    http_listeners: list[Named] | None = None
    path_based_rules: list[Named] | None = None
    application_gateway_for_containers: list[Named] | None = None
    frontend_endpoint_links: list[Named] | None = None
    routing_rule_links: list[Named] | None = None
    security_policy_links: list[Named] | None = None
    provisioning_state: Word | None = None


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
    def users(self) -> tuple[Named, ...]:
        """The gateways, listeners, rules and endpoints that the policy says use it."""
        p = self.properties
        return (
            *(p.application_gateways or ()),
            *(p.http_listeners or ()),
            *(p.path_based_rules or ()),
            *(p.application_gateway_for_containers or ()),
            *(p.frontend_endpoint_links or ()),
            *(p.routing_rule_links or ()),
            *(p.security_policy_links or ()),
        )

    @property
    def refuses(self) -> bool | None:
        """Whether enabled custom rules may refuse a request; None: the input does not tell.

        Rules about rates let single requests pass.
        """
        try:
            told, rules = self.properties.policy_settings, self.properties.custom_rules
            state = (told.enabled_state or told.state or "") if told is not None else ""
            mode = (told.mode or "") if told is not None else ""
        except Undetermined:
            return None
        if "disabled" in state.lower() or mode.lower() == "detection":
            return False
        listed = rules.get("rules") if isinstance(rules, dict) else rules
        return any(map(_refuses, listed if isinstance(listed, list) else ()))

    @property
    def base_rule_sets(self) -> tuple[ManagedRuleSet, ...]:
        """The managed rule sets against common attacks; those about bots left out.

        Raises Undetermined when the policy has no list of them: every policy has one.
        """
        rules = self.properties.managed_rules
        if rules is None or rules.managed_rule_sets is None:
            raise Undetermined(f"the managed rules of policy {self.label}", resource=self.id)
        return tuple(
            one for one in rules.managed_rule_sets if "bot" not in (one.rule_set_type or "").lower()
        )


def _refuses(rule: Any) -> bool:
    if not isinstance(rule, dict):
        return False
    state = rule.get("enabledState", rule.get("state", "Enabled"))
    return (
        str(state).lower() != "disabled"
        and str(rule.get("action", "")).lower() not in ("allow", "log")
        and str(rule.get("ruleType", "")).lower() != "ratelimitrule"
    )
