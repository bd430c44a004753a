"""The WAF is configured inside the gateway instead of by a policy.

## Why it matters
`webApplicationFirewallConfiguration` retires on 15 March 2027. It knows no custom rules, no
per-listener policy and no current rule sets; a WAF policy does all of that.

## What fails
An Application Gateway v2 with an enabled `webApplicationFirewallConfiguration` and no
`firewallPolicy` of its own. With both, the policy decides and the block is a leftover: silence. A
disabled block is relied on by nobody; one that does not say gives *unknown*. A v1 gateway knows no
policies; its whole generation is rule DEP-003's.

## What to do
Create a WAF policy with the same settings and attach it to the gateway.

## References
- https://learn.microsoft.com/azure/web-application-firewall/ag/upgrade-ag-waf-policy
- Facts A-50, A-51
"""

from __future__ import annotations

from auditor.network.graph import every, evidence
from auditor.network.waf_commands import by_new_policy
from auditor.resources.application_gateways import ApplicationGateway
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "DEP-004",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(ApplicationGateway),
    peers=("PSR:AppGw.MigrateWAFPolicy", "POL:882e19a6", "CHK:APPD A01.51"),
)
def waf_configured_inside_gateway(network: Network, gateway: ApplicationGateway) -> Outcomes:
    """Judge gateways that rely on the block; `enabled` false means nobody relies on it."""
    block = gateway.properties.web_application_firewall_configuration
    if block is None or block.enabled is False or gateway.properties.firewall_policy is not None:
        return
    sku = gateway.properties.sku
    if sku is not None and (sku.tier or "").lower() == "waf":
        return
    if block.enabled is None:
        yield Unknown(gateway.id, missing=f"whether the WAF inside {gateway.label} is enabled")
        return
    ends = retirement("waf-configuration")
    day = network.as_of.date()
    yield Finding(
        subject=gateway.id,
        message=f"Application Gateway {gateway.label} has its WAF inside; {ends.told(day)}",
        remedy=by_new_policy(
            network,
            gateway,
            block.firewall_mode or "Prevention",
            remove="webApplicationFirewallConfiguration",
        ),
        evidence=(
            evidence(
                gateway, "/properties/webApplicationFirewallConfiguration/enabled", block.enabled
            ),
        ),
        severity=ends.severity(Severity.MEDIUM, day),
    )
