"""An Application Gateway is of the retired generation v1.

## Why it matters
Microsoft ended support for v1 on 28 April 2026; gateways that still run are stopped and then
deleted. The site behind goes dark on a day that is not yours to choose.

## What fails
An Application Gateway whose `properties.sku.tier` is `Standard` or `WAF` (v2 is `Standard_v2`,
`WAF_v2`, `Basic`). One without a tier gives *unknown*.

## What to do
Create a v2 gateway beside it with Microsoft's migration script, move the DNS records, then delete
the old one. v1 and v2 cannot share a subnet.

## References
- https://learn.microsoft.com/azure/application-gateway/v1-retirement
- https://learn.microsoft.com/azure/application-gateway/migrate-v1-v2
- Fact A-1
"""

from __future__ import annotations

from auditor.network.graph import every, evidence
from auditor.resources.application_gateways import ApplicationGateway
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "DEP-003",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=every(ApplicationGateway),
    peers=("PSR:AppGw.MigrateV2", "PSR:AppGw.MinSku", "AZQ:7893f0b3", "CHK:APPD A01.03"),
)
def application_gateway_v1(network: Network, gateway: ApplicationGateway) -> Outcomes:
    """Judge the generation by the tier."""
    tier = gateway.properties.sku.tier if gateway.properties.sku else None
    if not tier:
        yield Unknown(gateway.id, missing=f"the tier of Application Gateway {gateway.label}")
    elif tier.lower() in ("standard", "waf"):
        ends = retirement("application-gateway-v1")
        day = network.as_of.date()
        yield Finding(
            subject=gateway.id,
            message=f"Application Gateway {gateway.label} is v1 ({tier}); {ends.told(day)}",
            remedy=f"migrate {gateway.label} to v2 with AzureAppGWMigration.ps1 "
            "(learn.microsoft.com/azure/application-gateway/migrate-v1-v2), into a subnet of its "
            "own, then point DNS at it",
            evidence=(evidence(gateway, "/properties/sku/tier", tier),),
            severity=ends.severity(Severity.CRITICAL, day),
        )
