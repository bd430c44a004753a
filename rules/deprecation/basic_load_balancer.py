"""A load balancer has the retired Basic SKU.

## Why it matters
Microsoft ended support for Basic load balancers on 30 September 2025. Basic has no SLA, no
availability zones, cannot be reached across global peering, and is open by default.

## What fails
A load balancer whose `sku.name` is `Basic`. One without a `sku` gives *unknown*.

## What to do
Migrate it with Microsoft's upgrade module; an AKS cluster's load balancer is migrated with the
cluster (`az aks update --load-balancer-sku standard` where it is supported, else a new cluster).

## References
- https://learn.microsoft.com/azure/load-balancer/load-balancer-basic-upgrade-guidance
- Facts E-3, R-21
"""

from __future__ import annotations

import shlex

from auditor.network.graph import every, evidence
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
    if name is None:
        yield Unknown(balancer.id, missing=f"the SKU of load balancer {balancer.label}")
    elif name.lower() == "basic":
        ends = retirement("basic-load-balancer")
        day = network.as_of.date()
        group, label = shlex.quote(balancer.resource_group), shlex.quote(balancer.label)
        yield Finding(
            subject=balancer.id,
            message=f"load balancer {balancer.label} is Basic; {ends.told(day)}",
            remedy="Start-AzBasicLoadBalancerUpgrade "
            f"-ResourceGroupName {group} -BasicLoadBalancerName {label}",
            evidence=(evidence(balancer, "/sku/name", name),),
            severity=ends.severity(Severity.HIGH, day),
        )
