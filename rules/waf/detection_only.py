r"""A web application firewall only writes attacks down and lets them through.

## Why it matters
In Detection mode the firewall logs what it would have blocked. That is right for the first weeks,
while false alarms are sorted out; left on, it protects nothing and looks as if it did.

## What fails
A WAF policy that is switched on and attached to something (an application gateway, a listener, a
path rule, a Front Door security policy or a classic frontend endpoint) and whose
`policySettings.mode` is not Prevention; or a gateway's own configuration (`firewallMode`), on a
gateway of a WAF tier that has no policy in its place.

Where everything it protects is private, the finding is of medium severity. A policy attached to
nothing protects nothing and is not judged, nor is one that is switched off. The answer is *unknown*
when a policy is named and not in the snapshot, or does not tell its state and mode.

## What to do

    az network application-gateway waf-policy policy-setting update --resource-group GROUP \
        --policy-name POLICY --state Enabled --mode Prevention

## References
- https://learn.microsoft.com/azure/web-application-firewall/ag/policy-overview
- https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-policy-settings
- Fact A-50
"""

from __future__ import annotations

from auditor.finding import Finding, Severity
from auditor.network.doubt import Doubt
from auditor.network.graph import Missing, Network, evidence
from auditor.network.waf import (
    Mode,
    attached_policies,
    gateway_waf,
    gateways_with_own_waf,
    is_only_private,
    missing_policies,
    mode_of,
    untold_policies,
    users_of,
)
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.web_application_firewalls import WafPolicy
from auditor.rule import Outcomes, Reads, Unknown, rule


def firewalls(network: Network) -> tuple[WafPolicy | ApplicationGateway | Missing | Doubt, ...]:
    """Name the subjects: policies in use, and gateways with a firewall of their own."""
    return (
        *attached_policies(network),
        *gateways_with_own_waf(network),
        *missing_policies(network),
        *untold_policies(network),
    )


@rule(
    "WAF-002",
    severity=Severity.HIGH,
    since="0.1.0",
    of=firewalls,
    peers=(
        "PSR:AppGw.Prevention",
        "PSR:AppGwWAF.PreventionMode",
        "PSR:FrontDoorWAF.PreventionMode",
        "CKV_AZURE_122",
        "CKV_AZURE_123",
        "SPP:application_gateway_waf_uses_specified_mode",
        "POL:12430be1",
        "POL:425bea59",
        "CHK:APPD A01.40",
    ),
    reads=Reads(subjects=("applicationGateways",)),
)
def detection_only(
    network: Network, firewall: WafPolicy | ApplicationGateway | Missing | Doubt
) -> Outcomes:
    """Find firewalls in use that block nothing."""
    if isinstance(firewall, Doubt):
        raise firewall.unknown
    if isinstance(firewall, Missing):
        yield Unknown(firewall.id, f"the WAF policy {firewall.id} is not in the snapshot")
    elif isinstance(firewall, WafPolicy):
        yield from _policy(network, firewall)
    else:
        yield from _own(network, firewall)


def _policy(network: Network, policy: WafPolicy) -> Outcomes:
    if mode_of(policy) is not Mode.DETECTION:
        return
    users = tuple(users_of(network, policy))
    settings = policy.properties.policy_settings
    protected = ", ".join(dict.fromkeys(user.label for user in users))
    yield Finding(
        policy.id,
        f"The WAF policy {policy.label} only detects: attacks on {protected} are logged and let "
        "through",
        "block attacks: " + _block(policy),
        related=tuple(user.id for user in users),
        evidence=(
            evidence(
                policy, "/properties/policySettings/mode", settings.mode if settings else None
            ),
        ),
        severity=Severity.MEDIUM if is_only_private(network, users) else None,
    )


def _block(policy: WafPolicy) -> str:
    if policy.for_front_door:
        return az(
            *("network", "front-door", "waf-policy", "update"),
            resource_group=policy.resource_group,
            name=policy.label,
            mode="Prevention",
        )
    return az(
        *("network", "application-gateway", "waf-policy", "policy-setting", "update"),
        resource_group=policy.resource_group,
        policy_name=policy.label,
        mode="Prevention",
    )


def _own(network: Network, gateway: ApplicationGateway) -> Outcomes:
    waf = gateway_waf(network, gateway)
    own = gateway.properties.web_application_firewall_configuration
    if waf.mode is not Mode.DETECTION or own is None:
        return
    yield Finding(
        gateway.id,
        f"The firewall of the gateway {gateway.label} only detects: attacks are logged and let "
        "through",
        "block attacks: "
        + az(
            *("network", "application-gateway", "waf-config", "set"),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            enabled=True,
            firewall_mode="Prevention",
        ),
        evidence=(evidence(gateway, waf.pointer, own.firewall_mode),),
        severity=Severity.MEDIUM if is_only_private(network, (gateway,)) else None,
    )
