r"""A listener or a path escapes the firewall policy of its gateway.

## Why it matters
A policy on a listener or on a path rule takes the place of the gateway's; it does not add to it.
Such an exception is often made for one application's false alarms and then switched off, left in
Detection or made without managed rules, while the gateway as a whole still looks protected.

## What fails
On a gateway of a WAF tier whose firewall is active, a listener or a path rule has a policy of its
own that is weaker than the gateway's:

- it is switched off,
- it only detects, and the gateway's prevents,
- it has no managed rule set against common attacks, and the gateway's has one.

Whether one version of a rule set is weaker than another is not judged, nor are custom rules. On a
listener with a private frontend the finding is of medium severity; so it is for a path rule whose
listeners are all private. Where the gateway itself has no active firewall, WAF-001 speaks.

The answer is *unknown* when one of the two policies is not in the snapshot, or does not tell its
state and mode.

## What to do
Bring the exception up to the gateway's policy, or take it away:

    az network application-gateway waf-policy policy-setting update --resource-group GROUP \
        --policy-name POLICY --state Enabled --mode Prevention

## References
- https://learn.microsoft.com/azure/web-application-firewall/ag/per-site-policies
- https://learn.microsoft.com/azure/web-application-firewall/ag/policy-overview
- Fact A-50
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Evidence, Finding, Severity
from auditor.network.doubt import Doubt
from auditor.network.gateways import gateway_of, is_public, listeners_with_path_rule
from auditor.network.graph import Network, evidence
from auditor.network.waf import Mode, Waf, exceptions, gateway_waf, own_waf, users_of
from auditor.remedy import az
from auditor.resources.application_gateways import Listener
from auditor.resources.gateway_routing import PathRule
from auditor.resources.web_application_firewalls import WafPolicy
from auditor.rule import Outcomes, rule


@rule("WAF-004", severity=Severity.HIGH, since="0.1.0", of=exceptions)
def policy_escaped(network: Network, node: Listener | PathRule | Doubt) -> Outcomes:
    """Find policies of listeners and path rules that are weaker than their gateway's."""
    if isinstance(node, Doubt):
        raise node.unknown
    gateway = gateway_of(network, node)
    own = own_waf(network, node)
    whole = gateway_waf(network, gateway)
    if own is None or own.policy is None or whole.mode is Mode.NONE:
        return
    weakness = _weakness(own, whole)
    if weakness is None:
        return
    what, proof = weakness
    kind = "listener" if isinstance(node, Listener) else "path rule"
    yield Finding(
        node.id,
        f"The {kind} {node.label} of {gateway.label} escapes the gateway's firewall: its own "
        f"policy {own.policy.label} {what}",
        f"bring the policy up to the gateway's: {_remedy(own.policy, own, whole)}",
        related=(own.policy.id, *((whole.policy.id,) if whole.policy else (gateway.id,))),
        evidence=(
            evidence(node, own.pointer, node.properties.firewall_policy.id)
            if node.properties.firewall_policy
            else evidence(node, "/properties", "no firewallPolicy"),
            proof,
        ),
        severity=Severity.MEDIUM if _private(network, node) else None,
        covers=_covers(network, own.policy, own),
    )


def _covers(network: Network, policy: WafPolicy, own: Waf) -> tuple[tuple[str, str], ...]:
    """Speak for WAF-002 of a policy in Detection that only such exceptions use."""
    if own.mode is Mode.DETECTION and all(
        _escapes(network, one) for one in users_of(network, policy)
    ):
        return (("WAF-002", policy.id),)
    return ()


def _escapes(network: Network, user: object) -> bool:
    if not isinstance(user, Listener | PathRule):
        return False
    return gateway_waf(network, gateway_of(network, user)).mode is Mode.PREVENTION


def _setting(policy: WafPolicy, name: str) -> Evidence:
    """Quote a setting of a policy, or that it is not there."""
    told = policy.properties.policy_settings
    value = getattr(told, name) if told is not None else None
    if value is None:
        return evidence(policy, "/properties", f"no policySettings.{name}")
    return evidence(policy, f"/properties/policySettings/{name}", value)


def _weakness(own: Waf, whole: Waf) -> tuple[str, Evidence] | None:
    """Say how a policy falls behind the gateway's, and show where it says so."""
    policy = own.policy
    if policy is None:
        return None
    if own.mode is Mode.NONE:
        return "is switched off", _setting(policy, "state")
    if own.mode < whole.mode:
        return "only detects", _setting(policy, "mode")
    if _managed(whole.policy) and not _managed(policy):
        sets = policy.properties.managed_rules
        names = [one.rule_set_type for one in (sets.managed_rule_sets if sets else None) or ()]
        return "has no managed rules against common attacks", evidence(
            policy, "/properties/managedRules", ", ".join(filter(None, names)) or "no rule set"
        )
    return None


def _managed(policy: WafPolicy | None) -> bool:
    return policy is not None and bool(policy.base_rule_sets)


def _remedy(policy: WafPolicy, own: Waf, whole: Waf) -> str:
    head = ("network", "application-gateway", "waf-policy")
    named: dict[str, str | None] = {
        "resource_group": policy.resource_group,
        "policy_name": policy.label,
    }
    commands = []
    if own.mode < whole.mode:
        mode = "Prevention" if whole.mode is Mode.PREVENTION else None
        commands.append(az(*head, "policy-setting", "update", **named, state="Enabled", mode=mode))
    if whole.policy is not None and _managed(whole.policy) and not _managed(policy):
        model = whole.policy.base_rule_sets[0]
        commands.append(
            az(
                *(*head, "managed-rule", "rule-set", "add"),
                **named,
                type=model.rule_set_type,
                version=model.rule_set_version,
            )
        )
    return " && ".join(commands)


def _private(network: Network, node: Listener | PathRule) -> bool:
    listeners = (node,) if isinstance(node, Listener) else listeners_with_path_rule(network, node)
    try:
        return bool(listeners) and not any(is_public(network, one) for one in listeners)
    except Undetermined:
        return False
