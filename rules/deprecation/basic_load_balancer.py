"""A load balancer has the retired Basic SKU.

## Why it matters
Microsoft ended support for Basic load balancers on 30 September 2025. Basic has no SLA, no
availability zones, cannot be reached across global peering, and is open by default.

## What fails
A load balancer whose `sku.name` is `Basic`. One without a `sku` gives *unknown*.

## What to do
Migrate it with Microsoft's PowerShell module, `Install-Module AzureBasicLoadBalancerUpgrade`: no az
command does it. An AKS cluster's load balancer is migrated with the cluster, together with its
availability set (`az aks update --migrate-vmas-to-vms`).

## References
- https://learn.microsoft.com/azure/load-balancer/load-balancer-basic-upgrade-guidance
- https://learn.microsoft.com/azure/load-balancer/upgrade-basic-standard-with-powershell
- https://learn.microsoft.com/azure/aks/availability-sets-on-aks
- Facts E-3, R-21
"""

from __future__ import annotations

import shlex

from auditor.network.clusters import cluster_of
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.load_balancers import LoadBalancer
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "DEP-002",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(LoadBalancer),
    peers=(
        "PSR:LB.StandardSKU",
        "AZQ:38c3bca1",
        "SPP:network_lb_no_basic_sku",
        "CHK:ALZ D01.14",
        "CHK:APPD A01.04",
    ),
)
def basic_load_balancer(network: Network, balancer: LoadBalancer) -> Outcomes:
    """Judge the SKU by its name."""
    name = balancer.sku.name if balancer.sku else None
    if not name:
        yield Unknown(balancer.id, missing=f"the SKU of load balancer {balancer.label}")
    elif name.lower() == "basic":
        ends = retirement("basic-load-balancer")
        day = network.as_of.date()
        yield Finding(
            subject=balancer.id,
            message=f"load balancer {balancer.label} is Basic; {ends.told(day)}",
            remedy=_remedy(network, balancer),
            evidence=(evidence(balancer, "/sku/name", name),),
            severity=ends.severity(Severity.HIGH, day),
        )


def _remedy(network: Network, balancer: LoadBalancer) -> str:
    cluster = cluster_of(network, balancer)
    if cluster is not None:
        command = az("aks", "update", resource_group=cluster.resource_group, name=cluster.label)
        return f"{command} --migrate-vmas-to-vms"
    group, name = shlex.quote(balancer.resource_group), shlex.quote(balancer.label)
    return (
        f"Start-AzBasicLoadBalancerUpgrade -ResourceGroupName {group} "
        f"-BasicLoadBalancerName {name} (PowerShell, module AzureBasicLoadBalancerUpgrade)"
    )
