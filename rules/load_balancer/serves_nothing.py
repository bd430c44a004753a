"""A load balancer, or one of its frontends, serves nothing.

## Why it matters
What stands there for nothing is paid for, has an address that somebody may still trust, and in the
node resource group of a cluster is what a deleted Service left behind. An address that answers
nobody today answers somebody on the day a rule is added.

## What fails
- A load balancer behind which nothing stands: no member in any backend pool and no machine behind
  a NAT rule. Members count from every side: by NIC, by address, by regional frontend, and from the
  NICs and scale sets that name the pool (E-14), whether or not the snapshot holds them.
- Otherwise, each of its frontends that no rule of any kind uses, inbound or outbound, or whose
  rules all lead to no machine: to pools without members, or by NAT to nobody.

*Unknown* when the export does not tell the pools or the rules of a kind, or names a rule or a pool
that it does not hold.

## What to do
Delete it, or give its pool the machines that it was made for. In a node resource group, delete the
Service instead: Kubernetes owns the load balancer.

## References
- https://learn.microsoft.com/azure/load-balancer/components
- https://learn.microsoft.com/azure/load-balancer/backend-pool-management
- Facts E-8, E-14, K-50, K-54
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.network.backends import frontend_serves, has_members, require_members
from auditor.network.clusters import managed_by_aks
from auditor.network.exposure import use_of
from auditor.network.forwarding_commands import deleting
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.rule import Finding, Network, Outcomes, Severity, not_told, rule


@rule(
    "LB-001",
    severity=Severity.LOW,
    since="0.1.0",
    of=every(LoadBalancer),
    peers=("AZQ:9c0d1e2f", "AZTS:LoadBalancer_Remove_Inactive"),
)
def serves_nothing(network: Network, balancer: LoadBalancer) -> Outcomes:
    """Judge one load balancer, then its frontends."""
    if not has_members(network, balancer):
        settings = balancer.properties
        if balancer.pools or settings.inbound_nat_rules or settings.inbound_nat_pools:
            require_members(network, balancer)
        yield _empty(network, balancer)
        return
    for frontend in balancer.frontends:
        try:
            yield from _frontend(network, balancer, frontend)
        except Undetermined as unknown:
            yield not_told(frontend.id, unknown)


def _empty(network: Network, balancer: LoadBalancer) -> Finding:
    pools = len(balancer.pools)
    some = (
        "its only pool has no member" if pools == 1 else f"none of its {pools} pools has a member"
    )
    what = some if pools else "it has no backend pool"
    command = az(
        "network", "lb", "delete", resource_group=balancer.resource_group, name=balancer.label
    )
    remedy = f"delete it, or add the machines it was made for: {command}"
    if managed_by_aks(network, balancer):
        # A stopped cluster has no machines, and AKS counts on what it made.
        remedy = "leave it to AKS: start the cluster, or delete the Services that it was made for"
    return Finding(
        subject=balancer.id,
        message=f"load balancer {balancer.label} serves nothing: {what}",
        remedy=remedy,
        evidence=(evidence(balancer, "/properties/backendAddressPools", _count(pools)),),
    )


def _count(pools: int) -> str:
    return "1 pool" if pools == 1 else f"{pools} pools"


def _frontend(
    network: Network, balancer: LoadBalancer, frontend: LoadBalancerFrontend
) -> Iterator[Finding]:
    use = use_of(network, frontend)
    if frontend_serves(network, use):
        return
    use.whole()
    idle = bool(use.inbound or use.outbound)
    if idle:
        require_members(network, balancer)
    command = az(
        "network", "lb", "frontend-ip", "delete",
        resource_group=balancer.resource_group,
        lb_name=balancer.label,
        name=frontend.label,
    )  # fmt: skip
    # Azure deletes no frontend that rules refer to.
    commands = " && ".join((*deleting(network, (*use.inbound, *use.outbound)), command))
    why = "its rules lead to no machine" if idle else "no rule uses it"
    yield Finding(
        subject=frontend.id,
        message=f"frontend {frontend.label} of {balancer.label} serves nothing: {why}",
        remedy=f"delete {'its rules, and then it' if idle else 'it'}: {commands}",
        evidence=(evidence(frontend, "/name", frontend.label),),
    )
