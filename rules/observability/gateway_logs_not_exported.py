"""The gateway's access or firewall log goes nowhere.

## Why it matters
The gateway is the one public door. Without its access log nobody can tell who came through, and
without the firewall log nobody sees what the WAF stopped, or would have stopped.

## What fails
An Application Gateway or a Front Door (Standard, Premium or classic) without a diagnostic setting
that sends its access log, and its firewall log where it has a WAF, to a workspace, storage account,
event hub or partner. The group `allLogs` counts for both.

An Application Gateway has a WAF by its tier, its policy or its own configuration; a Front Door by
a security policy, or a policy linked to one of its endpoints.

When the snapshot holds no diagnostic setting of any resource, the answer is *unknown*: no list of a
resource group returns them. So it is when those of the gateway could not be read, and for an
Application Gateway that tells neither tier nor policy.

## What to do
Create a diagnostic setting that sends all logs to your Log Analytics workspace.

## References
- https://learn.microsoft.com/azure/application-gateway/application-gateway-diagnostics
- https://learn.microsoft.com/azure/frontdoor/front-door-diagnostics
- Facts G-1, G-2, G-6
"""

from __future__ import annotations

import json

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network import front_door, observability
from auditor.network.graph import Network, evidence, possibly, question
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import kind_of
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorProfile
from auditor.rule import Finding, Outcomes, Severity, Unknown, rule

Gateway = ApplicationGateway | FrontDoorProfile | ClassicFrontDoor

_LOGS = {
    ApplicationGateway: ("ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog"),
    FrontDoorProfile: ("FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog"),
    ClassicFrontDoor: ("FrontdoorAccessLog", "FrontdoorWebApplicationFirewallLog"),
}
_WORDS = {
    ApplicationGateway: "Application Gateway",
    FrontDoorProfile: "Front Door",
    ClassicFrontDoor: "Front Door",
}


@question
def gateways(network: Network) -> tuple[Gateway, ...]:
    """The application gateways and the Front Doors; other profiles of `Microsoft.Cdn` left out."""
    return (
        *network.all(ApplicationGateway),
        *(one for one in network.all(FrontDoorProfile) if possibly(_is_front_door, one)),
        *network.all(ClassicFrontDoor),
    )


def _is_front_door(profile: FrontDoorProfile) -> bool:
    return profile.is_front_door


@rule(
    "OBS-005",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=gateways,
    controls=("MCSB/LT-4",),
    peers=(
        "AZQ:agw-005",
        "AZQ:afd-001",
        "AZQ:5d035919",
        "PSR:FrontDoor.Logs",
        "POL:8a04f872",
        "POL:cd906338",
        "CHK:APPD A01.46",
        "AZTS:FrontDoor_Enable_Diagnostic_Settings",
    ),
)
def gateway_logs_not_exported(network: Network, gateway: Gateway) -> Outcomes:
    """Compare the enabled categories with those that a gateway of its kind should send."""
    if isinstance(gateway, FrontDoorProfile):
        _is_front_door(gateway)  # raises when its sku is not told
    words = _WORDS[kind_of(gateway)]
    if not observability.diagnostics_exported(network, gateway):
        yield Unknown(
            gateway.id,
            missing=f"the diagnostic settings of {words} {gateway.label}",
            remedy=az("monitor", "diagnostic-settings", "list", resource=gateway.id),
        )
        return
    access, firewall = _LOGS[kind_of(gateway)]
    sent = observability.logged(network, gateway)
    lacking = [] if observability.logs_category(sent, access) else [access]
    if not observability.logs_category(sent, firewall) and _has_waf(network, gateway):
        lacking.append(firewall)
    if lacking:
        settings = observability.diagnostics(network).get(gateway.key, ())
        yield Finding(
            subject=gateway.id,
            message=f"{words} {gateway.label} sends no {' and no '.join(lacking)} anywhere",
            remedy=az(
                "monitor",
                "diagnostic-settings",
                "create",
                name=observability.new_setting(network, gateway),
                resource=gateway.id,
                workspace="<id of the workspace>",
                logs=_logs(lacking if settings else []),
            ),
            related=tuple(setting.id for setting in settings),
            evidence=_quoted(network, gateway),
        )


def _logs(categories: list[str]) -> str:
    """What to send: all, where nothing is sent; else what lacks, for Azure refuses a log twice."""
    chosen = [("category", each) for each in categories] or [("categoryGroup", "allLogs")]
    return json.dumps([{key: each, "enabled": True} for key, each in chosen], separators=(",", ":"))


def _quoted(network: Network, gateway: Gateway) -> tuple[Evidence, ...]:
    settings = observability.diagnostics(network).get(gateway.key, ())
    found = tuple(
        evidence(setting, "/properties/logs", [*sorted(observability.enabled_logs(setting))])
        for setting in settings
        if setting.properties.logs is not None
    )
    return found or (evidence(gateway, "/properties", "no diagnostic setting"),)


def _has_waf(network: Network, gateway: Gateway) -> bool:
    if not isinstance(gateway, ApplicationGateway):
        return front_door.has_waf(network, gateway)
    p = gateway.properties
    block = p.web_application_firewall_configuration
    if p.firewall_policy is not None or (block is not None and block.enabled):
        return True
    tier = (p.sku.tier or p.sku.name) if p.sku else None
    if not tier:
        raise Undetermined(f"the tier of Application Gateway {gateway.label}", resource=gateway.id)
    return tier.lower().startswith("waf")
