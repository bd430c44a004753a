"""The gateway's access or firewall log goes nowhere.

## Why it matters
The gateway is the one public door. Without its access log nobody can tell who came through, and
without the firewall log nobody sees what the WAF stopped, or would have stopped.

## What fails
An Application Gateway without a diagnostic setting that sends `ApplicationGatewayAccessLog`, and
`ApplicationGatewayFirewallLog` where the gateway has a WAF, to a workspace, storage account, event
hub or partner. The group `allLogs` counts for both. When the snapshot holds no diagnostic setting
of any resource, the answer is *unknown*: no list of a resource group returns them.

## What to do
Create a diagnostic setting that sends all logs to your Log Analytics workspace.

## References
- https://learn.microsoft.com/azure/application-gateway/application-gateway-diagnostics
- Facts G-1, G-2, G-6
"""

from __future__ import annotations

from auditor.network import observability
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "OBS-005",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(ApplicationGateway),
    controls=("MCSB/LT-4",),
    peers=(
        "AZQ:agw-005",
        "AZQ:5d035919",
        "POL:8a04f872",
        "CHK:APPD A01.46",
    ),
)
def gateway_logs_not_exported(network: Network, gateway: ApplicationGateway) -> Outcomes:
    """Compare the enabled categories with those a gateway of this tier should send."""
    sent = observability.logged(network, gateway)
    lacking = [name for name in _wanted(gateway) if not observability.logs_category(sent, name)]
    if not lacking:
        return
    if not observability.diagnostics_exported(network):
        yield Unknown(
            gateway.id,
            missing=f"the diagnostic settings of Application Gateway {gateway.label}",
            remedy=az("monitor", "diagnostic-settings", "list", resource=gateway.id),
        )
        return
    yield Finding(
        subject=gateway.id,
        message=f"Application Gateway {gateway.label} sends no {' and no '.join(lacking)} anywhere",
        remedy=az(
            "monitor",
            "diagnostic-settings",
            "create",
            name="to-log-analytics",
            resource=gateway.id,
            workspace="<id of the workspace>",
            logs='[{"categoryGroup":"allLogs","enabled":true}]',
        ),
        related=tuple(s.id for s in observability.diagnostics(network).get(gateway.key, ())),
        evidence=(evidence(gateway, "/id", gateway.id),),
    )


def _wanted(gateway: ApplicationGateway) -> tuple[str, ...]:
    sku = gateway.properties.sku
    tier = ((sku.tier or sku.name or "") if sku else "").lower()
    access = ("ApplicationGatewayAccessLog",)
    return (*access, "ApplicationGatewayFirewallLog") if tier.startswith("waf") else access
